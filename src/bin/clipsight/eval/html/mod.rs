//! stub
use clipsight::Result;
use super::report::Report;
pub(super) fn render(report: &Report) -> Result<String> { Ok(report.to_json()?) }
