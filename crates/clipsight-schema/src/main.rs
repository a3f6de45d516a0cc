//! Writes what JavaScript must know of the core, from the core's own types, constants and doc
//! comments: the JSON Schema of an analysis, from which `scripts/lib/generate.mjs` makes its
//! TypeScript, the codes of errors, the limits and the version; and by which names files are
//! images.
//!
//! `npm run generate` runs it. What it wrote is committed, so that the builds of package and page
//! need no Rust but for WebAssembly; the test below fails where it is no longer what Rust says.

mod analysis;
mod typescript;

use std::error::Error;
use std::path::Path;
use std::{fs, result};

type Result<T> = result::Result<T, Box<dyn Error>>;

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The files, by their place in the repository.
fn files() -> Result<[(&'static str, String); 5]> {
    Ok([
        ("pkg/schema.json", analysis::schema()?),
        ("www/lib/api/error-codes.generated.ts", typescript::error_codes()?),
        ("www/lib/api/limits.generated.ts", typescript::limits()?),
        ("www/lib/api/version.generated.ts", typescript::version()),
        ("www/app/intake/names.generated.ts", typescript::names()?),
    ])
}

fn main() -> Result<()> {
    for (place, text) in files()? {
        fs::write(Path::new(ROOT).join(place), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_files_say_what_rust_says() {
        for (place, text) in files().unwrap() {
            let committed = fs::read_to_string(Path::new(ROOT).join(place)).unwrap();
            // Git may have written the line ends of Windows.
            let same = committed.replace("\r\n", "\n") == text;
            assert!(same, "{place} is not what Rust says: `npm run generate` writes it");
        }
    }
}
