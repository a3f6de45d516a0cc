//! TIFF files of every combination that is read, written here with pixels that are known, without
//! any TIFF library: what a decoder makes of a layout that nobody tried is worth nothing.
#![cfg(feature = "every-image")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use clipsight::ErrorKind;
use clipsight::image::{Note, decode};

const WIDTH: usize = 23;
const HEIGHT: usize = 19;
const TILE: usize = 16;
const ROWS_PER_STRIP: usize = 7;

/// A colour and its alpha, 8 bits each: different everywhere, with an edge.
fn pixel(x: usize, y: usize) -> ([u8; 3], u8) {
    let edge = (5..12).contains(&x) && (4..11).contains(&y);
    let color = if edge {
        [230, 60, 40]
    } else {
        [60 + 7 * x, 220 - 9 * y, 90 + x * y / 3].map(|v| v as u8)
    };
    (color, (40 + 9 * x) as u8)
}

fn over_white(color: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    color.map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
}

/// A kind of pixel: its samples of 8 bits, and what must be seen.
struct Kind {
    name: &'static str,
    photometric: u16,
    extra: &'static [u16],
    samples: fn([u8; 3], u8) -> Vec<u8>,
    seen: fn([u8; 3], u8) -> [u8; 3],
}

const KINDS: [Kind; 12] = [
    Kind {
        name: "gray",
        photometric: 1,
        extra: &[],
        samples: |c, _| vec![c[1]],
        seen: |c, _| [c[1]; 3],
    },
    Kind {
        name: "white is zero",
        photometric: 0,
        extra: &[],
        samples: |c, _| vec![255 - c[1]],
        seen: |c, _| [c[1]; 3],
    },
    Kind {
        name: "gray and something",
        photometric: 1,
        extra: &[0],
        samples: |c, a| vec![c[1], a],
        seen: |c, _| [c[1]; 3],
    },
    Kind {
        name: "gray and alpha",
        photometric: 1,
        extra: &[2],
        samples: |c, a| vec![c[1], a],
        seen: |c, a| over_white([c[1]; 3], a),
    },
    Kind { name: "RGB", photometric: 2, extra: &[], samples: |c, _| c.to_vec(), seen: |c, _| c },
    Kind {
        name: "RGB and something",
        photometric: 2,
        extra: &[0],
        samples: |c, a| [&c[..], &[a]].concat(),
        seen: |c, _| c,
    },
    Kind {
        name: "RGB and alpha",
        photometric: 2,
        extra: &[2],
        samples: |c, a| [&c[..], &[a]].concat(),
        seen: over_white,
    },
    Kind {
        name: "RGB times alpha",
        photometric: 2,
        extra: &[1],
        samples: |c, a| {
            let times = |v: u8| (u32::from(v) * u32::from(a) / 255) as u8;
            vec![times(c[0]), times(c[1]), times(c[2]), a]
        },
        seen: |c, a| c.map(|v| ((u32::from(v) * u32::from(a) / 255) as u8).saturating_add(255 - a)),
    },
    Kind {
        name: "RGB, alpha and something",
        photometric: 2,
        extra: &[2, 0],
        samples: |c, a| [&c[..], &[a, 255 - a]].concat(),
        seen: over_white,
    },
    Kind {
        name: "RGB, something and alpha",
        photometric: 2,
        extra: &[0, 2],
        samples: |c, a| [&c[..], &[255 - a, a]].concat(),
        seen: over_white,
    },
    Kind {
        name: "CMYK",
        photometric: 5,
        extra: &[],
        samples: |c, _| vec![255 - c[0], 255 - c[1], 255 - c[2], 0],
        seen: |c, _| c,
    },
    Kind {
        name: "CMYK and something",
        photometric: 5,
        extra: &[0],
        samples: |c, a| vec![255 - c[0], 255 - c[1], 255 - c[2], 0, a],
        seen: |c, _| c,
    },
];

/// How the samples are stored.
#[derive(Clone, Copy, Debug)]
struct Storage {
    bits: u16,
    is_float: bool,
    separate: bool,
    predictor: u16,
    tiled: bool,
    big_endian: bool,
    big_tiff: bool,
    compression: u16,
    reversed: bool,
    orientation: u16,
    /// Places and lengths of tiles in the tags of strips.
    as_strips: bool,
    /// Lengths that say nothing.
    no_lengths: bool,
    /// Of Group 3: the tag `T4Options`, and whether lines have ends.
    t4_options: u32,
    line_ends: bool,
}

const PLAIN: Storage = Storage {
    bits: 8,
    is_float: false,
    separate: false,
    predictor: 1,
    tiled: false,
    big_endian: false,
    big_tiff: false,
    compression: 1,
    reversed: false,
    orientation: 1,
    as_strips: false,
    no_lengths: false,
    t4_options: 0,
    line_ends: false,
};

impl Storage {
    fn u16(self, value: u16) -> [u8; 2] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn u64(self, value: u64) -> [u8; 8] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    /// The samples of a row as they stand in the file: `step` apart are those of one channel.
    fn row(self, samples: &[u8], step: usize) -> Vec<u8> {
        match (self.is_float, self.bits) {
            (true, _) => self.float_row(samples, step),
            (_, 8) => {
                let mut row = samples.to_vec();
                if self.predictor == 2 {
                    for index in (step..row.len()).rev() {
                        row[index] = row[index].wrapping_sub(row[index - step]);
                    }
                }
                row
            }
            (_, 16) => {
                let mut row: Vec<u16> = samples.iter().map(|&v| u16::from(v) * 257).collect();
                if self.predictor == 2 {
                    for index in (step..row.len()).rev() {
                        row[index] = row[index].wrapping_sub(row[index - step]);
                    }
                }
                row.into_iter().flat_map(|value| self.u16(value)).collect()
            }
            (_, bits) => {
                // Packed from the highest bit, rows padded to bytes.
                let largest = (1u32 << bits) - 1;
                let mut row = vec![0u8; (samples.len() * usize::from(bits)).div_ceil(8)];
                for (index, &sample) in samples.iter().enumerate() {
                    let value = (u32::from(sample) * largest + 127) / 255;
                    for bit in 0..usize::from(bits) {
                        let at = index * usize::from(bits) + bit;
                        let set = value >> (usize::from(bits) - 1 - bit) & 1;
                        row[at / 8] |= (set as u8) << (7 - at % 8);
                    }
                }
                row
            }
        }
    }

    fn float_row(self, samples: &[u8], step: usize) -> Vec<u8> {
        let bytes = |sample: u8| -> Vec<u8> {
            let value = f64::from(sample) / 255.0;
            let big = match self.bits {
                16 => half::f16::from_f64(value).to_be_bytes().to_vec(),
                32 => (value as f32).to_be_bytes().to_vec(),
                _ => value.to_be_bytes().to_vec(),
            };
            if self.big_endian || self.predictor == 3 {
                big
            } else {
                big.into_iter().rev().collect()
            }
        };
        let stored: Vec<Vec<u8>> = samples.iter().map(|&sample| bytes(sample)).collect();
        if self.predictor != 3 {
            return stored.concat();
        }
        let mut row: Vec<u8> = (0..usize::from(self.bits / 8))
            .flat_map(|byte| stored.iter().map(move |value| value[byte]))
            .collect();
        for index in (step..row.len()).rev() {
            row[index] = row[index].wrapping_sub(row[index - step]);
        }
        row
    }

    fn compressed(self, data: Vec<u8>) -> Vec<u8> {
        use std::io::Write;
        let mut data = match self.compression {
            2..=4 => self.faxed(&data),
            5 => weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
                .encode(&data)
                .unwrap(),
            8 | 32946 => {
                let mut encoder =
                    flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(&data).unwrap();
                encoder.finish().unwrap()
            }
            32773 => data
                .chunks(100)
                .flat_map(|part| [&[(part.len() - 1) as u8], part].concat())
                .collect(),
            50000 => ruzstd::encoding::compress_to_vec(
                &data[..],
                ruzstd::encoding::CompressionLevel::Fastest,
            ),
            _ => data,
        };
        if self.reversed {
            for byte in &mut data {
                *byte = byte.reverse_bits();
            }
        }
        data
    }
}

/// Bits of fax codes.
#[derive(Default)]
struct FaxWriter(Vec<bool>);

impl FaxWriter {
    fn bits(&mut self, value: u16, count: u8) {
        self.0.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
    }

    fn run(&mut self, black: bool, length: usize) {
        let code = if black { fax::maps::black::encode } else { fax::maps::white::encode };
        // No picture here is wider than one such part.
        let parts = [length / 64 * 64, length % 64];
        for part in parts.into_iter().skip(usize::from(length < 64)) {
            let bits = code(part as u16).unwrap();
            self.bits(bits.data, bits.len);
        }
    }

    /// A row of runs.
    fn runs(&mut self, row: &[bool]) {
        let (mut at, mut black) = (0, false);
        while at < row.len() {
            let end = change(row, at, black);
            self.run(black, end - at);
            (at, black) = (end, !black);
        }
    }

    /// A row of changes to the one before (T.6, figure 7).
    fn changes(&mut self, before: &[bool], row: &[bool]) {
        let (mut at, mut black, mut started) = (0, false, false);
        while at < row.len() {
            let a1 = change(row, at, black);
            // The first change of the row before, right of here, to the colour that is not now.
            let is_change = |&place: &usize| {
                let left = place > 0 && before[place - 1];
                before[place] != left && before[place] != black
            };
            let from = if started { at + 1 } else { 0 };
            let b1 = (from..row.len()).find(is_change).unwrap_or(row.len());
            let b2 = if b1 < row.len() { change(before, b1, !black) } else { row.len() };
            if b2 < a1 {
                self.bits(0b0001, 4);
                at = b2;
            } else if a1.abs_diff(b1) <= 3 {
                let (code, bits) = match a1 as i32 - b1 as i32 {
                    0 => (1, 1),
                    1 => (0b011, 3),
                    2 => (0b00_0011, 6),
                    3 => (0b000_0011, 7),
                    -1 => (0b010, 3),
                    -2 => (0b00_0010, 6),
                    _ => (0b000_0010, 7),
                };
                self.bits(code, bits);
                (at, black) = (a1, !black);
            } else {
                self.bits(0b001, 3);
                let a2 = if a1 < row.len() { change(row, a1, !black) } else { a1 };
                self.run(black, a1 - at);
                self.run(!black, a2 - a1);
                at = a2;
            }
            started = true;
        }
    }
}

/// Where a colour that begins at `at` ends.
fn change(row: &[bool], at: usize, black: bool) -> usize {
    (at..row.len()).find(|&place| row[place] != black).unwrap_or(row.len())
}

impl Storage {
    /// Rows of single bits as fax codes.
    fn faxed(self, data: &[u8]) -> Vec<u8> {
        let width = if self.tiled { TILE } else { WIDTH };
        let mut writer = FaxWriter::default();
        let mut before = vec![false; width];
        for (number, bytes) in data.chunks_exact(width.div_ceil(8)).enumerate() {
            let row: Vec<bool> = (0..width).map(|x| bytes[x / 8] >> (7 - x % 8) & 1 == 1).collect();
            if self.line_ends {
                // With bit 2 of the options, line ends end at bytes.
                while self.t4_options & 4 != 0 && writer.0.len() % 8 != 4 {
                    writer.bits(0, 1);
                }
                writer.bits(1, 12);
            }
            let mixed = self.compression == 3 && self.t4_options & 1 == 1;
            let of_runs = number % 3 == 0;
            if mixed {
                writer.bits(u16::from(of_runs), 1);
            }
            if self.compression == 4 || (mixed && !of_runs) {
                writer.changes(&before, &row);
            } else {
                writer.runs(&row);
            }
            while self.compression == 2 && writer.0.len() % 8 != 0 {
                writer.bits(0, 1);
            }
            before = row;
        }
        let byte = |bits: &[bool]| {
            bits.iter().enumerate().fold(0, |byte, (at, &bit)| byte | u8::from(bit) << (7 - at))
        };
        writer.0.chunks(8).map(byte).collect()
    }
}

/// One tag: number, type, values as bytes, and how many they are.
type Entry = (u16, u16, Vec<u8>, u64);

/// Writes a file. `samples` gives those of one pixel.
fn write(
    storage: Storage,
    photometric: u16,
    extra: &[u16],
    channels: usize,
    samples: impl Fn(usize, usize) -> Vec<u8>,
    more: Vec<Entry>,
) -> Vec<u8> {
    let (chunk_width, chunk_height) =
        if storage.tiled { (TILE, TILE) } else { (WIDTH, ROWS_PER_STRIP) };
    let planes = if storage.separate { channels } else { 1 };
    let mut chunks = Vec::new();
    for plane in 0..planes {
        for top in (0..HEIGHT).step_by(chunk_height) {
            for left in (0..WIDTH).step_by(chunk_width) {
                let rows = if storage.tiled { TILE } else { chunk_height.min(HEIGHT - top) };
                let mut data = Vec::new();
                for y in top..top + rows {
                    let mut row = Vec::new();
                    for x in left..left + chunk_width {
                        let inside = x < WIDTH && y < HEIGHT;
                        let all = if inside { samples(x, y) } else { vec![17; channels] };
                        row.extend_from_slice(if storage.separate {
                            &all[plane..=plane]
                        } else {
                            &all[..]
                        });
                    }
                    data.extend(storage.row(&row, channels / planes));
                }
                chunks.push(storage.compressed(data));
            }
        }
    }
    let shorts = |values: &[u16]| -> (u16, Vec<u8>, u64) {
        (3, values.iter().flat_map(|&v| storage.u16(v)).collect(), values.len() as u64)
    };
    let mut entries: Vec<Entry> = more;
    let mut add = |tag: u16, (kind, bytes, count): (u16, Vec<u8>, u64)| {
        entries.push((tag, kind, bytes, count));
    };
    add(256, shorts(&[WIDTH as u16]));
    add(257, shorts(&[HEIGHT as u16]));
    add(258, shorts(&vec![storage.bits; channels]));
    add(259, shorts(&[storage.compression]));
    add(262, shorts(&[photometric]));
    if storage.reversed {
        add(266, shorts(&[2]));
    }
    add(274, shorts(&[storage.orientation]));
    add(277, shorts(&[channels as u16]));
    add(284, shorts(&[if storage.separate { 2 } else { 1 }]));
    if storage.predictor != 1 {
        add(317, shorts(&[storage.predictor]));
    }
    if !extra.is_empty() {
        add(338, shorts(extra));
    }
    if storage.is_float {
        add(339, shorts(&vec![3; channels]));
    }
    if storage.compression == 3 {
        add(292, (4, storage.u32(storage.t4_options).to_vec(), 1));
    }
    let (offsets, counts) = if storage.tiled {
        add(322, shorts(&[TILE as u16]));
        add(323, shorts(&[TILE as u16]));
        if storage.as_strips { (273, 279) } else { (324, 325) }
    } else {
        add(278, shorts(&[ROWS_PER_STRIP as u16]));
        (273, 279)
    };
    // The pixels stand right behind the header.
    let start = if storage.big_tiff { 16 } else { 8 };
    let mut at = start;
    let mut places = Vec::new();
    for chunk in &chunks {
        places.extend(storage.u32(at as u32));
        at += chunk.len() + chunk.len() % 2;
    }
    let length = |chunk: &Vec<u8>| if storage.no_lengths { 0 } else { chunk.len() as u32 };
    let lengths = chunks.iter().flat_map(|chunk| storage.u32(length(chunk))).collect();
    add(offsets, (4, places, chunks.len() as u64));
    add(counts, (4, lengths, chunks.len() as u64));
    entries.sort_by_key(|entry| entry.0);
    assemble(storage, &chunks, at, &entries)
}

fn assemble(storage: Storage, chunks: &[Vec<u8>], directory: usize, entries: &[Entry]) -> Vec<u8> {
    let mut file = if storage.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    if storage.big_tiff {
        file.extend(storage.u16(43));
        file.extend(storage.u16(8));
        file.extend(storage.u16(0));
        file.extend(storage.u64(directory as u64));
    } else {
        file.extend(storage.u16(42));
        file.extend(storage.u32(directory as u32));
    }
    for chunk in chunks {
        file.extend_from_slice(chunk);
        file.extend(vec![0; chunk.len() % 2]);
    }
    assert_eq!(file.len(), directory);
    let (inline, length, head, tail) = if storage.big_tiff { (8, 20, 8, 8) } else { (4, 12, 2, 4) };
    let mut behind = Vec::new();
    let behind_at = directory + head + entries.len() * length + tail;
    if storage.big_tiff {
        file.extend(storage.u64(entries.len() as u64));
    } else {
        file.extend(storage.u16(entries.len() as u16));
    }
    for (tag, kind, bytes, count) in entries {
        file.extend(storage.u16(*tag));
        file.extend(storage.u16(*kind));
        let mut value = bytes.clone();
        if value.len() > inline {
            let place = behind_at + behind.len();
            behind.extend_from_slice(bytes);
            behind.extend(vec![0; bytes.len() % 2]);
            value = if storage.big_tiff {
                storage.u64(place as u64).to_vec()
            } else {
                storage.u32(place as u32).to_vec()
            };
        }
        value.resize(inline, 0);
        if storage.big_tiff {
            file.extend(storage.u64(*count));
        } else {
            file.extend(storage.u32(*count as u32));
        }
        file.extend(value);
    }
    file.extend(vec![0; tail]);
    file.extend(behind);
    file
}

/// Decodes and compares, with this tolerance a sample.
fn check(what: &str, file: &[u8], tolerance: u8, seen: impl Fn(usize, usize) -> [u8; 3]) {
    let decoded = decode(file).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!((decoded.width, decoded.height), (WIDTH as u32, HEIGHT as u32), "{what}");
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let found = &decoded.pixels.row(y)[x * 3..x * 3 + 3];
            let expected = seen(x, y);
            let off = found.iter().zip(expected).map(|(&a, b)| a.abs_diff(b)).max().unwrap();
            assert!(off <= tolerance, "{what}: {found:?} instead of {expected:?} at {x}, {y}");
        }
    }
}

#[test]
fn every_combination_of_layout_and_storage() {
    let mut count = 0;
    let flags = [false, true];
    for kind in &KINDS {
        let channels = (kind.samples)([0; 3], 0).len();
        for (bits, compression) in [8, 16]
            .into_iter()
            .flat_map(|bits| [1, 5, 8, 32946, 32773, 50000].map(|compression| (bits, compression)))
        {
            for shape in 0..16 {
                let flag = |place: u32| flags[shape >> place & 1];
                let (separate, tiled, big_endian, predicted) = (flag(0), flag(1), flag(2), flag(3));
                let predictable = matches!(compression, 5 | 8 | 32946 | 50000);
                if (separate && channels == 1) || (predicted && !predictable) {
                    continue;
                }
                let storage = Storage {
                    bits,
                    separate,
                    tiled,
                    big_endian,
                    compression,
                    predictor: if predicted { 2 } else { 1 },
                    // Where nothing else depends on it.
                    big_tiff: compression == 8 && bits == 8,
                    ..PLAIN
                };
                let samples = |x, y| {
                    let (color, alpha) = pixel(x, y);
                    (kind.samples)(color, alpha)
                };
                let file =
                    write(storage, kind.photometric, kind.extra, channels, samples, Vec::new());
                let what = format!("{} {storage:?}", kind.name);
                check(&what, &file, 0, |x, y| {
                    let (color, alpha) = pixel(x, y);
                    (kind.seen)(color, alpha)
                });
                count += 1;
            }
        }
    }
    println!("{count} combinations");
    assert!(count > 1500, "only {count} combinations");
}

#[test]
fn every_depth_of_samples() {
    for bits in 1..=16 {
        for tiled in [false, true] {
            for photometric in [0, 1, 2] {
                let storage = Storage { bits, tiled, ..PLAIN };
                let largest = (1u32 << bits) - 1;
                let channels = if photometric == 2 { 3 } else { 1 };
                let file = write(
                    storage,
                    photometric,
                    &[],
                    channels,
                    |x, y| pixel(x, y).0[..channels].to_vec(),
                    Vec::new(),
                );
                // What is left of a value of 8 bits at this depth.
                let kept = |value: u8| {
                    let stored = (u32::from(value) * largest + 127) / 255;
                    let stored = if photometric == 0 { largest - stored } else { stored };
                    ((stored * 255 + largest / 2) / largest) as u8
                };
                check(&format!("{bits} bits, {storage:?}"), &file, 1, |x, y| {
                    let (color, _) = pixel(x, y);
                    if channels == 3 { color.map(kept) } else { [kept(color[0]); 3] }
                });
            }
        }
    }
}

#[test]
fn floating_point_from_black_to_white() {
    for bits in [16, 32, 64] {
        for predictor in [1, 3] {
            for (separate, big_endian) in [(false, false), (false, true), (true, false)] {
                let storage = Storage {
                    bits,
                    predictor,
                    separate,
                    big_endian,
                    is_float: true,
                    compression: 8,
                    ..PLAIN
                };
                let file = write(storage, 2, &[], 3, |x, y| pixel(x, y).0.to_vec(), Vec::new());
                check(&format!("{storage:?}"), &file, 1, |x, y| pixel(x, y).0);
            }
        }
    }
}

#[test]
fn palettes_of_every_depth() {
    for bits in [1u16, 2, 4, 8, 16] {
        let colors = 1usize << bits;
        let color = |index: usize| {
            let part = |step: usize| (index * step * 37 % 256) as u8;
            [part(1), part(3), 255 - part(5)]
        };
        let storage = Storage { bits, ..PLAIN };
        let map: Vec<u8> = (0..3)
            .flat_map(|channel| (0..colors).map(move |index| (channel, index)))
            .flat_map(|(channel, index)| storage.u16(u16::from(color(index)[channel]) * 257))
            .collect();
        let more = vec![(320, 3, map, 3 * colors as u64)];
        let file = write(storage, 3, &[], 1, |x, y| vec![pixel(x, y).0[0]], more);
        check(&format!("{bits} bits"), &file, 0, |x, y| {
            let value = u32::from(pixel(x, y).0[0]);
            let largest = colors as u32 - 1;
            let index = if bits == 16 { value * 257 } else { (value * largest + 127) / 255 };
            color(index as usize)
        });
    }
}

#[test]
fn orientation_and_order_of_bits() {
    for orientation in 1..=8 {
        for compression in [1, 5] {
            let storage = Storage { orientation, compression, reversed: true, ..PLAIN };
            let file = write(storage, 2, &[], 3, |x, y| pixel(x, y).0.to_vec(), Vec::new());
            let decoded = decode(&file).unwrap();
            assert_eq!(u16::from(decoded.orientation), orientation);
            let (width, height) = (WIDTH, HEIGHT);
            let turned = orientation >= 5;
            let size = if turned { (height, width) } else { (width, height) };
            assert_eq!((decoded.width as usize, decoded.height as usize), size);
            // Where the stored upper left corner is seen.
            let (right, lower) = (size.0 - 1, size.1 - 1);
            let corners = [(0, 0), (right, 0), (right, lower), (0, lower)];
            let (x, y) = match orientation {
                1 | 5 => corners[0],
                2 | 6 => corners[1],
                3 | 7 => corners[2],
                _ => corners[3],
            };
            assert_eq!(decoded.pixels.row(y)[x * 3..x * 3 + 3], pixel(0, 0).0, "{orientation}");
        }
    }
}

#[test]
fn fax_codes_of_every_kind() {
    // Compression, T4Options, line ends.
    let kinds = [
        (2, 0, false),
        (3, 0, false),
        (3, 0, true),
        (3, 4, true),
        (3, 1, true),
        (3, 5, true),
        (4, 0, false),
    ];
    let black = |x, y| {
        let (color, alpha) = pixel(x, y);
        (color[1] ^ alpha) & 0x18 == 0x18 || y == 3 || (y == 4 && x < 21)
    };
    for (compression, t4_options, line_ends) in kinds {
        for (tiled, reversed) in [(false, false), (true, false), (false, true)] {
            for photometric in [0, 1] {
                let storage = Storage {
                    bits: 1,
                    compression,
                    t4_options,
                    line_ends,
                    tiled,
                    reversed,
                    ..PLAIN
                };
                let samples = |x, y| vec![if black(x, y) { 255 } else { 0 }];
                let file = write(storage, photometric, &[], 1, samples, Vec::new());
                check(&format!("{photometric}, {storage:?}"), &file, 0, |x, y| {
                    [if black(x, y) == (photometric == 0) { 0 } else { 255 }; 3]
                });
            }
        }
    }
}

#[test]
fn fax_machines_leave_out_which_value_is_white() {
    let storage = Storage { bits: 1, compression: 4, ..PLAIN };
    let black = |x: usize, y: usize| (x * y) % 5 < 2;
    let samples = |x, y| vec![if black(x, y) { 255 } else { 0 }];
    let mut file = write(storage, 0, &[], 1, samples, Vec::new());
    // The tag becomes one that nobody reads.
    let directory = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let mut entries = file[directory + 2..].chunks_exact_mut(12);
    let entry = entries.find(|entry| entry[..2] == 262u16.to_le_bytes()).unwrap();
    entry[..2].copy_from_slice(&263u16.to_le_bytes());
    check("no tag 262", &file, 0, |x, y| [if black(x, y) { 0 } else { 255 }; 3]);
}

#[test]
fn tags_that_writers_confuse() {
    for compression in [1, 5, 8] {
        for (as_strips, tiled) in [(true, true), (false, true), (false, false)] {
            let no_lengths = !as_strips;
            let storage = Storage { compression, tiled, as_strips, no_lengths, ..PLAIN };
            let file = write(storage, 2, &[], 3, |x, y| pixel(x, y).0.to_vec(), Vec::new());
            check(&format!("{storage:?}"), &file, 0, |x, y| pixel(x, y).0);
        }
    }
    // A place of 0 is no place: the pixels are not what stands at the start of the file.
    let storage = Storage { no_lengths: true, ..PLAIN };
    let mut file = write(storage, 2, &[], 3, |x, y| pixel(x, y).0.to_vec(), Vec::new());
    let place = file.windows(4).rposition(|bytes| bytes == 8u32.to_le_bytes()).unwrap();
    file[place..place + 4].fill(0);
    assert_eq!(decode(&file).unwrap_err().kind(), ErrorKind::Decode);
}

/// A JPEG file of single-coloured blocks of 8 x 8 pixels, with a component for each sample that
/// `block` gives for the block at its place. Its codes: 4 bits for how many bits a difference has,
/// one bit for the end of a block.
fn blocks(width: usize, height: usize, block: impl Fn(usize, usize) -> Vec<u8>) -> Vec<u8> {
    let components = block(0, 0).len();
    // All divisors are 8: the first coefficient is the sample itself, less 128.
    let mut file = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
    file.extend([8; 64]);
    file.extend([0xFF, 0xC0, 0, (8 + 3 * components) as u8, 8]);
    file.extend([0, height as u8, 0, width as u8, components as u8]);
    file.extend((1..=components as u8).flat_map(|name| [name, 0x11, 0]));
    file.extend([0xFF, 0xC4, 0, 31, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(0..12);
    file.extend([0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend([0xFF, 0xDA, 0, (6 + 2 * components) as u8, components as u8]);
    file.extend((1..=components as u8).flat_map(|name| [name, 0]));
    file.extend([0, 63, 0]);
    let mut writer = FaxWriter::default();
    let mut before = vec![128i32; components];
    for y in 0..height.div_ceil(8) {
        for x in 0..width.div_ceil(8) {
            for (before, sample) in before.iter_mut().zip(block(x, y)) {
                let difference = i32::from(sample) - *before;
                *before = i32::from(sample);
                let size = 32 - difference.abs().leading_zeros();
                writer.bits(size as u16, 4);
                let bits = if difference < 0 { difference - 1 } else { difference };
                writer.bits(bits as u16, size as u8);
                writer.bits(0, 1);
            }
        }
    }
    writer.0.resize(writer.0.len().next_multiple_of(8), true);
    for bits in writer.0.chunks(8) {
        let byte = bits.iter().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
        file.extend(if byte == 0xFF { vec![0xFF, 0] } else { vec![byte] });
    }
    file.extend([0xFF, 0xD9]);
    file
}

#[test]
fn jpeg_compression_of_every_kind_of_colour() {
    let block = |x: usize, y: usize| [40 + 60 * x, 200 - 50 * y, 90 + 20 * x * y, 10 + 30 * y];
    for photometric in [1, 2, 5] {
        let channels = match photometric {
            1 => 1,
            5 => 4,
            _ => 3,
        };
        let samples = |x, y| block(x, y)[..channels].iter().map(|&v| v as u8).collect();
        let jpeg = blocks(WIDTH, HEIGHT, samples);
        let shorts = |values: &[u16]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let entry = |tag, value: u16| (tag, 3, shorts(&[value]), 1);
        let entries = [
            entry(256, WIDTH as u16),
            entry(257, HEIGHT as u16),
            (258, 3, shorts(&vec![8; channels]), channels as u64),
            entry(259, 7),
            entry(262, photometric),
            (273, 4, PLAIN.u32(8).to_vec(), 1),
            entry(277, channels as u16),
            entry(278, HEIGHT as u16),
            (279, 4, PLAIN.u32(jpeg.len() as u32).to_vec(), 1),
        ];
        let directory = 8 + jpeg.len().next_multiple_of(2);
        let file = assemble(PLAIN, &[jpeg], directory, &entries);
        check(&format!("photometric {photometric}"), &file, 1, |x, y| {
            let stored = block(x / 8, y / 8).map(|value| value as u32);
            match photometric {
                1 => [stored[0] as u8; 3],
                2 => [stored[0] as u8, stored[1] as u8, stored[2] as u8],
                // Amounts of ink as they are, not inverted as in files that are JPEG alone.
                _ => [0, 1, 2].map(|ink| ((255 - stored[ink]) * (255 - stored[3]) / 255) as u8),
            }
        });
    }
}

#[test]
fn what_is_not_read_is_named() {
    let rgb = |storage, more| write(storage, 2, &[], 3, |x, y| pixel(x, y).0.to_vec(), more);
    let format = |value: u16| vec![(339, 3, PLAIN.u16(value).repeat(3), 3)];
    let files = [
        (rgb(Storage { compression: 34925, ..PLAIN }, Vec::new()), "LZMA"),
        (rgb(Storage { compression: 6, ..PLAIN }, Vec::new()), "obsolete"),
        (rgb(Storage { compression: 50001, ..PLAIN }, Vec::new()), "WebP"),
        (rgb(PLAIN, format(2)), "negative"),
        (rgb(PLAIN, format(6)), "complex"),
        (rgb(Storage { compression: 8, predictor: 3, ..PLAIN }, Vec::new()), "predictor"),
        (write(PLAIN, 1, &[], 33, |_, _| vec![1; 33], Vec::new()), "33 samples"),
        (write(PLAIN, 8, &[], 3, |_, _| vec![1; 3], Vec::new()), "L*a*b*"),
        (write(PLAIN, 5, &[2], 5, |_, _| vec![1; 5], Vec::new()), "transparency"),
    ];
    for (file, word) in files {
        let error = decode(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{word}: {error}");
        assert!(error.message().contains(word), "{word}: {error}");
        assert!(!error.message().contains("Unknown("), "{error}");
    }
}

#[test]
fn the_page_that_is_the_picture() {
    // A smaller copy first, a page, another page: the chain is made by hand from three files whose
    // offsets are shifted.
    let single = |kind: u32| {
        let more = vec![(254, 4, PLAIN.u32(kind).to_vec(), 1)];
        write(PLAIN, 1, &[], 1, |x, y| vec![pixel(x, y).0[0] / (1 + kind as u8)], more)
    };
    let mut file = single(1);
    for kind in [0, 2] {
        // The directory of the next page starts here; its offsets move with it.
        let moved = file.len();
        let mut page = single(kind);
        let directory = u32::from_le_bytes(page[4..8].try_into().unwrap()) as usize;
        let count =
            usize::from(u16::from_le_bytes(page[directory..directory + 2].try_into().unwrap()));
        for entry in 0..count {
            let at = directory + 2 + entry * 12;
            let tag = u16::from_le_bytes(page[at..at + 2].try_into().unwrap());
            let length = u32::from_le_bytes(page[at + 4..at + 8].try_into().unwrap()) as usize;
            let kind = u16::from_le_bytes(page[at + 2..at + 4].try_into().unwrap());
            let mut shift = |at: usize| {
                let value = u32::from_le_bytes(page[at..at + 4].try_into().unwrap());
                page[at..at + 4].copy_from_slice(&(value + moved as u32).to_le_bytes());
            };
            let inside = length * if kind == 3 { 2 } else { 4 } <= 4;
            if !inside {
                shift(at + 8);
            }
            if tag == 273 {
                let place = u32::from_le_bytes(page[at + 8..at + 12].try_into().unwrap()) as usize;
                let first = if inside { at + 8 } else { place - moved };
                for index in 0..length {
                    let at = first + index * 4;
                    let value = u32::from_le_bytes(page[at..at + 4].try_into().unwrap());
                    page[at..at + 4].copy_from_slice(&(value + moved as u32).to_le_bytes());
                }
            }
        }
        // The link from the page before: behind its last entry.
        let mut at = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
        loop {
            let count = usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
            let link = at + 2 + count * 12;
            let next = u32::from_le_bytes(file[link..link + 4].try_into().unwrap()) as usize;
            if next == 0 {
                let target = (moved + directory) as u32;
                file[link..link + 4].copy_from_slice(&target.to_le_bytes());
                break;
            }
            at = next;
        }
        file.extend(page);
    }
    check("three pages", &file, 0, |x, y| [pixel(x, y).0[0]; 3]);
    assert_eq!(decode(&file).unwrap().notes, [Note::ReducedCopySkipped, Note::FirstPageOnly]);
}
