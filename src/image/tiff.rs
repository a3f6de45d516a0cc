//! The first directory of a TIFF file: as much as the header check needs. The `tiff` crate decodes.
//!
//! Layout: TIFF 6.0 (Adobe, 1992), section 2, and the BigTIFF extension with 64-bit offsets.

use super::checks::take;

const IMAGE_WIDTH: u16 = 256;
const IMAGE_LENGTH: u16 = 257;
const BITS_PER_SAMPLE: u16 = 258;
const PHOTOMETRIC: u16 = 262;

/// Entries read of a directory; real ones have a few dozen.
const MAX_ENTRIES: usize = 4096;

/// The first image file directory.
pub(super) struct Directory<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    big_tiff: bool,
    entries: usize,
    count: usize,
}

impl<'a> Directory<'a> {
    /// Finds the directory; `None` if the file ends before it or is no TIFF.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match &take(bytes, 0)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let mut directory = Self { bytes, big_endian, big_tiff: false, entries: 0, count: 0 };
        directory.big_tiff = directory.u16(2)? == 43;
        let (start, count, width) = if directory.big_tiff {
            let start = usize::try_from(directory.u64(8)?).ok()?;
            (start, usize::try_from(directory.u64(start)?).ok()?, 8)
        } else {
            let start = usize::try_from(directory.u32(4)?).ok()?;
            (start, usize::from(directory.u16(start)?), 2)
        };
        directory.entries = start.checked_add(width)?;
        directory.count = count.min(MAX_ENTRIES);
        Some(directory)
    }

    /// Width, height and bits of a sample.
    pub(super) fn size(&self) -> Option<(u32, u32, u8)> {
        let bits = self.tag(BITS_PER_SAMPLE).unwrap_or(1);
        Some((self.tag(IMAGE_WIDTH)?, self.tag(IMAGE_LENGTH)?, u8::try_from(bits).ok()?))
    }

    /// Whether the pixels are separated inks (CMYK).
    pub(super) fn is_cmyk(&self) -> bool {
        self.tag(PHOTOMETRIC) == Some(5)
    }

    /// Whether another directory, that is another page, follows.
    pub(super) fn has_next(&self) -> bool {
        let next =
            self.count.checked_mul(self.entry_length()).and_then(|n| n.checked_add(self.entries));
        let offset = next
            .and_then(|at| if self.big_tiff { self.u64(at) } else { self.u32(at).map(u64::from) });
        offset.is_some_and(|offset| offset != 0)
    }

    fn entry_length(&self) -> usize {
        if self.big_tiff { 20 } else { 12 }
    }

    /// The first value of a tag of an integer type.
    fn tag(&self, wanted: u16) -> Option<u32> {
        let (inline, at) = if self.big_tiff { (8, 12) } else { (4, 8) };
        let entry = (0..self.count)
            .map(|index| self.entries + index * self.entry_length())
            .find(|&entry| self.u16(entry) == Some(wanted))?;
        let kind = self.u16(entry + 2)?;
        let count =
            if self.big_tiff { self.u64(entry + 4)? } else { u64::from(self.u32(entry + 4)?) };
        let size = match kind {
            1 => 1,
            3 => 2,
            4 => 4,
            16 => 8,
            _ => return None,
        };
        // Values that do not fit into the entry stand elsewhere.
        let place = if count.checked_mul(size)? <= inline {
            entry + at
        } else if self.big_tiff {
            usize::try_from(self.u64(entry + at)?).ok()?
        } else {
            usize::try_from(self.u32(entry + at)?).ok()?
        };
        match kind {
            1 => self.bytes.get(place).map(|&value| u32::from(value)),
            3 => self.u16(place).map(u32::from),
            4 => self.u32(place),
            _ => self.u64(place).and_then(|value| u32::try_from(value).ok()),
        }
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = take(self.bytes, at)?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = take(self.bytes, at)?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&self, at: usize) -> Option<u64> {
        let bytes = take(self.bytes, at)?;
        Some(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}
