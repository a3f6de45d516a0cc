//! AVIF and HEIC, which are files of the ISO base media family, and JPEG XL.

use super::super::boxes::{boxes, c_string, find, number};
use super::super::report::{Container, UnreadReason};
use super::Blocks;
use crate::limits::MAX_METADATA_BLOCKS;

/// The names of the boxes that hold a manifest store (C2PA 2.2, A.5.1) and XMP (XMP part 3,
/// 1.2.7.1).
const C2PA: [u8; 16] = *b"\xD8\xFE\xC3\xD6\x1B\x0E\x48\x3C\x92\x97\x58\x28\x87\x7E\xC4\x81";
const XMP: [u8; 16] = *b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";

/// Top-level boxes of JPEG XL's container (ISO/IEC 18181-2, 9; C2PA 2.3, A.3.9). A bare codestream
/// has no room for metadata.
pub(super) fn read_jxl<'a>(bytes: &'a [u8], blocks: &mut Blocks<'a>) {
    let mut start = 0;
    for (name, body) in boxes(bytes) {
        // A manifest store is a box with its header, as in the other formats.
        let end = body.as_ptr_range().end as usize - bytes.as_ptr() as usize;
        let whole = &bytes[start..end];
        start = end;
        match &name {
            b"jumb" => blocks.add_manifest_store(whole),
            b"xml " => blocks.add_xmp(body),
            b"Exif" => add_exif(body, blocks),
            // Compressed by Brotli: the name of what it is stands first.
            b"brob" => {
                let container = match body.get(..4) {
                    Some(b"xml ") => Container::Xmp,
                    Some(b"Exif") => Container::Exif,
                    Some(b"jumb") => Container::ContentCredentials,
                    _ => continue,
                };
                blocks.not_read(container, UnreadReason::Compressed);
            }
            _ => {}
        }
    }
}

/// Boxes named by a UUID, and items of the file (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, A.2 and
/// A.3).
pub(super) fn read<'a>(bytes: &'a [u8], blocks: &mut Blocks<'a>) {
    for (name, body) in boxes(bytes) {
        match &name {
            b"uuid" if body.starts_with(&C2PA) => add_c2pa(&body[16..], blocks),
            b"uuid" if body.starts_with(&XMP) => blocks.add_xmp(&body[16..]),
            b"meta" => items(bytes, body, blocks),
            _ => {}
        }
    }
}

/// A manifest store: version and flags, its purpose, a number, and the superbox. Other purposes are
/// parts of a film's hash.
fn add_c2pa<'a>(body: &'a [u8], blocks: &mut Blocks<'a>) {
    let Some((purpose, at)) = c_string(body, 4) else {
        blocks.not_read(Container::ContentCredentials, UnreadReason::Damaged);
        return;
    };
    if purpose == b"manifest"
        && let Some(store) = body.get(at + 8..)
    {
        blocks.add_manifest_store(store);
    }
}

/// EXIF behind the place of its header, and what some writers put before that.
fn add_exif<'a>(item: &'a [u8], blocks: &mut Blocks<'a>) {
    let exif = number(item, 0, 4)
        .and_then(|(offset, at)| item.get(at.checked_add(usize::try_from(offset).ok()?)?..));
    match exif {
        Some(exif) => blocks.add_exif(exif),
        None => blocks.not_read(Container::Exif, UnreadReason::Damaged),
    }
}

/// Kinds of items that are metadata.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Exif,
    Xmp,
}

impl Kind {
    fn container(self) -> Container {
        match self {
            Self::Exif => Container::Exif,
            Self::Xmp => Container::Xmp,
        }
    }
}

fn items<'a>(file: &'a [u8], meta: &'a [u8], blocks: &mut Blocks<'a>) {
    let Some(meta) = meta.get(4..) else { return };
    let data = find(meta, b"idat").unwrap_or_default();
    let wanted = find(meta, b"iinf").map(kinds).unwrap_or_default();
    for (id, kind) in wanted {
        let Some(kind) = kind else {
            blocks.not_read(Container::Xmp, UnreadReason::Compressed);
            continue;
        };
        let extents = find(meta, b"iloc").and_then(|list| extents(list, id));
        let extents = extents.and_then(|(in_data, extents)| {
            let source = if in_data { data } else { file };
            let slice = |(start, length): (u64, u64)| {
                let start = usize::try_from(start).ok()?;
                match usize::try_from(length).ok()? {
                    // All there is.
                    0 => source.get(start..),
                    length => source.get(start..start.checked_add(length)?),
                }
            };
            extents.into_iter().map(slice).collect::<Option<Vec<_>>>()
        });
        match (extents.as_deref(), kind) {
            (Some([item]), Kind::Exif) => add_exif(item, blocks),
            (Some(pieces @ [_, ..]), Kind::Xmp) => {
                if let Some(packet) = blocks.joined(Container::Xmp, pieces.iter().copied()) {
                    blocks.add_xmp(packet);
                }
            }
            _ => blocks.not_read(kind.container(), UnreadReason::Damaged),
        }
    }
}

/// The items that are metadata, by the list of items; no kind for XMP that is encoded.
fn kinds(list: &[u8]) -> Vec<(u64, Option<Kind>)> {
    let start = if list.first() == Some(&0) { 6 } else { 8 };
    let entries = boxes(list.get(start..).unwrap_or_default());
    let entries = entries.filter(|(name, _)| name == b"infe").filter_map(|(_, entry)| {
        let version = *entry.first()?;
        let (id, at) = number(entry, 4, if version > 2 { 4 } else { 2 })?;
        let (protected, at) = number(entry, at, 2)?;
        let kind = match entry.get(at..at + 4)? {
            b"Exif" => Kind::Exif,
            b"mime" => {
                let (_name, at) = c_string(entry, at + 4)?;
                let (content, at) = c_string(entry, at)?;
                let encoded = entry.get(at).is_some_and(|&first| first != 0);
                if content != b"application/rdf+xml" {
                    return None;
                }
                if encoded {
                    return Some((id, None));
                }
                Kind::Xmp
            }
            _ => return None,
        };
        (version >= 2 && protected == 0).then_some((id, Some(kind)))
    });
    entries.take(MAX_METADATA_BLOCKS).collect()
}

/// Where an item lies: whether in the box `idat`, and the starts and lengths of its parts.
fn extents(list: &[u8], wanted: u64) -> Option<(bool, Vec<(u64, u64)>)> {
    let version = *list.first()?;
    let (sizes, at) = number(list, 4, 2)?;
    let size = |shift: u64| (sizes >> shift & 15) as usize;
    let index = if version == 0 { 0 } else { size(0) };
    let (offset, length, base) = (size(12), size(8), size(4));
    if version > 2 || [offset, length, base, index].iter().any(|size| ![0, 4, 8].contains(size)) {
        return None;
    }
    let long = if version < 2 { 2 } else { 4 };
    let (count, mut at) = number(list, at, long)?;
    for _ in 0..count {
        let (id, method, reference, start, parts);
        (id, at) = number(list, at, long)?;
        (method, at) = if version == 0 { (0, at) } else { number(list, at, 2)? };
        (reference, at) = number(list, at, 2)?;
        (start, at) = number(list, at, base)?;
        (parts, at) = number(list, at, 2)?;
        let width = index + offset + length;
        if id != wanted {
            at = at.checked_add(usize::try_from(parts).ok()?.checked_mul(width)?)?;
            continue;
        }
        // A part may lie in another file, or in another item.
        if reference != 0 || method & 15 > 1 || parts > MAX_METADATA_BLOCKS as u64 {
            return None;
        }
        let mut extents = Vec::new();
        for _ in 0..parts {
            let (offset_of, length_of);
            (_, at) = number(list, at, index)?;
            (offset_of, at) = number(list, at, offset)?;
            (length_of, at) = number(list, at, length)?;
            extents.push((start.checked_add(offset_of)?, length_of));
        }
        return Some((method & 15 == 1, extents));
    }
    None
}
