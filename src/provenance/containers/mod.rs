//! Where each image format keeps its metadata.

mod jpeg;
mod media;

use std::borrow::Cow;

use super::boxes::c_string;
use super::report::{Container, Unread, UnreadReason};
use super::text::utf8_or_latin1;
use crate::image::{Format, GifBlock, TiffFile, gif_blocks, png_chunks, riff_chunks, take};
use crate::limits::{MAX_METADATA_BLOCKS, MAX_METADATA_BYTES};

/// Tags of TIFF that hold metadata of other kinds: XMP (XMP part 3, 1.1.2), IPTC-IIM and
/// Photoshop's image resources (Adobe's technical note on TIFF, 2002), C2PA (2.2, A.3.4).
const XMP: u16 = 700;
const IPTC: u16 = 33_723;
const PHOTOSHOP: u16 = 34_377;
const C2PA: u16 = 52_545;

/// A text of a PNG file.
pub(super) struct Text {
    pub(super) keyword: String,
    pub(super) text: String,
}

/// The metadata of a file.
#[derive(Default)]
pub(super) struct Blocks<'a> {
    /// JUMBF superboxes.
    pub(super) manifest_stores: Vec<Cow<'a, [u8]>>,
    pub(super) xmp: Vec<Cow<'a, [u8]>>,
    /// From their TIFF header on.
    pub(super) exif: Vec<&'a [u8]>,
    /// Datasets of IPTC-IIM.
    pub(super) iptc: Vec<Cow<'a, [u8]>>,
    pub(super) texts: Vec<Text>,
    pub(super) comments: Vec<Cow<'a, [u8]>>,
    pub(super) unread: Vec<Unread>,
    /// Bytes that were put together or decompressed.
    copied: usize,
}

/// The metadata of a file of this format.
pub(super) fn blocks(bytes: &[u8], format: Format) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    match format {
        Format::Jpeg => jpeg::read(bytes, &mut blocks),
        Format::Png => png(bytes, &mut blocks),
        Format::WebP => webp(bytes, &mut blocks),
        Format::Gif => gif(bytes, &mut blocks),
        Format::Tiff => tiff(bytes, &mut blocks),
        Format::Avif | Format::Heif => media::read(bytes, &mut blocks),
        Format::Jxl => media::read_jxl(bytes, &mut blocks),
        // It has no place for any.
        Format::Bmp => {}
    }
    blocks
}

impl<'a> Blocks<'a> {
    fn not_read(&mut self, container: Container, reason: UnreadReason) {
        self.unread.push(Unread { container, reason });
    }

    /// Adds a block of a list, if there is room.
    fn add<T>(&mut self, container: Container, list: fn(&mut Self) -> &mut Vec<T>, block: T) {
        if list(self).len() < MAX_METADATA_BLOCKS {
            list(self).push(block);
        } else {
            self.not_read(container, UnreadReason::TooLarge);
        }
    }

    fn add_manifest_store(&mut self, store: impl Into<Cow<'a, [u8]>>) {
        self.add(Container::ContentCredentials, |blocks| &mut blocks.manifest_stores, store.into());
    }

    fn add_xmp(&mut self, packet: impl Into<Cow<'a, [u8]>>) {
        self.add(Container::Xmp, |blocks| &mut blocks.xmp, packet.into());
    }

    fn add_exif(&mut self, exif: &'a [u8]) {
        // Some writers of PNG and WebP leave JPEG's identifier before it.
        let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        self.add(Container::Exif, |blocks| &mut blocks.exif, exif);
    }

    fn add_iptc(&mut self, datasets: impl Into<Cow<'a, [u8]>>) {
        self.add(Container::Iptc, |blocks| &mut blocks.iptc, datasets.into());
    }

    fn add_comment(&mut self, comment: impl Into<Cow<'a, [u8]>>) {
        self.add(Container::Comment, |blocks| &mut blocks.comments, comment.into());
    }

    /// Takes a share of what may be put together or decompressed in all.
    fn take_room(&mut self, container: Container, bytes: usize) -> bool {
        let room = bytes <= MAX_METADATA_BYTES - self.copied;
        if room {
            self.copied += bytes;
        } else {
            self.not_read(container, UnreadReason::TooLarge);
        }
        room
    }

    /// Pieces put together.
    fn joined(
        &mut self,
        container: Container,
        pieces: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Cow<'a, [u8]>> {
        let mut pieces = pieces.peekable();
        let first = pieces.next()?;
        if pieces.peek().is_none() {
            return Some(first.into());
        }
        let mut all = Vec::new();
        for piece in std::iter::once(first).chain(pieces) {
            if !self.take_room(container, piece.len()) {
                return None;
            }
            all.extend_from_slice(piece);
        }
        Some(all.into())
    }
}

/// PNG (third edition, 11.3.3 and 11.3.4.5; XMP part 3, 1.1.5; C2PA 2.2, A.3.2).
fn png<'a>(bytes: &'a [u8], blocks: &mut Blocks<'a>) {
    // What follows the end is not in the file.
    for chunk in png_chunks(bytes).take_while(|chunk| chunk.name != *b"IEND") {
        let container = match &chunk.name {
            b"eXIf" => Container::Exif,
            b"caBX" => Container::ContentCredentials,
            b"tEXt" | b"zTXt" | b"iTXt" => Container::PngText,
            _ => continue,
        };
        if !chunk.complete {
            blocks.not_read(container, UnreadReason::Damaged);
            continue;
        }
        match &chunk.name {
            b"eXIf" => blocks.add_exif(chunk.data),
            b"caBX" => blocks.add_manifest_store(chunk.data),
            name => match png_text(*name, chunk.data, blocks) {
                // XMP is text in UTF-8, which only this kind of chunk has.
                Some(text) if name == b"iTXt" && text.keyword == "XML:com.adobe.xmp" => {
                    blocks.add_xmp(text.text.into_bytes());
                }
                Some(text) => {
                    blocks.add(Container::PngText, |blocks| &mut blocks.texts, text);
                }
                None => {}
            },
        }
    }
}

/// A text chunk: keyword, NUL, and text by itself (`tEXt`), compressed (`zTXt`), or behind flags,
/// language and translated keyword (`iTXt`).
fn png_text(name: [u8; 4], data: &[u8], blocks: &mut Blocks<'_>) -> Option<Text> {
    let parts = || {
        let (keyword, at) = c_string(data, 0)?;
        let (compressed, at) = match &name {
            b"tEXt" => (false, at),
            b"zTXt" => (true, at + 1),
            _ => {
                let [compressed, _method] = take(data, at)?;
                let (_language, at) = c_string(data, at + 2)?;
                let (_translated, at) = c_string(data, at)?;
                (compressed != 0, at)
            }
        };
        Some((utf8_or_latin1(keyword), compressed, data.get(at..)?))
    };
    let Some((keyword, compressed, text)) = parts() else {
        blocks.not_read(Container::PngText, UnreadReason::Damaged);
        return None;
    };
    if !compressed {
        // Most generators write UTF-8 where Latin-1 is asked for.
        let room = blocks.take_room(Container::PngText, text.len());
        return room.then(|| Text { keyword, text: utf8_or_latin1(text) });
    }
    let room = MAX_METADATA_BYTES - blocks.copied;
    match fdeflate::decompress_to_vec_bounded(text, room) {
        Ok(text) => {
            blocks.copied += text.len();
            return Some(Text { keyword, text: utf8_or_latin1(&text) });
        }
        Err(fdeflate::BoundedDecompressionError::OutputTooLarge { .. }) => {
            blocks.copied = MAX_METADATA_BYTES;
            blocks.not_read(Container::PngText, UnreadReason::TooLarge);
        }
        Err(fdeflate::BoundedDecompressionError::DecompressionError { .. }) => {
            blocks.not_read(Container::PngText, UnreadReason::Damaged);
        }
    }
    None
}

/// WebP (RFC 9649, 2.7.1.5; C2PA 2.2, A.3.6).
fn webp<'a>(bytes: &'a [u8], blocks: &mut Blocks<'a>) {
    // What follows the container is not in the file.
    let end = take(bytes, 4).map_or(0, u32::from_le_bytes) as usize;
    let bytes = &bytes[..end.saturating_add(8).min(bytes.len())];
    for chunk in riff_chunks(bytes) {
        let container = match &chunk.name {
            b"EXIF" => Container::Exif,
            b"XMP " => Container::Xmp,
            b"C2PA" => Container::ContentCredentials,
            _ => continue,
        };
        if !chunk.complete {
            blocks.not_read(container, UnreadReason::Damaged);
            continue;
        }
        match container {
            Container::Exif => blocks.add_exif(chunk.data),
            Container::Xmp => blocks.add_xmp(chunk.data),
            _ => blocks.add_manifest_store(chunk.data),
        }
    }
}

/// TIFF: the first page (XMP part 3, 1.1.2; C2PA 2.2, A.3.4).
fn tiff<'a>(bytes: &'a [u8], blocks: &mut Blocks<'a>) {
    let Some(first) = TiffFile::read(bytes).and_then(|file| file.directories().next()) else {
        blocks.not_read(Container::Exif, UnreadReason::Damaged);
        return;
    };
    blocks.add_exif(bytes);
    if let Some(store) = first.bytes(C2PA) {
        blocks.add_manifest_store(store);
    }
    if let Some(packet) = first.bytes(XMP) {
        blocks.add_xmp(packet);
    }
    if let Some(datasets) = first.bytes(IPTC) {
        blocks.add_iptc(datasets);
    }
    if let Some(resources) = first.bytes(PHOTOSHOP)
        && let Some(datasets) = iptc_of_resources(resources)
    {
        blocks.add_iptc(datasets);
    }
}

/// IPTC-IIM in Photoshop's image resources: `8BIM`, a number, a name of even length, a length, and
/// data of even length (Adobe, Photoshop File Formats, "Image Resource Blocks").
fn iptc_of_resources(resources: &[u8]) -> Option<&[u8]> {
    const IPTC_NAA: [u8; 2] = [0x04, 0x04];
    let mut at = 0;
    while take(resources, at)? == *b"8BIM" {
        let number: [u8; 2] = take(resources, at + 4)?;
        let [name] = take(resources, at + 6)?;
        let start = at + 6 + (usize::from(name) + 1).next_multiple_of(2);
        let length = u32::from_be_bytes(take(resources, start)?) as usize;
        let end = (start + 4).checked_add(length)?;
        let data = resources.get(start + 4..end)?;
        if number == IPTC_NAA {
            return Some(data);
        }
        at = end.checked_next_multiple_of(2)?;
    }
    None
}

/// GIF: application extensions and comments (GIF89a, 24 and 26; XMP part 3, 1.1.3; C2PA 2.2,
/// A.3.8).
fn gif<'a>(bytes: &'a [u8], blocks: &mut Blocks<'a>) {
    /// What follows a packet, so that readers that know nothing of it find the end of the block.
    const TRAILER: usize = 258;
    for block in gif_blocks(bytes) {
        let GifBlock::Extension { label, data, whole } = block else { continue };
        let name = data.get(..12).unwrap_or_default();
        let container = match (label, name) {
            (0xFF, b"\x0BXMP DataXMP") => Container::Xmp,
            (0xFF, b"\x0BC2PA_GIF\x01\0\0") => Container::ContentCredentials,
            (0xFE, _) => Container::Comment,
            _ => continue,
        };
        if !whole {
            blocks.not_read(container, UnreadReason::Damaged);
            continue;
        }
        match container {
            Container::Xmp => match data.len().checked_sub(12 + TRAILER) {
                Some(length) => blocks.add_xmp(&data[12..12 + length]),
                None => blocks.not_read(container, UnreadReason::Damaged),
            },
            Container::ContentCredentials => {
                if let Some(store) = blocks.joined(container, sub_blocks(&data[12..])) {
                    blocks.add_manifest_store(store);
                }
            }
            _ => {
                if let Some(comment) = blocks.joined(container, sub_blocks(data)) {
                    blocks.add_comment(comment);
                }
            }
        }
    }
}

/// The contents of sub-blocks, each of which stands behind its length.
fn sub_blocks(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&length, data) = rest.split_first()?;
        let (block, behind) = data.split_at(usize::from(length).min(data.len()));
        rest = behind;
        (length > 0).then_some(block)
    })
}
