//! Resizing and views against Pillow, and against torchvision's rules for size and crop.

mod image_fixtures;

use clipsight::image::{Filter, Preprocessing, ViewCount, resize};
use image_fixtures::{bytes, expected, largest_difference, sha256, source};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    shown: Vec<Shown>,
    views: Vec<Views>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    from: (u32, u32),
    to: (u32, u32),
    filter: Filter,
    sha256: String,
}

#[derive(Deserialize)]
struct Shown {
    kind: String,
    from: (u32, u32),
    to: (u32, u32),
    filter: Filter,
    expected: String,
}

#[derive(Deserialize)]
struct Views {
    short: u32,
    crop: u32,
    from: (u32, u32),
    sha256: Vec<String>,
}

#[allow(clippy::unwrap_used)] // a fixture we made
fn golden() -> Golden {
    serde_json::from_slice(&bytes("resize.json")).unwrap()
}

#[test]
fn every_pixel_is_within_one_level_of_pillow() {
    for Shown { kind, from, to, filter, expected: name } in golden().shown {
        let resized = resize(&source(&kind, from.0, from.1), to.0, to.1, filter).unwrap();
        let difference = largest_difference(&resized, &expected(&name));
        assert!(difference <= 1, "{kind} {from:?} to {to:?} with {filter:?}: off by {difference}");
    }
}

#[test]
fn results_equal_pillow_bit_for_bit() {
    let cases = golden().cases;
    assert!(cases.len() > 100);
    for Case { kind, from, to, filter, sha256: digest } in cases {
        let resized = resize(&source(&kind, from.0, from.1), to.0, to.1, filter).unwrap();
        assert_eq!((resized.width(), resized.height()), to);
        assert_eq!(sha256(&resized), digest, "{kind} {from:?} to {to:?} with {filter:?}");
    }
}

#[test]
fn views_equal_resize_and_crop_of_torchvision_and_pillow() {
    for Views { short, crop, from, sha256: digests } in golden().views {
        let preprocessing = Preprocessing {
            resize_short_side: Some(short),
            enlarge: true,
            filter: Filter::Bicubic,
            crop,
            whole_first: false,
            centre_rounds_down: false,
            mean: [0.0; 3],
            std: [1.0; 3],
        };
        let views = preprocessing.views(&source("waves", from.0, from.1), ViewCount::Five).unwrap();
        let found: Vec<String> = views.iter().map(sha256).collect();
        assert_eq!(found, digests, "{from:?} to {short}, cropped to {crop}");
    }
}
