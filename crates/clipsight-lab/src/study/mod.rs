//! What an encoder's features contain, and which of them to trust.
//!
//! Two of the published methods, on any encoder that can be loaded: robust features (Gaintseva et
//! al. 2024, arXiv 2406.15035) and the few-shot linear detector (Cozzolino et al. 2024, arXiv
//! 2312.00195). Roles are kept apart: `fit` is learnt from, `select` chooses, `test` is reported.

pub mod captions;
mod features;
mod few_shot;
pub mod isotropy;
pub mod maps;
mod robust;
mod samples;
pub mod selection;
pub mod stability;
pub mod storage;
pub mod teach;

use std::path::PathBuf;

use clipsight::Result;
use clipsight::weights::sha256_hex;

use self::features::{FeatureSource, Layout};

pub use self::samples::{Samples, columns, disjoint_parts, draw, shuffle};
use crate::dataset::{Dataset, Entry, Role};
use crate::dataset::{at_most, unseen_prompts};
use crate::features::{RowCache, cannot, folder_for};
use crate::report::{StudyInputs, default_folder, write_report};
use clipsight_native::io::read_file;
use clipsight_native::runtime::{ModelFolder, Runtime};

/// What every study reads and where it writes.
#[derive(Clone, Debug)]
pub struct Common {
    /// Labelled images: a manifest ([`Dataset`]), with families.
    pub data: PathBuf,
    /// The model's folder; `None` as for every command.
    pub model: Option<PathBuf>,
    /// Folder for the report; `None` for `studies/` and the name
    /// of the model's folder.
    pub out: Option<PathBuf>,
    /// Folder for computed features; an interrupted run resumes from it.
    pub cache: PathBuf,
    /// Seed of every random choice.
    pub seed: u64,
}

/// The size of a study.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is read and written.
    pub common: Common,
    /// Repetitions with other random choices, 2 to 100.
    pub repeats: u32,
    /// Images of every origin that are used, in every role.
    pub per_origin: u32,
}

/// The studies of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Study {
    /// Which components of the embedding and which attention heads carry over to other generators.
    Robust,
    /// How many training images a linear detector needs, on which features and views.
    FewShot,
}

/// The images of each role that a study uses.
struct Images {
    fit: Vec<Entry>,
    select: Vec<Entry>,
    test: Vec<Entry>,
}

/// Runs a study.
///
/// # Errors
/// When model or images cannot be read, or the report not written.
pub fn run(study: Study, shared: &Options) -> Result<()> {
    let dataset = Dataset::read(&shared.common.data)?;
    let images = Images::of(&dataset, shared.per_origin)?;
    let folder = ModelFolder::find(shared.common.model.as_deref());
    let runtime = Runtime::reference(&folder)?;
    let manifest = runtime.detector().manifest();
    let key = format!("1 {} {:?}", manifest.weights_sha256(), manifest.preprocessing);
    let cache = folder_for(&shared.common.cache, "", &key)?;
    let source = FeatureSource {
        detector: runtime.detector(),
        layout: Layout::of(&manifest.architecture),
        rows: RowCache { root: &dataset.root, folder: cache },
    };
    let inputs = StudyInputs {
        model: manifest.id.clone(),
        weights_sha256: manifest.weights_sha256(),
        manifest_sha256: sha256_hex(&read_file(&shared.common.data)?),
        per_origin: shared.per_origin,
        images: [images.fit.len(), images.select.len(), images.test.len()],
        seed: shared.common.seed,
        repeats: shared.repeats,
    };
    let out = report_folder(&shared.common, &folder)?;
    match study {
        Study::Robust => {
            let (markdown, plots, report) = robust::run(shared, &source, &images, inputs)?;
            write_report(&out, "robust", &report, &markdown, &plots)?;
        }
        Study::FewShot => {
            let (markdown, plots, report) = few_shot::run(shared, &source, &images, inputs)?;
            write_report(&out, "few-shot", &report, &markdown, &plots)?;
        }
    }
    eprintln!("the report is in {}", out.display());
    Ok(())
}

/// Where the report on a model goes; made, if it is not there.
fn report_folder(common: &Common, model: &ModelFolder) -> Result<PathBuf> {
    let out = common.out.clone().unwrap_or_else(|| default_folder(model.path()));
    std::fs::create_dir_all(&out).map_err(|error| cannot("make", &out, error))?;
    Ok(out)
}

/// The images of `select` that share no prompt with `fit`.
fn unseen_select(dataset: &Dataset, fit: &[Entry]) -> Result<Vec<Entry>> {
    let select = dataset.role_of_both_classes(Role::Select)?;
    let unseen = unseen_prompts(fit, &select);
    Ok(select
        .into_iter()
        .zip(unseen)
        .filter_map(|(entry, unseen)| unseen.then_some(entry))
        .collect())
}

impl Images {
    /// At most `per_origin` images of each origin, whichever the hash of their names puts first; of
    /// `select` only images that share no prompt with `fit`.
    fn of(dataset: &Dataset, per_origin: u32) -> Result<Self> {
        dataset.check_files()?;
        let fit = dataset.role_of_both_classes(Role::Fit)?;
        let select = unseen_select(dataset, &fit)?;
        let test = dataset.role_of_both_classes(Role::Test)?;
        Ok(Self {
            fit: at_most(fit, per_origin),
            select: at_most(select, per_origin),
            test: at_most(test, per_origin),
        })
    }
}
