//! The files that a scan covers.
//!
//! ```
//! use clipsight_native::walk::images_below;
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("a.jpg"), b"")?;
//! std::fs::write(folder.path().join("notes.txt"), b"")?;
//! assert_eq!(images_below(folder.path())?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::path::{Path, PathBuf};

use clipsight::{Error, ErrorKind, Result};
use walkdir::WalkDir;

/// Extensions by which files in folders count as images: supported formats, and common photograph
/// formats that are not supported, so that they are reported rather than skipped silently.
const IMAGE_EXTENSIONS: [&str; 17] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "gif", "bmp", "dib", "tif", "tiff",
    "avif", "heic", "heif", "jxl", "jp2",
];

/// A file to score, or a place that could not be read.
#[derive(Debug)]
pub enum Item {
    /// A file.
    File(PathBuf),
    /// A place that could not be read, and why.
    Unreadable(PathBuf, Error),
}

/// The files of `paths`, in their order; folders searched to the bottom, by name. Links to files
/// are followed; links to folders below a named one are not: they could lead anywhere, and in
/// circles.
pub fn items(paths: &[PathBuf]) -> Vec<Item> {
    let mut items = Vec::new();
    for path in paths {
        // A missing file is noticed when it is read.
        if !path.is_dir() {
            items.push(Item::File(path.clone()));
            continue;
        }
        for entry in WalkDir::new(path).sort_by_file_name() {
            match entry {
                Ok(entry)
                    if !entry.file_type().is_dir()
                        && is_image_name(entry.path())
                        && !entry.path().is_dir() =>
                {
                    items.push(Item::File(entry.into_path()));
                }
                Ok(_) => {}
                Err(error) => {
                    let place = error.path().unwrap_or(path).to_owned();
                    let message = format!("the folder cannot be read: {error}");
                    let error = Error::new(ErrorKind::Io, message).with_source(error);
                    items.push(Item::Unreadable(place, error));
                }
            }
        }
    }
    items
}

/// The files below `folder` with image extensions.
///
/// # Errors
/// [`ErrorKind::Io`] when some of it cannot be read.
pub fn images_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let images = items(&[folder.to_owned()]).into_iter().map(|item| match item {
        Item::File(path) => Ok(path),
        Item::Unreadable(path, error) => {
            let message = format!("{}: {}", path.display(), error.message());
            Err(Error::new(error.kind(), message).with_source(error))
        }
    });
    images.collect()
}

fn is_image_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        IMAGE_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_by_name_in_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("b/deep")).unwrap();
        for name in ["c.txt", "b/deep/2.PNG", "b/1.jpg", "a.jpeg", "z", "d.heic"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        let named = folder.path().join("c.txt");
        let missing = folder.path().join("missing.jpg");
        let found: Vec<PathBuf> =
            items(&[missing.clone(), folder.path().to_owned(), named.clone()])
                .into_iter()
                .map(|item| match item {
                    Item::File(path) | Item::Unreadable(path, _) => path,
                })
                .collect();
        let inside =
            ["a.jpeg", "b/1.jpg", "b/deep/2.PNG", "d.heic"].map(|name| folder.path().join(name));
        let expected: Vec<PathBuf> = [missing].into_iter().chain(inside).chain([named]).collect();
        assert_eq!(found, expected);
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_followed_and_circles_are_not() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("circle")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("circle.jpg")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("dangling.jpg")).unwrap();
        let found = items(&[folder.path().to_owned()]);
        assert!(
            matches!(&found[..], [Item::File(path)] if path.ends_with("dangling.jpg")),
            "{found:?}"
        );
    }
}
