//! What is found out beside a verdict, on the compact model: where it looked, and how steady it is.
#![cfg(feature = "cpu")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::cell::RefCell;
use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use clipsight::calibration::{AbstainReason, GradeEdges};
use clipsight::engine::{Answer, Cpu};
use clipsight::image::{Delivery, Rgb8, ViewCount, decode};
use clipsight::model::{
    Analysis, Detector, IfUnsteady, Manifest, ModelLoader, OcclusionMap, Request, Verdict, Watch,
};
use clipsight::{Error, ErrorKind, Result};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The compact model, changed.
fn compact(change: impl FnOnce(&mut Manifest)) -> Detector {
    let folder = root().join("models/compact");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let mut manifest = Manifest::from_json(&read("model.json")).unwrap();
    change(&mut manifest);
    let shards = manifest.shards.clone();
    let mut loader = ModelLoader::new(manifest, &Cpu).unwrap();
    for (index, shard) in shards.iter().enumerate() {
        loader.push_shard(index, &read(&shard.file)).unwrap();
    }
    Detector::new(pollster::block_on(loader.finish()).unwrap()).unwrap()
}

static COMPACT: LazyLock<Detector> = LazyLock::new(|| compact(|_| {}));

fn scene(name: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/fixtures/scenes").join(name)).unwrap()
}

const ALL: Request = Request { views: None, explain: true, stability: Some(IfUnsteady::Say) };

fn analyze(detector: &Detector, bytes: &[u8], request: Request) -> Analysis {
    pollster::block_on(detector.analyze(bytes, request)).unwrap()
}

fn png(image: &Rgb8) -> Vec<u8> {
    let image =
        image::RgbImage::from_raw(image.width(), image.height(), image.pixels().to_vec()).unwrap();
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

fn first_view(bytes: &[u8]) -> Rgb8 {
    let pixels = decode(bytes).unwrap().pixels;
    COMPACT.manifest().preprocessing.views(&pixels, ViewCount::One).unwrap().remove(0)
}

fn logit(view: &Rgb8) -> f32 {
    pollster::block_on(COMPACT.logits(std::slice::from_ref(view))).unwrap()[0]
}

#[test]
fn evidence_is_there_when_asked_for_and_never_moves_the_verdict() {
    for name in ["dragon.jpg", "forest.jpg", "window.png"] {
        let bytes = scene(name);
        let plain = analyze(&COMPACT, &bytes, Request::default());
        assert_eq!((&plain.map, &plain.stability), (&None, &None));
        let all = analyze(&COMPACT, &bytes, ALL);
        assert!(all.map.is_some() && all.stability.is_some(), "{name}");
        assert_eq!(Analysis { map: None, stability: None, ..all }, plain, "{name}");
    }
}

#[test]
fn nothing_is_looked_for_where_nothing_is_shown() {
    let flat = png(&Rgb8::new(80, 80, vec![90; 80 * 80 * 3]).unwrap());
    let Analysis { model, map, stability, .. } = analyze(&COMPACT, &flat, ALL);
    let reason = match model {
        Verdict::Abstained { reason, .. } => Some(reason),
        Verdict::Scored { .. } => None,
    };
    assert_eq!((reason, map, stability), (Some(AbstainReason::NoContent), None, None));
}

/// The view with the pixels of `other` where `hidden` says so.
fn with_hidden(view: &Rgb8, other: &Rgb8, hidden: impl Fn(usize, usize) -> bool) -> Rgb8 {
    let (width, height) = (view.width() as usize, view.height() as usize);
    let mut pixels = view.pixels().to_vec();
    for y in 0..height {
        for x in 0..width {
            let at = (y * width + x) * 3;
            if hidden(x, y) {
                pixels[at..at + 3].copy_from_slice(&other.pixels()[at..at + 3]);
            }
        }
    }
    Rgb8::new(view.width(), view.height(), pixels).unwrap()
}

fn blurred(view: &Rgb8) -> Rgb8 {
    use clipsight::image::{Filter, resize};
    let small = resize(view, 7, 7, Filter::Bilinear).unwrap();
    resize(&small, view.width(), view.height(), Filter::Bicubic).unwrap()
}

#[test]
fn a_map_says_how_far_the_logit_falls_when_a_part_is_hidden() {
    let bytes = scene("dragon.jpg");
    let view = first_view(&bytes);
    let hidden = blurred(&view);
    let map = analyze(&COMPACT, &bytes, ALL).map.unwrap();
    let OcclusionMap { columns, rows, parts, .. } = &map;
    assert_eq!(parts.len(), columns * rows);
    let close = |found: f32, expected: f32| (found - expected).abs() < 1e-4;
    assert!(close(map.logit, logit(&view)) && close(map.hidden_logit, logit(&hidden)));
    let side = view.width() as usize;
    let within = |at: usize, part: usize, of: usize| {
        (side * part / of..side * (part + 1) / of).contains(&at)
    };
    for (column, row) in [(0, 0), (3, 5), (7, 2), (7, 7)] {
        let fall = |hides: &dyn Fn(usize, usize) -> bool| {
            map.logit - logit(&with_hidden(&view, &hidden, hides))
        };
        let expected =
            fall(&|_, y| within(y, row, *rows)) + fall(&|x, _| within(x, column, *columns));
        let found = parts[row * columns + column];
        assert!(close(found, expected), "{column}, {row}: {found}, not {expected}");
    }
    // Not all parts count alike.
    let most = parts.iter().copied().fold(f32::MIN, f32::max);
    let least = parts.iter().copied().fold(f32::MAX, f32::min);
    assert!(most - least > 0.5, "{parts:?}");
}

#[test]
fn shares_add_up_to_what_hiding_all_of_it_does() {
    for name in ["dragon.jpg", "forest.jpg"] {
        let map = analyze(&COMPACT, &scene(name), ALL).map.unwrap();
        let shares = map.shares.unwrap();
        let difference = map.logit - map.hidden_logit;
        let layers: f32 = shares.layers.iter().map(|share| share.logit).sum();
        let pools: f32 = shares.pools.iter().map(|share| share.logit).sum();
        assert!((layers - difference).abs() < 1e-2, "{layers}, not {difference}");
        assert!((pools - difference).abs() < 1e-2, "{pools}, not {difference}");
        assert_eq!(shares.pools.len(), 3);
        assert!(shares.layers.iter().any(|share| share.logit.abs() > 0.05), "{shares:?}");
    }
}

#[test]
fn a_map_covers_what_the_first_view_shows() {
    let wide = decode(&scene("dragon.jpg")).unwrap().pixels;
    let wide = wide.crop(0, 0, wide.width(), wide.width() / 2).unwrap();
    let region = analyze(&COMPACT, &png(&wide), ALL).map.unwrap().region;
    assert!((region.x - 0.25).abs() < 0.01 && region.y == 0.0, "{region:?}");
    assert!((region.width - 0.5).abs() < 0.01 && region.height == 1.0, "{region:?}");
}

#[test]
fn deliveries_are_judged_like_images() {
    let bytes = scene("dragon.jpg");
    let stability = analyze(&COMPACT, &bytes, ALL).stability.unwrap();
    let pixels = decode(&bytes).unwrap().pixels;
    assert_eq!(stability.deliveries.len(), Delivery::ALL.len());
    for delivered in &stability.deliveries {
        let file = png(&delivered.delivery.apply(&pixels).unwrap());
        let alone = analyze(&COMPACT, &file, Request::default()).model;
        assert_eq!(delivered.score, alone.score(), "{:?}", delivered.delivery);
        assert_eq!(delivered.grade, alone.grade(), "{:?}", delivered.delivery);
    }
}

#[test]
fn an_unsteady_verdict_is_said_and_on_request_withheld() {
    let bytes = scene("dragon.jpg");
    let request = |stability| Request { views: Some(1), explain: false, stability };
    let say = request(Some(IfUnsteady::Say));
    let found = analyze(&COMPACT, &bytes, say);
    let logits = found.stability.unwrap().deliveries.into_iter().map(|one| one.score.logit);
    let own = found.model.score().logit;
    let farthest = logits.max_by(|a, b| (a - own).abs().total_cmp(&(b - own).abs())).unwrap();
    // A model whose threshold lies between the image and the delivery that changes it most.
    let threshold = (own + farthest) / 2.0;
    let torn = compact(|manifest| {
        let by_views = &mut manifest.calibration.by_views[0];
        (by_views.slope, by_views.offset) = (50.0, -50.0 * threshold);
        manifest.calibration.edges =
            Some(GradeEdges { weak_below: 0.5, moderate: 0.5, strong: 0.8, very_strong: 0.95 });
    });
    let said = analyze(&torn, &bytes, say);
    assert!(said.stability.unwrap().unsteady);
    assert!(matches!(said.model, Verdict::Scored { .. }));
    let withheld = analyze(&torn, &bytes, request(Some(IfUnsteady::Abstain)));
    assert!(matches!(withheld.model, Verdict::Abstained { reason: AbstainReason::Unsteady, .. }));
    assert_eq!(withheld.model.score(), said.model.score());
    // Nothing is withheld where the verdict holds.
    let far = compact(|manifest| {
        let by_views = &mut manifest.calibration.by_views[0];
        (by_views.slope, by_views.offset) = (50.0, 5000.0);
    });
    let steady = analyze(&far, &bytes, request(Some(IfUnsteady::Abstain)));
    assert!(matches!(steady.model, Verdict::Scored { .. }));
    assert!(!steady.stability.unwrap().unsteady);
}

/// Notes every step, and ends the analysis after some.
struct Patience {
    steps: RefCell<Vec<(usize, usize)>>,
    left: usize,
}

impl Watch for Patience {
    fn step(&self, done: usize, total: usize) -> Answer<'_, ()> {
        self.steps.borrow_mut().push((done, total));
        let ended = self.steps.borrow().len() > self.left;
        let answer: Result<()> =
            if ended { Err(Error::new(ErrorKind::Aborted, "enough")) } else { Ok(()) };
        Box::pin(std::future::ready(answer))
    }
}

#[test]
fn who_watches_sees_every_step_and_may_end_it() {
    let bytes = scene("dragon.jpg");
    let watched = |left| {
        let patience = Patience { steps: RefCell::default(), left };
        let prepared = COMPACT.prepare(&bytes, ALL).unwrap();
        let result = pollster::block_on(COMPACT.score_watched(prepared, &patience));
        (result, patience.steps.into_inner())
    };
    let (result, steps) = watched(usize::MAX);
    assert_eq!(result.unwrap(), analyze(&COMPACT, &bytes, ALL));
    assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
    let (done, total) = *steps.last().unwrap();
    assert_eq!(done, total, "{steps:?}");
    assert!(steps.len() > 5, "{steps:?}");
    let (result, steps) = watched(2);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Aborted);
    assert_eq!(steps.len(), 3);
}
