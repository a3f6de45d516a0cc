//! Bad input: refused with a typed error, quickly, and never with a panic or half an image.

mod common;
mod image_fixtures;

use allocation_counter::measure;
use clipsight::image::{Preprocessing, ViewCount, decode, probe};
use clipsight::{ErrorKind, limits};
use image_fixtures::{bytes, decode_cases, path};
use proptest::prelude::*;

/// What a bad file may end in; anything else is our mistake.
fn is_fair(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Decode | ErrorKind::Unsupported | ErrorKind::Limit)
}

/// `decode` with the panic that its guard would turn into an error made visible.
fn decode_strictly(bytes: &[u8], what: &str) -> clipsight::Result<clipsight::image::Decoded> {
    let result = decode(bytes);
    if let Err(error) = &result {
        assert!(is_fair(error.kind()), "{what}: {:?}: {error}", error.kind());
        assert!(
            !error.message().contains("its decoder cannot handle"),
            "{what}: a decoder panicked"
        );
    }
    result
}

#[test]
fn an_empty_file_and_text_are_not_images() {
    let text = b"BMW, GIF and other words; this is plain text that somebody called holiday.jpg.\n"
        .repeat(30);
    for (bytes, word) in [
        (&b""[..], "empty"),
        (&text, "not a JPEG"),
        (b"\xFF", "not a JPEG"),
        (&[0; 4096], "not a JPEG"),
    ] {
        for error in [probe(bytes).unwrap_err(), decode(bytes).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.message().contains(word), "{error}");
        }
    }
}

#[test]
fn unsupported_formats_are_named() {
    let files: [(&[u8], &str); 6] = [
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1", "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "HEIC"),
        (b"\xFF\x0A\xFA\x1F\x01", "JPEG XL"),
        (b"8BPS\0\x01\0\0\0\0", "Photoshop"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ];
    for (bytes, name) in files {
        let error = decode(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(name), "{error}");
    }
}

#[test]
fn a_cut_file_is_refused_or_complete() {
    // Some formats end with bytes that carry no pixels. Whatever is accepted must be the whole
    // image: half of one, with gray below, would be scored as if it were the picture.
    let mut refused = 0;
    for case in decode_cases() {
        let file = bytes(&case.file);
        let whole = decode(&file).unwrap();
        let places = (0..file.len()).step_by(37).chain(file.len().saturating_sub(12)..file.len());
        for length in places {
            let what = format!("{} cut to {length} of {} bytes", case.file, file.len());
            match decode_strictly(&file[..length], &what) {
                Ok(decoded) => assert!(decoded.pixels == whole.pixels, "{what}: other pixels"),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Decode, "{what}: {error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 2000, "only {refused} cut files were refused");
}

#[test]
fn a_cut_jpeg_with_an_end_marker_is_refused() {
    // What a broken download manager leaves: the scan stops early, but the file ends properly.
    for name in ["gray", "444", "422", "420", "restart", "rgb", "cmyk-adobe"] {
        let file = bytes(&format!("decode/{name}.jpg"));
        let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap() + 14;
        for part in 1..10 {
            let mut cut = file[..scan + (file.len() - scan) * part / 11].to_vec();
            if cut.last() == Some(&0xFF) {
                cut.pop();
            }
            cut.extend([0xFF, 0xD9]);
            let error = decode(&cut)
                .expect_err(&format!("{name}.jpg with {part} of 11 parts was accepted"));
            assert_eq!(error.kind(), ErrorKind::Decode, "{name}.jpg: {error}");
        }
    }
}

/// What a refusal from the header may allocate, in bytes: messages and small tables. The pixels
/// that the bombs promise would take 2.7 GB.
const HEADER_ALLOCATIONS: u64 = 64 << 10;

/// Runs `work` and says how many bytes it allocated on the way, freed ones included.
#[allow(clippy::unwrap_used, reason = "`measure` has run what it was given")]
fn allocating<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let mut result = None;
    let bytes = measure(|| result = Some(work())).bytes_total;
    (result.unwrap(), bytes)
}

#[test]
fn bombs_are_refused_from_their_header() {
    let mut count = 0;
    for entry in std::fs::read_dir(path("bombs")).unwrap() {
        let file = entry.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        let (probed, to_probe) = allocating(|| probe(&bytes).map(|header| format!("{header:?}")));
        let (decoded, to_decode) = allocating(|| decode(&bytes).map(|_| "pixels".to_owned()));
        for (result, allocated) in [(probed, to_probe), (decoded, to_decode)] {
            let error = result.expect_err(&format!("{} was accepted", file.display()));
            assert_eq!(error.kind(), ErrorKind::Limit, "{}: {error}", file.display());
            assert!(
                allocated <= HEADER_ALLOCATIONS,
                "{}: {allocated} bytes were allocated to refuse it",
                file.display()
            );
        }
        count += 1;
    }
    assert_eq!(count, 9);
}

#[test]
fn allocations_are_seen() {
    // The control for the bound above: a picture that is decoded takes at least its own pixels.
    let file = std::fs::read(common::scene("ridges.jpg")).unwrap();
    let (decoded, allocated) = allocating(|| decode(&file).unwrap());
    let pixels = u64::from(decoded.pixels.width()) * u64::from(decoded.pixels.height());
    assert!(allocated >= 3 * pixels && 3 * pixels > HEADER_ALLOCATIONS, "{allocated} bytes");
}

#[test]
fn a_small_gif_screen_does_not_hide_a_large_frame() {
    // The frame's own size, 30,000 x 30,000, stands in its descriptor.
    let mut file = bytes("decode/still.gif");
    let packed = file[10];
    let table = if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) };
    let mut at = 13 + table;
    while file[at] == 0x21 {
        at += 2;
        while file[at] != 0 {
            at += 1 + usize::from(file[at]);
        }
        at += 1;
    }
    assert_eq!(file[at], 0x2C);
    file[at + 5..at + 9].copy_from_slice(&[0x30, 0x75, 0x30, 0x75]);
    let (result, allocated) = allocating(|| decode_strictly(&file, "large GIF frame"));
    let error = result.unwrap_err();
    assert!(is_fair(error.kind()));
    assert!(allocated <= HEADER_ALLOCATIONS, "{allocated} bytes were allocated: {error}");
}

#[test]
fn files_beyond_64_mib_are_refused_unread() {
    let mut file = bytes("decode/rgb8.png");
    file.resize(limits::MAX_IMAGE_BYTES + 1, 0);
    assert_eq!(decode(&file).unwrap_err().kind(), ErrorKind::Limit);
    file.pop();
    decode(&file).unwrap();
}

#[test]
fn single_pixels_and_strips_become_views() {
    let preprocessing = Preprocessing {
        resize_short_side: Some(224),
        enlarge: true,
        filter: clipsight::image::Filter::Bicubic,
        crop: 224,
        whole_first: false,
        centre_rounds_down: false,
        mean: [0.5; 3],
        std: [0.5; 3],
    };
    for name in ["1x1.png", "1x1.jpg", "1x1.webp", "1x1.gif", "thin.png", "thin.jpg", "flat.jpg"] {
        let decoded = decode(&bytes(&format!("decode/{name}"))).unwrap();
        let views = preprocessing.views(&decoded.pixels, ViewCount::Five).unwrap();
        let tensor = preprocessing.tensor(&views);
        assert_eq!(tensor.len(), 5 * 3 * 224 * 224, "{name}");
        assert!(tensor.iter().all(|value| (-1.0..=1.0).contains(value)), "{name}");
    }
}

#[test]
fn a_damaged_pixel_stream_is_refused_where_the_format_has_a_checksum() {
    let mut file = bytes("decode/rgb8.png");
    let at = file.windows(4).position(|name| name == b"IDAT").unwrap() + 20;
    file[at] ^= 0x10;
    assert_eq!(decode(&file).unwrap_err().kind(), ErrorKind::Decode);
}

/// Starts of all formats, so that random bytes get past the sniffing.
const MAGICS: [&[u8]; 9] = [
    b"\xFF\xD8\xFF",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09\x08\x02\0\0\0",
    b"RIFF\0\x01\0\0WEBPVP8 ",
    b"RIFF\0\x01\0\0WEBPVP8L",
    b"RIFF\0\x01\0\0WEBPVP8X",
    b"GIF89a",
    b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
    b"II*\0\x08\0\0\0",
    b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10",
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_bytes_never_panic(
        magic in prop::sample::select(&MAGICS[..]),
        noise in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let file = [magic, &noise].concat();
        let _ = decode_strictly(&file, "random bytes");
    }

    #[test]
    fn mutated_fixtures_never_panic(
        index in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..8),
    ) {
        let cases = decode_cases();
        let name = &index.get(&cases).file;
        let mut file = bytes(name);
        for (place, value, kind) in changes {
            if file.is_empty() {
                break;
            }
            let at = place.index(file.len());
            match kind {
                0 => file[at] = value,
                1 => file[at] ^= 1 << (value & 7),
                2 => { file.remove(at); }
                _ => file.insert(at, value),
            }
        }
        let _ = decode_strictly(&file, name);
    }
}
