//! Labelled images: the rows of a manifest, a CSV file.
//!
//! | column | meaning |
//! | --- | --- |
//! | `file` | path of an image, from the manifest's folder |
//! | `label` | `ai` or `real` |
//! | `role` | `fit`, `select`, `calibrate` or `test`: what the image may be used for |
//! | `origin` | generator, or source of a real image |
//! | `content` | optional: what it shows, such as `photo` or `art` |
//! | `family` | optional: kind of generator, such as `diffusion`, for attribution |
//! | `group` | optional: the prompt, if several generators received the same |
//!
//! Any other column is kept under its name.
//!
//! ```
//! use clipsight_native::dataset::{Dataset, Label, Role};
//! let folder = tempfile::tempdir()?;
//! let manifest = folder.path().join("manifest.csv");
//! std::fs::write(&manifest, "file,label,role,origin\na.jpg,ai,fit,sd15\n")?;
//! let dataset = Dataset::read(&manifest)?;
//! assert_eq!(dataset.role(Role::Fit)[0].label, Label::Ai);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use clipsight::{Error, ErrorKind, Result};

/// A manifest's rows, and the folder its paths start from.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The folder of the manifest.
    pub root: PathBuf,
    /// The rows, in the manifest's order.
    pub entries: Vec<Entry>,
}

/// One labelled image.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its row in the manifest, counted from 1 below the header.
    pub row: usize,
    /// Path below the dataset's root.
    pub file: String,
    /// Generated or not.
    pub label: Label,
    /// What the image may be used for.
    pub role: Role,
    /// Generator or source.
    pub origin: String,
    /// What it shows, such as `photo` or `art`.
    pub content: String,
    /// Every other column by name.
    pub other: BTreeMap<String, String>,
}

impl Entry {
    /// The prompt that several generators received, if known.
    pub fn prompt(&self) -> Option<&str> {
        self.other.get("group").map(String::as_str).filter(|group| !group.is_empty())
    }
}

/// Whether an image was generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// By a machine.
    Ai,
    /// By a camera or a human hand.
    Real,
}

/// What an image may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Training.
    Fit,
    /// Choosing between variants.
    Select,
    /// Calibration.
    Calibrate,
    /// Reporting, nothing else.
    Test,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Fit, Self::Select, Self::Calibrate, Self::Test];

    /// The name in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Select => "select",
            Self::Calibrate => "calibrate",
            Self::Test => "test",
        }
    }
}

impl Entry {
    /// The entry of a row. Taken apart by hand: csv guesses the types of flattened columns, and
    /// serde does not read a number as a `String`.
    fn of(number: usize, mut row: BTreeMap<String, String>) -> std::result::Result<Self, String> {
        let mut take = |column: &str| {
            row.remove(column).ok_or_else(|| format!("the column {column} is missing"))
        };
        let label = match take("label")?.as_str() {
            "ai" => Label::Ai,
            "real" => Label::Real,
            other => return Err(format!("the label must be ai or real, not {other:?}")),
        };
        let role = take("role")?;
        let role = Role::ALL.into_iter().find(|known| known.name() == role).ok_or_else(|| {
            format!("the role must be fit, select, calibrate or test, not {role:?}")
        })?;
        let (file, origin) = (take("file")?, take("origin")?);
        let content = row.remove("content").unwrap_or_default();
        Ok(Self { row: number, file, label, role, origin, content, other: row })
    }
}

impl Dataset {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Argument`] when it is not a valid
    /// manifest.
    pub fn read(manifest: &Path) -> Result<Self> {
        let unreadable = |error: csv::Error| {
            let kind = if error.is_io_error() { ErrorKind::Io } else { ErrorKind::Argument };
            let message = format!("cannot read the manifest {}: {error}", manifest.display());
            Error::new(kind, message).with_source(error)
        };
        let wrong = |row: usize, what: &str| {
            let message = format!("the manifest {}, row {row}: {what}", manifest.display());
            Error::new(ErrorKind::Argument, message)
        };
        let entries = csv::Reader::from_path(manifest)
            .map_err(unreadable)?
            .deserialize::<BTreeMap<String, String>>()
            .enumerate()
            .map(|(index, row)| {
                let number = index + 1;
                Entry::of(number, row.map_err(unreadable)?).map_err(|what| wrong(number, &what))
            })
            .collect::<Result<Vec<Entry>>>()?;
        // An image in two rows would count twice, or be trained on and tested on.
        let mut first = HashMap::new();
        for entry in &entries {
            if let Some(earlier) = first.insert(entry.file.as_str(), entry.row) {
                return Err(wrong(
                    entry.row,
                    &format!("{} is already in row {earlier}", entry.file),
                ));
            }
        }
        let root = manifest.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { root, entries })
    }

    /// Reads several manifests into one data set. Paths of the first start from its folder; those
    /// of the others become absolute, and their rows are numbered on from those before them.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`ErrorKind::Argument`] when no manifest is named, or two of them
    /// name the same file.
    pub fn read_all(manifests: &[PathBuf]) -> Result<Self> {
        let Some((first, others)) = manifests.split_first() else {
            return Err(Error::new(ErrorKind::Argument, "no manifest is named"));
        };
        let mut all = Self::read(first)?;
        let mut known: HashSet<PathBuf> =
            all.entries.iter().map(|entry| all.root.join(&entry.file)).collect();
        for manifest in others {
            let absolute = std::path::absolute(manifest).map_err(|error| {
                let message = format!("cannot read the manifest {}: {error}", manifest.display());
                Error::new(ErrorKind::Io, message).with_source(error)
            })?;
            let Self { root, entries } = Self::read(&absolute)?;
            for mut entry in entries {
                let file = root.join(&entry.file);
                let twice = known.contains(&file);
                entry.file = file.to_string_lossy().into_owned();
                entry.row = all.entries.len() + 1;
                if twice || !known.insert(file) {
                    let message = format!(
                        "the manifest {}: {} is already in another manifest",
                        manifest.display(),
                        entry.file
                    );
                    return Err(Error::new(ErrorKind::Argument, message));
                }
                all.entries.push(entry);
            }
        }
        Ok(all)
    }

    /// Checks that every image exists, so that hours of work do not fail on the last of them.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] naming the first row whose file is missing.
    pub fn check_files(&self) -> Result<()> {
        match self.entries.iter().find(|entry| !self.root.join(&entry.file).is_file()) {
            None => Ok(()),
            Some(Entry { row, file, .. }) => {
                let message = format!(
                    "row {row} of the manifest: the file {} is missing",
                    self.root.join(file).display()
                );
                Err(Error::new(ErrorKind::Io, message))
            }
        }
    }

    /// The rows of one role, which must have images of both classes.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] naming the role and the class it lacks.
    pub fn role_of_both_classes(&self, role: Role) -> Result<Vec<Entry>> {
        let entries = self.role(role);
        for (label, name) in [(Label::Ai, "ai"), (Label::Real, "real")] {
            if !entries.iter().any(|entry| entry.label == label) {
                let message = format!(
                    "no image of role {} has the label {name}: both classes are needed",
                    role.name()
                );
                return Err(Error::new(ErrorKind::Argument, message));
            }
        }
        Ok(entries)
    }

    /// The rows of one role.
    pub fn role(&self, role: Role) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.role == role).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Dataset> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.csv");
        std::fs::write(&path, text).unwrap();
        Dataset::read(&path)
    }

    #[test]
    fn numbers_in_other_columns_stay_text() {
        let rows = "file,label,role,origin,width\na.jpg,ai,test,sd15,288\nb.jpg,real,fit,camera,\n";
        let dataset = read(rows).unwrap();
        assert_eq!(dataset.entries[0].other["width"], "288");
        assert_eq!((dataset.entries[0].label, dataset.entries[1].role), (Label::Ai, Role::Fit));
        assert_eq!(dataset.role(Role::Test).len(), 1);
    }

    #[test]
    fn invalid_manifests_are_refused() {
        for (text, part) in [
            ("file,label,role\na,ai,test\n", "column origin"),
            ("file,label,role,origin\na,fake,test,x\n", "row 1: the label"),
            ("file,label,role,origin\na,ai,test,x\nb,ai,dev,x\n", "row 2: the role"),
            ("file,label,role,origin\na,ai\n", "cannot read"),
            (
                "file,label,role,origin\na,ai,fit,x\nb,ai,fit,x\na,real,test,y\n",
                "row 3: a is already in row 1",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.message().contains(part), "{}", error.message());
        }
        assert_eq!(
            Dataset::read(Path::new("/nowhere/manifest.csv")).unwrap_err().kind(),
            ErrorKind::Io
        );
    }

    #[test]
    fn several_manifests_are_one_data_set() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = |name: &str, rows: &str| {
            let folder = folder.path().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            let path = folder.join("manifest.csv");
            std::fs::write(&path, format!("file,label,role,origin\n{rows}")).unwrap();
            path
        };
        let (a, b) = (
            manifest("a", "x.jpg,ai,test,sd15\n"),
            manifest("b", "x.jpg,real,fit,camera\ny.jpg,ai,fit,dalle\n"),
        );
        let dataset = Dataset::read_all(&[a.clone(), b]).unwrap();
        let files: Vec<_> =
            dataset.entries.iter().map(|entry| dataset.root.join(&entry.file)).collect();
        let expected = ["a/x.jpg", "b/x.jpg", "b/y.jpg"].map(|file| folder.path().join(file));
        assert_eq!(files, expected);
        assert_eq!(dataset.entries.iter().map(|entry| entry.row).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(Dataset::read_all(&[]).is_err());
        let twice = Dataset::read_all(&[a.clone(), a]).unwrap_err();
        assert!(twice.message().contains("already in another manifest"), "{twice}");
    }

    #[test]
    fn missing_files_and_classes_are_named() {
        let dataset =
            read("file,label,role,origin\na.jpg,ai,test,sd15\nb.jpg,ai,fit,sd15\n").unwrap();
        let error = dataset.check_files().unwrap_err();
        assert!(error.kind() == ErrorKind::Io && error.message().contains("row 1"), "{error}");
        assert!(error.message().contains("a.jpg"), "{error}");
        let error = dataset.role_of_both_classes(Role::Fit).unwrap_err();
        assert!(
            error.kind() == ErrorKind::Argument && error.message().contains("role fit"),
            "{error}"
        );
        assert!(error.message().contains("label real"), "{error}");
    }
}
