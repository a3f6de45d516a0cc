//! The parts of reports: tables, rounded figures, plots, wrapped prose.

mod markdown;
pub(crate) mod plot;
mod table;

pub(crate) use markdown::wrapped;
pub(crate) use table::{Accuracy, Spread, StudyInputs, rounded, short, table, write_report};
