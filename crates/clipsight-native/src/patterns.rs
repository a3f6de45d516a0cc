//! Patterns of file names (`*.jpg`, `**/*.png`, `?`, `[ab]`), expanded where the shell did not:
//! on Windows, or in quotes.
//!
//! ```
//! use clipsight_native::patterns::{expand, is_pattern};
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("a.jpg"), b"")?;
//! let pattern = folder.path().join("*.jpg");
//! assert!(is_pattern(&pattern));
//! assert_eq!(expand(&pattern)?[0].as_ref().unwrap(), &folder.path().join("a.jpg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use clipsight::{Error, ErrorKind, Result};
use glob::{MatchOptions, Pattern};
use walkdir::WalkDir;

/// A place that fits, or one that could not be looked into, and why.
type Found = std::result::Result<PathBuf, (PathBuf, Error)>;

/// As shells do: a name that begins with a dot is fitted by a dot alone. Windows' names have no
/// case.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: !cfg!(windows),
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// A part of a pattern, between separators.
enum Part<'a> {
    /// A name, or a place such as `/` or `..`.
    Name(&'a OsStr),
    /// A name with wildcards.
    Names(Pattern),
    /// `**`: any folders, also none.
    Folders,
}

/// Whether a path has wildcards. A file may be called so, too: whoever asks looks first whether it
/// is there.
pub fn is_pattern(path: &Path) -> bool {
    // Windows' long form of paths, `\\?\C:\...`, knows no wildcards.
    let bytes = path.as_os_str().as_encoded_bytes();
    !bytes.starts_with(br"\\?\") && bytes.iter().any(|byte| b"*?[".contains(byte))
}

/// Everything that fits, by name. Only `**` leads deeper than the pattern says; it follows no links
/// to folders and passes over hidden ones.
///
/// # Errors
/// [`ErrorKind::Argument`] when it is no valid pattern.
pub fn expand(pattern: &Path) -> Result<Vec<Found>> {
    let mut parts = pattern.components().map(part).collect::<Result<Vec<_>>>()?;
    parts.dedup_by(|a, b| matches!((a, b), (Part::Folders, Part::Folders)));
    if let Some(Part::Folders) = parts.last() {
        // Everything below.
        parts.push(part(Component::Normal("*".as_ref()))?);
    }
    let mut found = Vec::new();
    add(PathBuf::new(), &parts, &mut found);
    // `**/a/**/b` leads to some places in several ways.
    let mut seen = HashSet::new();
    found.retain(|place| place.as_ref().map_or(true, |path| seen.insert(path.clone())));
    Ok(found)
}

fn part(component: Component<'_>) -> Result<Part<'_>> {
    let name = component.as_os_str();
    match component {
        Component::Normal(text) if is_pattern(Path::new(text)) => {
            if text == "**" {
                return Ok(Part::Folders);
            }
            let pattern = Pattern::new(&text.to_string_lossy()).map_err(|error| {
                let message = format!(
                    "there is no file of this name, and as a pattern it is not valid: {}",
                    error.msg
                );
                Error::new(ErrorKind::Argument, message).with_source(error)
            })?;
            Ok(Part::Names(pattern))
        }
        _ => Ok(Part::Name(name)),
    }
}

/// Adds what fits `parts` in `place`; the empty one is the working folder.
fn add(place: PathBuf, parts: &[Part<'_>], found: &mut Vec<Found>) {
    match parts {
        // Links that lead nowhere are reported when they are read.
        [] => {
            if place.symlink_metadata().is_ok() {
                found.push(Ok(place));
            }
        }
        [Part::Name(name), rest @ ..] => add(place.join(name), rest, found),
        [Part::Names(pattern), rest @ ..] => {
            for entry in entries(&place, 1) {
                match entry {
                    Ok(path) => {
                        let name = path.file_name().unwrap_or_default().to_string_lossy();
                        let fits = pattern.matches_with(&name, OPTIONS);
                        if fits && (rest.is_empty() || path.is_dir()) {
                            add(path, rest, found);
                        }
                    }
                    error => found.push(error),
                }
            }
        }
        [Part::Folders, rest @ ..] => {
            add(place.clone(), rest, found);
            for entry in entries(&place, usize::MAX) {
                match entry {
                    Ok(path) if !path.is_symlink() && path.is_dir() => add(path, rest, found),
                    Ok(_) => {}
                    error => found.push(error),
                }
            }
        }
    }
}

/// What lies in a folder, by name, so deep. What is no folder holds nothing.
fn entries(place: &Path, depth: usize) -> Vec<Found> {
    let here = place.as_os_str().is_empty();
    let root = if here { Path::new(".") } else { place };
    if !root.is_dir() {
        return Vec::new();
    }
    let deeper = depth > 1;
    WalkDir::new(root)
        .min_depth(1)
        .max_depth(depth)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            entry.depth() == 0 || !(deeper && hidden)
        })
        .map(|entry| match entry {
            Ok(entry) if here => {
                Ok(entry.path().strip_prefix(".").unwrap_or(entry.path()).to_owned())
            }
            Ok(entry) => Ok(entry.into_path()),
            Err(error) => {
                let place = error.path().unwrap_or(root).to_owned();
                let message = format!("the folder cannot be read: {error}");
                Err((place, Error::new(ErrorKind::Io, message).with_source(error)))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        folder
    }

    fn fits(folder: &Path, pattern: &str) -> Vec<String> {
        let found = expand(&folder.join(pattern)).unwrap();
        let name =
            |path: PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
        found.into_iter().map(|place| name(place.unwrap())).collect()
    }

    #[test]
    fn patterns_fit_what_shells_say() {
        let folder = folder(&[
            "b.jpg",
            "a.jpg",
            "a.png",
            ".hidden.jpg",
            "sub/c.jpg",
            "sub/deep/d.jpg",
            ".git/e.jpg",
            "[x].jpg",
        ]);
        let fits = |pattern| fits(folder.path(), pattern);
        assert_eq!(fits("*.jpg"), ["[x].jpg", "a.jpg", "b.jpg"]);
        assert_eq!(fits("?.jpg"), ["a.jpg", "b.jpg"]);
        assert_eq!(fits("[!a].*"), ["b.jpg"]);
        assert_eq!(fits(".*.jpg"), [".hidden.jpg"]);
        assert_eq!(fits("*/c.jpg"), ["sub/c.jpg"]);
        assert_eq!(fits("*/*/*"), ["sub/deep/d.jpg"]);
        assert_eq!(fits("s*/deep/../[a-c].jpg"), ["sub/deep/../c.jpg"]);
        let all = ["[x].jpg", "a.jpg", "b.jpg", "sub/c.jpg", "sub/deep/d.jpg"];
        assert_eq!(fits("**/*.jpg"), all);
        assert_eq!(fits("**/**/*.jpg"), all);
        assert_eq!(fits("sub/**"), ["sub/c.jpg", "sub/deep", "sub/deep/d.jpg"]);
        assert_eq!(fits("**/s*/**/d.jpg"), ["sub/deep/d.jpg"]);
        for nothing in ["*.gif", "a.jpg/*", "gone/*", "*/a.jpg"] {
            assert!(fits(nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for wrong in ["[a", "a**b", "***"] {
            assert_eq!(expand(Path::new(wrong)).unwrap_err().kind(), ErrorKind::Argument);
        }
        assert!(!is_pattern(Path::new("a b{c}.jpg")) && !is_pattern(Path::new(r"\\?\C:\a.jpg")));
    }

    #[cfg(unix)]
    #[test]
    fn circles_of_links_end_and_odd_names_fit() {
        use std::os::unix::ffi::OsStrExt;
        let folder = folder(&["sub/a.jpg"]);
        for link in ["one", "two", "sub/three"] {
            std::os::unix::fs::symlink(folder.path(), folder.path().join(link)).unwrap();
        }
        std::os::unix::fs::symlink("nowhere", folder.path().join("sub/dangling.jpg")).unwrap();
        assert_eq!(fits(folder.path(), "**/*.jpg"), ["sub/a.jpg", "sub/dangling.jpg"]);
        // A link that the pattern names is followed, as shells do.
        assert_eq!(fits(folder.path(), "on?/sub/a.jpg"), ["one/sub/a.jpg"]);
        let odd = folder.path().join(OsStr::from_bytes(b"odd-\xff.jpg"));
        std::fs::write(&odd, b"").unwrap();
        let found = expand(&folder.path().join("odd*")).unwrap();
        assert!(matches!(&found[..], [Ok(path)] if *path == odd), "{found:?}");
    }
}
