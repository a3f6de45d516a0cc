//! Strips and tiles to interleaved samples.

use super::chunk::Chunk;
use super::compression::Compression;
use super::ycbcr::YCbCr;
use super::{damaged, unsupported};
use crate::error::{Error, ErrorKind, Result};
use crate::image::checks::buffer;
use crate::image::directory::{Directory, File, tag};
use crate::image::format::{Format, malformed_header};
use crate::image::jpeg;
use crate::image::layout::{Layout, SampleData};
use crate::image::samples::Samples;
use crate::limits::MAX_DECODE_ALLOCATION;

/// Most samples of a pixel: beyond pictures, which have five or six, and short of what would cost
/// more than they are worth.
const MAX_SAMPLES: usize = 32;

/// What the first samples of a pixel mean (tag `PhotometricInterpretation`).
#[derive(Clone, Debug, PartialEq)]
enum Colors {
    /// A shade; whether 0 is white.
    Gray {
        white_is_zero: bool,
    },
    Rgb,
    /// A place in this table.
    Palette(Vec<[u8; 3]>),
    Cmyk,
    YCbCr(YCbCr),
}

impl Colors {
    /// Samples of a pixel, without those that are extra.
    fn samples(&self) -> usize {
        match self {
            Self::Gray { .. } | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr(_) => 3,
            Self::Cmyk => 4,
        }
    }
}

/// What is undone after decompression (tag `Predictor`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Predictor {
    None,
    Difference,
    FloatingPoint,
}

/// How the picture is cut into strips or tiles.
struct Chunks {
    /// Columns and rows of a whole one.
    width: usize,
    height: usize,
    /// How many stand side by side, and below each other.
    across: usize,
    down: usize,
    /// Whether those at the edges are whole, with padding.
    padded: bool,
    offsets: Vec<u64>,
    /// Empty where the file does not say.
    lengths: Vec<u64>,
}

/// A picture's tags, checked.
pub(super) struct Raster<'a> {
    file: File<'a>,
    directory: Directory<'a>,
    pub(super) width: usize,
    pub(super) height: usize,
    bits: usize,
    is_float: bool,
    /// Samples of a pixel, all of them.
    samples: usize,
    separate_planes: bool,
    compression: Compression,
    predictor: Predictor,
    colors: Colors,
    /// Which sample is opacity, and whether the colours are multiplied by it.
    alpha: Option<(usize, bool)>,
    chunks: Chunks,
}

impl<'a> Raster<'a> {
    /// Reads the tags of a picture.
    pub(super) fn read(file: File<'a>, directory: Directory<'a>) -> Result<Self> {
        let malformed = || malformed_header(Format::Tiff);
        let side = |name| {
            let side = directory.tag(name).and_then(|side| usize::try_from(side).ok());
            side.filter(|&side| side > 0).ok_or_else(malformed)
        };
        let (width, height) = (side(tag::IMAGE_WIDTH)?, side(tag::IMAGE_LENGTH)?);
        let samples = directory.tag(tag::SAMPLES_PER_PIXEL).unwrap_or(1) as usize;
        if samples > MAX_SAMPLES {
            return Err(unsupported(&format!("a pixel of {samples} samples")));
        }
        let bits = uniform(&directory, tag::BITS_PER_SAMPLE, 1)
            .ok_or_else(|| unsupported("a mix of sample depths"))?;
        let sample_format = uniform(&directory, tag::SAMPLE_FORMAT, 1)
            .ok_or_else(|| unsupported("a mix of sample types"))?;
        let is_float = match (sample_format, bits) {
            (1 | 4, 1..=16) => false,
            (3, 16 | 24 | 32 | 64) => true,
            (1 | 4, bits) => return Err(unsupported(&format!("a depth of {bits} bits"))),
            (3, bits) => {
                return Err(unsupported(&format!("floating point with {bits} bits")));
            }
            (2, _) => return Err(unsupported("a sample type with negative numbers")),
            _ => return Err(unsupported("a sample type of complex numbers")),
        };
        let compression = Compression::new(
            directory.tag(tag::COMPRESSION).unwrap_or(1),
            directory.tag(tag::T4_OPTIONS).unwrap_or(0),
        )?;
        let predicted =
            matches!(compression, Compression::Lzw | Compression::Deflate | Compression::Zstd);
        let predictor = match directory.tag(tag::PREDICTOR).unwrap_or(1) {
            _ if !predicted => Predictor::None,
            1 => Predictor::None,
            2 if !is_float && matches!(bits, 8 | 16) => Predictor::Difference,
            3 if is_float => Predictor::FloatingPoint,
            other => return Err(unsupported(&format!("predictor {other} at {bits} bits"))),
        };
        let separate_planes = directory.tag(tag::PLANAR_CONFIGURATION) == Some(2) && samples > 1;
        let colors = colors(&directory, compression, bits as usize, is_float)?;
        if samples < colors.samples() {
            return Err(malformed());
        }
        if compression.is_fax() && (bits, samples) != (1, 1) {
            return Err(malformed());
        }
        let alpha = alpha(&directory, &colors, samples);
        if alpha.is_some() && colors == Colors::Cmyk {
            return Err(unsupported("transparency of inks"));
        }
        let planes = if separate_planes { samples } else { 1 };
        let chunks = Chunks::read(&directory, width, height, planes, samples * bits as usize)?;
        Ok(Self {
            file,
            directory,
            width,
            height,
            bits: bits as usize,
            is_float,
            samples,
            separate_planes,
            compression,
            predictor,
            colors,
            alpha,
            chunks,
        })
    }

    /// Decodes the pixels.
    pub(super) fn decode(&self) -> Result<Samples> {
        let (layout, data) = match &self.colors {
            _ if self.compression == Compression::Jpeg => self.decode_jpeg()?,
            Colors::YCbCr(conversion) => {
                let rgb = self.decode_ycbcr(conversion)?;
                (Layout::Rgb, SampleData::U8(rgb))
            }
            _ => self.decode_plain()?,
        };
        let (Ok(width), Ok(height)) = (u32::try_from(self.width), u32::try_from(self.height))
        else {
            return Err(malformed_header(Format::Tiff));
        };
        Ok(Samples {
            format: Format::Tiff,
            width,
            height,
            layout,
            data,
            premultiplied: self.alpha.is_some_and(|(_, premultiplied)| premultiplied),
            orientation: self.directory.orientation().unwrap_or(1),
            icc: self.directory.bytes(tag::ICC_PROFILE).map(<[u8]>::to_vec),
            cicp: None,
            notes: Vec::new(),
        })
    }

    /// Samples that stand as they are, or as places in a palette.
    fn decode_plain(&self) -> Result<(Layout, SampleData)> {
        let layout = match (&self.colors, self.alpha.is_some()) {
            (Colors::Gray { .. }, false) => Layout::Gray,
            (Colors::Gray { .. }, true) => Layout::GrayAlpha,
            (Colors::Cmyk, _) => Layout::Cmyk,
            (_, false) => Layout::Rgb,
            (_, true) => Layout::Rgba,
        };
        let count = (self.width * self.height * layout.channels()) as u64;
        let wide = self.bits > 8 && !matches!(self.colors, Colors::Palette(_));
        if wide {
            let mut output = buffer(count * 2)?;
            self.fill(layout, |at, value| {
                output[at * 2..at * 2 + 2].copy_from_slice(&value.to_ne_bytes());
            })?;
            let words = output.as_chunks::<2>().0.iter().map(|&bytes| u16::from_ne_bytes(bytes));
            Ok((layout, SampleData::U16(words.collect())))
        } else {
            let mut output = buffer(count)?;
            self.fill(layout, |at, value| output[at] = value as u8)?;
            Ok((layout, SampleData::U8(output)))
        }
    }

    /// Decodes all strips or tiles and puts each sample of the layout to its place.
    fn fill(&self, layout: Layout, mut put: impl FnMut(usize, u16)) -> Result<()> {
        let planes = if self.separate_planes { self.samples } else { 1 };
        let stored = self.samples / planes;
        let scale = Scale::new(self.bits, self.is_float);
        let channels = layout.channels();
        let colors = self.colors.samples();
        for plane in 0..planes {
            // Which samples of this plane are kept, and where they go in a pixel.
            let kept: Vec<(usize, usize)> = (0..stored)
                .filter_map(|sample| {
                    let all = plane * stored + sample;
                    let place = if all < colors {
                        Some(all)
                    } else {
                        let opacity = self.alpha.is_some_and(|(alpha, _)| alpha == all);
                        opacity.then_some(channels - 1)
                    };
                    place.map(|place| (sample, place))
                })
                .collect();
            if kept.is_empty() {
                continue;
            }
            let mut values = Vec::new();
            for index in 0..self.chunks.across * self.chunks.down {
                let chunk = self.chunks.chunk(index, self.width, self.height);
                let row_bytes = row_bytes(chunk.width, stored * self.bits);
                let data = self.chunk_bytes(plane, index, row_bytes * chunk.height, chunk.width)?;
                let (data, big_endian) = self.unpredicted(data, row_bytes, stored)?;
                for (row, bytes) in data.chunks_exact(row_bytes).take(chunk.rows).enumerate() {
                    values.clear();
                    scale.read(bytes, chunk.columns * stored, big_endian, &mut values)?;
                    let start = (chunk.top + row) * self.width + chunk.left;
                    for (column, pixel) in values.chunks_exact(stored).enumerate() {
                        let at = (start + column) * channels;
                        for &(sample, place) in &kept {
                            self.put(&scale, pixel[sample], at, place, &mut put);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts one sample, of place `place` in the pixel at `at`.
    fn put(
        &self,
        scale: &Scale,
        value: u16,
        at: usize,
        place: usize,
        put: &mut impl FnMut(usize, u16),
    ) {
        match &self.colors {
            Colors::Palette(table) if place == 0 => {
                let color = table.get(usize::from(value)).copied().unwrap_or_default();
                for (place, value) in color.into_iter().enumerate() {
                    put(at + place, u16::from(value));
                }
            }
            Colors::Gray { white_is_zero: true } if place == 0 => {
                put(at, scale.full() - scale.scaled(value));
            }
            Colors::Palette(_) => put(at + place, scale.narrowed(value)),
            _ => put(at + place, scale.scaled(value)),
        }
    }

    /// The bytes of a strip or tile, decompressed.
    pub(super) fn chunk_bytes(
        &self,
        plane: usize,
        index: usize,
        length: usize,
        width: usize,
    ) -> Result<Vec<u8>> {
        let stored = self.stored_chunk(plane, index)?;
        if self.directory.tag(tag::FILL_ORDER) == Some(2) {
            let reversed: Vec<u8> = stored.iter().map(|byte| byte.reverse_bits()).collect();
            return self.compression.decompress(&reversed, length, width);
        }
        self.compression.decompress(stored, length, width)
    }

    /// The bytes of a strip or tile as stored.
    fn stored_chunk(&self, plane: usize, index: usize) -> Result<&'a [u8]> {
        let Chunks { across, down, offsets, lengths, .. } = &self.chunks;
        let index = plane * across * down + index;
        let place = |values: &[u64]| {
            values.get(index).and_then(|&value| usize::try_from(value).ok()).ok_or_else(damaged)
        };
        let rest = self.file.bytes.get(place(offsets)?..).ok_or_else(damaged)?;
        let length = if lengths.is_empty() { 0 } else { place(lengths)? };
        // Some writers leave the length out, or store 0: then all that follows. At place 0 there is
        // nothing, which means pixels that nobody stored.
        let unknown = length == 0 && place(offsets)? != 0;
        Ok(if unknown { rest } else { &rest[..length.min(rest.len())] })
    }

    /// Undoes the prediction; the bytes, and whether they are now big-endian.
    fn unpredicted(
        &self,
        mut data: Vec<u8>,
        row_bytes: usize,
        stored: usize,
    ) -> Result<(Vec<u8>, bool)> {
        let big_endian = self.file.big_endian;
        match self.predictor {
            Predictor::None => Ok((data, big_endian)),
            Predictor::Difference => {
                for row in data.chunks_exact_mut(row_bytes) {
                    add_differences(row, self.bits, stored, big_endian);
                }
                Ok((data, big_endian))
            }
            Predictor::FloatingPoint => {
                // Adobe Photoshop, TIFF technical note 3: bytes of equal weight stand together, the
                // most significant first, and each is the difference to the one before.
                let size = self.bits / 8;
                let mut whole = buffer(row_bytes as u64)?;
                for row in data.chunks_exact_mut(row_bytes) {
                    add_differences(row, 8, stored, big_endian);
                    let count = row.len() / size;
                    for (index, byte) in whole.iter_mut().enumerate() {
                        *byte = row[index % size * count + index / size];
                    }
                    row.copy_from_slice(&whole);
                }
                Ok((data, true))
            }
        }
    }

    /// Strips or tiles that are JPEG files without their tables.
    fn decode_jpeg(&self) -> Result<(Layout, SampleData)> {
        if self.separate_planes || self.samples != self.colors.samples() {
            return Err(unsupported("JPEG compression of separate planes or extra samples"));
        }
        let layout = match self.colors {
            Colors::Gray { white_is_zero: false } => Layout::Gray,
            Colors::Rgb | Colors::YCbCr(_) => Layout::Rgb,
            Colors::Cmyk => Layout::Cmyk,
            _ => return Err(unsupported("JPEG compression of palettes or of white as zero")),
        };
        let ycbcr = matches!(self.colors, Colors::YCbCr(_));
        let channels = layout.channels();
        let mut output = buffer((self.width * self.height * channels) as u64)?;
        let tables = self.directory.bytes(tag::JPEG_TABLES);
        for index in 0..self.chunks.across * self.chunks.down {
            let chunk = self.chunks.chunk(index, self.width, self.height);
            let part = jpeg::decode_part(tables, self.stored_chunk(0, index)?, !ycbcr)?;
            if part.channels != channels || part.width < chunk.columns || part.height < chunk.rows {
                return Err(damaged());
            }
            let rows = part.pixels.chunks_exact(part.width * channels).take(chunk.rows);
            for (row, from) in rows.enumerate() {
                let at = ((chunk.top + row) * self.width + chunk.left) * channels;
                let length = chunk.columns * channels;
                output[at..at + length].copy_from_slice(&from[..length]);
            }
        }
        Ok((layout, SampleData::U8(output)))
    }

    /// Brightness and colour differences that are not JPEG's.
    fn decode_ycbcr(&self, conversion: &YCbCr) -> Result<Vec<u8>> {
        if self.separate_planes || self.samples != 3 || self.bits != 8 {
            return Err(unsupported("YCbCr in separate planes, with extra samples or 16 bits"));
        }
        if self.predictor != Predictor::None && !conversion.is_full() {
            return Err(unsupported("a predictor for subsampled YCbCr"));
        }
        let mut output = buffer((self.width * self.height * 3) as u64)?;
        for index in 0..self.chunks.across * self.chunks.down {
            let chunk = self.chunks.chunk(index, self.width, self.height);
            let length = conversion.bytes(chunk.width, chunk.height);
            let data = self.chunk_bytes(0, index, length, chunk.width)?;
            let (data, _) = self.unpredicted(data, chunk.width * 3, 3)?;
            conversion.write(&data, chunk, self.width, &mut output);
        }
        Ok(output)
    }
}

/// The value that all samples share in a tag; `None` where they differ.
fn uniform(directory: &Directory<'_>, name: u16, default: u64) -> Option<u64> {
    let values = directory.tags(name);
    let first = values.first().copied().unwrap_or(default);
    values.iter().all(|&value| value == first).then_some(first)
}

fn colors(
    directory: &Directory<'_>,
    compression: Compression,
    bits: usize,
    is_float: bool,
) -> Result<Colors> {
    let photometric = directory.tag(tag::PHOTOMETRIC);
    // Programs for fax machines leave it out; there, 0 is white.
    let photometric = photometric.or_else(|| compression.is_fax().then_some(0));
    if is_float && !matches!(photometric, Some(0..=2)) {
        return Err(unsupported("floating point in anything but shades and RGB"));
    }
    Ok(match photometric {
        Some(white_is_zero @ 0..=1) => Colors::Gray { white_is_zero: white_is_zero == 0 },
        Some(2) => Colors::Rgb,
        Some(3) => Colors::Palette(palette(directory, bits)?),
        Some(5) if directory.tag(tag::INK_SET).unwrap_or(1) == 1 => Colors::Cmyk,
        Some(5) => return Err(unsupported("a set of inks other than CMYK")),
        Some(6) => Colors::YCbCr(YCbCr::read(directory)?),
        Some(8..=10) => return Err(unsupported("the colour space CIE L*a*b*")),
        Some(32844 | 32845) => return Err(unsupported("the colour space LogLuv")),
        Some(4) => return Err(unsupported("a transparency mask without a picture")),
        Some(other) => return Err(unsupported(&format!("photometric interpretation {other}"))),
        None => return Err(malformed_header(Format::Tiff)),
    })
}

/// The colours of a palette: three columns of 16 bits.
fn palette(directory: &Directory<'_>, bits: usize) -> Result<Vec<[u8; 3]>> {
    let values = directory.tags(tag::COLOR_MAP);
    let count = 1 << bits;
    if values.len() < 3 * count {
        return Err(damaged());
    }
    // Some writers store 8 bits in the lower half; libtiff tells them by that, too.
    let shift = if values.iter().all(|&value| value < 256) { 0 } else { 8 };
    let color = |index, column| (values[column * count + index] >> shift) as u8;
    Ok((0..count).map(|index| [color(index, 0), color(index, 1), color(index, 2)]).collect())
}

/// Which sample is opacity, and whether colours are multiplied by it (tag `ExtraSamples`).
fn alpha(directory: &Directory<'_>, colors: &Colors, samples: usize) -> Option<(usize, bool)> {
    let extra = directory.tags(tag::EXTRA_SAMPLES);
    let first = colors.samples();
    if extra.is_empty() {
        // A fourth sample beside RGB that no tag explains is taken for opacity, as by Pillow.
        return (*colors == Colors::Rgb && samples == 4).then_some((3, false));
    }
    let place = extra.iter().take(samples - first).position(|kind| matches!(kind, 1 | 2))?;
    Some((first + place, extra[place] == 1))
}

impl Chunks {
    /// `bits`: of a pixel, in all planes.
    fn read(
        directory: &Directory<'_>,
        width: usize,
        height: usize,
        planes: usize,
        bits: usize,
    ) -> Result<Self> {
        let side = |name| directory.tag(name).map(|side| side as usize);
        let has = |name| directory.tag(name).is_some();
        let tiled = has(tag::TILE_OFFSETS) || has(tag::TILE_WIDTH);
        let (columns, rows) = if tiled {
            let malformed = || malformed_header(Format::Tiff);
            (
                side(tag::TILE_WIDTH).ok_or_else(malformed)?,
                side(tag::TILE_LENGTH).ok_or_else(malformed)?,
            )
        } else {
            (width, side(tag::ROWS_PER_STRIP).unwrap_or(height).min(height))
        };
        // Some writers store the places of tiles as those of strips, which libtiff reads, too.
        let (offsets, lengths) = if has(tag::TILE_OFFSETS) {
            (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS)
        } else {
            (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS)
        };
        if columns == 0 || rows == 0 {
            return Err(malformed_header(Format::Tiff));
        }
        let (across, down) = (width.div_ceil(columns), height.div_ceil(rows));
        // Tiles far larger than the picture would cost far more than it is worth.
        let area = |a: usize, b: usize| (a as u64).saturating_mul(b as u64);
        let all = area(columns, rows).saturating_mul(area(across, down));
        if all.saturating_mul(bits as u64).div_ceil(8) > MAX_DECODE_ALLOCATION {
            let message = "the tiles of the TIFF image take more memory than allowed";
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let (offsets, lengths) = (directory.tags(offsets), directory.tags(lengths));
        if offsets.len() < across * down * planes {
            return Err(damaged());
        }
        Ok(Self { width: columns, height: rows, across, down, padded: tiled, offsets, lengths })
    }

    fn chunk(&self, index: usize, width: usize, height: usize) -> Chunk {
        let (left, top) = (index % self.across * self.width, index / self.across * self.height);
        let (columns, rows) = (self.width.min(width - left), self.height.min(height - top));
        let stored = if self.padded { self.height } else { rows };
        Chunk { left, top, width: self.width, height: stored, columns, rows }
    }
}

/// Bytes of a row of pixels of so many bits; bounded by `Chunks::read`.
fn row_bytes(width: usize, bits: usize) -> usize {
    (width as u64 * bits as u64).div_ceil(8) as usize
}

type Read = fn([u8; 2]) -> u16;
type Write = fn(u16) -> [u8; 2];

/// Adds to each sample of a row the one of the pixel before.
fn add_differences(row: &mut [u8], bits: usize, samples: usize, big_endian: bool) {
    if bits == 8 {
        for index in samples..row.len() {
            row[index] = row[index].wrapping_add(row[index - samples]);
        }
        return;
    }
    let (read, write): (Read, Write) = if big_endian {
        (u16::from_be_bytes, u16::to_be_bytes)
    } else {
        (u16::from_le_bytes, u16::to_le_bytes)
    };
    let row = row.as_chunks_mut::<2>().0;
    for index in samples..row.len() {
        row[index] = write(read(row[index]).wrapping_add(read(row[index - samples])));
    }
}

/// From stored samples to 8 bits, or to 16 where they have more.
struct Scale {
    bits: usize,
    is_float: bool,
    /// For up to 8 bits.
    table: Vec<u16>,
}

impl Scale {
    fn new(bits: usize, is_float: bool) -> Self {
        let largest = (1u32 << bits.min(8)) - 1;
        let table = (0..=largest).map(|value| ((value * 255 + largest / 2) / largest) as u16);
        Self { bits, is_float, table: table.collect() }
    }

    /// White.
    fn full(&self) -> u16 {
        if self.bits > 8 { u16::MAX } else { 255 }
    }

    /// A value as read, scaled.
    fn scaled(&self, value: u16) -> u16 {
        match self.bits {
            _ if self.is_float => value,
            0..=8 => self.table[usize::from(value)],
            16 => value,
            bits => {
                let largest = (1u32 << bits) - 1;
                ((u32::from(value) * 65535 + largest / 2) / largest) as u16
            }
        }
    }

    /// A value as read, in 8 bits whatever it had.
    fn narrowed(&self, value: u16) -> u16 {
        let scaled = self.scaled(value);
        if self.bits > 8 { u16::from(crate::image::color::rounded(scaled)) } else { scaled }
    }

    /// Reads `count` samples of a row, first bit first.
    fn read(
        &self,
        row: &[u8],
        count: usize,
        big_endian: bool,
        values: &mut Vec<u16>,
    ) -> Result<()> {
        if self.is_float {
            for bytes in row.chunks_exact(self.bits / 8).take(count) {
                values.push(from_float(bytes, big_endian)?);
            }
            return Ok(());
        }
        match self.bits {
            8 => values.extend(row[..count].iter().map(|&value| u16::from(value))),
            16 => {
                let words = row.as_chunks::<2>().0[..count].iter();
                values.extend(words.map(|&bytes| {
                    if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
                }));
            }
            bits => {
                let (mut rest, mut left) = (0u32, 0);
                let mut bytes = row.iter();
                for _ in 0..count {
                    while left < bits {
                        rest = rest << 8 | u32::from(bytes.next().copied().unwrap_or(0));
                        left += 8;
                    }
                    left -= bits;
                    values.push((rest >> left) as u16);
                    rest &= (1 << left) - 1;
                }
            }
        }
        Ok(())
    }
}

/// A floating-point sample, 1 being white, in 16 bits.
fn from_float(bytes: &[u8], big_endian: bool) -> Result<u16> {
    let mut wide = [0; 8];
    let size = bytes.len();
    wide[8 - size..].copy_from_slice(bytes);
    if !big_endian {
        wide[8 - size..].reverse();
    }
    let raw = u64::from_be_bytes(wide);
    let value = match size {
        2 => f64::from(half::f16::from_bits(raw as u16)),
        // 24 bits: seven of exponent, sixteen of mantissa (Photoshop, TIFF technical note 3).
        3 => {
            let (exponent, mantissa) = ((raw >> 16 & 0x7F) as i32, (raw & 0xFFFF) as f64);
            let sign = if raw >> 23 & 1 == 1 { -1.0 } else { 1.0 };
            let scaled = if exponent == 0 { mantissa / 65536.0 } else { 1.0 + mantissa / 65536.0 };
            sign * scaled * f64::from(exponent.max(1) - 63).exp2()
        }
        4 => f64::from(f32::from_bits(raw as u32)),
        _ => f64::from_bits(raw),
    };
    // Anything else is a measurement, not a picture: nobody knows which value is white.
    if !(-0.001..=1.001).contains(&value) {
        return Err(unsupported("floating point beyond 0 to 1"));
    }
    Ok((value.clamp(0.0, 1.0) * 65535.0 + 0.5) as u16)
}
