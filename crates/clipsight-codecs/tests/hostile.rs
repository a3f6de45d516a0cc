//! Cut and damaged files: an error or pixels, soon, and never a panic.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use clipsight_codecs::{Bounds, ErrorKind, decode_samples, header};

/// Damaged copies of each file. `examples/mutate.rs` tries as many as one likes.
const FLIPS: u64 = 40;

fn files() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = ["files", "corners"].map(|name| fs::read_dir(folder.join(name)).unwrap());
    let mut files: Vec<_> = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending != "png"))
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn attempt(name: &str, bytes: &[u8]) {
    let start = Instant::now();
    let _ = header(bytes);
    let _ = decode_samples(bytes);
    assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
}

#[test]
fn cut_files_end_in_words() {
    for (name, bytes) in files() {
        for length in (0..bytes.len()).step_by(37) {
            attempt(&format!("{name} cut at {length}"), &bytes[..length]);
        }
    }
}

#[test]
fn damaged_files_end_in_words() {
    for (name, bytes) in files() {
        let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as usize
        };
        for n in 0..FLIPS {
            let mut bytes = bytes.clone();
            for _ in 0..=next() % 4 {
                let at = next() % bytes.len();
                bytes[at] = (next() >> 32) as u8;
            }
            attempt(&format!("{name} damaged {n}"), &bytes);
        }
    }
}

/// A file whose numbers are replaced where they first stand.
fn patched(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let files = files();
    let (_, bytes) = files.iter().find(|(known, _)| known == name).unwrap();
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let mut bytes = bytes.clone();
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

#[test]
fn sizes_are_refused_before_memory_is_taken() {
    let size = |width: u32, height: u32| {
        [b"ispe\0\0\0\0", &width.to_be_bytes()[..], &height.to_be_bytes()[..]].concat()
    };
    for (name, width, height) in [("8-420-full.avif", 43, 27), ("8-420-full.heic", 64, 64)] {
        for (to, kind) in [
            (size(20_000, 10), ErrorKind::Limit),
            (size(16_000, 16_000), ErrorKind::Limit),
            (size(0, 27), ErrorKind::Decode),
            // Larger, or smaller, than what is coded.
            (size(8_000, 3_000), ErrorKind::Decode),
            (size(2, 2), ErrorKind::Decode),
        ] {
            let bytes = patched(name, &size(width, height), &to);
            let error = decode_samples(&bytes).unwrap().unwrap_err();
            assert_eq!(error.kind, kind, "{name} {to:?}: {error}");
        }
    }
}

#[test]
fn memory_of_jpeg_xl_is_bounded_by_its_size() {
    const BOUND: u64 = 512 << 20;
    let read = |name: &str, bounds| {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bombs").join(name);
        let bytes = fs::read(place).unwrap();
        let mut result = None;
        let memory = allocation_counter::measure(|| {
            result = Some(clipsight_codecs::jxl::decode_within(&bytes, bounds));
        });
        (result.unwrap(), memory.bytes_max)
    };
    let all = Bounds::default();
    // 6000 x 6000 pixels of 16 bits, whose wavelets are held as a whole.
    let (decoded, memory) = read("36-megapixels.jxl", all);
    let taken = 6000 * 6000 * 3 * 2;
    assert_eq!(decoded.unwrap().width, 6000);
    assert!((taken..taken + BOUND).contains(&memory), "{memory}");
    // Too large, and too large for who asks: nothing is decoded.
    for (name, bounds) in [
        ("48-megapixels.jxl", all),
        ("36-megapixels.jxl", Bounds { side: 5999, ..all }),
        ("36-megapixels.jxl", Bounds { pixels: 35_999_999, ..all }),
    ] {
        let (decoded, memory) = read(name, bounds);
        assert_eq!(decoded.unwrap_err().kind, ErrorKind::Limit);
        assert!(memory < 1 << 20, "{name}: {memory}");
    }
}

#[test]
fn what_is_not_read_is_named() {
    for (name, from, to, named) in [
        ("8-420-full.avif", &b"av01"[..], &b"avc1"[..], "H.264"),
        ("8-420-full.avif", b"av01", b"wxyz", "wxyz"),
        ("8-420-full.avif", b"colrnclx\0\x01\0\x0D\0\x06", b"colrnclx\0\x01\0\x0D\0\x0A", "10"),
    ] {
        let error = decode_samples(&patched(name, from, to)).unwrap().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
        assert!(error.message.contains(named), "{error}");
    }
}
