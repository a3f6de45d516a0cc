//! Quality heads (method M2): from scored images, from images that [`synthetic`] degrades by known
//! strengths, and, in [`shipped`], the small one that models carry.

mod scores;
pub mod shipped;
pub mod synthetic;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::tensor::{Device, Tensor};
use clipsight::heads::QualityModel;
use clipsight::image::{Rgb8, ViewCount};
use clipsight::model::{Detector, Manifest};
use clipsight::rng::Rng;
use clipsight::weights::{HostTensor, pack, sha256_hex};
use clipsight::{Error, ErrorKind, Result};
use clipsight_import::hf_clip;
use clipsight_native::io::{read_at_most, read_file, write_file};
use clipsight_native::runtime::{ModelFolder, Runtime};
use clipsight_reference::init::on_device;
use clipsight_reference::{TextTower, tower};
use scores::ScoreFile;
use serde::Serialize;

use crate::features::{RowCache, cannot, folder_for};
use crate::perturb::Perturbation;
use crate::train::quality::{
    QualityFigures, QualityHead, QualityRecipe, QualityText, ScoredFeatures, Split, figures,
    generator_means, split, train,
};
use crate::train::transformed;

/// What a quality head is trained from, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Scored images: a CSV file shaped like AGIQA-3K's data.csv (columns name, prompt,
    /// mos_quality).
    pub scores: PathBuf,
    /// Folder of the images; `None` for the file's.
    pub images: Option<PathBuf>,
    /// Column to learn.
    pub target: String,
    /// Folder of the model whose encoder is used; `None` as for every command.
    pub model: Option<PathBuf>,
    /// Train the small head that models carry, without text, and write the model with it to `out`.
    pub for_model: bool,
    /// The features to read.
    pub features: Features,
    /// Whether features are standardised; the published recipe only brings them to length one.
    pub standardize: bool,
    /// CLIP's text tower in Hugging Face's safetensors; `None` for a small one with random weights.
    pub text: Option<PathBuf>,
    /// Passes over the images.
    pub epochs: usize,
    /// Seed of splits and training.
    pub seed: u64,
    /// Folder for head and report.
    pub out: PathBuf,
    /// Folder for computed features.
    pub cache: PathBuf,
}

/// What the head reads from the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Features {
    /// The embedding, as published.
    Embedding,
    /// The pooled tokens of all layers that the model's own head reads.
    Layers,
}

/// Views of an image: as it is, and mirrored.
const VIEWS: usize = 2;

/// The results of a run, written beside the head.
#[derive(Debug, Serialize)]
struct QualityReport {
    scores: String,
    scores_sha256: String,
    target: String,
    images: usize,
    encoder: String,
    encoder_sha256: String,
    features: Features,
    feature_width: usize,
    text_tower: String,
    recipe: QualityRecipe,
    splits: Vec<SplitReport>,
    /// Of the head that is written, which all images trained.
    head_sha256: String,
    training_error: f64,
    seconds: u64,
    limits: &'static str,
}

/// One way of holding images out, and how well they are then scored after the last epoch.
#[derive(Debug, Serialize)]
struct SplitReport {
    split: Split,
    training_images: usize,
    /// With prompts, unless for a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompts: Option<QualityFigures>,
    /// The ablation without text.
    image_only: QualityFigures,
    /// The mean of each generator, without any pixel.
    generator_means: QualityFigures,
}

const LIMITS: &str = "The scores are what the file says they are. Where they come from `clipsight \
                      train quality-set`, they are strengths of blur, noise, JPEG and downscaling: \
                      technical quality, nobody's opinion.";

/// Trains, measures and writes; returns the figures as a table.
///
/// # Errors
/// When images, model or text tower cannot be read, or the results not written.
pub fn run(args: &Options) -> Result<String> {
    let start = Instant::now();
    let folder = args.images.clone().unwrap_or_else(|| match args.scores.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    });
    let file = ScoreFile::read(&args.scores, &args.target)?;
    let digest = file.check_images(&folder)?;
    if args.epochs == 0 {
        return Err(Error::new(ErrorKind::Argument, "quality training needs at least one epoch"));
    }
    let ways = [(Split::Image, "by image"), (Split::Prompt, "by prompt")]
        .map(|(way, name)| Ok((way, name, split(&file.prompts(), way, args.seed)?)));
    let ways = ways.into_iter().collect::<Result<Vec<_>>>()?;
    let model_folder = ModelFolder::find(args.model.as_deref());
    let runtime = Runtime::reference(&model_folder)?;
    let detector = runtime.detector();
    if args.for_model {
        refuse_second_head(detector.manifest())?;
    }
    let recipe = recipe(args, detector.manifest());
    let (text, text_tower) = text_tower(args, detector.manifest())?;
    let samples = samples(args, detector, &file, &folder, &digest)?;
    let learner = Learner { samples: &samples, recipe: &recipe };

    let splits = ways
        .into_iter()
        .map(|(way, name, held_out)| learner.split(&file, text.as_ref(), (way, name), held_out))
        .collect::<Result<Vec<_>>>()?;
    let all: Vec<usize> = (0..samples.images()).collect();
    let (head, training_error) = learner.learn(&all, text.as_ref(), "all images")?;
    let weights = head.to_safetensors()?;
    let report = QualityReport {
        scores: args.scores.display().to_string(),
        scores_sha256: file.sha256.clone(),
        target: args.target.clone(),
        images: samples.images(),
        encoder: detector.manifest().id.clone(),
        encoder_sha256: detector.manifest().weights_sha256(),
        features: args.features,
        feature_width: head.width(),
        text_tower,
        recipe,
        splits,
        head_sha256: sha256_hex(&weights),
        training_error,
        seconds: start.elapsed().as_secs(),
        limits: LIMITS,
    };
    std::fs::create_dir_all(&args.out).map_err(|error| cannot("make", &args.out, error))?;
    // The report contains the head's hash and is written last: a report never exists without its
    // head.
    if args.for_model {
        let (model, tensors) = head.to_model(synthetic::BEST)?;
        write_model(&model_folder, detector.manifest(), model, &tensors, &args.out)?;
    } else {
        write_file(&args.out.join("quality.safetensors"), &weights)?;
    }
    write_file(&args.out.join("quality.json"), to_json(&report)?.as_bytes())?;
    Ok(table(&report))
}

/// The numbers of the training.
fn recipe(args: &Options, manifest: &Manifest) -> QualityRecipe {
    if args.for_model {
        QualityRecipe {
            epochs: args.epochs,
            ..QualityRecipe::for_models(manifest.storage, args.seed)
        }
    } else {
        QualityRecipe {
            epochs: args.epochs,
            standardize: args.standardize,
            seed: args.seed,
            ..QualityRecipe::default()
        }
    }
}

/// The text tower that reads prompts, and its description for the report.
fn text_tower(args: &Options, manifest: &Manifest) -> Result<(Option<QualityText>, String)> {
    Ok(match &args.text {
        _ if args.for_model => (None, "none".to_owned()),
        Some(path) => {
            let bytes = read_file(path)?;
            (Some(clip_text(&bytes)?), format!("{} ({})", path.display(), sha256_hex(&bytes)))
        }
        None => {
            let width = manifest.architecture.embedding_width();
            let text = QualityText::random(width, args.seed, &Device::flex().autodiff())?;
            (Some(text), format!("random, seed {}", args.seed))
        }
    })
}

/// Fits heads on parts of the images.
struct Learner<'a> {
    samples: &'a ScoredFeatures,
    recipe: &'a QualityRecipe,
}

impl Learner<'_> {
    /// The head fitted on `images`, and its last training error.
    fn learn(
        &self,
        images: &[usize],
        text: Option<&QualityText>,
        what: &str,
    ) -> Result<(QualityHead, f64)> {
        let mut last = 0.0;
        let head = train(self.samples, images, text, self.recipe, |epoch, error| {
            last = error;
            if (epoch + 1) % 10 == 0 {
                eprintln!("{what}: epoch {}, mean squared error {error:.4}", epoch + 1);
            }
        })?;
        Ok((head, last))
    }

    /// Fits on the training images of one split, and measures on its test images.
    fn split(
        &self,
        file: &ScoreFile,
        text: Option<&QualityText>,
        (way, name): (Split, &str),
        (training, test): (Vec<usize>, Vec<usize>),
    ) -> Result<SplitReport> {
        let truth: Vec<f64> = test.iter().map(|image| file.rows[*image].score).collect();
        let (generators, prompts) = (file.generators(), file.prompts());
        let measured = |predicted: &[f64]| {
            let generators: Vec<&str> = test.iter().map(|image| generators[*image]).collect();
            let prompts: Vec<&str> = test.iter().map(|image| prompts[*image]).collect();
            figures(predicted, &truth, &generators, &prompts)
        };
        let with_prompts = text
            .map(|text| self.learn(&training, Some(text), &format!("{name}, with prompts")))
            .transpose()?;
        let prompts = with_prompts.map(|(head, _)| head.scores(self.samples, &test)).transpose()?;
        let (image_only, _) = self.learn(&training, None, &format!("{name}, image only"))?;
        let scores: Vec<f64> = file.rows.iter().map(|row| row.score).collect();
        Ok(SplitReport {
            split: way,
            training_images: training.len(),
            prompts: prompts.map(|scores| measured(&scores)),
            image_only: measured(&image_only.scores(self.samples, &test)?),
            generator_means: measured(&generator_means(&scores, &generators, &training, &test)),
        })
    }
}

/// A model has one quality head at most.
fn refuse_second_head(manifest: &Manifest) -> Result<()> {
    match manifest.quality {
        None => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::Argument, "the model already has a quality head")),
    }
}

pub(crate) fn to_json(report: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(report).map(|json| json + "\n").map_err(|error| {
        Error::new(ErrorKind::Internal, "the report cannot be written").with_source(error)
    })
}

/// A figure for the table.
fn number(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.3}"))
}

/// Writes the model with the head: its shards as they are, one more, and a manifest that names it.
fn write_model(
    folder: &ModelFolder,
    manifest: &Manifest,
    model: QualityModel,
    tensors: &BTreeMap<String, HostTensor>,
    out: &Path,
) -> Result<()> {
    let features = manifest.head.features().width(&manifest.architecture);
    let added = pack(&model.tensors(features), tensors, manifest.storage, "quality")?;
    let mut manifest = manifest.clone();
    let own = std::mem::take(&mut manifest.shards);
    manifest.shards = own.iter().chain(added.iter().map(|shard| &shard.entry)).cloned().collect();
    manifest.quality = Some(model);
    for shard in &own {
        let bytes = read_at_most(&folder.path().join(&shard.file), shard.bytes)?;
        write_file(&out.join(&shard.file), &bytes)?;
    }
    for shard in &added {
        write_file(&out.join(&shard.entry.file), &shard.bytes)?;
    }
    write_file(&out.join("model.json"), manifest.to_json()?.as_bytes())
}

/// A published text tower, for training.
fn clip_text(bytes: &[u8]) -> Result<QualityText> {
    let device = Device::flex().autodiff();
    let config = hf_clip::text_config(bytes)?;
    let mut tensors = on_device(&config.tensors(), hf_clip::read_text(bytes, &config)?, &device)?;
    QualityText::new(TextTower::assemble(&config, &mut tensors, &device)?)
}

/// The images' features, from the cache or computed.
fn samples(
    args: &Options,
    detector: &Detector,
    file: &ScoreFile,
    folder: &Path,
    digest: &str,
) -> Result<ScoredFeatures> {
    let manifest = detector.manifest();
    let config = &manifest.architecture;
    let spec = manifest.head.features();
    let key = format!(
        "{} {:?} {:?} {digest}",
        manifest.weights_sha256(),
        manifest.preprocessing,
        manifest.head
    );
    let rows = RowCache { root: folder, folder: folder_for(&args.cache, "quality-", &key)? };
    // Both kinds come from one pass through the encoder, so both are kept: embedding, then layers.
    let [embedding, layers] = [config.embedding_width(), spec.width(config)];
    let transform = manifest.head.transform();
    let compute = |pixels: &Rgb8, _number: u64| -> Result<Vec<f32>> {
        let mut views = manifest.preprocessing.views(pixels, ViewCount::One)?;
        views.push(Perturbation::Flip.apply(&views[0], &mut Rng::new(0))?);
        let output = tower(detector)?.forward(clipsight_reference::pixels(detector, &views)?, spec);
        let read = |tensor: Tensor<2>| {
            let unreadable = |_| Error::new(ErrorKind::Internal, "features cannot be read back");
            tensor.into_data().try_into_vec::<f32>().map_err(unreadable)
        };
        let features = transformed(transform, output.features, config.width);
        let (of_embedding, of_layers) = (read(output.embedding)?, read(features)?);
        let views = of_embedding.chunks(embedding).zip(of_layers.chunks(layers));
        Ok(views.flat_map(|(embedding, layers)| embedding.iter().chain(layers).copied()).collect())
    };
    let both = rows.rows("features", &file.entries(), VIEWS * (embedding + layers), compute)?;
    let (width, wanted) = match args.features {
        Features::Embedding => (embedding, 0..embedding),
        Features::Layers => (layers, embedding..embedding + layers),
    };
    let views = both.chunks(embedding + layers);
    let features =
        views.flat_map(|view| view[wanted.clone()].iter().map(|value| value.to_f32())).collect();
    #[expect(clippy::cast_possible_truncation, reason = "scores are small")]
    let scores = file.rows.iter().map(|row| row.score as f32).collect();
    let samples = if args.for_model { ScoredFeatures::unscaled } else { ScoredFeatures::new };
    samples(features, width, VIEWS, scores)
}

/// The figures as a table.
fn table(report: &QualityReport) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header([
        "split",
        "method",
        "SRCC",
        "PLCC",
        "KRCC",
        "within generator",
        "within prompt",
    ]);
    for part in &report.splits {
        let split = match part.split {
            Split::Image => "image",
            Split::Prompt => "prompt",
        };
        let methods = [
            ("prompts", part.prompts.as_ref()),
            ("image only", Some(&part.image_only)),
            ("generator means, no pixels", Some(&part.generator_means)),
        ];
        for (method, found) in
            methods.into_iter().filter_map(|(method, found)| Some((method, found?)))
        {
            table.add_row([
                format!("{split} ({} + {})", part.training_images, found.images),
                method.to_owned(),
                number(found.srcc),
                number(found.plcc),
                number(found.krcc),
                number(found.within_generator_srcc),
                number(found.within_prompt_srcc),
            ]);
        }
    }
    format!(
        "{table}\n\nhead {} in {} s\n{}\n",
        &report.head_sha256[..16],
        report.seconds,
        report.limits
    )
}
