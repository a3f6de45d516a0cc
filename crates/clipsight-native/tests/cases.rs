//! Every file of ../shared/cases, outside the repository: read rightly, or refused in words. Where
//! the folder is not there, the kinds that its files stand for have tests of their own, in the
//! crates that read them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clipsight::ErrorKind::{self, Decode, Unsupported};
use clipsight_native::picture::decode;

/// What is read: its notes, its size upright, mean and deviation of red, green and blue as Pillow
/// 13.0.0 reads it over white; but for `t_thumbnail_first.tif`, of which it takes the first page,
/// and `x_bmp_os2v2_16.bmp`, which it does not read.
type Read = (&'static str, &'static [&'static str], u32, u32, [f64; 3], [f64; 3]);

const READ: &[Read] = &[
    ("b_os2v2_64.bmp", &[], 96, 72, [177.7, 142.3, 94.6], [57.9, 61.0, 62.4]),
    ("b_planes0.bmp", &[], 96, 72, [177.7, 142.3, 94.6], [57.9, 61.0, 62.4]),
    (
        "cmyk_extra-8-p1-d2-strip-le-deflate.tif",
        &["CmykConverted"],
        72,
        66,
        [141.2, 145.3, 85.3],
        [48.0, 44.6, 30.1],
    ),
    ("g_small_screen.gif", &[], 96, 72, [177.6, 142.4, 95.0], [57.9, 60.5, 60.8]),
    ("g_zero_screen.gif", &[], 96, 72, [177.6, 142.4, 95.0], [57.9, 60.5, 60.8]),
    (
        "gray_alpha-8-p1-d1-strip-le-deflate.tif",
        &["AlphaOverWhite"],
        72,
        66,
        [208.4, 208.4, 208.4],
        [23.7, 23.7, 23.7],
    ),
    ("j_dnl_same_height.jpg", &[], 176, 128, [140.7, 132.4, 97.1], [57.5, 51.8, 51.0]),
    ("j_garbage_between.jpg", &[], 176, 128, [140.7, 132.4, 97.1], [57.5, 51.8, 51.0]),
    ("j_no_dht_mjpeg.jpg", &[], 176, 128, [140.7, 132.4, 97.1], [57.5, 51.8, 51.0]),
    ("j_no_eoi.jpg", &["EndMissing"], 176, 128, [140.7, 132.4, 97.1], [57.5, 51.8, 51.0]),
    ("j_no_eoi_trailer.jpg", &["EndMissing"], 176, 128, [140.7, 132.4, 97.1], [57.5, 51.8, 51.0]),
    ("j_noninterleaved_cb_cr_y.jpg", &[], 176, 128, [140.3, 131.9, 96.7], [57.5, 51.8, 51.0]),
    (
        "j_noninterleaved_cb_cr_y_late_tables.jpg",
        &[],
        176,
        128,
        [140.3, 131.9, 96.7],
        [57.5, 51.8, 51.0],
    ),
    ("j_noninterleaved_y_cb_cr.jpg", &[], 176, 128, [140.3, 131.9, 96.7], [57.5, 51.8, 51.0]),
    ("j_prog_no_eoi.jpg", &["EndMissing"], 176, 128, [140.7, 132.4, 97.1], [57.5, 51.8, 51.0]),
    (
        "j_zero_padded_no_eoi.jpg",
        &["EndMissing"],
        176,
        128,
        [140.7, 132.4, 97.1],
        [57.5, 51.8, 51.0],
    ),
    ("p_bad_crc_idat.png", &["EndMissing"], 96, 72, [177.7, 142.3, 94.6], [57.9, 61.0, 62.4]),
    ("p_cut_last_bytes.png", &["EndMissing"], 96, 72, [177.7, 142.3, 94.6], [57.9, 61.0, 62.4]),
    ("p_exif6_after_idat.png", &[], 72, 96, [177.7, 142.3, 94.6], [57.9, 61.0, 62.4]),
    ("p_no_iend.png", &["EndMissing"], 96, 72, [177.7, 142.3, 94.6], [57.9, 61.0, 62.4]),
    ("rgb-8-p2-d1-tile-le-none.tif", &[], 72, 66, [141.2, 145.3, 85.3], [48.0, 44.6, 30.1]),
    (
        "rgb_alpha_extra-8-p1-d2-strip-le-deflate.tif",
        &["AlphaOverWhite"],
        72,
        66,
        [211.0, 208.4, 181.6],
        [12.3, 23.7, 29.2],
    ),
    (
        "rgb_assoc-8-p1-d1-strip-le-deflate.tif",
        &["AlphaOverWhite"],
        72,
        66,
        [210.4, 207.9, 181.1],
        [12.3, 23.8, 29.3],
    ),
    ("rgb_unspec-8-p1-d1-tile-le-none.tif", &[], 72, 66, [141.2, 145.3, 85.3], [48.0, 44.6, 30.1]),
    (
        "rgb_unspec-8-p1-d2-strip-le-deflate.tif",
        &[],
        72,
        66,
        [141.2, 145.3, 85.3],
        [48.0, 44.6, 30.1],
    ),
    ("t_alpha_assoc.tif", &["AlphaOverWhite"], 96, 72, [221.6, 197.5, 171.7], [26.9, 42.3, 58.7]),
    ("t_float_gray.tif", &["SixteenBitReduced"], 96, 72, [177.7, 177.7, 177.7], [57.9, 57.9, 57.9]),
    ("t_g3.tif", &[], 96, 72, [147.6, 147.6, 147.6], [125.9, 125.9, 125.9]),
    ("t_gray4.tif", &[], 96, 72, [143.1, 143.1, 143.1], [65.1, 65.1, 65.1]),
    ("t_pal.tif", &[], 96, 72, [177.6, 142.4, 95.0], [57.9, 60.5, 60.8]),
    (
        "t_thumbnail_first.tif",
        &["ReducedCopySkipped"],
        112,
        80,
        [172.0, 139.5, 96.3],
        [54.9, 56.4, 58.7],
    ),
    ("t_ycbcr.tif", &[], 96, 72, [176.1, 141.8, 92.8], [57.9, 61.0, 62.4]),
    ("t_zstd.tif", &[], 96, 72, [177.7, 142.3, 94.6], [57.9, 61.0, 62.4]),
    ("x_bmp_os2v2_16.bmp", &[], 64, 64, [97.9, 143.3, 187.3], [70.8, 70.6, 63.9]),
];

/// What is refused: why, and what the message names.
const REFUSED: &[(&str, ErrorKind, &str)] = &[
    ("dot_underscore_appledouble.jpg", Unsupported, "Mac"),
    ("p_cgbi.png", Unsupported, "Apple's own kind of PNG"),
    ("r_raw_like.dng", Unsupported, "raw photograph"),
    ("x_avif_mif1.avif", Decode, "there is no picture in it"),
    ("x_cr3.cr3", Unsupported, "raw photograph"),
    ("x_s3_error.jpg", Decode, "server's error message"),
    ("x_svg_bom.svg", Unsupported, "SVG"),
    ("x_svg_comment.svg", Unsupported, "SVG"),
    ("x_svg_doctype.svg", Unsupported, "SVG"),
];

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    if !folder.is_dir() {
        eprintln!("skipped: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}

#[test]
fn what_can_be_read_has_the_right_pixels() {
    let Some(folder) = folder() else { return };
    for &(name, notes, width, height, mean, deviation) in READ {
        let decoded = decode(&fs::read(folder.join(name)).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((decoded.width, decoded.height), (width, height), "{name}");
        let told: Vec<String> = decoded.notes.iter().map(|note| format!("{note:?}")).collect();
        assert_eq!(told, notes, "{name}");
        let count = f64::from(width * height);
        for channel in 0..3 {
            let samples = decoded.pixels.pixels().iter().skip(channel).step_by(3);
            let values = || samples.clone().map(|&value| f64::from(value));
            let found = values().sum::<f64>() / count;
            let spread =
                (values().map(|value| (value - found).powi(2)).sum::<f64>() / count).sqrt();
            let apart = (found - mean[channel]).abs().max((spread - deviation[channel]).abs());
            assert!(apart < 0.8, "{name}, channel {channel}: {found} +- {spread}");
        }
    }
}

#[test]
fn what_cannot_is_refused_in_words() {
    let Some(folder) = folder() else { return };
    for &(name, kind, named) in REFUSED {
        let error = decode(&fs::read(folder.join(name)).unwrap()).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.to_string().contains(named), "{name}: {error}");
    }
}

#[test]
fn no_file_is_left_out() {
    let Some(folder) = folder() else { return };
    let known: BTreeSet<String> = READ
        .iter()
        .map(|row| row.0)
        .chain(REFUSED.iter().map(|row| row.0))
        .map(str::to_owned)
        .collect();
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".py") && !name.ends_with(".md"))
        .collect();
    assert_eq!(files, known);
}
