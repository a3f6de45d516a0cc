//! What storing an encoder in few bits does to a model's verdicts: the same heads on the encoder as
//! it was published and in every storage, on images of role `select`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clipsight::engine::{Cpu, Engine};
use clipsight::image::ViewCount;
use clipsight::model::{Detector, LoadedTensors, Manifest};
use clipsight::weights::{HostTensor, Storage, pack, sha256_hex};
use clipsight::{Error, ErrorKind, Result};
use clipsight_import::PublishedEncoder;
use clipsight_native::io::read_file;
use clipsight_native::pipeline;
use clipsight_native::progress::progress;
use clipsight_native::runtime::ModelFolder;
use clipsight_reference::Reference;
use serde::Serialize;

use super::{Common, report_folder, unseen_select};
use crate::dataset::{Dataset, Entry, Role, at_most};
use crate::features::with_pixels;
use crate::metrics::Share;
use crate::recipe::detector::{auc_of, load};
use crate::report::{rounded, short, table, write_report};

/// What is compared.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is read and written.
    pub common: Common,
    /// The encoder that the model was made from, in any form that [`PublishedEncoder::open`] reads.
    pub encoder: PathBuf,
    /// Images of every origin that are used.
    pub per_origin: u32,
}

/// A storage and who computes with it; the first is what the others are compared with.
const FORMS: [(&str, Storage, bool); 5] = [
    ("f32", Storage::F32, true),
    ("q8", Storage::Q8, false),
    ("q6", Storage::Q6, true),
    ("q6", Storage::Q6, false),
    ("q4", Storage::Q4, false),
];

/// The figures of one form.
#[derive(Debug, Serialize)]
struct Form {
    storage: &'static str,
    arithmetic: &'static str,
    /// Of the encoder and the verdict's head.
    bytes: u64,
    auc: f64,
    /// Mean change of the logit.
    change: f64,
    /// Verdicts on the other side of the threshold.
    flipped: Share,
}

#[derive(Debug, Serialize)]
struct Report {
    model: String,
    weights_sha256: String,
    manifest_sha256: String,
    per_origin: u32,
    images: usize,
    forms: Vec<Form>,
}

/// Runs the study and writes `storage.md` and `storage.json`.
///
/// # Errors
/// When model, encoder or images cannot be read, or are not of one another; when the report cannot
/// be written.
pub fn run(options: &Options) -> Result<()> {
    let Common { data, model, .. } = &options.common;
    let dataset = Dataset::read(data)?;
    dataset.check_files()?;
    let fit = dataset.role(Role::Fit);
    let images = at_most(unseen_select(&dataset, &fit)?, options.per_origin);
    let folder = ModelFolder::find(model.as_deref());
    let (manifest, tensors) = with_published(&folder, options)?;

    let mut forms = Vec::new();
    let mut exact: Option<Vec<f64>> = None;
    for (name, storage, reference) in FORMS {
        let engine: &dyn Engine = if reference { &Reference::cpu() } else { &Cpu };
        let (bytes, detector) = stored(&manifest, &tensors, storage, engine)?;
        let logits = logits(&detector, &dataset, &images, name)?;
        let exact = exact.get_or_insert_with(|| logits.clone());
        let calibration = manifest.calibration.for_views(1)?;
        let above = |logit: &f64| calibration.probability(*logit) >= manifest.calibration.threshold;
        let pairs = || exact.iter().zip(&logits);
        let flipped = pairs().filter(|(exact, logit)| above(exact) != above(logit)).count();
        let change = pairs().map(|(exact, logit)| (exact - logit).abs()).sum::<f64>();
        forms.push(Form {
            storage: name,
            arithmetic: if reference { "f32" } else { "8-bit activations" },
            bytes,
            auc: rounded(auc_of(&logits, &images)?),
            change: rounded(change / images.len() as f64),
            flipped: Share::clopper_pearson(flipped, images.len()).ok_or_else(|| {
                Error::new(ErrorKind::Internal, "there is no share of these images")
            })?,
        });
    }
    let out = report_folder(&options.common, &folder)?;
    let report = Report {
        model: manifest.id.clone(),
        weights_sha256: manifest.weights_sha256(),
        manifest_sha256: sha256_hex(&read_file(data)?),
        per_origin: options.per_origin,
        images: images.len(),
        forms,
    };
    write_report(&out, "storage", &report, &markdown(&report), &[])?;
    eprintln!("the report is in {}", out.display());
    Ok(())
}

/// The model's manifest with the verdict's head alone, and the tensors of that head beside those of
/// the encoder as it was published.
fn with_published(
    folder: &ModelFolder,
    options: &Options,
) -> Result<(Manifest, BTreeMap<String, HostTensor>)> {
    let LoadedTensors { manifest, tensors: heads, .. } = folder.tensors(&Cpu)?;
    let PublishedEncoder { mut tensors, .. } = PublishedEncoder::open(&options.encoder)?;
    tensors.extend(heads);
    let manifest = Manifest { attribution: None, quality: None, residual: None, ..manifest };
    Ok((manifest, tensors))
}

/// The model in another storage: its bytes, and itself, loaded.
fn stored(
    manifest: &Manifest,
    tensors: &BTreeMap<String, HostTensor>,
    storage: Storage,
    engine: &dyn Engine,
) -> Result<(u64, Detector)> {
    let mut manifest = Manifest { storage, ..manifest.clone() };
    let shards = pack(&manifest.tensors(), tensors, storage, "stored")?;
    manifest.shards = shards.iter().map(|shard| shard.entry.clone()).collect();
    let bytes = manifest.total_bytes();
    Ok((bytes, load(&manifest, &shards, engine)?))
}

/// The logit of every image's first view.
fn logits(
    detector: &Detector,
    dataset: &Dataset,
    images: &[Entry],
    name: &'static str,
) -> Result<Vec<f64>> {
    pipeline::all(images, &progress(images.len(), name), |entry| {
        with_pixels(&dataset.root, entry, |pixels| {
            let views = detector.manifest().preprocessing.views(pixels, ViewCount::One)?;
            let logits = pollster::block_on(detector.logits(&views))?;
            Ok(logits.iter().copied().map(f64::from).sum())
        })
    })
}

fn markdown(report: &Report) -> String {
    let row = |form: &Form| {
        vec![
            form.storage.to_owned(),
            form.arithmetic.to_owned(),
            format!("{:.1}", form.bytes as f64 / 1e6),
            short(form.auc),
            short(form.change),
            format!(
                "{} ({} to {})",
                short(form.flipped.rate),
                short(form.flipped.low),
                short(form.flipped.high)
            ),
        ]
    };
    let header = ["storage", "arithmetic", "MB", "AUC", "change of the logit", "verdicts flipped"];
    let rows: Vec<Vec<String>> = report.forms.iter().map(row).collect();
    format!(
        "# Storage of {}\n\nThe model's verdict head on its encoder as published (f32) and in \
         every storage, on {} images of role `select`, at most {} an origin, none with a prompt of \
         `fit`. Change and flips are against f32. In brackets: 95 % intervals (Clopper-Pearson). \
         Weights {}. Written by `clipsight study storage`.\n\n{}",
        report.model,
        report.images,
        report.per_origin,
        &report.weights_sha256[..12.min(report.weights_sha256.len())],
        table(&header, &rows)
    )
}
