//! The parts of reports: tables, rounded figures, plots, wrapped prose.

mod markdown;
pub(crate) mod plot;
mod table;

pub(crate) use markdown::wrapped;
pub(crate) use table::{Accuracy, Spread, StudyInputs, rounded, short, table, write_report};

/// Where reports about a model go by default: beside no weights, but in `studies`, in a folder that
/// is called like the model's.
pub(crate) fn default_folder(model: &std::path::Path) -> std::path::PathBuf {
    let name = model.canonicalize().ok();
    let name = name.as_deref().unwrap_or(model).file_name();
    std::path::Path::new("studies").join(name.unwrap_or("model".as_ref()))
}
