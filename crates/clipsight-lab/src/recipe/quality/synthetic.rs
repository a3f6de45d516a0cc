//! `clipsight train quality-set`: images degraded by known strengths, scored by the strength.
//!
//! No human ratings of generated images are at hand, so the quality head is tested on what can be
//! known: every source image is in the set once unchanged (score 5) and degraded in four ways, each
//! in four strengths drawn evenly from the four quarters of 0 to 1 (score `5 (1 - strength)`). The
//! score is a function of the strength alone; it is not claimed that equal scores of different ways
//! look equally bad. Blur, noise, JPEG quality and scale run geometrically with the strength, as
//! eyes judge them. The names begin with the way, so that it counts as the generator, and the
//! source counts as the prompt: a split by prompt holds out whole sources. The head that models
//! carry learns from a smaller set of the same making, which is never written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clipsight::image::{Filter, Rgb8, decode, resize};
use clipsight::rng::Rng;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::read_image;
use rayon::prelude::*;

use crate::dataset::{Dataset, Entry, Role};
use crate::features::cannot;
use crate::perturb::{Chroma, Perturbation, Size};

/// What the set is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// Labelled images: a manifest ([`Dataset`]); those of role fit are used.
    pub data: PathBuf,
    /// Folder to create for the images and data.csv.
    pub out: PathBuf,
    /// Source images; each yields seventeen images.
    pub sources: usize,
    /// Seed of the choice and of the strengths.
    pub seed: u64,
}

/// Side of the squares that are cut from the middle and degraded: what the encoder sees.
const SIDE: u32 = 224;

/// Strengths of each way in a set that is written.
const STRENGTHS: usize = 4;

/// Score of an unchanged image; the worst is zero.
pub(super) const BEST: f32 = 5.0;

/// A way of making an image worse.
#[derive(Clone, Copy, Debug)]
enum Way {
    Blur,
    Noise,
    Jpeg,
    Downscale,
}

impl Way {
    const ALL: [Self; 4] = [Self::Blur, Self::Noise, Self::Jpeg, Self::Downscale];

    fn name(self) -> &'static str {
        match self {
            Self::Blur => "blur",
            Self::Noise => "noise",
            Self::Jpeg => "jpeg",
            Self::Downscale => "downscale",
        }
    }

    /// The image made worse by a strength above 0 to 1.
    fn apply(self, image: &Rgb8, strength: f64, rng: &mut Rng) -> Result<Rgb8> {
        let between = |mild: f64, harsh: f64| mild * (harsh / mild).powf(strength);
        let perturbation = match self {
            Self::Blur => Perturbation::Blur { sigma: between(0.4, 4.0) as f32 },
            Self::Noise => Perturbation::Noise { sigma: (between(2.0, 50.0) / 255.0) as f32 },
            Self::Jpeg => {
                let quality = between(90.0, 6.0).round() as u8;
                Perturbation::Jpeg { quality, chroma: Chroma::Quarter }
            }
            Self::Downscale => {
                let scale = (1.0 / between(1.2, 7.0)) as f32;
                let filter = Filter::Bicubic;
                let small =
                    Perturbation::Resize { size: Size::Scale(scale), filter }.apply(image, rng)?;
                return resize(&small, image.width(), image.height(), filter);
            }
        };
        perturbation.apply(image, rng)
    }
}

/// The images to make from one source: itself, then every way in a number of strengths. Drawn
/// before any pixel is read.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    rng: Rng,
}

/// One image to make.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// `None`: the source as it is.
    way: Option<Way>,
    level: usize,
    strength: f64,
}

impl Step {
    /// The way's name.
    pub(super) fn way(self) -> &'static str {
        self.way.map_or("clean", Way::name)
    }

    /// The pseudo score.
    pub(super) fn score(self) -> f64 {
        f64::from(BEST) * (1.0 - self.strength)
    }
}

impl Plan {
    /// The plan for the source at place `index` of a set.
    pub(super) fn of(index: usize, strengths: usize, seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ ((index as u64 + 1) << 20));
        let mut steps = vec![Step { way: None, level: 0, strength: 0.0 }];
        for way in Way::ALL {
            for level in 0..strengths {
                let strength = (level as f64 + rng.uniform()) / strengths as f64;
                steps.push(Step { way: Some(way), level: level + 1, strength });
            }
        }
        Self { steps, rng }
    }

    /// The images, each of [`SIDE`] pixels a side, from the middle of the source.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a source that is too small.
    pub(super) fn images(&self, source: &Rgb8) -> Result<Vec<Rgb8>> {
        let (width, height) = (source.width(), source.height());
        if width.min(height) < SIDE {
            let message = format!("{width} x {height} pixels are fewer than {SIDE} a side");
            return Err(Error::new(ErrorKind::Argument, message));
        }
        // On a grid of 16 pixels, so that a JPEG source keeps its own blocks.
        let start = |side: u32| (side - SIDE) / 2 / 16 * 16;
        let clean = source.crop(start(width), start(height), SIDE, SIDE)?;
        let mut rng = self.rng.clone();
        let made = self.steps.iter().map(|step| match step.way {
            None => Ok(clean.clone()),
            Some(way) => way.apply(&clean, step.strength, &mut rng),
        });
        made.collect()
    }
}

/// One image of the set.
#[derive(Debug)]
struct Made {
    name: String,
    source: String,
    style: String,
    score: f64,
}

/// Makes the set.
///
/// # Errors
/// When images cannot be read, or the set not written.
pub fn run(args: &Options) -> Result<()> {
    if args.out.exists() {
        let message = format!("{} already exists: name a new folder", args.out.display());
        return Err(Error::new(ErrorKind::Argument, message));
    }
    let dataset = Dataset::read(&args.data)?;
    let sources = choose(dataset.role(Role::Fit), args.sources, args.seed)?;
    // Created beside it and renamed: a folder of that name is always complete.
    let mut part = args.out.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    if part.exists() {
        std::fs::remove_dir_all(&part).map_err(|error| cannot("remove", &part, error))?;
    }
    std::fs::create_dir_all(&part).map_err(|error| cannot("make", &part, error))?;
    let made = sources
        .par_iter()
        .enumerate()
        .map(|(index, entry)| {
            degrade(&dataset.root, entry, index, args.seed, &part).map_err(|error| {
                let message = format!("row {}, {}: {}", entry.row, entry.file, error.message());
                Error::new(error.kind(), message).with_source(error)
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let made: Vec<Made> = made.into_iter().flatten().collect();
    let path = part.join("data.csv");
    write_scores(&path, &made).map_err(|error| {
        Error::new(ErrorKind::Io, format!("cannot write {}", path.display())).with_source(error)
    })?;
    std::fs::rename(&part, &args.out).map_err(|error| cannot("make", &args.out, error))?;
    eprintln!("{} images of {} sources in {}", made.len(), sources.len(), args.out.display());
    Ok(())
}

/// `count` images, spread evenly over labels and origins.
pub(super) fn choose(entries: Vec<Entry>, count: usize, seed: u64) -> Result<Vec<Entry>> {
    let mut rng = Rng::new(seed);
    let mut origins: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        origins.entry(entry.origin.clone()).or_default().push(entry);
    }
    let mut queues: Vec<Vec<Entry>> = origins.into_values().collect();
    for queue in &mut queues {
        shuffle(queue, &mut rng);
    }
    shuffle(&mut queues, &mut rng);
    let mut chosen = Vec::with_capacity(count.min(10_000));
    while chosen.len() < count {
        let before = chosen.len();
        for queue in &mut queues {
            if chosen.len() < count {
                chosen.extend(queue.pop());
            }
        }
        if chosen.len() == before {
            let message = format!("the manifest has {before} images of role fit, not {count}");
            return Err(Error::new(ErrorKind::Argument, message));
        }
    }
    if chosen.is_empty() {
        return Err(Error::new(ErrorKind::Argument, "the set needs at least one source"));
    }
    Ok(chosen)
}

fn shuffle<T>(list: &mut [T], rng: &mut Rng) {
    for last in (1..list.len()).rev() {
        list.swap(last, rng.below(u32::try_from(last + 1).unwrap_or(u32::MAX)) as usize);
    }
}

/// Makes all images of one source.
fn degrade(root: &Path, entry: &Entry, index: usize, seed: u64, out: &Path) -> Result<Vec<Made>> {
    let pixels = decode(&read_image(&root.join(&entry.file))?)?.pixels;
    let plan = Plan::of(index, STRENGTHS, seed);
    let images = plan.images(&pixels)?;
    let made = plan.steps.iter().zip(images).map(|(step, image)| {
        let name = format!("{}_{index:04}_{}.png", step.way(), step.level);
        let path = out.join(&name);
        let unwritten = |error: image::ImageError| {
            Error::new(ErrorKind::Io, format!("cannot write {}: {error}", path.display()))
        };
        image::save_buffer(&path, image.pixels(), SIDE, SIDE, image::ColorType::Rgb8)
            .map_err(unwritten)?;
        Ok(Made {
            name,
            source: entry.file.clone(),
            style: entry.content.clone(),
            score: step.score(),
        })
    });
    made.collect()
}

fn write_scores(path: &Path, made: &[Made]) -> std::result::Result<(), csv::Error> {
    let mut writer = csv::Writer::from_path(path)?;
    let columns = [
        "name",
        "prompt",
        "adj1",
        "adj2",
        "style",
        "mos_quality",
        "std_quality",
        "mos_align",
        "std_align",
    ];
    writer.write_record(columns)?;
    for Made { name, source, style, score } in made {
        let score = format!("{score:.4}");
        writer.write_record([name, source, "", "", style, &score, "0", "", ""])?;
    }
    writer.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stronger_is_further_from_the_source() {
        let pixels = (0..SIDE * SIDE)
            .flat_map(|at| {
                let (x, y) = ((at % SIDE) as f32, (at / SIDE) as f32);
                [(x / 3.0).sin() + (y / 7.0).cos(), (x / 5.0).cos(), ((x + y) / 4.0).sin()]
                    .map(|value| (127.0 + 60.0 * value) as u8)
            })
            .collect();
        let image = Rgb8::new(SIDE, SIDE, pixels).unwrap();
        for way in Way::ALL {
            let errors: Vec<u64> = [0.1, 0.4, 0.7, 1.0]
                .into_iter()
                .map(|strength| {
                    let worse = way.apply(&image, strength, &mut Rng::new(1)).unwrap();
                    let pairs = image.pixels().iter().zip(worse.pixels());
                    pairs.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum()
                })
                .collect();
            assert!(errors.windows(2).all(|pair| pair[0] < pair[1]), "{way:?}: {errors:?}");
        }
    }
}
