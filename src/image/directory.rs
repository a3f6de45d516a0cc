//! The directories of a TIFF file, and of EXIF blocks, which are laid out as one, and their tags.
//!
//! Layout: TIFF 6.0 (Adobe, 1992), section 2, and the BigTIFF extension with 64-bit offsets.

use super::checks::take;

/// Entries read of a directory; real ones have a few dozen.
const MAX_ENTRIES: usize = 4096;

/// Directories followed; a file whose chain runs in a circle ends here.
const MAX_DIRECTORIES: usize = 1024;

/// Tags of TIFF 6.0, its supplements, EXIF and DNG.
pub(super) mod tag {
    pub(in crate::image) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(in crate::image) const SUBFILE_TYPE: u16 = 255;
    pub(in crate::image) const IMAGE_WIDTH: u16 = 256;
    pub(in crate::image) const IMAGE_LENGTH: u16 = 257;
    pub(in crate::image) const BITS_PER_SAMPLE: u16 = 258;
    pub(in crate::image) const COMPRESSION: u16 = 259;
    pub(in crate::image) const PHOTOMETRIC: u16 = 262;
    pub(in crate::image) const FILL_ORDER: u16 = 266;
    pub(in crate::image) const STRIP_OFFSETS: u16 = 273;
    pub(in crate::image) const ORIENTATION: u16 = 274;
    pub(in crate::image) const SAMPLES_PER_PIXEL: u16 = 277;
    pub(in crate::image) const ROWS_PER_STRIP: u16 = 278;
    pub(in crate::image) const STRIP_BYTE_COUNTS: u16 = 279;
    pub(in crate::image) const PLANAR_CONFIGURATION: u16 = 284;
    pub(in crate::image) const T4_OPTIONS: u16 = 292;
    pub(in crate::image) const PREDICTOR: u16 = 317;
    pub(in crate::image) const COLOR_MAP: u16 = 320;
    pub(in crate::image) const TILE_WIDTH: u16 = 322;
    pub(in crate::image) const TILE_LENGTH: u16 = 323;
    pub(in crate::image) const TILE_OFFSETS: u16 = 324;
    pub(in crate::image) const TILE_BYTE_COUNTS: u16 = 325;
    pub(in crate::image) const SUB_DIRECTORIES: u16 = 330;
    pub(in crate::image) const INK_SET: u16 = 332;
    pub(in crate::image) const EXTRA_SAMPLES: u16 = 338;
    pub(in crate::image) const SAMPLE_FORMAT: u16 = 339;
    pub(in crate::image) const JPEG_TABLES: u16 = 347;
    pub(in crate::image) const YCBCR_COEFFICIENTS: u16 = 529;
    pub(in crate::image) const YCBCR_SUBSAMPLING: u16 = 530;
    pub(in crate::image) const REFERENCE_BLACK_WHITE: u16 = 532;
    pub(in crate::image) const CFA_PATTERN: u16 = 33422;
    pub(in crate::image) const ICC_PROFILE: u16 = 34675;
    pub(in crate::image) const DNG_VERSION: u16 = 50706;
}

/// The tags without which, or with another value of which, pixels would be others.
const DECISIVE: [u16; 22] = [
    tag::IMAGE_WIDTH,
    tag::IMAGE_LENGTH,
    tag::BITS_PER_SAMPLE,
    tag::COMPRESSION,
    tag::PHOTOMETRIC,
    tag::FILL_ORDER,
    tag::STRIP_OFFSETS,
    tag::SAMPLES_PER_PIXEL,
    tag::ROWS_PER_STRIP,
    tag::STRIP_BYTE_COUNTS,
    tag::PLANAR_CONFIGURATION,
    tag::PREDICTOR,
    tag::COLOR_MAP,
    tag::TILE_WIDTH,
    tag::TILE_LENGTH,
    tag::TILE_OFFSETS,
    tag::TILE_BYTE_COUNTS,
    tag::INK_SET,
    tag::EXTRA_SAMPLES,
    tag::SAMPLE_FORMAT,
    tag::YCBCR_COEFFICIENTS,
    tag::YCBCR_SUBSAMPLING,
];

/// A file's byte order and kind.
#[derive(Clone, Copy)]
pub(crate) struct File<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) big_endian: bool,
    big_tiff: bool,
}

/// One image file directory.
#[derive(Clone, Copy)]
pub(crate) struct Directory<'a> {
    file: File<'a>,
    entries: usize,
    count: usize,
}

impl<'a> File<'a> {
    /// `None` if the file is no TIFF.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match &take(bytes, 0)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let mut file = Self { bytes, big_endian, big_tiff: false };
        file.big_tiff = file.u16(2)? == 43;
        Some(file)
    }

    /// The directories of the file's pages, in order. Ends at the first that is not all there.
    pub(crate) fn directories(self) -> impl Iterator<Item = Directory<'a>> {
        let first = if self.big_tiff { self.u64(8) } else { self.u32(4).map(u64::from) };
        let mut next = first;
        std::iter::from_fn(move || {
            let directory = self.directory(next.filter(|&offset| offset != 0)?)?;
            next = directory.next();
            Some(directory)
        })
        .take(MAX_DIRECTORIES)
    }

    /// The directory at `offset`.
    pub(crate) fn directory(self, offset: u64) -> Option<Directory<'a>> {
        let start = usize::try_from(offset).ok()?;
        let (count, width) = if self.big_tiff {
            (usize::try_from(self.u64(start)?).ok()?, 8)
        } else {
            (usize::from(self.u16(start)?), 2)
        };
        let entries = start.checked_add(width)?;
        Some(Directory { file: self, entries, count: count.min(MAX_ENTRIES) })
    }

    fn u16(self, at: usize) -> Option<u16> {
        let bytes = take(self.bytes, at)?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(self, at: usize) -> Option<u32> {
        let bytes = take(self.bytes, at)?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(self, at: usize) -> Option<u64> {
        let bytes = take(self.bytes, at)?;
        Some(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}

/// Where the values of a tag stand.
struct Values {
    kind: u16,
    count: usize,
    place: usize,
}

impl<'a> Directory<'a> {
    /// The first value of a tag of an integer type.
    pub(crate) fn tag(&self, wanted: u16) -> Option<u32> {
        let Values { kind, place, count } = self.find(wanted)?;
        if count == 0 {
            return None;
        }
        self.integer(kind, place).and_then(|value| u32::try_from(value).ok())
    }

    /// EXIF's orientation, if it is one that exists: of 16 bits, or of 32, as some writers store
    /// it.
    pub(super) fn orientation(&self) -> Option<u8> {
        let Values { kind, place, count } = self.find(tag::ORIENTATION)?;
        let value = self.integer(kind, place).filter(|_| count > 0 && matches!(kind, 3 | 4))?;
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
    }

    /// All values of a tag of an integer type; empty where there is no such tag, or the file ends
    /// before its last value.
    pub(super) fn tags(&self, wanted: u16) -> Vec<u64> {
        let Some(Values { kind, count, place }) = self.find(wanted) else { return Vec::new() };
        let size = size_of_kind(kind).unwrap_or(0);
        let all = (0..count).map(|index| self.integer(kind, place + index * size));
        all.collect::<Option<_>>().unwrap_or_default()
    }

    /// The values of a tag of type `RATIONAL`.
    pub(super) fn rationals(&self, wanted: u16) -> Option<Vec<f64>> {
        let Values { kind, count, place } = self.find(wanted)?;
        let value = |index: usize| {
            let above = f64::from(self.file.u32(place + index * 8)?);
            let below = f64::from(self.file.u32(place + index * 8 + 4)?);
            (below != 0.0).then(|| above / below)
        };
        (kind == 5).then(|| (0..count).map(value).collect())?
    }

    /// The bytes of a tag, whatever its type.
    pub(crate) fn bytes(&self, wanted: u16) -> Option<&'a [u8]> {
        let Values { kind, count, place } = self.find(wanted)?;
        self.file.bytes.get(place..place + count * size_of_kind(kind)?)
    }

    /// The directories that a tag of this one points to.
    pub(super) fn below(&self) -> impl Iterator<Item = Directory<'a>> {
        let file = self.file;
        let offsets = self.tags(tag::SUB_DIRECTORIES);
        offsets.into_iter().take(MAX_ENTRIES).filter_map(move |offset| file.directory(offset))
    }

    /// Whether the directory, and the values of the tags that decide on pixels, are in the file: a
    /// tag that is cut off must not count as absent.
    pub(super) fn is_whole(&self) -> bool {
        let end = self.entries + self.count * self.entry_length();
        let present = |wanted: u16| {
            (0..self.count).any(|index| {
                self.file.u16(self.entries + index * self.entry_length()) == Some(wanted)
            })
        };
        end <= self.file.bytes.len()
            && DECISIVE.iter().all(|&tag| !present(tag) || self.find(tag).is_some())
    }

    /// Whether this is a smaller copy of another page, or a mask for one.
    pub(super) fn is_auxiliary(&self) -> bool {
        let flags = self.tag(tag::NEW_SUBFILE_TYPE).unwrap_or(0);
        flags & 0b101 != 0 || self.tag(tag::SUBFILE_TYPE) == Some(2)
    }

    /// Where the next page's directory stands; 0 after the last.
    fn next(&self) -> Option<u64> {
        let at = self.entries + self.count * self.entry_length();
        if self.file.big_tiff { self.file.u64(at) } else { self.file.u32(at).map(u64::from) }
    }

    fn entry_length(&self) -> usize {
        if self.file.big_tiff { 20 } else { 12 }
    }

    /// Finds a tag's values, all of which are in the file.
    fn find(&self, wanted: u16) -> Option<Values> {
        let file = self.file;
        let (inline, at) = if file.big_tiff { (8, 12) } else { (4, 8) };
        let entry = (0..self.count)
            .map(|index| self.entries + index * self.entry_length())
            .find(|&entry| file.u16(entry) == Some(wanted))?;
        let kind = file.u16(entry + 2)?;
        let count =
            if file.big_tiff { file.u64(entry + 4)? } else { u64::from(file.u32(entry + 4)?) };
        let count = usize::try_from(count).ok()?;
        let length = count.checked_mul(size_of_kind(kind)?)?;
        // Values that do not fit into the entry stand elsewhere.
        let place = if length <= inline {
            entry + at
        } else if file.big_tiff {
            usize::try_from(file.u64(entry + at)?).ok()?
        } else {
            usize::try_from(file.u32(entry + at)?).ok()?
        };
        (place.checked_add(length)? <= file.bytes.len()).then_some(Values { kind, count, place })
    }

    fn integer(&self, kind: u16, place: usize) -> Option<u64> {
        match kind {
            1 | 7 => self.file.bytes.get(place).map(|&value| u64::from(value)),
            3 => self.file.u16(place).map(u64::from),
            4 | 13 => self.file.u32(place).map(u64::from),
            16 | 18 => self.file.u64(place),
            _ => None,
        }
    }
}

/// Bytes of a value of a type; `None` for types that no tag read here has.
fn size_of_kind(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}
