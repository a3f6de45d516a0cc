//! `clipsight inspect-model`: loads a model completely and describes it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clipsight::Result;
use clipsight::calibration::{Calibration, Grade, GradeEdges};
use clipsight::heads::Head;
use clipsight::heads::residual::ResidualBranch;
use clipsight::model::Manifest;
use clipsight_native::io;
use clipsight_native::runtime::{ModelFolder, Runtime};

/// Arguments of `inspect-model`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The model's folder [default: the one that `scan` would use]
    #[arg(value_name = "DIR")]
    model: Option<PathBuf>,
}

/// Loads the model on the CPU, every hash and tensor checked, runs its self-test and prints its
/// manifest in words.
///
/// # Errors
/// Those of loading: nothing is printed about a damaged model.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let folder = ModelFolder::find(args.model.as_deref());
    let runtime = Runtime::on_cpu(&folder)?;
    let result = pollster::block_on(runtime.detector().self_test())?;
    let mut text = describe(runtime.detector().manifest(), &folder)?;
    let _ = writeln!(
        text,
        "self-test     passed: logit {:.6}, stored {:.6}, tolerance {}",
        result.logit, result.expected, result.tolerance
    );
    io::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn describe(manifest: &Manifest, folder: &ModelFolder) -> Result<String> {
    let mut lines = Lines::default();
    lines.add(
        "model",
        format!("{} (format {}, {})", manifest.id, manifest.format, manifest.licence),
    );
    lines.add("folder", folder.path().display().to_string());
    lines.encoder(manifest);
    lines.weights(manifest);
    lines.head(manifest);
    lines.other_heads(manifest);
    lines.calibration(&manifest.calibration)?;
    Ok(lines.0)
}

/// The description: lines of a name and a value.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, name: &str, value: String) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{name:<13} {}", io::printable(&value));
    }

    fn encoder(&mut self, manifest: &Manifest) {
        let architecture = &manifest.architecture;
        self.add(
            "encoder",
            format!(
                "vision transformer, {} px, patch {}, width {}, {} layers, {} heads, {:?}{}",
                architecture.image_size,
                architecture.patch_size,
                architecture.width,
                architecture.layers,
                architecture.heads,
                architecture.activation,
                if architecture.pre_norm { ", norm before the first layer" } else { "" },
            ),
        );
        let preprocessing = &manifest.preprocessing;
        self.add(
            "input",
            format!(
                "{}, centre {} px, mean {:?}, deviation {:?}",
                preprocessing.resize_short_side.map_or("not resized".to_owned(), |side| format!(
                    "short side {side} px ({:?})",
                    preprocessing.filter
                )),
                preprocessing.crop,
                preprocessing.mean,
                preprocessing.std,
            ),
        );
    }

    fn weights(&mut self, manifest: &Manifest) {
        let tensors = manifest.tensors();
        let values: usize = tensors.iter().map(|spec| spec.shape.iter().product::<usize>()).sum();
        self.add(
            "weights",
            format!(
                "{} tensors, {values} values, matrices stored as {:?}",
                tensors.len(),
                manifest.storage
            ),
        );
        for shard in &manifest.shards {
            self.add(
                "  shard",
                format!("{} {:>9} bytes, sha256 {}", shard.file, shard.bytes, shard.sha256),
            );
        }
        self.add(
            "  together",
            format!(
                "{} bytes, sha256 of hashes {}",
                manifest.total_bytes(),
                manifest.weights_sha256()
            ),
        );
    }

    /// The head that gives the verdict.
    fn head(&mut self, manifest: &Manifest) {
        let features = manifest.head.features();
        self.add(
            "head",
            format!(
                "{} {} features: layers {:?}, {:?}{}",
                match &manifest.head {
                    Head::Linear { .. } => "linear over".to_owned(),
                    Head::Embedding { .. } => "linear over the embedding; beside it".to_owned(),
                    Head::Concepts { concepts, .. } =>
                        format!("{concepts} concepts of the embedding; beside it"),
                    Head::Layers { width, .. } => format!("all layers projected to {width}, over"),
                    Head::None { .. } =>
                        "no head: a plain encoder, whose self-test reads".to_owned(),
                },
                features.width(&manifest.architecture),
                features.layers,
                features.pools,
                if features.heads.is_empty() {
                    String::new()
                } else {
                    format!(", attention heads {:?}", features.heads)
                }
            ),
        );
    }

    /// Attribution, quality and the residual network, where the model has them.
    fn other_heads(&mut self, manifest: &Manifest) {
        if let Some(head) = &manifest.attribution {
            let names: Vec<&str> = (0..head.captions.subjects().len())
                .filter_map(|at| head.captions.name(at))
                .collect();
            self.add(
                "attribution",
                format!(
                    "width {}, scale {}, a generator is named from {} of p(AI): {}",
                    head.width,
                    head.scale,
                    head.threshold,
                    names.join(", ")
                ),
            );
        }
        if let Some(model) = &manifest.quality {
            self.add(
                "quality",
                format!("perceptron of {} hidden units over the same features", model.hidden),
            );
        }
        if let Some(branch) = &manifest.residual {
            let ResidualBranch { network, calibration, fused, .. } = branch;
            self.add(
                "residual",
                format!(
                    "convolutions over at most {} x {} px, channels {}, {:?}; p2 = sigmoid({} * \
                     logit + {}), 1 - (1 - p1) (1 - p2) scaled by {} and {}",
                    network.short_side,
                    network.long_side,
                    network.stem,
                    network.stages.iter().map(|stage| stage.channels).collect::<Vec<_>>(),
                    calibration.slope,
                    calibration.offset,
                    fused.slope,
                    fused.offset,
                ),
            );
        }
    }

    fn calibration(&mut self, calibration: &Calibration) -> Result<()> {
        let id = calibration.id()?;
        self.add("calibration", format!("{id}, threshold {}", calibration.threshold));
        let grades = match calibration.edges {
            None => "none: the head was published without a calibration".to_owned(),
            Some(GradeEdges { weak_below, moderate, strong, very_strong }) => format!(
                "weak < {weak_below} <= none < {moderate} <= moderate < {strong} <= strong < \
                 {very_strong} <= very-strong"
            ),
        };
        self.add("  grades", grades);
        for views in &calibration.by_views {
            self.add(
                &format!("  {} view{}", views.views, if views.views == 1 { "" } else { "s" }),
                format!("probability = sigmoid({} * logit + {})", views.slope, views.offset),
            );
            for grade in Grade::ALL.into_iter().filter(|_| calibration.edges.is_some()) {
                let measured = views.measured_error(grade).map_or(
                    "no image got it when measured".to_owned(),
                    |error| {
                        format!(
                            "wrong in {:.1} % ({:.1} to {:.1}, {} images)",
                            error.rate * 100.0,
                            error.low * 100.0,
                            error.high * 100.0,
                            error.n
                        )
                    },
                );
                self.add("", format!("{:<11} {measured}", grade.name()));
            }
        }
        Ok(())
    }
}
