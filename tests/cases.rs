//! The shared inputs that once failed, each with its right outcome. The files are not in this
//! repository: without them this is skipped, loudly.
#![cfg(feature = "every-image")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod common;

use clipsight::image::{Decoded, Format, Note, Rgb8, decode};
use clipsight::{Error, ErrorKind, Result};

/// What must become of a file.
enum Outcome {
    /// Read, with these notes, as this picture with a tolerance.
    Read(&'static [Note], fn() -> Vec<u8>, u8),
    /// Refused, with words for people.
    Refused(ErrorKind, &'static [&'static str]),
}
use Outcome::{Read, Refused};

fn read(name: &str) -> Result<Decoded> {
    let path = common::shared(&format!("cases/{name}")).unwrap();
    decode(&std::fs::read(path).unwrap())
}

fn pixels(name: &str) -> Vec<u8> {
    read(name).unwrap_or_else(|error| panic!("{name}: {error}")).pixels.into_pixels()
}

/// The scene of most JPEG files, from one whose only fault is its missing end.
fn scene() -> Vec<u8> {
    pixels("j_no_eoi.jpg")
}

/// The scene of most other files.
fn small() -> Vec<u8> {
    pixels("p_no_iend.png")
}

/// A shade for every pixel.
fn shades(of: impl Fn(&[u8; 3]) -> u8) -> Vec<u8> {
    small().as_chunks::<3>().0.iter().flat_map(|pixel| [of(pixel); 3]).collect()
}

fn black_and_white() -> Vec<u8> {
    // Dithered by Pillow: only what kind of picture it must be is known here.
    let found = pixels("t_g3.tif");
    assert!(found.iter().all(|value| [0, 255].contains(value)));
    let white = found.iter().filter(|value| **value == 255).count() * 100 / found.len();
    assert!((30..70).contains(&white), "{white} % white");
    // Dithering keeps the mean: of every block of 24 x 24 it is the scene's, nearly.
    let mean = |pixels: &[u8], left: usize, top: usize| -> i64 {
        let rows = (top..top + 24).map(|y| &pixels[(y * 96 + left) * 3..(y * 96 + left + 24) * 3]);
        rows.flatten().map(|&value| i64::from(value)).sum::<i64>() / (24 * 24 * 3)
    };
    let luma = |p: &[u8; 3]| {
        ((u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114) / 1000) as u8
    };
    let expected = shades(luma);
    for (left, top) in (0..4).flat_map(|x| (0..3).map(move |y| (x * 24, y * 24))) {
        let (a, b) = (mean(&found, left, top), mean(&expected, left, top));
        assert!((a - b).abs() < 16, "{a} instead of {b} at {left}, {top}");
    }
    found
}

/// `tiff_matrix.py`'s picture and its alpha.
fn matrix() -> Vec<([u8; 3], u8)> {
    let pixel = |x: i32, y: i32| {
        let wave = 90.0 + 40.0 * (f64::from(x + y) / 6.0).sin();
        let round = (x - 20).pow(2) + (y - 18).pow(2) < 120;
        let color = if round {
            [230, 60, 40]
        } else {
            [(60 + 2 * x) as u8, (220 - 2 * y) as u8, wave as u8]
        };
        (color, (40 + 2 * x).min(255) as u8)
    };
    (0..66).flat_map(|y| (0..72).map(move |x| pixel(x, y))).collect()
}

fn over_white(color: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    color.map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}

fn opaque() -> Vec<u8> {
    matrix().into_iter().flat_map(|(color, _)| color).collect()
}

fn transparent() -> Vec<u8> {
    matrix().into_iter().flat_map(|(color, alpha)| over_white(color, alpha)).collect()
}

fn transparent_gray() -> Vec<u8> {
    let gray = |([_, shade, _], alpha): ([u8; 3], u8)| over_white([shade; 3], alpha);
    matrix().into_iter().flat_map(gray).collect()
}

fn premultiplied() -> Vec<u8> {
    let times = |value: u8, alpha: u8| (u32::from(value) * u32::from(alpha) / 255) as u8;
    let over = |(color, alpha): ([u8; 3], u8)| color.map(|v| times(v, alpha) + (255 - alpha));
    matrix().into_iter().flat_map(over).collect()
}

/// The small scene times an alpha that rises from left to right.
fn fading() -> Vec<u8> {
    let fade = |(at, pixel): (usize, &[u8; 3])| {
        let alpha = (255.0 / 95.0 * (at % 96) as f64) as u8;
        pixel.map(|v| (u32::from(v) * u32::from(alpha) / 255) as u8 + (255 - alpha))
    };
    small().as_chunks::<3>().0.iter().enumerate().flat_map(fade).collect()
}

/// The picture of `j_noninterleaved_*`, which is the scene at other qualities of its colours: the
/// three files must agree, and look like the scene.
fn in_scans() -> Vec<u8> {
    let found = pixels("j_noninterleaved_y_cb_cr.jpg");
    let off: u64 = found.iter().zip(scene()).map(|(&a, b)| u64::from(a.abs_diff(b))).sum();
    assert!(off / (found.len() as u64) < 4, "{} a sample", off as f64 / found.len() as f64);
    found
}

const ENDLESS: &[Note] = &[Note::EndMissing];
const OVER_WHITE: &[Note] = &[Note::AlphaOverWhite];
const UNSUPPORTED: ErrorKind = ErrorKind::Unsupported;

#[rustfmt::skip]
const CASES: &[(&str, Outcome)] = &[
    ("j_noninterleaved_y_cb_cr.jpg", Read(&[], in_scans, 0)),
    ("j_noninterleaved_cb_cr_y.jpg", Read(&[], in_scans, 0)),
    ("j_noninterleaved_cb_cr_y_late_tables.jpg", Read(&[], in_scans, 0)),
    ("rgb_unspec-8-p1-d1-tile-le-none.tif", Read(&[], opaque, 0)),
    ("rgb_unspec-8-p1-d2-strip-le-deflate.tif", Read(&[], opaque, 0)),
    ("rgb_alpha_extra-8-p1-d2-strip-le-deflate.tif", Read(OVER_WHITE, transparent, 0)),
    ("cmyk_extra-8-p1-d2-strip-le-deflate.tif", Read(&[Note::CmykConverted], opaque, 0)),
    ("rgb_assoc-8-p1-d1-strip-le-deflate.tif", Read(OVER_WHITE, premultiplied, 0)),
    ("t_alpha_assoc.tif", Read(OVER_WHITE, fading, 2)),
    ("rgb-8-p2-d1-tile-le-none.tif", Read(&[], opaque, 0)),
    ("r_raw_like.dng", Refused(UNSUPPORTED, &["raw photograph"])),
    ("j_no_eoi.jpg", Read(ENDLESS, scene, 0)),
    ("j_no_eoi_trailer.jpg", Read(ENDLESS, scene, 0)),
    ("j_zero_padded_no_eoi.jpg", Read(ENDLESS, scene, 0)),
    // The same coefficients, in other scans.
    ("j_prog_no_eoi.jpg", Read(ENDLESS, scene, 0)),
    ("j_garbage_between.jpg", Read(&[], scene, 0)),
    ("j_no_dht_mjpeg.jpg", Read(&[], scene, 0)),
    ("j_dnl_same_height.jpg", Read(&[], scene, 0)),
    ("p_cut_last_bytes.png", Read(ENDLESS, small, 0)),
    ("p_bad_crc_idat.png", Read(ENDLESS, small, 0)),
    ("gray_alpha-8-p1-d1-strip-le-deflate.tif", Read(OVER_WHITE, transparent_gray, 0)),
    ("t_pal.tif", Read(&[], || pixels("g_zero_screen.gif"), 0)),
    ("t_gray4.tif", Read(&[], || shades(|pixel| (pixel[1] >> 4) * 17), 0)),
    ("t_ycbcr.tif", Read(&[], small, 3)),
    ("t_g3.tif", Read(&[], black_and_white, 0)),
    ("t_zstd.tif", Read(&[], small, 0)),
    ("t_float_gray.tif", Read(&[Note::SixteenBitReduced], || shades(|pixel| pixel[0]), 0)),
    ("g_small_screen.gif", Read(&[], || pixels("t_pal.tif"), 0)),
    ("g_zero_screen.gif", Read(&[], || pixels("t_pal.tif"), 0)),
    ("b_os2v2_64.bmp", Read(&[], small, 0)),
    ("b_planes0.bmp", Read(&[], small, 0)),
    ("p_cgbi.png", Refused(UNSUPPORTED, &["Apple"])),
    ("x_cr3.cr3", Refused(UNSUPPORTED, &["raw photograph"])),
    ("x_s3_error.jpg", Refused(ErrorKind::Decode, &["server", "error"])),
    ("x_svg_bom.svg", Refused(UNSUPPORTED, &["SVG"])),
    ("x_svg_comment.svg", Refused(UNSUPPORTED, &["SVG"])),
    ("x_svg_doctype.svg", Refused(UNSUPPORTED, &["SVG"])),
    ("dot_underscore_appledouble.jpg", Refused(UNSUPPORTED, &["Mac"])),
];

fn outcome(name: &str, outcome: &Outcome) -> std::result::Result<(), String> {
    match (read(name), outcome) {
        (Ok(Decoded { pixels, notes, .. }), Read(expected_notes, expected, tolerance)) => {
            let expected = expected();
            if pixels.pixels().len() != expected.len() {
                return Err(format!("{pixels:?}"));
            }
            let off = pixels.pixels().iter().zip(expected).map(|(&a, b)| a.abs_diff(b)).max();
            if off > Some(*tolerance) {
                return Err(format!("off by {off:?}, allowed {tolerance}"));
            }
            if notes != *expected_notes {
                return Err(format!("{notes:?}"));
            }
            Ok(())
        }
        (Err(error), Refused(kind, words)) => {
            let fits = error.kind() == *kind && words.iter().all(|w| error.message().contains(w));
            fits.then_some(()).ok_or_else(|| told(&error))
        }
        (Ok(Decoded { pixels, .. }), Refused(..)) => Err(format!("read: {pixels:?}")),
        (Err(error), Read(..)) => Err(told(&error)),
    }
}

fn told(error: &Error) -> String {
    format!("{:?}: {error}", error.kind())
}

#[test]
fn every_case_has_its_right_outcome() {
    if common::shared("cases").is_none() {
        return;
    }
    let failures: Vec<String> = CASES
        .iter()
        .filter_map(|(name, wanted)| {
            outcome(name, wanted).err().map(|why| format!("{name}: {why}"))
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    // Sizes that are known without pixels.
    for (name, width, height) in [
        ("p_exif6_after_idat.png", 72, 96),
        ("x_bmp_os2v2_16.bmp", 64, 64),
        ("t_thumbnail_first.tif", 112, 80),
    ] {
        let decoded = read(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((decoded.width, decoded.height), (width, height), "{name}");
    }
    let thumbnail = read("t_thumbnail_first.tif").unwrap();
    assert_eq!(thumbnail.notes, [Note::ReducedCopySkipped]);
    let avif = std::fs::read(common::shared("cases/x_avif_mif1.avif").unwrap()).unwrap();
    assert_eq!(Format::of(&avif), Some(Format::Avif));
}

#[test]
fn every_file_is_in_the_table() {
    let Some(folder) = common::shared("cases") else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let elsewhere = [
            "p_no_iend.png", // what others are compared with
            "p_exif6_after_idat.png",
            "x_bmp_os2v2_16.bmp",
            "t_thumbnail_first.tif",
            "x_avif_mif1.avif",
        ];
        let known = CASES.iter().any(|(case, _)| *case == name)
            || elsewhere.contains(&name.as_str())
            || name.ends_with(".py")
            || name.ends_with(".md");
        assert!(known, "{name} has no outcome here");
    }
    let whole: Rgb8 = read("p_no_iend.png").unwrap().pixels;
    assert_eq!((whole.width(), whole.height()), (96, 72));
}
