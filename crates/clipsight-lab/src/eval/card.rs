//! The figures in documents are written by `clipsight card`, never by hand.

use std::path::{Path, PathBuf};

use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io;
use clipsight_native::runtime::ModelFolder;

use super::report::model_name;
use super::{EvalReport, Section};

/// Figures stand between these marks; everything else in the document is written by hand.
const BEGIN: &str = "<!-- figures:begin -->";
const END: &str = "<!-- figures:end -->";

/// Longest document or report, in bytes.
const MAX_TEXT_BYTES: u64 = 4 << 20;

/// The documents that receive figures.
#[derive(Clone, Debug)]
pub struct CardOptions {
    /// The models' folders, each with model.json, eval.json and README.md.
    pub models: Vec<PathBuf>,
    /// A further document, such as the repository's README.md, that receives the short table.
    pub readme: Option<PathBuf>,
    /// Change nothing; fail when a document's figures differ.
    pub check: bool,
}

/// Writes the figures of each model's `eval.json` into its card, and the short table of all of them
/// into `readme`.
///
/// # Errors
/// [`ErrorKind::Argument`] when a report is of another model, a document lacks the marks, or, with
/// `--check`, its figures differ; [`ErrorKind::Io`].
pub fn update_card(args: &CardOptions) -> Result<()> {
    let mut summary: Option<Section> = None;
    for folder in &args.models {
        let report =
            EvalReport::from_json(&io::read_text(&folder.join("eval.json"), MAX_TEXT_BYTES)?)?;
        let manifest = ModelFolder::find(Some(folder)).manifest()?;
        if report.model != model_name(&manifest)? {
            let message = format!(
                "{} was measured on another model or calibration: run `clipsight eval` again",
                folder.join("eval.json").display()
            );
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let card: Vec<String> = report.sections().iter().map(Section::markdown).collect();
        update(&folder.join("README.md"), &card.join("\n"), args.check)?;
        let of_one = report.summary();
        match &mut summary {
            None => summary = Some(of_one),
            Some(all) => all.append(of_one)?,
        }
    }
    if let (Some(readme), Some(summary)) = (&args.readme, summary) {
        update(readme, &summary.markdown_table(), args.check)?;
    }
    Ok(())
}

fn update(path: &Path, figures: &str, check: bool) -> Result<()> {
    let document = io::read_text(path, MAX_TEXT_BYTES)?;
    let updated = between_marks(&document, figures).ok_or_else(|| {
        let message = format!(
            "{} must hold the marks {BEGIN} and {END}, once each and in this order",
            path.display()
        );
        Error::new(ErrorKind::Argument, message)
    })?;
    if updated == document {
        return Ok(());
    }
    if check {
        let message = format!(
            "the figures in {} are not those of eval.json: run `clipsight card`",
            path.display()
        );
        return Err(Error::new(ErrorKind::Argument, message));
    }
    io::write_file(path, updated.as_bytes())?;
    eprintln!("clipsight: {} updated", path.display());
    Ok(())
}

/// `document` with `figures` between its marks.
fn between_marks(document: &str, figures: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (old, after) = rest.split_once(END)?;
    let once = !before.contains(END)
        && !old.contains(BEGIN)
        && !after.contains(BEGIN)
        && !after.contains(END);
    once.then(|| format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", figures.trim()))
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::example;
    use super::*;

    #[test]
    fn only_the_text_between_the_marks_changes() {
        let document = format!("# Card\n{BEGIN}\nold\n{END}\nby hand\n");
        let updated = between_marks(&document, "new\n").unwrap();
        assert_eq!(updated, format!("# Card\n{BEGIN}\n\nnew\n\n{END}\nby hand\n"));
        assert_eq!(between_marks(&updated, "new\n").unwrap(), updated);
        for broken in [
            "no marks".to_owned(),
            format!("{END}{BEGIN}"),
            format!("{document}{BEGIN}"),
            BEGIN.to_owned(),
        ] {
            assert_eq!(between_marks(&broken, "new"), None);
        }
    }

    #[test]
    fn the_table_of_several_models_needs_the_same_columns() {
        let mut all = example().summary();
        all.append(example().summary()).unwrap();
        assert_eq!(all.markdown_table().lines().count(), 4);
        let mut other = example();
        other.perturbations = None;
        assert!(all.append(other.summary()).unwrap_err().message().contains("alike"));
    }

    #[test]
    fn check_fails_on_old_figures_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("README.md");
        let document = format!("{BEGIN}\nold\n{END}\n");
        std::fs::write(&path, &document).unwrap();
        assert!(update(&path, "new", true).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), document);
        update(&path, "new", false).unwrap();
        update(&path, "new", true).unwrap();
    }
}
