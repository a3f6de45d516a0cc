//! Whether the maps of where a model looked are faithful: how fast the logit falls when parts are
//! blurred out in the map's order, and how fast it rises when they are put back (deletion and
//! insertion: Petsiuk et al. 2018, arXiv 1806.07421), against a random order and against the centre
//! first; and whether another head on the same encoder loses the map (Adebayo et al. 2018, arXiv
//! 1810.03292).

use clipsight::engine::Cpu;
use clipsight::image::{Decoded, Filter, Rgb8, decode, resize};
use clipsight::model::{Detector, OcclusionMap, Request};
use clipsight::rng::Rng;
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::{read_file, read_image};
use clipsight_native::pipeline;
use clipsight_native::progress::progress;
use clipsight_native::runtime::ModelFolder;
use serde::Serialize;

use super::{Common, report_folder, shuffle};
use crate::dataset::{Dataset, Entry, Label, Role};
use crate::metrics::{mean_and_deviation, spearman};
use crate::report::{rounded, short, table, write_report};

/// What is studied.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is read and written.
    pub common: Common,
    /// Images of role `test`, half of each label, drawn with the seed.
    pub images: usize,
}

/// Steps of a curve: from none to all parts.
const STEPS: usize = 8;

/// What takes the place of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Fill {
    /// Its broad colours, as maps are made with.
    Blurred,
    /// The view's mean colour, which no map is made with.
    MeanColour,
}

/// In which order parts go.
const ORDERS: [&str; 3] = ["map", "centre first", "random"];

/// Areas under the two curves, in logits, counted in the direction of the verdict.
#[derive(Clone, Copy, Debug)]
struct Areas {
    deletion: f64,
    insertion: f64,
}

/// One image's figures.
struct Row {
    /// `[fill][order]`.
    areas: [[Areas; ORDERS.len()]; 2],
    /// Rank correlation of the parts' sizes with those under another head.
    other_head: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Mean {
    mean: f64,
    low: f64,
    high: f64,
}

#[derive(Debug, Serialize)]
struct Curve {
    fill: Fill,
    order: &'static str,
    deletion: Mean,
    insertion: Mean,
    /// The map's area less this order's, image by image.
    deletion_gain: Mean,
    insertion_gain: Mean,
}

#[derive(Debug, Serialize)]
struct Report {
    model: String,
    weights_sha256: String,
    manifest_sha256: String,
    seed: u64,
    images: usize,
    curves: Vec<Curve>,
    other_head: Mean,
}

/// Runs the study and writes `maps.md` and `maps.json`.
///
/// # Errors
/// When model or images cannot be read, or the report not written.
pub fn run(options: &Options) -> Result<()> {
    let Common { data, model, seed, .. } = &options.common;
    let dataset = Dataset::read(data)?;
    let images = drawn(&dataset, options.images, *seed)?;
    let folder = ModelFolder::find(model.as_deref());
    let detector = Detector::new(folder.tensors(&Cpu)?)?;
    let other = with_other_head(&folder, *seed)?;
    let rows = pipeline::all(&images, &progress(images.len(), "maps"), |entry| {
        row(&detector, &other, &dataset, entry, *seed)
    })?;
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    let mut curves = Vec::new();
    for (at, fill) in [Fill::Blurred, Fill::MeanColour].into_iter().enumerate() {
        for (order, name) in ORDERS.into_iter().enumerate() {
            let of =
                |area: fn(&Areas) -> f64| mean(rows.iter().map(|row| area(&row.areas[at][order])));
            let gain = |area: fn(&Areas) -> f64| {
                mean(rows.iter().map(|row| area(&row.areas[at][0]) - area(&row.areas[at][order])))
            };
            curves.push(Curve {
                fill,
                order: name,
                deletion: of(|areas| areas.deletion),
                insertion: of(|areas| areas.insertion),
                deletion_gain: gain(|areas| areas.deletion),
                insertion_gain: gain(|areas| areas.insertion),
            });
        }
    }
    let manifest = detector.manifest();
    let report = Report {
        model: manifest.id.clone(),
        weights_sha256: manifest.weights_sha256(),
        manifest_sha256: sha256_hex(&read_file(data)?),
        seed: *seed,
        images: rows.len(),
        curves,
        other_head: mean(rows.iter().filter_map(|row| row.other_head)),
    };
    let out = report_folder(&options.common, &folder)?;
    write_report(&out, "maps", &report, &markdown(&report), &[])?;
    eprintln!("the report is in {}", out.display());
    Ok(())
}

/// So many images of role `test`, as many of each label.
fn drawn(dataset: &Dataset, images: usize, seed: u64) -> Result<Vec<Entry>> {
    let mut rng = Rng::new(seed);
    let mut test = dataset.role_of_both_classes(Role::Test)?;
    shuffle(&mut test, &mut rng);
    let (generated, others): (Vec<Entry>, Vec<Entry>) =
        test.into_iter().partition(|entry| entry.label == Label::Ai);
    let half = images.div_ceil(2);
    Ok(generated.into_iter().take(half).chain(others.into_iter().take(half)).collect())
}

/// The model with the weights of its head in another order: as large, and of no meaning.
fn with_other_head(folder: &ModelFolder, seed: u64) -> Result<Detector> {
    let mut loaded = folder.tensors(&Cpu)?;
    let weights = loaded.tensors.get_mut("head.weight").ok_or_else(|| {
        Error::new(ErrorKind::Argument, "maps are studied of models with a linear head")
    })?;
    shuffle(&mut weights.data, &mut Rng::new(seed.wrapping_add(1)));
    Detector::new(loaded)
}

/// `None` for an image that shows nothing to look at.
fn row(
    detector: &Detector,
    other: &Detector,
    dataset: &Dataset,
    entry: &Entry,
    seed: u64,
) -> Result<Option<Row>> {
    let bytes = read_image(&dataset.root.join(&entry.file))?;
    let request = Request { views: Some(1), explain: true, stability: None };
    let map_of = |detector: &Detector| -> Result<Option<OcclusionMap>> {
        Ok(pollster::block_on(detector.analyze(&bytes, request))?.map)
    };
    let (Some(map), Some(without)) = (map_of(detector)?, map_of(other)?) else { return Ok(None) };
    let sizes = |map: &OcclusionMap| -> Vec<f64> {
        map.parts.iter().map(|part| f64::from(part.abs())).collect()
    };
    let Decoded { pixels, .. } = decode(&bytes)?;
    let preprocessing = &detector.manifest().preprocessing;
    let view = preprocessing.views(&pixels, clipsight::image::ViewCount::One)?.remove(0);
    let direction = if map.logit > 0.0 { 1.0 } else { -1.0 };
    let mut rng = Rng::new(seed ^ u64::from(entry.file.len() as u32) ^ bytes.len() as u64);
    let orders = orders(&map, direction, &mut rng);
    let fills = [blurred(&view)?, mean_colour(&view)?];
    let mut areas = Vec::with_capacity(2);
    for fill in &fills {
        let mut of_fill = Vec::with_capacity(ORDERS.len());
        for order in &orders {
            let area = |insert| {
                let area = area(detector, &view, fill, &map, order, insert)?;
                Ok::<f64, Error>(f64::from(area * direction))
            };
            let (deletion, insertion) = (area(false)?, area(true)?);
            of_fill.push(Areas { deletion, insertion });
        }
        areas.push(of_fill);
    }
    let of_fill = |at: usize| [areas[at][0], areas[at][1], areas[at][2]];
    Ok(Some(Row {
        areas: [of_fill(0), of_fill(1)],
        other_head: spearman(&sizes(&map), &sizes(&without)),
    }))
}

/// The parts in the order in which they go: as [`ORDERS`].
fn orders(map: &OcclusionMap, direction: f32, rng: &mut Rng) -> [Vec<usize>; 3] {
    let parts: Vec<usize> = (0..map.parts.len()).collect();
    let by = |weight: &dyn Fn(usize) -> f32| {
        let mut order = parts.clone();
        order.sort_by(|a, b| weight(*b).total_cmp(&weight(*a)));
        order
    };
    let from_centre = |part: usize| {
        let offset = |at: usize, of: usize| at as f32 - (of as f32 - 1.0) / 2.0;
        let (x, y) = (part % map.columns, part / map.columns);
        -offset(x, map.columns).hypot(offset(y, map.rows))
    };
    let mut random = parts.clone();
    shuffle(&mut random, rng);
    [by(&|part| map.parts[part] * direction), by(&from_centre), random]
}

/// The area under the curve of the view's logit as parts are filled, or put back, in this order.
fn area(
    detector: &Detector,
    view: &Rgb8,
    fill: &Rgb8,
    map: &OcclusionMap,
    order: &[usize],
    insert: bool,
) -> Result<f32> {
    let mut views = Vec::with_capacity(STEPS + 1);
    for step in 0..=STEPS {
        let gone = &order[..order.len() * step / STEPS];
        let hidden = |part: usize| gone.contains(&part) != insert;
        views.push(with_parts_filled(view, fill, map, &hidden)?);
    }
    let logits = pollster::block_on(detector.logits(&views))?;
    let ends = (logits[0] + logits[STEPS]) / 2.0;
    Ok((logits.iter().sum::<f32>() - ends) / STEPS as f32)
}

fn with_parts_filled(
    view: &Rgb8,
    fill: &Rgb8,
    map: &OcclusionMap,
    filled: &dyn Fn(usize) -> bool,
) -> Result<Rgb8> {
    let (width, height) = (view.width() as usize, view.height() as usize);
    let mut pixels = view.pixels().to_vec();
    for y in 0..height {
        for x in 0..width {
            if filled(y * map.rows / height * map.columns + x * map.columns / width) {
                let at = (y * width + x) * 3;
                pixels[at..at + 3].copy_from_slice(&fill.pixels()[at..at + 3]);
            }
        }
    }
    Rgb8::new(view.width(), view.height(), pixels)
}

fn blurred(view: &Rgb8) -> Result<Rgb8> {
    let small = resize(view, 7, 7, Filter::Bilinear)?;
    resize(&small, view.width(), view.height(), Filter::Bicubic)
}

fn mean_colour(view: &Rgb8) -> Result<Rgb8> {
    let small = resize(view, 1, 1, Filter::Bilinear)?;
    Rgb8::new(
        view.width(),
        view.height(),
        small.pixels().repeat((view.width() * view.height()) as usize),
    )
}

/// Mean and its 95 % interval by the normal approximation, images independent.
fn mean(values: impl Iterator<Item = f64>) -> Mean {
    let values: Vec<f64> = values.collect();
    let (mean, deviation) = mean_and_deviation(&values);
    let reach = 1.96 * deviation / (values.len().max(1) as f64).sqrt();
    Mean { mean: rounded(mean), low: rounded(mean - reach), high: rounded(mean + reach) }
}

fn markdown(report: &Report) -> String {
    let shown =
        |mean: &Mean| format!("{} ({} to {})", short(mean.mean), short(mean.low), short(mean.high));
    let rows: Vec<Vec<String>> = report
        .curves
        .iter()
        .map(|curve| {
            let fill = match curve.fill {
                Fill::Blurred => "broad colours",
                Fill::MeanColour => "mean colour",
            };
            let gain = |mean| if curve.order == ORDERS[0] { String::new() } else { shown(mean) };
            vec![
                fill.to_owned(),
                curve.order.to_owned(),
                shown(&curve.deletion),
                gain(&curve.deletion_gain),
                shown(&curve.insertion),
                gain(&curve.insertion_gain),
            ]
        })
        .collect();
    let header = ["filled with", "order", "deletion", "map less it", "insertion", "map less it"];
    format!(
        "# Maps of {}\n\nAreas under the curves of the first view's logit, counted in the \
         direction of its verdict, as parts are filled (deletion: a faithful map gives a small \
         area) or put back (insertion: a large one), on {} images of role `test`, half of each \
         label. In brackets: 95 % intervals. \"Map less it\" is taken image by image. The sizes \
         of the parts under a head whose weights stand in another order correlate with the \
         map's by {} (rank correlation, mean over images; a map that did not depend on the head \
         would give 1). Weights {}. Written by `clipsight study maps`.\n\n{}",
        report.model,
        report.images,
        shown(&report.other_head),
        &report.weights_sha256[..12.min(report.weights_sha256.len())],
        table(&header, &rows)
    )
}
