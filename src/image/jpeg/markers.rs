//! The markers of a JPEG file, and its frame header.
//!
//! Source: ITU-T T.81, annex B.

use crate::error::{Error, ErrorKind, Result};
use crate::image::checks::take;
use crate::image::format::{Format, malformed_header};

pub(super) const DHT: u8 = 0xC4;
pub(super) const SOI: u8 = 0xD8;
pub(super) const EOI: u8 = 0xD9;
pub(crate) const SOS: u8 = 0xDA;
pub(super) const DQT: u8 = 0xDB;
pub(super) const DNL: u8 = 0xDC;
pub(super) const DRI: u8 = 0xDD;
pub(super) const APP0: u8 = 0xE0;
pub(crate) const APP1: u8 = 0xE1;
pub(super) const APP2: u8 = 0xE2;
pub(crate) const APP11: u8 = 0xEB;
pub(crate) const APP13: u8 = 0xED;
pub(super) const APP14: u8 = 0xEE;
pub(crate) const COM: u8 = 0xFE;

/// One marker segment: where its data stands, without marker and length.
pub(crate) struct Segment<'a> {
    pub(crate) marker: u8,
    pub(super) at: usize,
    pub(crate) data: &'a [u8],
}

impl<'a> Segment<'a> {
    /// The entropy-coded data behind the header of a scan: up to the next marker that does not
    /// belong to it, or the end of the file.
    pub(super) fn coded<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let start = self.at + self.data.len();
        let rest = bytes.get(start..).unwrap_or_default();
        let mut at = 0;
        while let Some(next) = rest[at..].iter().position(|&byte| byte == 0xFF) {
            at += next;
            match rest.get(at + 1) {
                // As in `segments`.
                Some(0x00..=0x01 | 0xD0..=0xD8) => at += 2,
                Some(0xFF) => at += 1,
                Some(_) => return &rest[..at],
                None => break,
            }
        }
        rest
    }

    /// The segment as it stands in a file.
    pub(super) fn write(marker: u8, data: &[u8], output: &mut Vec<u8>) {
        output.extend([0xFF, marker]);
        // Segments that were read have a length of 16 bits, and none that is made here is longer.
        output.extend(((data.len() + 2) as u16).to_be_bytes());
        output.extend_from_slice(data);
    }
}

/// Walks the marker segments, past entropy-coded data, until the end of the image. The last segment
/// is EOI if and only if the file is all there.
///
/// The only such walk: the header check follows it to the frame header, decoding to the end, and
/// the check of the coded data and the rebuilding once more each, when the file is known to be
/// affordable. To keep the segments for that would take eight times the memory of a file that is
/// made of them.
pub(crate) fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut at = 2;
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        // Between segments only fill bytes (0xFF) should stand; like libjpeg, anything else is
        // skipped. That also skips entropy-coded data, in which 0xFF is followed by 0 or is a
        // restart marker.
        let marker = loop {
            at += bytes.get(at..)?.iter().position(|&byte| byte == 0xFF)?;
            while bytes.get(at) == Some(&0xFF) {
                at += 1;
            }
            match *bytes.get(at)? {
                0x00..=0x01 | 0xD0..=0xD8 => {}
                marker => break marker,
            }
        };
        at += 1;
        if marker == EOI {
            ended = true;
            return Some(Segment { marker, at, data: &[] });
        }
        let length = usize::from(u16::from_be_bytes(take(bytes, at)?));
        let start = at + 2;
        let data = bytes.get(start..at + length.max(2))?;
        at += length.max(2);
        Some(Segment { marker, at: start, data })
    })
}

/// The frame header.
pub(super) struct Frame {
    marker: u8,
    pub(super) bits: u8,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The components' names.
    pub(super) names: Vec<u8>,
    /// The number of each component's quantization table.
    pub(super) quantization: Vec<u8>,
    /// Horizontal and vertical sampling factor of each component.
    pub(super) sampling: Vec<(u8, u8)>,
}

impl Frame {
    /// Whether a marker begins a frame.
    pub(super) fn is_start_of_frame(marker: u8) -> bool {
        matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
    }

    /// A frame header from its segment; `None` if that is too short.
    pub(super) fn read(marker: u8, data: &[u8]) -> Option<Self> {
        let components = usize::from(*data.get(5)?);
        let components = data.get(6..6 + components * 3)?.as_chunks::<3>().0;
        Some(Self {
            marker,
            bits: data[0],
            height: u32::from(u16::from_be_bytes(take(data, 1)?)),
            width: u32::from(u16::from_be_bytes(take(data, 3)?)),
            names: unique(components.iter().map(|&[name, ..]| name)),
            quantization: components.iter().map(|&[_, _, table]| table).collect(),
            sampling: components
                .iter()
                .map(|&[_, factors, _]| (factors >> 4, factors & 15))
                .collect(),
        })
    }

    /// Which components a scan holds, by its header: `None` for a name that the frame has not.
    pub(super) fn components_of(&self, scan: &[u8]) -> Vec<Option<usize>> {
        let count = usize::from(scan.first().copied().unwrap_or(0));
        let names = unique(scan.iter().skip(1).step_by(2).take(count).copied());
        names.iter().map(|name| self.names.iter().position(|own| own == name)).collect()
    }

    /// Whether its scans refine each other.
    pub(super) fn is_progressive(&self) -> bool {
        self.marker == 0xC2
    }

    /// The largest horizontal and vertical sampling factor.
    pub(super) fn largest_sampling(&self) -> (u32, u32) {
        let largest =
            |side: fn(&(u8, u8)) -> u8| self.sampling.iter().map(side).max().map_or(1, u32::from);
        (largest(|s| s.0), largest(|s| s.1))
    }

    /// Columns and rows of minimum coded units, where all components are interleaved.
    pub(super) fn mcus(&self) -> (u32, u32) {
        let (h, v) = self.largest_sampling();
        (self.width.div_ceil(8 * h), self.height.div_ceil(8 * v))
    }

    /// Columns and rows of a component's blocks where it stands alone: no more than its own size
    /// needs (T.81, A.2.2).
    pub(super) fn own_blocks(&self, component: usize) -> (u32, u32) {
        let (h, v) = self.sampling[component];
        let (h_max, v_max) = self.largest_sampling();
        let blocks = |side: u32, factor: u8, largest: u32| {
            (side * u32::from(factor)).div_ceil(largest).div_ceil(8)
        };
        (blocks(self.width, h, h_max), blocks(self.height, v, v_max))
    }

    /// Refuses kinds of JPEG that are not decoded.
    pub(super) fn check_supported(&self) -> Result<()> {
        let unsupported = |what: &str| {
            Err(Error::new(ErrorKind::Unsupported, format!("{what} is not supported")))
        };
        match self.marker {
            0xC0..=0xC2 => {}
            0xC3 | 0xC7 | 0xCB | 0xCF => return unsupported("lossless JPEG"),
            0xC9..=0xCF => return unsupported("arithmetic-coded JPEG"),
            _ => return unsupported("hierarchical JPEG"),
        }
        if self.bits != 8 {
            return unsupported(&format!("JPEG with {} bits", self.bits));
        }
        if !matches!(self.sampling.len(), 1 | 3 | 4) {
            return unsupported(&format!("JPEG with {} components", self.sampling.len()));
        }
        if self.sampling.iter().any(|&(h, v)| !(1..=4).contains(&h) || !(1..=4).contains(&v)) {
            return Err(malformed_header(Format::Jpeg));
        }
        Ok(())
    }

    /// Bytes of the coefficients of all components, which progressive and non-interleaved files
    /// hold at once.
    pub(super) fn coefficient_bytes(&self) -> u64 {
        let (columns, rows) = self.mcus();
        let blocks: u64 = self.sampling.iter().map(|&(h, v)| u64::from(h) * u64::from(v)).sum();
        u64::from(columns) * u64::from(rows) * blocks * 64 * 2
    }
}

/// The names of components, with another in place of one that stands twice: the next that is free,
/// as in libjpeg, so that those of a scan still fit those of the frame.
fn unique(names: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut kept = Vec::new();
    for name in names {
        let largest = kept.iter().copied().max().unwrap_or(0);
        kept.push(if kept.contains(&name) { largest.wrapping_add(1) } else { name });
    }
    kept
}

/// The colour transform that Adobe's marker names: 0 for none, 1 for YCbCr, 2 for YCCK. `None` for
/// other programs' use of the marker, and for one that is cut off or names no transform that
/// exists: such a marker says nothing, and the decoder would stop at it.
pub(super) fn adobe_transform(data: &[u8]) -> Option<u8> {
    let transform = *data.strip_prefix(b"Adobe")?.get(6)?;
    (transform <= 2).then_some(transform)
}

/// The error for a file that ends before its image does.
pub(super) fn truncated() -> Error {
    Error::new(
        ErrorKind::Decode,
        "the JPEG file is cut off: a part of the image is missing; try to download it again",
    )
}
