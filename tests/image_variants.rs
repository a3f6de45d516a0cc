//! Files as programs write them, where a specification or a decoder expected something else.
#![cfg(feature = "every-image")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod image_fixtures;

use clipsight::ErrorKind;
use clipsight::image::{Note, decode};
use image_fixtures::bytes;
use moxcms::ColorProfile;

/// A JPEG file with a segment behind its first marker.
fn with_segment(name: &str, marker: u8, data: &[u8]) -> Vec<u8> {
    let file = bytes(&format!("decode/{name}.jpg"));
    let mut changed = vec![0xFF, 0xD8, 0xFF, marker];
    changed.extend((data.len() as u16 + 2).to_be_bytes());
    changed.extend_from_slice(data);
    changed.extend_from_slice(&file[2..]);
    changed
}

fn with_profile(name: &str, number: u8, count: u8, profile: &[u8]) -> Vec<u8> {
    with_segment(name, 0xE2, &[b"ICC_PROFILE\0", &[number, count][..], profile].concat())
}

fn pixels(file: &[u8]) -> Vec<u8> {
    decode(file).unwrap().pixels.into_pixels()
}

/// sRGB's code value of a light, both to 255.
fn code(light: u8) -> u8 {
    let light = f64::from(light) / 255.0;
    let code =
        if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (code * 255.0).round() as u8
}

#[test]
fn jpeg_shades_have_profiles_too() {
    let stored = pixels(&bytes("decode/gray.jpg"));
    let expected: Vec<u8> = stored.iter().map(|&light| code(light)).collect();
    let gray = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    // Gray as a colour of RGB, whose curves are those of a profile of shades.
    let curve = ColorProfile::new_gray_with_gamma(1.0).gray_trc;
    let mut rgb = ColorProfile::new_srgb();
    (rgb.red_trc, rgb.green_trc, rgb.blue_trc) = (curve.clone(), curve.clone(), curve);
    rgb.cicp = None;
    let rgb = rgb.encode().unwrap();
    for profile in [gray, rgb] {
        let decoded = decode(&with_profile("gray", 1, 1, &profile)).unwrap();
        assert_eq!(decoded.notes, [Note::ProfileConverted]);
        let found = decoded.pixels.into_pixels();
        let off = found.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off <= Some(1), "off by {off:?}");
    }
}

#[test]
fn jpeg_profiles_in_parts_that_do_not_fit_are_ignored() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let plain = pixels(&bytes("decode/444.jpg"));
    for (number, count, converted) in [(1, 1, true), (0, 0, false), (1, 2, false), (2, 1, false)] {
        let decoded = decode(&with_profile("444", number, count, &profile)).unwrap();
        assert_eq!(decoded.notes.contains(&Note::ProfileConverted), converted, "{number}/{count}");
        assert_eq!(decoded.pixels.into_pixels() != plain, converted, "{number}/{count}");
    }
}

#[test]
fn jpeg_segments_that_say_nothing_are_passed_over() {
    for name in ["444", "420", "progressive", "gray"] {
        let plain = decode(&bytes(&format!("decode/{name}.jpg"))).unwrap();
        for (marker, data) in [
            (0xEE, &b"Adobe\0\x64"[..]),        // Adobe's marker, cut off
            (0xEE, b"Adobe\0\x64\0\0\0\0\x09"), // and with a transform that does not exist
            (0xEE, b"Other"),
            (0xDC, b"JFIF\0\x01\x01"), // a height before there is a scan
        ] {
            let decoded = decode(&with_segment(name, marker, data))
                .unwrap_or_else(|error| panic!("{name}, {marker:x} {data:?}: {error}"));
            assert!(decoded == plain, "{name}, {marker:x} {data:?}: {:?}", decoded.notes);
        }
    }
}

#[test]
fn jpeg_components_of_one_name_are_told_apart_by_their_order() {
    for name in ["444", "420", "cmyk-plain"] {
        let file = bytes(&format!("decode/{name}.jpg"));
        let plain = pixels(&file);
        let find = |marker| file.windows(2).position(|pair| pair == [0xFF, marker]).unwrap();
        let (frame, scan) = (find(0xC0) + 10, find(0xDA) + 5);
        let count = usize::from(file[frame - 1]);
        assert_eq!(usize::from(file[scan - 1]), count, "{name}");
        for last in 1..count {
            let mut changed = file.clone();
            for component in 1..=last {
                changed[frame + component * 3] = file[frame];
                changed[scan + component * 2] = file[scan];
            }
            assert!(pixels(&changed) == plain, "{name}, {last}");
        }
    }
}

#[test]
fn gif_extensions_that_nobody_knows_are_skipped() {
    let file = bytes("decode/still.gif");
    let plain = decode(&file).unwrap();
    let table = 3 << ((file[10] & 7) + 1);
    let behind = 13 + if file[10] & 0x80 == 0 { 0 } else { table };
    let with = |inserted: &[u8]| [&file[..behind], inserted, &file[behind..]].concat();
    assert!(decode(&with(b"\x21\x2A\x03abc\x01d\0")).unwrap() == plain);
    // What is neither an extension nor a frame is damage.
    let error = decode(&with(b"\x77\x03abc\0")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
}

/// The chunks of a PNG file: where each starts, its name, and where it ends.
fn chunks(file: &[u8]) -> Vec<(usize, [u8; 4], usize)> {
    let mut at = 8;
    let mut found = Vec::new();
    while at < file.len() {
        let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        found.push((at, file[at + 4..at + 8].try_into().unwrap(), at + length + 12));
        at += length + 12;
    }
    found
}

#[test]
fn png_animations_out_of_order_have_a_first_frame() {
    let file = bytes("decode/animated.png");
    let plain = decode(&file).unwrap();
    assert!(plain.notes.contains(&Note::FirstFrameOnly));
    let numbered: Vec<_> = chunks(&file)
        .into_iter()
        .filter(|(_, name, _)| matches!(name, b"fcTL" | b"fdAT"))
        .collect();
    assert!(numbered.len() > 2, "{numbered:?}");
    for &(start, name, end) in &numbered {
        let mut changed = file.clone();
        changed[start + 8..start + 12].copy_from_slice(&77u32.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&changed[start + 4..end - 4]);
        changed[end - 4..end].copy_from_slice(&crc.sum().to_be_bytes());
        let decoded = decode(&changed).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        assert!(decoded == plain, "{name:?}: {:?}", decoded.notes);
        // What is cut off before the last row of the first frame is still refused.
        let pixels = chunks(&file).iter().find(|(_, name, _)| name == b"IDAT").unwrap().2;
        assert_eq!(decode(&changed[..pixels - 40]).unwrap_err().kind(), ErrorKind::Decode);
    }
}

/// A bitmap of 4 or 8 bits with these colours, whose header says that its pixels start at `place`
/// and that it has `used` colours.
fn bitmap(
    bits: u16,
    compression: u32,
    size: [i32; 2],
    colors: &[[u8; 3]],
    used: u32,
    place: Option<u32>,
    data: &[u8],
) -> Vec<u8> {
    let end = 54 + 4 * colors.len() as u32;
    let mut file = b"BM".to_vec();
    file.extend((end + data.len() as u32).to_le_bytes());
    file.extend([0; 4]);
    file.extend(place.unwrap_or(end).to_le_bytes());
    file.extend(40u32.to_le_bytes());
    file.extend(size.iter().flat_map(|side| side.to_le_bytes()));
    file.extend([1, 0]);
    file.extend(bits.to_le_bytes());
    file.extend(compression.to_le_bytes());
    file.extend([0; 12]);
    file.extend(used.to_le_bytes());
    file.extend([0; 4]);
    file.extend(colors.iter().flat_map(|&[r, g, b]| [b, g, r, 0]));
    file.extend_from_slice(data);
    file
}

fn colors(count: usize) -> Vec<[u8; 3]> {
    (0..count).map(|at| [at * 37 % 256, 255 - at, at * 11 % 256].map(|v| v as u8)).collect()
}

#[test]
fn bmp_pixels_start_behind_the_palette() {
    let palette = colors(20);
    let data: Vec<u8> = (0..12u8).rev().collect();
    // Rows from the lowest up.
    let expected: Vec<u8> =
        [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8].iter().flat_map(|&at| palette[at]).collect();
    for place in [None, Some(54), Some(14), Some(0)] {
        let file = bitmap(8, 0, [4, 3], &palette, 20, place, &data);
        assert_eq!(pixels(&file), expected, "{place:?}");
    }
    // Without a palette, there are not the pixels either.
    let bare = bitmap(8, 0, [4, 3], &[], 0, Some(54), &data);
    assert_eq!(decode(&bare).unwrap_err().kind(), ErrorKind::Decode);
}

#[test]
fn bmp_files_may_end_before_their_last_padding() {
    let palette = colors(9);
    let data = [8, 7, 6, 0, 5, 4, 3, 0];
    let file = bitmap(8, 0, [3, 2], &palette, 9, None, &data);
    let expected: Vec<u8> = [5, 4, 3, 8, 7, 6].iter().flat_map(|&at| palette[at]).collect();
    assert_eq!(pixels(&file), expected);
    assert_eq!(pixels(&file[..file.len() - 1]), expected);
    assert_eq!(decode(&file[..file.len() - 2]).unwrap_err().kind(), ErrorKind::Decode);
}

#[test]
fn bmp_palettes_may_be_longer_than_needed() {
    let palette = colors(17);
    let file = bitmap(4, 0, [4, 1], &palette, 17, None, &[0x01, 0xFE, 0, 0]);
    let expected: Vec<u8> = [0, 1, 15, 14].iter().flat_map(|&at| palette[at]).collect();
    assert_eq!(pixels(&file), expected);
}

#[test]
fn bmp_pixels_that_runs_leave_out_have_the_first_colour() {
    let palette = colors(16);
    let see = |rows: [[usize; 5]; 3]| -> Vec<u8> {
        rows.as_flattened().iter().flat_map(|&at| palette[at]).collect()
    };
    // Two of colour 7 and the row's end; two to the right and one up; one of colour 5; the end.
    let bytes = [2, 7, 0, 0, 1, 3, 0, 2, 2, 1, 1, 5, 0, 1];
    let file = bitmap(8, 1, [5, 3], &palette, 16, None, &bytes);
    assert_eq!(pixels(&file), see([[0, 0, 0, 5, 0], [3, 0, 0, 0, 0], [7, 7, 0, 0, 0]]));
    let bytes = [3, 0x78, 0, 0, 5, 0x12, 0, 0, 1, 0xF0, 0, 1];
    let file = bitmap(4, 2, [5, 3], &palette, 16, None, &bytes);
    assert_eq!(pixels(&file), see([[15, 0, 0, 0, 0], [1, 2, 1, 2, 1], [7, 8, 7, 0, 0]]));
}
