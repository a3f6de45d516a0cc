//! What c2pa would take for ever to read. Its trees of TIFF's directories and of ISO's boxes go
//! through all siblings to add one: 20,000 boxes of eight bytes take five seconds. Files are looked
//! at here first, in a single pass.

/// Most boxes of a HEIC or AVIF file; c2pa reads as many in a third of a second. Real files have
/// some twenty.
const MAX_BOXES: usize = 4096;

/// Most directories of a TIFF file, pages and what they point to together.
const MAX_DIRECTORIES: u64 = 2048;

/// Most entries of all of these together.
const MAX_ENTRIES: u64 = 65_536;

/// Boxes that c2pa looks into.
const CONTAINERS: [&[u8; 4]; 16] = [
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"udta", b"dinf",
    b"tref", b"treg", b"mvex", b"mfra", b"meta", b"schi",
];

/// Whether c2pa reads a file of this media type in reasonable time.
pub(crate) fn are_kept(format: &str, bytes: &[u8]) -> bool {
    match format {
        "image/heif" => boxes(bytes),
        "image/tiff" => Tiff::of(bytes).is_none_or(|mut tiff| tiff.pages().is_some()),
        _ => true,
    }
}

fn boxes(bytes: &[u8]) -> bool {
    let mut count = 0;
    let mut levels = vec![(0, bytes.len())];
    while let Some((start, end)) = levels.pop() {
        let mut at = start;
        while let Some(head) = bytes.get(at..end).filter(|rest| rest.len() >= 8) {
            count += 1;
            if count > MAX_BOXES {
                return false;
            }
            let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let length = match (length, head.get(8..16)) {
                (0, _) => head.len(),
                (1, Some(long)) => {
                    let long = long.try_into().map_or(u64::MAX, u64::from_be_bytes);
                    usize::try_from(long).unwrap_or(usize::MAX)
                }
                (length, _) => length,
            };
            let next = at.saturating_add(length).min(end);
            if length < 8 {
                break;
            }
            if CONTAINERS.iter().any(|name| head[4..8] == name[..]) {
                // Of `meta` there are two kinds, with and without four more bytes at the front.
                let inner = if &head[4..8] == b"meta" && head.get(12..16) != Some(b"hdlr") {
                    12
                } else {
                    8
                };
                levels.push(((at + inner).min(next), next));
            }
            at = next;
        }
    }
    true
}

/// A TIFF file, of 32 bits or 64.
struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    big: bool,
    directories: u64,
    entries: u64,
}

impl<'a> Tiff<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = bytes.first() == Some(&b'M');
        let mut tiff = Self { bytes, big_endian, big: false, directories: 0, entries: 0 };
        tiff.big = tiff.number(2, 2)? == 43;
        Some(tiff)
    }

    /// All pages; none where there is too much. What ends too early is for c2pa to refuse.
    fn pages(&mut self) -> Option<()> {
        let mut next = if self.big { self.number(8, 8) } else { self.number(4, 4) };
        while let Some(at) = next.filter(|at| *at != 0) {
            let Some(after) = self.directory(at)? else { return Some(()) };
            let (width, size) = if self.big { (8, 20) } else { (2, 12) };
            let entries = self.number(at, width).unwrap_or(0);
            for index in 0..entries {
                let entry = at + width + index * size;
                let Some(tag) = self.number(entry, 2) else { break };
                let value = entry + if self.big { 12 } else { 8 };
                let pointer = self.number(value, if self.big { 8 } else { 4 }).unwrap_or(0);
                match tag {
                    // SubIFDs.
                    330 => {
                        let count = self.number(entry + 4, if self.big { 8 } else { 4 });
                        self.all(count.unwrap_or(0), pointer, value)?;
                    }
                    // EXIF, GPS.
                    34665 | 34853 => {
                        self.directory(pointer)?;
                    }
                    _ => {}
                }
            }
            next = self.number(after, if self.big { 8 } else { 4 });
        }
        Some(())
    }

    /// The directories of a list, which stands in the entry itself where it is short.
    fn all(&mut self, count: u64, pointer: u64, value: u64) -> Option<()> {
        if count > MAX_DIRECTORIES {
            return None;
        }
        let list = if count * 4 <= if self.big { 8 } else { 4 } { value } else { pointer };
        for index in 0..count {
            let at = self.number(list.saturating_add(index * 4), 4).unwrap_or(0);
            self.directory(at)?;
        }
        Some(())
    }

    /// Counts a directory; gives the place of the next one's address. None of the outer where there
    /// is too much, of the inner where the file ends.
    #[allow(clippy::option_option, reason = "two ways to end")]
    fn directory(&mut self, at: u64) -> Option<Option<u64>> {
        let (width, size) = if self.big { (8, 20) } else { (2, 12) };
        self.directories += 1;
        let Some(entries) = self.number(at, width) else { return Some(None) };
        // More than there are bytes for is no more than there are bytes for.
        self.entries += entries.min(self.bytes.len() as u64 / size);
        if self.directories > MAX_DIRECTORIES || self.entries > MAX_ENTRIES {
            return None;
        }
        Some(entries.checked_mul(size).and_then(|length| at.checked_add(width + length)))
    }

    fn number(&self, at: u64, width: u64) -> Option<u64> {
        let at = usize::try_from(at).ok()?;
        let bytes = self.bytes.get(at..at.checked_add(width as usize)?)?;
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.big_endian {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_counted_at_every_level() {
        let plain = |count: usize| b"\0\0\0\x08free".repeat(count);
        let inside = |name: &[u8; 4], inner: &[u8]| {
            [&(8 + inner.len() as u32).to_be_bytes(), &name[..], inner].concat()
        };
        let full = [&[0; 4][..], &plain(MAX_BOXES - 1)].concat();
        assert!(are_kept("image/heif", &plain(MAX_BOXES)));
        assert!(!are_kept("image/heif", &plain(MAX_BOXES + 1)));
        assert!(are_kept("image/heif", &inside(b"moov", &plain(MAX_BOXES - 1))));
        assert!(!are_kept("image/heif", &inside(b"moov", &plain(MAX_BOXES))));
        assert!(are_kept("image/heif", &inside(b"meta", &full)));
        assert!(!are_kept("image/heif", &inside(b"meta", &[&full[..], &plain(1)].concat())));
        // What nobody looks into counts as one.
        assert!(are_kept("image/heif", &inside(b"mdat", &plain(MAX_BOXES * 2))));
        let deep = (0..MAX_BOXES * 2)
            .map(|n| [&(8 * (MAX_BOXES * 2 - n) as u32).to_be_bytes()[..], b"moov"].concat());
        assert!(!are_kept("image/heif", &deep.collect::<Vec<_>>().concat()));
    }

    /// A little-endian file with pages of one entry each: tag, count, value; then a tail.
    fn tiff(pages: usize, (tag, count, value): (u16, u32, u32), tail: &[u8]) -> Vec<u8> {
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        for page in 0..pages {
            file.extend(1_u16.to_le_bytes());
            file.extend(tag.to_le_bytes());
            file.extend(4_u16.to_le_bytes());
            file.extend(count.to_le_bytes());
            file.extend(value.to_le_bytes());
            let next = if page + 1 < pages { file.len() as u32 + 4 } else { 0 };
            file.extend(next.to_le_bytes());
        }
        file.extend(tail);
        file
    }

    #[test]
    fn directories_are_counted_with_what_they_point_to() {
        let kept = |file: &[u8]| are_kept("image/tiff", file);
        let most = MAX_DIRECTORIES as usize;
        assert!(kept(&tiff(most, (256, 1, 1), &[])));
        assert!(!kept(&tiff(most + 1, (256, 1, 1), &[])));
        // Each page has EXIF's: half as many.
        assert!(kept(&tiff(most / 2, (34665, 1, 8), &[])));
        assert!(!kept(&tiff(most / 2 + 1, (34665, 1, 8), &[])));
        // A list of the same directory over and over, 26 bytes from the start.
        let list = 8_u32.to_le_bytes().repeat(most);
        assert!(kept(&tiff(1, (330, most as u32 - 1, 26), &list)));
        assert!(!kept(&tiff(1, (330, most as u32, 26), &list)));
        assert!(!kept(&tiff(1, (330, u32::MAX, 26), &list)));
        // A directory of many entries.
        let mut wide = b"MM\0*\0\0\0\x08\xff\xff".to_vec();
        wide.resize(2_000_000, 0);
        assert!(kept(&wide));
        // And a chain that ends in itself: it goes round until it is too long.
        let mut circle = tiff(1, (256, 1, 1), &[]);
        circle[22..26].copy_from_slice(&8_u32.to_le_bytes());
        assert!(!kept(&circle));
        for length in 0..26 {
            assert!(kept(&tiff(1, (256, 1, 1), &[])[..length]));
        }
    }
}
