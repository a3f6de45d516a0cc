//! JPEG: application segments before the first scan (T.81, B.2.4.6).

use super::super::report::{Container, UnreadReason};
use super::{Blocks, iptc_of_resources};
use crate::image::jpeg_markers::{APP1, APP11, APP13, COM, SOS, segments};
use crate::image::take;
use crate::limits::MAX_METADATA_BYTES;

/// What the segments of each kind begin with (EXIF 2.32, 4.7.2; XMP part 3, 1.1.3; Photoshop).
const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const EXTENDED_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// Most segments that one box or packet may be cut into: what may be put together, in segments as
/// long as they can be, four times over.
const MAX_SEGMENTS: usize = 4 * MAX_METADATA_BYTES / 0xFFFF;

/// A part of a box of JUMBF (ISO/IEC 19566-5, D.2).
struct BoxPart<'a> {
    /// Which of the boxes it belongs to.
    instance: [u8; 2],
    sequence: u32,
    /// With the box's header, which every part repeats.
    data: &'a [u8],
}

/// A part of an XMP packet that is too long for one segment.
struct XmpPart<'a> {
    /// The MD5 of the whole, by which the first packet names it.
    digest: &'a [u8],
    /// The length of the whole.
    total: u32,
    offset: u32,
    data: &'a [u8],
}

/// Segments behind the first scan are not read: whoever looks at a picture's header does not see
/// them, and no program writes them there.
pub(super) fn read<'a>(bytes: &'a [u8], blocks: &mut Blocks<'a>) {
    let (mut boxes, mut extended, mut photoshop) = (Vec::new(), Vec::new(), Vec::new());
    for segment in segments(bytes).take_while(|segment| segment.marker != SOS) {
        match segment.marker {
            APP1 => {
                if let Some(exif) = segment.data.strip_prefix(EXIF) {
                    blocks.add_exif(exif);
                } else if let Some(packet) = segment.data.strip_prefix(XMP) {
                    blocks.add_xmp(packet);
                } else if let Some(part) = segment.data.strip_prefix(EXTENDED_XMP) {
                    extended.extend(xmp_part(part));
                }
            }
            APP11 => boxes.extend(box_part(segment.data)),
            APP13 => photoshop.extend(segment.data.strip_prefix(PHOTOSHOP)),
            COM => blocks.add_comment(segment.data),
            _ => {}
        }
        if boxes.len().max(extended.len()).max(photoshop.len()) > MAX_SEGMENTS {
            // More is nothing that a program wrote.
            break;
        }
    }
    if !boxes.is_empty() {
        join_boxes(boxes, blocks);
    }
    if !extended.is_empty() {
        join_xmp(extended, blocks);
    }
    if let Some(resources) = blocks.joined(Container::Iptc, photoshop.into_iter()) {
        use std::borrow::Cow;
        match resources {
            Cow::Borrowed(resources) => {
                if let Some(datasets) = iptc_of_resources(resources) {
                    blocks.add_iptc(datasets);
                }
            }
            Cow::Owned(resources) => {
                if let Some(datasets) = iptc_of_resources(&resources) {
                    blocks.add_iptc(datasets.to_vec());
                }
            }
        }
    }
}

fn box_part(data: &[u8]) -> Option<BoxPart<'_>> {
    let instance = take(data, 2)?;
    let sequence = u32::from_be_bytes(take(data, 4)?);
    let jumbf = data.starts_with(b"JP") && take(data, 12)? == *b"jumb";
    jumbf.then(|| BoxPart { instance, sequence, data: &data[8..] })
}

/// Puts the parts of each box together: in the order of their numbers, without the header that all
/// but the first repeat.
fn join_boxes<'a>(mut parts: Vec<BoxPart<'a>>, blocks: &mut Blocks<'a>) {
    parts.sort_by_key(|part| (part.instance, part.sequence));
    for parts in parts.chunk_by(|a, b| a.instance == b.instance) {
        // A part that is missing would join what does not belong together. Numbers begin at 1;
        // Microsoft's generators begin at 0.
        let first = parts[0].sequence.min(1);
        if !parts.iter().zip(first..).all(|(part, number)| part.sequence == number) {
            blocks.not_read(Container::ContentCredentials, UnreadReason::Damaged);
            continue;
        }
        let header = if parts[0].data.starts_with(&[0, 0, 0, 1]) { 16 } else { 8 };
        let pieces = parts.iter().enumerate().map(|(place, part)| match place {
            0 => part.data,
            _ => part.data.get(header..).unwrap_or_default(),
        });
        if let Some(store) = blocks.joined(Container::ContentCredentials, pieces) {
            blocks.add_manifest_store(store);
        }
    }
}

/// 32 digits of a digest, the length of the whole, where the part stands in it, and the part.
fn xmp_part(data: &[u8]) -> Option<XmpPart<'_>> {
    let digest = data.get(..32)?;
    let [total, offset] = [32, 36].map(|at| take(data, at).map(u32::from_be_bytes));
    Some(XmpPart { digest, total: total?, offset: offset?, data: data.get(40..)? })
}

/// Puts the extension together that the first packet names; others are no part of the metadata.
fn join_xmp<'a>(mut parts: Vec<XmpPart<'a>>, blocks: &mut Blocks<'a>) {
    let named = |digest: &[u8]| {
        let first = blocks.xmp.first().map_or(&[][..], |packet| packet);
        first.windows(digest.len()).any(|window| window == digest)
    };
    let Some(digest) = parts.first().map(|part| part.digest).filter(|digest| named(digest)) else {
        blocks.not_read(Container::Xmp, UnreadReason::Damaged);
        return;
    };
    parts.retain(|part| part.digest == digest);
    parts.sort_by_key(|part| part.offset);
    let mut end = 0;
    let whole = parts.iter().all(|part| {
        let follows = part.offset as usize == end;
        end += part.data.len();
        follows
    });
    if !whole || parts.iter().any(|part| part.total as usize != end) {
        blocks.not_read(Container::Xmp, UnreadReason::Damaged);
        return;
    }
    if let Some(packet) = blocks.joined(Container::Xmp, parts.iter().map(|part| part.data)) {
        blocks.add_xmp(packet);
    }
}
