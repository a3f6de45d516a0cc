//! What headers say, read without any decoder: a file's format, the size of the picture it shows,
//! and the bits of its samples. For programs that check sizes before they fetch or run a decoder;
//! the decoders check again what they find.
//!
//! This file stands alone.

use crate::samples::Format;

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format.
    pub format: Format,
    /// Width in pixels of what is shown, before it is turned upright.
    pub width: u32,
    /// Height in pixels of what is shown, before it is turned upright.
    pub height: u32,
    /// Bits of one sample.
    pub bits: u8,
}

/// The format of a file that starts with `bytes`, if it is one of ours; a file of the MP4 family
/// must be there with its list of items.
#[must_use]
pub fn format(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', 13, 10, 0x87, 10, ..] => {
            Some(Format::Jxl)
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            let (_, brands) = boxes(bytes).next()?;
            const PICTURES: [&[u8; 4]; 11] = [
                b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1",
                b"msf1", b"mif2",
            ];
            // The second four bytes are a version.
            let shows = |brand: &[u8]| PICTURES.iter().any(|known| *known == brand);
            let mut all = brands.chunks_exact(4);
            if !all.any(shows) {
                return None;
            }
            let codec = Movie::of(bytes).map(|movie| movie.kind).or_else(|| Item::of(bytes)?.kind);
            match codec.as_ref() {
                Some(b"av01") => Some(Format::Avif),
                Some(b"hvc1" | b"hev1") => Some(Format::Heif),
                // Nothing that is read; the brand says how people call it.
                _ if brands.starts_with(b"avi") => Some(Format::Avif),
                _ => Some(Format::Heif),
            }
        }
        _ => None,
    }
}

/// Reads the header. None where it is damaged, cut off, or of none of the formats.
#[must_use]
pub fn header(bytes: &[u8]) -> Option<Header> {
    let format = format(bytes)?;
    let (width, height, bits) = match format {
        Format::Jxl => jxl(bytes)?,
        _ => match Movie::of(bytes) {
            Some(movie) => (movie.width, movie.height, bits(&movie.properties)),
            None => Item::of(bytes)?.shown()?,
        },
    };
    Some(Header { format, width, height, bits })
}

type Box_<'a> = ([u8; 4], &'a [u8]);

/// Boxes one after the other, up to the first that is not whole.
fn boxes(mut rest: &[u8]) -> impl Iterator<Item = Box_<'_>> {
    std::iter::from_fn(move || {
        let name = take(rest, 4)?;
        let (start, length) = match u32::from_be_bytes(take(rest, 0)?) {
            0 => (8, rest.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(take(rest, 8)?)).ok()?),
            short => (8, short as usize),
        };
        let body = rest.get(start..length)?;
        rest = &rest[length..];
        Some((name, body))
    })
}

fn find<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(found, _)| found == name).map(|(_, body)| body)
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u32> {
    take(bytes, at).map(|two| u16::from_be_bytes(two).into())
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    take(bytes, at).map(u32::from_be_bytes)
}

/// A number of two bytes, or of four.
fn id_at(bytes: &[u8], at: usize, long: bool) -> Option<(u32, usize)> {
    if long { Some((u32_at(bytes, at)?, at + 4)) } else { Some((u16_at(bytes, at)?, at + 2)) }
}

/// Bits of a sample by the properties of a picture.
fn bits(properties: &[Box_<'_>]) -> u8 {
    let of = |wanted: &[u8; 4]| properties.iter().find(|(name, _)| name == wanted);
    if let Some((_, [_, _, _, _, _, bits, ..])) = of(b"pixi") {
        return *bits;
    }
    match (of(b"av1C"), of(b"hvcC")) {
        (Some((_, [_, _, flags, ..])), _) => match flags & 0x60 {
            0x60 => 12,
            0x40 => 10,
            _ => 8,
        },
        (_, Some((_, config))) => config.get(17).map_or(8, |depth| 8 + (depth & 7)),
        _ => 8,
    }
}

/// The main item of a file.
struct Item<'a> {
    /// Its own properties, then those of its first tile or source.
    properties: Vec<Box_<'a>>,
    kind: Option<[u8; 4]>,
}

impl<'a> Item<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let meta = find(bytes, b"meta")?.get(4..)?;
        let primary = find(meta, b"pitm")?;
        let (primary, _) = id_at(primary, 4, primary.first()? != &0)?;
        // Some files name a reduced copy as the main picture: what it is a copy of is meant.
        let primary = source_of(meta, primary, b"thmb").unwrap_or(primary);
        let mut properties = properties_of(meta, primary)?;
        let mut kind = kind_of(meta, primary);
        // A grid is of its tiles' kind; an identity of its source's, which may be a grid.
        let mut item = primary;
        for _ in 0..2 {
            if !matches!(kind.as_ref(), Some(b"grid" | b"iden")) {
                break;
            }
            let Some(source) = source_of(meta, item, b"dimg") else { break };
            let mut source_properties = properties_of(meta, source)?;
            if kind == Some(*b"iden") {
                source_properties.append(&mut properties);
                properties = source_properties;
            } else {
                // Tiles are cropped and turned with the whole.
                source_properties
                    .retain(|(name, _)| ![b"clap", b"irot", b"imir", b"ispe"].contains(&name));
                properties.append(&mut source_properties);
            }
            (item, kind) = (source, kind_of(meta, source));
        }
        Some(Self { properties, kind })
    }

    /// Width, height and bits of what is shown, before it is turned.
    fn shown(&self) -> Option<(u32, u32, u8)> {
        let (_, size) = self.properties.iter().find(|(name, _)| name == b"ispe")?;
        let (mut width, mut height) = (u32_at(size, 4)?, u32_at(size, 8)?);
        let mut turned = false;
        for (name, body) in &self.properties {
            match name {
                b"irot" => turned ^= body.first()? & 1 == 1,
                b"clap" => {
                    let side = |at| u32_at(body, at)?.checked_div(u32_at(body, at + 4)?);
                    (width, height) = (side(0)?, side(8)?);
                    if turned {
                        (width, height) = (height, width);
                    }
                }
                _ => {}
            }
        }
        Some((width, height, bits(&self.properties)))
    }
}

fn kind_of(meta: &[u8], item: u32) -> Option<[u8; 4]> {
    let list = find(meta, b"iinf")?;
    let start = if list.first()? == &0 { 6 } else { 8 };
    boxes(list.get(start..)?).filter(|(name, _)| name == b"infe").find_map(|(_, entry)| {
        let (id, at) = id_at(entry, 4, *entry.first()? > 2)?;
        // Two bytes say whether it is protected.
        (id == item).then(|| take(entry, at + 2))?
    })
}

/// The first item that an item refers to: that it is made of, or a copy of.
fn source_of(meta: &[u8], item: u32, kind: &[u8; 4]) -> Option<u32> {
    let list = find(meta, b"iref")?;
    let long = list.first()? != &0;
    boxes(list.get(4..)?)
        .filter(|(name, _)| name == kind)
        .find_map(|(_, entry)| {
            let (from, at) = id_at(entry, 0, long)?;
            (from == item && u16_at(entry, at)? > 0).then(|| id_at(entry, at + 2, long))?
        })
        .map(|(source, _)| source)
}

fn properties_of(meta: &[u8], item: u32) -> Option<Vec<Box_<'_>>> {
    let list = find(meta, b"iprp")?;
    let all: Vec<_> = boxes(find(list, b"ipco")?).take(0x7FFF).collect();
    for (_, table) in boxes(list).filter(|(name, _)| name == b"ipma") {
        let (long_id, long) = (table.first()? != &0, table.get(3)? & 1 == 1);
        let mut at = 8;
        for _ in 0..u32_at(table, 4)? {
            let (id, after) = id_at(table, at, long_id)?;
            let count = usize::from(*table.get(after)?);
            let size = if long { 2 } else { 1 };
            let indexes = table.get(after + 1..after + 1 + count * size)?;
            at = after + 1 + count * size;
            if id == item {
                let index = |index: &[u8]| match *index {
                    [high, low] => usize::from(u16::from_be_bytes([high & 0x7F, low])),
                    [low] => usize::from(low & 0x7F),
                    _ => 0,
                };
                let property = |i: &[u8]| all.get(index(i).checked_sub(1)?).copied();
                return Some(indexes.chunks_exact(size).filter_map(property).collect());
            }
        }
    }
    Some(Vec::new())
}

/// The first picture of an animation, where a file is one in the first place.
struct Movie<'a> {
    kind: [u8; 4],
    width: u32,
    height: u32,
    properties: Vec<Box_<'a>>,
}

impl<'a> Movie<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let first = find(bytes, b"ftyp")?.starts_with(b"avis");
        let has_item = || find(find(bytes, b"meta")?.get(4..)?, b"pitm");
        if !first && has_item().is_some() {
            return None;
        }
        let tracks = boxes(find(bytes, b"moov")?).filter(|(name, _)| name == b"trak");
        tracks.map(|(_, track)| track).find_map(|track| {
            let media = find(track, b"mdia")?;
            if !matches!(find(media, b"hdlr")?.get(8..12)?, b"pict" | b"vide") {
                return None;
            }
            let table = find(find(media, b"minf")?, b"stbl")?;
            let (kind, entry) = boxes(find(table, b"stsd")?.get(8..)?).next()?;
            let (width, height) = (u16_at(entry, 24)?, u16_at(entry, 26)?);
            let properties = boxes(entry.get(78..)?).collect();
            Some(Self { kind, width, height, properties })
        })
    }
}

/// Width, height and bits of a JPEG XL file (ISO/IEC 18181-1, D.2 and D.3).
fn jxl(bytes: &[u8]) -> Option<(u32, u32, u8)> {
    if bytes.starts_with(&[0xFF, 0x0A]) {
        return Bits { bytes: &bytes[2..], at: 0 }.jxl();
    }
    // In a container the codestream is one box, or several parts, each with a number before it.
    let mut codestream = boxes_with_last(bytes).filter_map(|(name, body)| match &name {
        b"jxlc" => Some(body),
        b"jxlp" => body.get(4..),
        _ => None,
    });
    let mut start = Vec::new();
    // The headers take less than this; parts may be small.
    while start.len() < 64 {
        let Some(part) = codestream.next() else { break };
        start.extend_from_slice(&part[..part.len().min(64)]);
    }
    Bits { bytes: start.strip_prefix(&[0xFF, 0x0A])?, at: 0 }.jxl()
}

/// Boxes, the last of which may be cut off.
fn boxes_with_last(bytes: &[u8]) -> impl Iterator<Item = Box_<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if let Some((name, body)) = boxes(rest).next() {
            let end = body.as_ptr_range().end as usize - rest.as_ptr() as usize;
            rest = &rest[end..];
            return Some((name, body));
        }
        let (name, body) = (take(rest, 4)?, rest.get(8..)?);
        rest = &[];
        Some((name, body))
    })
}

/// Bits, least significant first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for bit in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value |= u32::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Some(value)
    }

    fn flag(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// One of four numbers: so many bits, and what is added to them.
    fn choice(&mut self, of: [(usize, u32); 4]) -> Option<u32> {
        let (bits, added) = of[self.take(2)? as usize];
        self.take(bits)?.checked_add(added)
    }

    fn size(&mut self) -> Option<(u32, u32)> {
        let small = self.flag()?;
        let side = |bits: &mut Self| {
            if small {
                Some((bits.take(5)? + 1) * 8)
            } else {
                bits.choice([(9, 1), (13, 1), (18, 1), (30, 1)])
            }
        };
        let height = side(self)?;
        const RATIOS: [(u64, u64); 7] = [(1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)];
        let width = match self.take(3)? {
            0 => side(self)?,
            ratio => {
                let (over, under) = RATIOS[ratio as usize - 1];
                u32::try_from(u64::from(height) * over / under).ok()?
            }
        };
        Some((width, height))
    }

    fn jxl(mut self) -> Option<(u32, u32, u8)> {
        let (width, height) = self.size()?;
        Some((width, height, self.jxl_bits().unwrap_or(8)))
    }

    fn jxl_bits(&mut self) -> Option<u8> {
        if self.flag()? {
            return Some(8); // all as usual
        }
        if self.flag()? {
            self.take(3)?; // the orientation
            if self.flag()? {
                self.size()?; // of its own
            }
            if self.flag()? {
                self.preview()?;
            }
            if self.flag()? {
                self.choice([(0, 100), (0, 1000), (10, 1), (30, 1)])?;
                self.choice([(0, 1), (0, 1001), (8, 1), (10, 1)])?;
                self.choice([(0, 0), (3, 0), (16, 0), (32, 0)])?;
                self.flag()?;
            }
        }
        let bits = if self.flag()? {
            self.choice([(0, 32), (0, 16), (0, 24), (6, 1)])?
        } else {
            self.choice([(0, 8), (0, 10), (0, 12), (6, 1)])?
        };
        u8::try_from(bits).ok()
    }

    fn preview(&mut self) -> Option<()> {
        let by_eight = self.flag()?;
        let side = |bits: &mut Self| {
            if by_eight {
                bits.choice([(0, 16), (0, 32), (5, 1), (9, 33)])
            } else {
                bits.choice([(6, 1), (8, 65), (10, 321), (12, 1345)])
            }
        };
        side(self)?;
        if self.take(3)? == 0 {
            side(self)?;
        }
        Some(())
    }
}
