//! Measures a model on a folder that a person sorted by class.

use std::ops::ControlFlow;

use clipsight::calibration::{AbstainReason, Grade};
use clipsight::model::{Analysis, Verdict};
use clipsight::{Error, ErrorKind, Fault, Result};
use clipsight_measure::confounds::mean_quantiser;
use clipsight_measure::folder::{Image, Input, Labelled, Unjudged};
use clipsight_native::folder::LabelledFolder;
use clipsight_native::runtime::Runtime;
use clipsight_native::{io, pipeline, progress};

use super::report::EvalReport;

/// Scores every image of a folder. One that cannot be judged is named in the report, and the
/// figures are those of the others.
///
/// # Errors
/// When images of one class are left, or the machine or the model fails.
pub fn measure_folder(
    runtime: &Runtime,
    folder: &LabelledFolder,
    views: Option<usize>,
) -> Result<EvalReport> {
    runtime.check_views(views)?;
    let manifest = runtime.detector().manifest();
    let labelled = &folder.sorted.images;
    eprintln!("clipsight: {} on the {}, {} images", manifest.id, runtime.device(), labelled.len());
    let bar = progress::bar(labelled.len());
    let (mut images, mut unjudged) = (Vec::new(), Vec::new());
    let mut failure = None;
    let mut results = labelled.iter();
    pipeline::in_order(
        labelled,
        |image| judge(runtime, folder, image, views),
        |result| {
            bar.inc(1);
            let image = results.next();
            match (result, image) {
                (Ok(judged), _) => images.push(judged),
                (Err(error), Some(image)) if is_the_files(&error) => {
                    let Labelled { name, generated, .. } = image.clone();
                    unjudged.push(Unjudged {
                        name,
                        generated,
                        code: error.kind().code().to_owned(),
                    });
                }
                (Err(error), _) => {
                    failure = Some(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        },
    )?;
    bar.finish_and_clear();
    if let Some(error) = failure {
        return Err(error);
    }
    let input = Input {
        model_id: manifest.id.clone(),
        weights_sha256: manifest.weights_sha256(),
        calibration: manifest.calibration.clone(),
        views,
        images,
        unjudged,
    };
    Ok(input.report()?.into())
}

/// Whether another file would have been judged.
fn is_the_files(error: &Error) -> bool {
    matches!(error.kind().fault(), Fault::File | Fault::Limit) || error.kind() == ErrorKind::Io
}

fn judge(
    runtime: &Runtime,
    folder: &LabelledFolder,
    labelled: &Labelled,
    views: Option<usize>,
) -> Result<Image> {
    let bytes = io::read_image(folder.file(labelled))?;
    let Analysis { file, model, .. } = runtime.score(runtime.prepare(&bytes, views)?)?;
    let (score, grade, reason): (_, Option<Grade>, Option<AbstainReason>) = match model {
        Verdict::Scored { score, grade, .. } => (score, Some(grade), None),
        Verdict::Abstained { score, reason } => (score, None, Some(reason)),
    };
    let Labelled { name, generated, origin, .. } = labelled.clone();
    Ok(Image {
        name,
        generated,
        origin,
        sha256: file.sha256,
        format: file.format,
        width: file.width,
        height: file.height,
        bytes: file.bytes,
        quantiser: mean_quantiser(&bytes),
        probability: score.probability,
        grade,
        reason,
    })
}
