//! `clipsight study`: what the features of an encoder tell, and which of them to trust.
//!
//! Two of the published methods, on any encoder that can be loaded: robust features (Gaintseva et
//! al. 2024, arXiv 2406.15035) and the few-shot linear detector (Cozzolino et al. 2024, arXiv
//! 2312.00195). Roles are kept apart: `fit` is learnt from, `select` chooses, `test` is reported.

mod captions;
mod features;
mod few_shot;
pub(crate) mod plot;
mod report;
mod robust;

use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::Result;
use clipsight::weights::sha256_hex;

use self::features::{Layout, Source};
use self::report::Provenance;
pub(crate) use self::report::{rounded, short, table, write as write_report};
use crate::dataset::{Dataset, Entry, Role};
use crate::features::{RowCache, cannot, folder_for};
use crate::io::read_file;
use crate::runtime::{ModelFolder, Runtime};
use crate::train::unseen_prompts;

/// Arguments of `clipsight study`.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    study: Study,
}

#[derive(clap::Subcommand, Debug)]
enum Study {
    /// Which components of the embedding and which attention heads carry over to other generators
    Robust(StudyArgs),
    /// How many training images a linear detector needs, on which features and views
    FewShot(StudyArgs),
    /// Caption matching on the frozen encoder: naming generators, families and unknown generators
    Captions(captions::Args),
}

/// What every study reads and where it writes.
#[derive(clap::Args, Debug)]
struct Common {
    /// Labelled images: a manifest with the columns file, label, role, origin, family
    #[arg(long, value_name = "MANIFEST", default_value = "../shared/data/manifest.csv")]
    data: PathBuf,
    /// The model's folder [default: as for every command]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Folder that the report is written to [default: study in the model's folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder for features already computed; an interrupted run goes on from there
    #[arg(long, value_name = "DIR", default_value = "target/study-cache")]
    cache: PathBuf,
    /// Seed of every random choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(clap::Args, Debug)]
pub(crate) struct StudyArgs {
    #[command(flatten)]
    common: Common,
    /// Repetitions with other random choices
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=100))]
    repeats: u32,
    /// Images of every origin that are used, in every role
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    per_origin: u32,
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
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let shared = match &args.study {
        Study::Robust(shared) | Study::FewShot(shared) => shared,
        Study::Captions(args) => return captions::run(args).map(|()| ExitCode::SUCCESS),
    };
    let dataset = Dataset::read(&shared.common.data)?;
    let images = Images::of(&dataset, shared.per_origin)?;
    let folder = ModelFolder::find(shared.common.model.as_deref());
    let runtime = Runtime::reference(&folder)?;
    let manifest = runtime.detector().manifest();
    let key = format!("1 {} {:?}", manifest.weights_sha256(), manifest.preprocessing);
    let cache = folder_for(&shared.common.cache, "", &key)?;
    let source = Source {
        detector: runtime.detector(),
        layout: Layout::of(&manifest.architecture),
        rows: RowCache { root: &dataset.root, folder: cache },
    };
    let provenance = Provenance {
        model: manifest.id.clone(),
        weights_sha256: manifest.weights_sha256(),
        manifest_sha256: sha256_hex(&read_file(&shared.common.data)?),
        per_origin: shared.per_origin,
        images: [images.fit.len(), images.select.len(), images.test.len()],
        seed: shared.common.seed,
        repeats: shared.repeats,
    };
    let out = shared.common.out.clone().unwrap_or_else(|| folder.path().join("study"));
    std::fs::create_dir_all(&out).map_err(|error| cannot("make", &out, error))?;
    match &args.study {
        Study::Captions(_) => {}
        Study::Robust(_) => {
            let (markdown, plots, report) = robust::run(shared, &source, &images, provenance)?;
            report::write(&out, "robust", &report, &markdown, &plots)?;
        }
        Study::FewShot(_) => {
            let (markdown, plots, report) = few_shot::run(shared, &source, &images, provenance)?;
            report::write(&out, "few-shot", &report, &markdown, &plots)?;
        }
    }
    eprintln!("the report is in {}", out.display());
    Ok(ExitCode::SUCCESS)
}

impl Images {
    /// At most `per_origin` images of each origin, whichever the hash of their names puts first; of
    /// `select` only images that share no prompt with `fit`.
    fn of(dataset: &Dataset, per_origin: u32) -> Result<Self> {
        dataset.check_files()?;
        let fit = dataset.role_of_both_classes(Role::Fit)?;
        let select = dataset.role_of_both_classes(Role::Select)?;
        let unseen = unseen_prompts(&fit, &select);
        let select =
            select.into_iter().zip(unseen).filter(|(_, unseen)| *unseen).map(|(entry, _)| entry);
        let test = dataset.role_of_both_classes(Role::Test)?;
        Ok(Self {
            fit: at_most(fit, per_origin),
            select: at_most(select.collect(), per_origin),
            test: at_most(test, per_origin),
        })
    }
}

/// At most `count` images of every origin, in the manifest's order.
pub(crate) fn at_most(entries: Vec<Entry>, count: u32) -> Vec<Entry> {
    let mut by_origin = std::collections::BTreeMap::<(&str, bool), Vec<(String, usize)>>::new();
    for entry in &entries {
        let key = (entry.origin.as_str(), entry.label == crate::dataset::Label::Ai);
        by_origin.entry(key).or_default().push((sha256_hex(entry.file.as_bytes()), entry.row));
    }
    let mut kept = std::collections::HashSet::new();
    for images in by_origin.values_mut() {
        images.sort_unstable();
        kept.extend(images.iter().take(count as usize).map(|(_, row)| *row));
    }
    entries.into_iter().filter(|entry| kept.contains(&entry.row)).collect()
}
