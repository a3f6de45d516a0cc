//! `clipsight import`: converts public CLIP checkpoints, with or without a published detector's
//! head, into models.

mod hub;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use clipsight::clip::Activation;
use clipsight::weights::Storage;
use clipsight::{Error, ErrorKind, Result};
use clipsight_import::source::{self, Found, Source};
use clipsight_import::{Architecture, Checkpoint, Converted, HeadFile, Options, Preset, convert};
use clipsight_native::io;
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::Quantisation;
use crate::gptq_images;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A checkpoint (safetensors, PyTorch's or OpenAI's), a folder with one, or
    /// hf:OWNER/NAME[@REVISION]
    #[arg(value_name = "FILE|DIR|hf:OWNER/NAME")]
    source: String,
    /// How matrices are stored
    #[arg(long, value_enum, default_value_t = Quantisation::Q8)]
    quant: Quantisation,
    /// Images that GPTQ rounds the weights for, with --quant q6 or q4: a folder, or a manifest,
    /// whose images of role fit are taken
    #[arg(long, alias = "calibrate", value_name = "DIR|MANIFEST")]
    gptq_images: Option<PathBuf>,
    /// A detector's head: UnivFD, ClipDet, RINE, clip-cues, or a linear one as JSON or NumPy;
    /// without one the model is a plain encoder
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// Folder to create [default: named after checkpoint and storage, in the current folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Name of the model [default: the folder's]
    #[arg(long)]
    id: Option<String>,
    /// SPDX expression of the weights' licence [default: that of a known checkpoint]
    #[arg(long)]
    licence: Option<String>,
    /// The towers' activation, where no configuration states it
    #[arg(long, value_enum)]
    activation: Option<ActivationChoice>,
    /// Keep the downloaded files
    #[arg(long)]
    keep_download: bool,
    /// Seconds without data after which a download is restarted where it stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    stall: u64,
}

/// The towers' activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ActivationChoice {
    /// OpenAI's
    QuickGelu,
    /// OpenCLIP's
    Gelu,
}

/// For weights of unknown licence.
const UNKNOWN_LICENCE: &str = "LicenseRef-unknown";

/// Imports one checkpoint.
///
/// # Errors
/// Everything that can be wrong with the checkpoint, the head, the hub and the disk; nothing is
/// left behind except a download that can be resumed.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let source = Source::parse(&args.source)?;
    let storage = Storage::from(args.quant);
    let quant = args.quant.to_possible_value();
    let quant = quant.as_ref().map_or("", |value| value.get_name());
    let out = args.out.clone().unwrap_or_else(|| format!("{}-{quant}", source.name()).into());
    if out.exists() {
        let message = format!(
            "{} already exists: choose another folder with --out, or remove it",
            out.display()
        );
        return Err(Error::new(ErrorKind::Argument, message));
    }
    if args.gptq_images.is_some() && !matches!(storage, Storage::Q6 | Storage::Q4) {
        let message =
            format!("--gptq-images works only with --quant q6 or q4; {quant} needs no images");
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let images =
        args.gptq_images.as_deref().map(gptq_images::listed).transpose()?.unwrap_or_default();
    // A head that cannot be read is reported before a gigabyte is downloaded.
    let head = args.head.as_deref().map(HeadFile::open).transpose()?;
    let mut found = match &source {
        Source::Path(path) => source::find(path)?,
        Source::Hub(name) => hub::fetch(name, Duration::from_secs(args.stall.max(1)))?,
    };
    found.configs.activation = args.activation.map(|choice| match choice {
        ActivationChoice::QuickGelu => Activation::QuickGelu,
        ActivationChoice::Gelu => Activation::Gelu,
    });
    let preset = source.hub_name().and_then(Preset::find);
    found.configs.normalisation = preset.map(|preset| preset.normalisation);
    let checkpoint = Checkpoint::open(&found.weights)?;
    let architecture = Architecture::of(&checkpoint, &found.configs)?;
    for assumed in &architecture.assumed {
        eprintln!("clipsight: {}", io::printable(assumed));
    }
    preset.map_or(Ok(()), |preset| preset.check(&architecture))?;
    let licence = args.licence.clone().or_else(|| preset.map(|preset| preset.licence.to_owned()));
    let options = Options {
        id: args.id.clone().unwrap_or_else(|| name_of(&out)),
        licence: licence.unwrap_or_else(|| UNKNOWN_LICENCE.to_owned()),
        storage,
        head: head.as_ref(),
        gptq_images: &images,
        out: &out,
    };
    let bar = bar("converting", "{human_pos} of {human_len} numbers");
    let converted = convert(&checkpoint, &architecture, &options, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let converted = converted?;
    drop(checkpoint);
    report(&converted, head.as_ref(), &out);
    forget(found, args.keep_download);
    Ok(ExitCode::SUCCESS)
}

fn name_of(out: &Path) -> String {
    out.file_name().unwrap_or(out.as_os_str()).to_string_lossy().into_owned()
}

fn report(Converted { manifest, text }: &Converted, head: Option<&HeadFile>, out: &Path) {
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    let text = text.as_ref().map_or(0, |text| text.shards.iter().map(|shard| shard.bytes).sum());
    eprintln!(
        "{}: {} MiB of image encoder, {} MiB of text encoder, {}",
        io::printable(&out.display().to_string()),
        mib(manifest.total_bytes()),
        mib(text),
        head.map_or("no head (plain encoder)".to_owned(), |head| format!("{} head", head.kind())),
    );
    if head.is_some() && manifest.calibration.edges.is_none() {
        eprintln!(
            "clipsight: how often this head is wrong was never measured: it gives probabilities, \
             but no grades"
        );
    }
    if manifest.licence == UNKNOWN_LICENCE {
        eprintln!("clipsight: the weights' licence is unknown; state it with --licence");
    }
}

/// Removes the download, now that it has become a model.
fn forget(found: Found, keep: bool) {
    if let Some(folder) = found.download
        && !keep
        && let Err(error) = std::fs::remove_dir_all(&folder)
    {
        eprintln!("clipsight: {} could not be removed: {error}", folder.display());
    }
}

/// A bar on a terminal, nothing elsewhere.
fn bar(what: &str, numbers: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template(&format!("{{msg}} [{{bar:40}}] {numbers}, {{eta}} left"));
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
    ProgressBar::new(0).with_style(style).with_message(what.to_owned())
}
