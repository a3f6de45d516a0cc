//! Images that a person sorted into two folders, or listed in a table, measured.
//!
//! [`sort`] says which files belong to which class, [`Input::report`] what their scores say. Such
//! images have no roles: nothing here is fitted to them and measured on the same ones.
//!
//! ```
//! use clipsight_measure::folder::sort;
//! let paths = ["mine/fake/a.png", "mine/real/b.jpg", "mine/c.jpg"].map(str::to_owned);
//! let sorted = sort(&paths, &[]).unwrap();
//! assert!(sorted.images[0].generated && !sorted.images[1].generated);
//! assert_eq!(sorted.passed.len(), 1);
//! ```

mod labels;
mod report;
mod sort;

use std::fmt;

use clipsight::{Error, ErrorKind};
use serde::Serialize;

pub use labels::label_of;
pub use report::{
    Classes, DataName, FolderFigures, Image, Input, Least, Mistake, ModelName, Report, SCHEMA,
    Unjudged,
};
pub use sort::{
    Labelled, MAX_TABLE_BYTES, Passed, PassedReason, Sorted, Source, Table, is_table,
    is_table_name, sort,
};

/// Why a folder cannot be measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum Problem {
    /// There are neither two folders of the classes' names nor a table of labels.
    NoLabels,
    /// Every image that was found is of one class.
    OneClass {
        /// Whether they are all generated.
        generated: bool,
    },
    /// Several tables name images and labels.
    SeveralTables {
        /// Where they are.
        tables: Vec<String>,
    },
    /// The table cannot be read.
    Table {
        /// Where it is.
        table: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Problem {
    /// That of a table of more than [`MAX_TABLE_BYTES`].
    #[must_use]
    pub fn too_large(table: String) -> Self {
        let message = format!("it has more than {MAX_TABLE_BYTES} bytes, which is the maximum");
        Self::Table { table, message }
    }

    /// As an error of whoever gave the folder. No `From`: every `?` of these crates would have to
    /// name its error.
    #[must_use]
    pub fn error(&self) -> Error {
        Error::new(ErrorKind::Argument, self.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLabels => formatter.write_str(
                "nothing says which images are generated: there must be two folders beside each \
                 other, such as `ai` and `real`, or a CSV file with the columns `path` and `label`",
            ),
            Self::OneClass { generated } => {
                let (there, missing) =
                    if *generated { ("generated", "real") } else { ("real", "generated") };
                write!(
                    formatter,
                    "all images are {there}: {missing} ones are needed as well, to compare with"
                )
            }
            Self::SeveralTables { tables } => write!(
                formatter,
                "several tables name images and labels, keep one of them: {}",
                tables.join(", ")
            ),
            Self::Table { table, message } => write!(formatter, "the table {table}: {message}"),
        }
    }
}
