//! Encoders as imported: size, time to import and to load, and how storage changes their
//! embeddings.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clipsight::engine::{Cpu, Encoder, Engine};
use clipsight::model::{Manifest, ModelLoader};
use clipsight::weights::Storage;
use clipsight::{Error, ErrorKind, Result};
use clipsight_import::source::find;
use clipsight_import::{Architecture, Checkpoint, Options, convert};
use clipsight_native::dataset::{Dataset, Role};
use clipsight_native::io::{self, read_file, read_image};
use clipsight_reference::Reference;
use comfy_table::{CellAlignment, Table, presets};

use super::precision::{cosine, pixels};

/// Arguments of `bench encoders`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Labelled images: embeddings are compared on role test, GPTQ rounds 4-bit weights for role
    /// fit
    #[arg(value_name = "MANIFEST")]
    data: PathBuf,
    /// Encoders, as `train` takes them
    #[arg(long, value_name = "FILE|DIR", num_args = 1..)]
    checkpoints: Vec<PathBuf>,
    /// Folder for models while they are measured
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
    /// Images to compare embeddings on
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    images: u32,
    /// Seconds after which no further image of an encoder is started
    #[arg(long, default_value_t = 600)]
    seconds: u64,
}

/// How an encoder is stored.
const FORMS: [(&str, Storage, bool); 4] = [
    ("f16", Storage::F16, false),
    ("q8", Storage::Q8, false),
    ("q4", Storage::Q4, false),
    ("q4, GPTQ", Storage::Q4, true),
];

/// One storage of one encoder.
struct Form {
    name: &'static str,
    bytes: u64,
    import: Duration,
    load: Duration,
    encoder: Box<dyn Encoder>,
    cosines: Vec<f64>,
}

/// Measures, and prints a table.
///
/// # Errors
/// When an encoder or an image cannot be read, or the folder not be written.
pub(crate) fn run(args: &Args) -> Result<()> {
    let dataset = Dataset::read(&args.data)?;
    let path = |entry: &clipsight_native::dataset::Entry| dataset.root.join(&entry.file);
    let test: Vec<PathBuf> = dataset.role(Role::Test).iter().map(path).collect();
    let fit: Vec<PathBuf> = dataset.role(Role::Fit).iter().map(path).collect();
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header([
        "encoder",
        "storage",
        "MB",
        "import, s",
        "load, s",
        "images",
        "cosine",
        "lowest",
    ]);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for source in &args.checkpoints {
        let exact = make(source, Storage::F32, &[], &args.work.join("f32"))?;
        let (exact, preprocessing) =
            (load(&exact, &args.work.join("f32"), &Reference::cpu())?, exact.preprocessing);
        remove(&args.work.join("f32"))?;
        let mut forms = Vec::new();
        for (name, storage, gptq) in FORMS {
            let out = args.work.join("model");
            let began = Instant::now();
            let manifest = make(source, storage, if gptq { &fit } else { &[] }, &out)?;
            let import = began.elapsed();
            let began = Instant::now();
            let encoder = load(&manifest, &out, &Cpu)?;
            let load = began.elapsed();
            remove(&out)?;
            forms.push(Form {
                name,
                bytes: manifest.total_bytes(),
                import,
                load,
                encoder,
                cosines: Vec::new(),
            });
        }
        let began = Instant::now();
        let step = (test.len() / args.images as usize).max(1);
        for image in test.iter().step_by(step).take(args.images as usize) {
            if began.elapsed() > Duration::from_secs(args.seconds) {
                break;
            }
            let pixels = pixels(&read_image(image)?, &preprocessing)?;
            let expected = embedding(exact.as_ref(), &pixels)?;
            for form in &mut forms {
                form.cosines.push(cosine(&expected, &embedding(form.encoder.as_ref(), &pixels)?));
            }
        }
        for form in forms {
            let images = form.cosines.len();
            table.add_row([
                source.file_stem().unwrap_or(source.as_os_str()).to_string_lossy().into_owned(),
                form.name.to_owned(),
                format!("{:.1}", form.bytes as f64 / 1e6),
                format!("{:.1}", form.import.as_secs_f64()),
                format!("{:.2}", form.load.as_secs_f64()),
                images.to_string(),
                format!("{:.5}", form.cosines.iter().sum::<f64>() / images.max(1) as f64),
                format!("{:.5}", form.cosines.iter().copied().fold(1.0, f64::min)),
            ]);
        }
        eprintln!("{table}");
    }
    io::print(&format!("{table}\n"))
}

/// Writes the encoder to `out`, rounded by GPTQ for `images` if there are any.
fn make(source: &Path, storage: Storage, images: &[PathBuf], out: &Path) -> Result<Manifest> {
    let found = find(source)?;
    let checkpoint = Checkpoint::open(&found.weights)?;
    let architecture = Architecture::of_encoder(&checkpoint, &found.configs)?;
    let options = Options {
        id: "encoder".to_owned(),
        licence: "LicenseRef-unknown".to_owned(),
        storage,
        head: None,
        gptq_images: images,
        out,
    };
    Ok(convert(&checkpoint, &architecture, &options, |_, _| {})?.manifest)
}

fn load(manifest: &Manifest, folder: &Path, engine: &dyn Engine) -> Result<Box<dyn Encoder>> {
    let mut loader = ModelLoader::new(manifest.clone(), engine)?;
    for (index, shard) in manifest.shards.iter().enumerate() {
        loader.push_shard(index, &read_file(&folder.join(&shard.file))?)?;
    }
    Ok(pollster::block_on(loader.finish())?.encoder)
}

fn embedding(encoder: &dyn Encoder, pixels: &[f32]) -> Result<Vec<f32>> {
    Ok(pollster::block_on(encoder.encode(pixels, 1))?.embedding)
}

fn remove(folder: &Path) -> Result<()> {
    std::fs::remove_dir_all(folder).map_err(|error| {
        let message = format!("the folder {} cannot be removed: {error}", folder.display());
        Error::new(ErrorKind::Io, message).with_source(error)
    })
}
