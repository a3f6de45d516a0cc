//! Known pixels: every fixture decoded, and its header read. See fixtures/generate.py, corners.py.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use clipsight_codecs::{
    Bounds, ErrorKind, Format, Layout, SampleData, Samples, decode_samples, header,
};
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn list(name: &str) -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(fixtures().join(name)).unwrap()).unwrap()
}

fn cases() -> Vec<Value> {
    [list("cases.json"), list("corners.json")].concat()
}

fn read(case: &Value, name: &str) -> Vec<u8> {
    fs::read(fixtures().join(case[name].as_str().unwrap())).unwrap()
}

/// Width, height and samples of a PNG, scaled to 16 bits.
fn expected(case: &Value) -> (u32, u32, Vec<u16>) {
    let bytes = read(case, "expected");
    let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    buffer.truncate(info.buffer_size());
    let samples = match info.bit_depth {
        png::BitDepth::Sixteen => {
            buffer.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]])).collect()
        }
        png::BitDepth::Eight => buffer.into_iter().map(u16::from).collect(),
        other => panic!("{other:?}"),
    };
    (info.width, info.height, samples)
}

fn wide(samples: &Samples) -> Vec<u16> {
    match &samples.data {
        SampleData::U8(samples) => samples.iter().copied().map(u16::from).collect(),
        SampleData::U16(samples) => samples.clone(),
    }
}

#[test]
fn pixels_are_the_known_ones() {
    let cases = cases();
    assert!(cases.len() > 100, "{}", cases.len());
    for case in &cases {
        let name = case["file"].as_str().unwrap();
        let bytes = read(case, "file");
        let samples = decode_samples(&bytes).unwrap().unwrap_or_else(|error| {
            panic!("{name}: {error}");
        });
        let (width, height, pixels) = expected(case);
        assert_eq!((samples.width, samples.height), (width, height), "{name}");
        let layout = match case["channels"].as_u64().unwrap() {
            1 => Layout::Gray,
            2 => Layout::GrayAlpha,
            3 => Layout::Rgb,
            _ => Layout::Rgba,
        };
        assert_eq!(samples.layout, layout, "{name}");
        let is_wide = matches!(samples.data, SampleData::U16(_));
        assert_eq!(is_wide, case["wide"].as_bool().unwrap(), "{name}");
        let ours = wide(&samples);
        assert_eq!(ours.len(), pixels.len(), "{name}");
        let worst = ours.iter().zip(&pixels).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        let tolerance = case["tolerance"].as_u64().unwrap();
        assert!(u64::from(worst) <= tolerance, "{name}: {worst} > {tolerance}");
        assert_eq!(u64::from(samples.orientation), case["orientation"], "{name}");
        assert_eq!(samples.premultiplied, case["premultiplied"], "{name}");
        assert_eq!(samples.icc.is_some(), case["icc"].as_bool().unwrap(), "{name}");
        let cicp = samples.cicp.map(|cicp| vec![cicp.primaries, cicp.transfer]);
        assert_eq!(serde_json::to_value(cicp).unwrap(), case["cicp"], "{name}");
        let notes: Vec<String> = samples.notes.iter().map(|note| format!("{note:?}")).collect();
        assert_eq!(serde_json::to_value(notes).unwrap(), case["notes"], "{name}");
        let extension = name.rsplit('.').next().unwrap();
        let format = match extension {
            "avif" => Format::Avif,
            "heic" => Format::Heif,
            _ => Format::Jxl,
        };
        assert_eq!(samples.format, format, "{name}");
    }
}

#[test]
fn headers_tell_what_is_decoded() {
    for case in &cases() {
        let name = case["file"].as_str().unwrap();
        let head = header(&read(case, "file")).unwrap();
        let (width, height, _) = expected(case);
        assert_eq!((head.width, head.height), (width, height), "{name}");
        assert_eq!(head.bits > 8, case["wide"].as_bool().unwrap(), "{name}");
    }
}

#[test]
fn what_the_decoders_do_not_know_is_named() {
    let refused = list("refused.json");
    assert!(refused.len() > 5, "{}", refused.len());
    for case in &refused {
        let bytes = read(case, "file");
        let error = decode_samples(&bytes).unwrap().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{case}: {error}");
        assert!(error.message.contains(case["named"].as_str().unwrap()), "{case}: {error}");
        assert!(error.message.contains("save the image as PNG or JPEG"), "{case}: {error}");
        assert!(header(&bytes).is_some(), "{case}");
    }
}

#[test]
fn a_callers_own_bounds_hold() {
    type Decode = fn(&[u8], Bounds) -> clipsight_codecs::Result<Samples>;
    let decoders: [(&str, Decode, u32, u32); 3] = [
        ("files/8-444-full.avif", clipsight_codecs::avif::decode_within, 43, 27),
        ("files/8-420-full.heic", clipsight_codecs::heic::decode_within, 64, 48),
        ("files/8-rgb.jxl", clipsight_codecs::jxl::decode_within, 43, 27),
    ];
    for (name, decode, width, height) in decoders {
        let bytes = fs::read(fixtures().join(name)).unwrap();
        let whole = Bounds { side: width, pixels: u64::from(width * height) };
        assert_eq!(decode(&bytes, whole).unwrap().width, width, "{name}");
        let narrow = Bounds { side: width - 1, ..whole };
        let few = Bounds { pixels: whole.pixels - 1, ..whole };
        for bounds in [narrow, few] {
            let error = decode(&bytes, bounds).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Limit, "{name}: {error}");
        }
    }
}

#[test]
fn other_files_are_none_of_ours() {
    for bytes in [
        &b""[..],
        b"\xFF\xD8\xFF\xE0",
        b"\0\0\0\x14ftypisom\0\0\0\0isom",
        b"\0\0\0\x14ftyp",
        b"\0\0\0\x0CJXL ",
    ] {
        assert!(decode_samples(bytes).is_none(), "{bytes:?}");
        assert!(header(bytes).is_none(), "{bytes:?}");
    }
}
