//! Every kind of file against what Pillow reads in it.

mod image_fixtures;

use clipsight::image::{Format, Note, decode, probe};
use image_fixtures::{DecodeCase, bytes, decode_cases, expected, largest_difference, sha256};

#[test]
fn every_fixture_decodes_to_the_pixels_pillow_reads() {
    let mut failures = Vec::new();
    for DecodeCase {
        file,
        expected: name,
        sha256: digest,
        format,
        tolerance,
        orientation,
        notes,
    } in decode_cases()
    {
        let expected = expected(&name);
        assert_eq!(sha256(&expected), digest, "{name} is not what generate.py wrote");
        let decoded = match decode(&bytes(&file)) {
            Ok(decoded) => decoded,
            Err(error) => {
                failures.push(format!("{file}: {error}"));
                continue;
            }
        };
        let (width, height) = (expected.width(), expected.height());
        if (decoded.width, decoded.height) != (width, height)
            || (decoded.pixels.width(), decoded.pixels.height()) != (width, height)
        {
            failures.push(format!("{file}: {:?} instead of {width} x {height}", decoded.pixels));
            continue;
        }
        let difference = largest_difference(&decoded.pixels, &expected);
        println!("{file}: off by at most {difference}");
        if difference > tolerance {
            failures.push(format!("{file}: off by {difference}, allowed {tolerance}"));
        }
        if (decoded.format, decoded.orientation, &decoded.notes) != (format, orientation, &notes) {
            failures.push(format!(
                "{file}: {:?}, orientation {}, {:?} instead of {format:?}, {orientation}, \
                 {notes:?}",
                decoded.format, decoded.orientation, decoded.notes
            ));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn probing_tells_size_and_bits_as_stored() {
    let expected = [
        ("decode/420.jpg", Format::Jpeg, 53, 37, 8),
        ("decode/exif-6.jpg", Format::Jpeg, 19, 11, 8),
        ("decode/rgb16.png", Format::Png, 53, 37, 16),
        ("decode/palette4.png", Format::Png, 53, 37, 4),
        ("decode/animated.webp", Format::WebP, 53, 37, 8),
        ("decode/lossless.webp", Format::WebP, 53, 37, 8),
        ("decode/lossy.webp", Format::WebP, 53, 37, 8),
        ("decode/still.gif", Format::Gif, 53, 37, 8),
        ("decode/1.bmp", Format::Bmp, 53, 37, 1),
        ("decode/topdown.bmp", Format::Bmp, 53, 37, 8),
        ("decode/gray16.tif", Format::Tiff, 53, 37, 16),
        ("decode/big.tif", Format::Tiff, 53, 37, 8),
        ("decode/thin.png", Format::Png, 1, 900, 8),
    ];
    for (file, format, width, height, bits) in expected {
        let header = probe(&bytes(file)).unwrap();
        assert_eq!(
            (header.format, header.width, header.height, header.bits),
            (format, width, height, bits),
            "{file}"
        );
    }
}

#[test]
fn the_name_of_a_file_means_nothing() {
    // The interface has no name to look at; what is left is that formats are told apart by content
    // alone.
    for case in decode_cases() {
        assert_eq!(probe(&bytes(&case.file)).unwrap().format, case.format, "{}", case.file);
    }
}

#[test]
fn trailing_bytes_do_not_matter() {
    // Phones append videos and gain maps behind the image.
    for case in decode_cases() {
        let mut file = bytes(&case.file);
        let alone = decode(&file).unwrap();
        file.extend_from_slice(b"\xFF\xD8 something else, with a second image in it \xFF\xD9");
        assert_eq!(decode(&file).unwrap().pixels, alone.pixels, "{}", case.file);
    }
}

#[test]
fn formats_and_notes_have_stable_names() {
    assert_eq!(serde_json::to_string(&[Format::Jpeg, Format::WebP]).unwrap(), r#"["jpeg","webp"]"#);
    assert_eq!(
        serde_json::to_string(&[Note::FirstFrameOnly, Note::SixteenBitReduced]).unwrap(),
        r#"["first-frame-only","sixteen-bit-reduced"]"#
    );
}
