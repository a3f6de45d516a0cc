//! What the image tests share: the fixtures of `tests/fixtures/image`, made by its `generate.py`.

// Every test binary uses its own part; clippy knows no test here but the functions marked so.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use clipsight::image::{Format, Note, Rgb8};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// One file and what decoding it must give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecodeCase {
    pub file: String,
    pub expected: String,
    pub sha256: String,
    pub format: Format,
    /// Largest difference of a sample.
    pub tolerance: u8,
    pub orientation: u8,
    pub notes: Vec<Note>,
}

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/image")).join(name)
}

pub fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

pub fn decode_cases() -> Vec<DecodeCase> {
    let cases: Vec<DecodeCase> = serde_json::from_slice(&bytes("decode.json")).unwrap();
    assert!(cases.len() > 60, "only {} cases", cases.len());
    cases
}

/// Expected pixels, read by the `image` crate.
pub fn expected(name: &str) -> Rgb8 {
    let image = image::load_from_memory_with_format(&bytes(name), image::ImageFormat::Png)
        .unwrap()
        .into_rgb8();
    Rgb8::new(image.width(), image.height(), image.into_raw()).unwrap()
}

pub fn sha256(image: &Rgb8) -> String {
    Sha256::digest(image.pixels()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The largest difference of a sample of two images of one size.
pub fn largest_difference(a: &Rgb8, b: &Rgb8) -> u8 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    a.pixels().iter().zip(b.pixels()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

/// The pictures that `generate.py` resized, computed again.
pub fn source(kind: &str, width: u32, height: u32) -> Rgb8 {
    let mut state = 1u32;
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            for c in 0..3 {
                pixels.push(match kind {
                    "noise" => {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (state >> 24) as u8
                    }
                    "waves" => ((x * x * (3 + c) + y * y * 5 + x * y * 2) >> 6) as u8,
                    "stripes" => ((x / (1 + c) + y / 2) & 1) as u8 * 255,
                    other => panic!("no picture is called {other}"),
                });
            }
        }
    }
    Rgb8::new(width, height, pixels).unwrap()
}
