//! What a panic says: never where this program was built, and of a decoder that gave up over a bad
//! file nothing at all, as that is the file's error and is reported as such.
//!
//! ```
//! use clipsight_native::faults::{catch, install};
//! install();
//! let fault = catch(|| panic!("no such {}", "thing")).unwrap_err();
//! assert!(fault.to_string().starts_with("no such thing, at "));
//! assert_eq!(catch(|| 7).unwrap(), 7);
//! ```

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

thread_local! {
    /// What the last panic within [`catch`] said; `None` outside.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic that was caught: what it said, and where in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Sets the process's panic hook. With `RUST_BACKTRACE` what it says goes down to the callers.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        let fault = described(info);
        let kept = CAUGHT.try_with(|caught| match caught.borrow_mut().as_mut() {
            Some(last) => {
                last.clone_from(&fault);
                true
            }
            None => false,
        });
        if !kept.unwrap_or(false) {
            eprintln!("clipsight: the program failed, please report it: {fault}");
        }
    }));
}

/// Runs `work` and says what it panicked over, should it. Panics within that are caught before they
/// come here, such as a decoder's, are not printed: whoever caught them says what they mean.
///
/// # Errors
/// The panic.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    let outer = CAUGHT.replace(Some(String::new()));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let said = CAUGHT.replace(outer).unwrap_or_default();
    result.map_err(|_| Fault(said))
}

fn described(info: &PanicHookInfo<'_>) -> String {
    let said = info.payload_as_str().unwrap_or("no message");
    let mut fault = match info.location() {
        Some(place) => format!("{said}, at {}:{}", trimmed(place.file()), place.line()),
        None => said.to_owned(),
    };
    let callers = Backtrace::capture();
    if callers.status() == BacktraceStatus::Captured {
        for line in callers.to_string().lines() {
            // Lines without a place name a function.
            let (before, place) = line.split_once(" at ").unwrap_or((line, ""));
            fault += &match place {
                "" => format!("\n{before}"),
                place => format!("\n{before} at {}", trimmed(place)),
            };
        }
    }
    fault
}

/// A source file without what says where it lay on the machine that built this program: a crate's
/// name and version remain, of our own sources the path in the repository.
fn trimmed(file: &str) -> String {
    let file = file.replace('\\', "/");
    if let Some((_, inside)) = file.split_once("/registry/src/") {
        return inside.split_once('/').map_or(inside, |(_, path)| path).to_owned();
    }
    if let Some((_, inside)) = file.split_once("/library/") {
        return format!("library/{inside}");
    }
    let absolute = file.starts_with('/') || file.contains(":/");
    if !absolute {
        return file;
    }
    let parts: Vec<&str> = file.split('/').collect();
    parts[parts.len().saturating_sub(3)..].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_name_no_folder_of_the_builder() {
        for (file, shown) in [
            (
                "/home/me/.cargo/registry/src/index.example-1949cf8c6b5b557f/tiff-0.10.3/src/a.rs",
                "tiff-0.10.3/src/a.rs",
            ),
            (
                r"C:\Users\me\.cargo\registry\src\index.example-19\png-0.18.0\src\b.rs",
                "png-0.18.0/src/b.rs",
            ),
            ("/rustc/59807616e/library/core/src/option.rs", "library/core/src/option.rs"),
            ("src/image/decode.rs", "src/image/decode.rs"),
            ("/home/me/clipsight/src/image/decode.rs", "src/image/decode.rs"),
        ] {
            assert_eq!(trimmed(file), shown);
        }
    }

    #[test]
    fn a_fault_within_a_fault_does_not_hide_it() {
        install();
        let fault = catch(|| {
            assert!(catch(|| panic!("inner")).is_err());
            panic!("outer {}", 1);
        });
        let said = fault.unwrap_err().to_string();
        assert!(said.starts_with("outer 1, at ") && said.contains("faults.rs:"), "{said}");
        assert!(!said.contains(env!("CARGO_MANIFEST_DIR")), "{said}");
    }
}
