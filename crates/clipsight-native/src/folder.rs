//! Folders of images that a person sorted by class, or listed in a table: the same rules as the
//! page's.
//!
//! ```
//! use clipsight_native::folder::LabelledFolder;
//! let folder = tempfile::tempdir()?;
//! for (class, name) in [("fake", "a.png"), ("real", "b.png")] {
//!     std::fs::create_dir(folder.path().join(class))?;
//!     std::fs::write(folder.path().join(class).join(name), b"")?;
//! }
//! let found = LabelledFolder::read(folder.path())?;
//! assert!(found.sorted.images[0].generated && found.file(&found.sorted.images[1]).is_file());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::path::{Path, PathBuf};

use clipsight::{Error, ErrorKind, Result};
use clipsight_measure::folder::{
    Labelled, MAX_TABLE_BYTES, Problem, Sorted, Table, is_table, is_table_name, sort,
};
use walkdir::WalkDir;

use crate::io;
use crate::names;
use crate::walk::{Item, PassedOver, items};

/// Labelled images below a folder.
#[derive(Debug)]
pub struct LabelledFolder {
    /// Which image is what.
    pub sorted: Sorted,
    /// Places that could not be read, and why.
    pub unreadable: Vec<(PathBuf, Error)>,
    /// Files that are no images by their names, and what systems keep.
    pub passed: PassedOver,
    files: Vec<PathBuf>,
}

impl LabelledFolder {
    /// Whether this is to be read as a folder: it is one, or a table without the roles that make it
    /// a manifest of [`dataset`](crate::dataset).
    #[must_use]
    pub fn is_meant_by(data: &Path) -> bool {
        data.is_dir()
            || read_table(data).is_ok_and(|text| {
                let header = text.lines().next().unwrap_or_default().to_lowercase();
                is_table(&text) && !header.split([',', ';', '\t']).any(|name| name.trim() == "role")
            })
    }

    /// Sorts the images below a folder, or below a table's, by class.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when nothing says what the images are, or they are all of one class;
    /// [`ErrorKind::Io`] when the folder or the table cannot be read.
    pub fn read(data: &Path) -> Result<Self> {
        let (root, tables) = if data.is_dir() {
            (data, tables_below(data))
        } else {
            (data.parent().unwrap_or(Path::new("")), vec![data.to_owned()])
        };
        let root = if root == Path::new("") { Path::new(".") } else { root };
        let below = items(&[root.to_owned()]);
        let (mut files, mut unreadable) = (Vec::new(), Vec::new());
        for item in below.items {
            match item {
                Item::Unreadable(path, error) => unreadable.push((path, error)),
                item => files.push(item.path().to_owned()),
            }
        }
        let paths: Vec<String> = files.iter().map(|file| within(root, file)).collect();
        let tables = tables
            .iter()
            .map(|path| Ok(Table { path: within(root, path), text: read_table(path)? }))
            .collect::<Result<Vec<Table>>>()?;
        let sorted = sort(&paths, &tables).map_err(|problem| problem.error())?;
        Ok(Self { sorted, unreadable, passed: below.passed, files })
    }

    /// Where an image is.
    #[must_use]
    pub fn file(&self, image: &Labelled) -> &Path {
        &self.files[image.index]
    }
}

/// The path of a file below a folder, with `/` between its parts.
fn within(root: &Path, file: &Path) -> String {
    let below = file.strip_prefix(root).unwrap_or(file);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Tables below a folder, but for hidden ones.
fn tables_below(folder: &Path) -> Vec<PathBuf> {
    WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || names::hidden(entry.path()).is_none())
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| is_table_name(&path.to_string_lossy()))
        .collect()
}

fn read_table(path: &Path) -> Result<String> {
    let bytes = io::read_at_most(path, MAX_TABLE_BYTES as u64)?;
    if bytes.len() > MAX_TABLE_BYTES {
        return Err(Problem::too_large(path.display().to_string()).error());
    }
    String::from_utf8(bytes).map_err(|error| {
        let message = format!("the table {} is not in UTF-8: {error}", path.display());
        Error::new(ErrorKind::Argument, message).with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(found: &LabelledFolder) -> Vec<(&str, bool)> {
        let images = found.sorted.images.iter();
        images.map(|image| (image.name.as_str(), image.generated)).collect()
    }

    #[test]
    fn folders_and_tables_are_read() {
        let files = [
            ("Fake/a.png", ""),
            ("Fake/sub/b.webp", ""),
            ("Real/c.jpg", ""),
            ("Real/notes.txt", ""),
            ("Real/._c.jpg", ""),
            (".hidden/labels.csv", "path,label\nc.jpg,ai\n"),
        ];
        let by_name = folder(&files);
        assert!(LabelledFolder::is_meant_by(by_name.path()));
        let found = LabelledFolder::read(by_name.path()).unwrap();
        let expected = [("Fake/a.png", true), ("Fake/sub/b.webp", true), ("Real/c.jpg", false)];
        assert_eq!(names(&found), expected);
        assert!(found.file(&found.sorted.images[1]).ends_with("Fake/sub/b.webp"));
        assert_eq!(
            found.passed.to_string(),
            "not images by name 1 (.txt 1), hidden 1, a Mac's resource forks (._*) 1"
        );

        let listed = folder(&[
            ("x/1.png", ""),
            ("x/2.png", ""),
            ("labels.csv", "path,label\nx/1.png,real\nx/2.png,ai\n"),
        ]);
        let table = listed.path().join("labels.csv");
        for data in [listed.path(), &table] {
            assert!(LabelledFolder::is_meant_by(data));
            let found = LabelledFolder::read(data).unwrap();
            assert_eq!(names(&found), [("1.png", false), ("2.png", true)]);
        }
    }

    #[test]
    fn manifests_and_other_files_are_not_meant() {
        let files = folder(&[
            ("manifest.csv", "file,label,role,origin\na.jpg,ai,test,x\n"),
            ("sizes.csv", "path,width\na.jpg,3\n"),
            ("latin.csv", "path,label\n"),
        ]);
        std::fs::write(files.path().join("latin.csv"), b"path,label\n\xe4.jpg,ai\n").unwrap();
        for name in ["manifest.csv", "sizes.csv", "latin.csv", "none.csv"] {
            assert!(!LabelledFolder::is_meant_by(&files.path().join(name)), "{name}");
        }
        let error = LabelledFolder::read(files.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.message().contains("latin.csv is not in UTF-8"), "{error}");
    }
}
