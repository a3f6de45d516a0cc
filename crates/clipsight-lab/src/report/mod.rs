//! What reports are made of: tables, rounded figures, plots.

pub(crate) mod plot;
mod table;

pub(crate) use table::{Measured, Provenance, Spread, rounded, short, table, write_report};
