//! `clipsight study captions`: caption matching (method M1) on a frozen encoder.

use std::path::PathBuf;

use clipsight::Result;
use clipsight::weights::sha256_hex;

use crate::dataset::{Dataset, Role};
use crate::features::{Extractor, RowCache, Variant, folder_for};
use crate::io::read_file;
use crate::runtime::{ModelFolder, Runtime};

/// Arguments of `clipsight study captions`.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
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

/// Runs the study.
pub(super) fn run(args: &Args) -> Result<()> {
    let dataset = Dataset::read(&args.data)?;
    dataset.check_files()?;
    let folder = ModelFolder::find(args.model.as_deref());
    let runtime = Runtime::on_cpu(&folder)?;
    let manifest = runtime.detector().manifest();
    let key = format!(
        "{} {:?} {:?} {}",
        manifest.weights_sha256(),
        manifest.preprocessing,
        manifest.head,
        sha256_hex(&read_file(&args.data)?)
    );
    let cache = folder_for(&args.cache, "captions-", &key)?;
    let extractor =
        Extractor { detector: runtime.detector(), rows: RowCache { root: &dataset.root, folder: cache } };
    for role in [Role::Fit, Role::Select, Role::Calibrate, Role::Test] {
        let entries = dataset.role(role);
        extractor.transformed(role, &entries, Variant::Centre)?;
    }
    extractor.transformed(
        Role::Fit,
        &dataset.role(Role::Fit),
        Variant::Augmented { seed: args.seed, copy: 1 },
    )?;
    Ok(())
}
