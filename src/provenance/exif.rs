//! EXIF (CIPA DC-008, 4.6), and the same fields of TIFF files.

use super::claim::Claim;
use super::generators;
use super::marks;
use super::report::{Container, Mark, UnreadReason};
use super::statements::{Found, Statements};
use super::text::{is_uuid, utf8_or_latin1, utf16, utf16_of_either_order};
use crate::image::{Directory, TiffFile};

const AT: Container = Container::Exif;

const IMAGE_DESCRIPTION: u16 = 270;
const MAKE: u16 = 271;
const MODEL: u16 = 272;
const SOFTWARE: u16 = 305;
const ARTIST: u16 = 315;
const EXIF_DIRECTORY: u16 = 34_665;
const XP_COMMENT: u16 = 40_092;

/// In EXIF's own directory.
const USER_COMMENT: u16 = 37_510;
/// `ExposureTime`, `FNumber`, `PhotographicSensitivity`, `FocalLength`: what only whoever exposes
/// knows.
const EXPOSURE: [u16; 4] = [33_434, 33_437, 34_855, 37_386];

/// Says what a block says.
pub(super) fn state(block: &[u8], statements: &mut Statements) {
    let first = TiffFile::read(block).and_then(|file| Some((file, file.directories().next()?)));
    let Some((file, first)) = first else {
        statements.not_read(AT, UnreadReason::Damaged);
        return;
    };
    let text = |tag: u16| first.bytes(tag).map(text_of).filter(|text| !text.is_empty());
    let (make, model) = (text(MAKE), text(MODEL));
    let exif = first.tag(EXIF_DIRECTORY).and_then(|offset| file.directory(u64::from(offset)));
    for (field, value) in [("Make", &make), ("Model", &model)] {
        if let Some(value) = value {
            device(field, value, statements);
        }
    }
    camera(make.as_deref(), model.as_deref(), exif.as_ref(), statements);
    if let Some(software) = text(SOFTWARE) {
        marks::software(&software, AT, "Software", statements);
    }
    let description = text(IMAGE_DESCRIPTION);
    if let Some(description) = &description {
        if let Some(signature) = signature(description)
            && text(ARTIST).is_some_and(|artist| is_uuid(&artist))
        {
            let found = Found::new(Mark::Signature, Claim::Generated).names("Grok");
            statements.add(AT, "ImageDescription", found.text(signature));
        }
        marks::description(description, AT, "ImageDescription", statements);
    }
    if let Some(comment) = exif.as_ref().and_then(|exif| exif.bytes(USER_COMMENT)) {
        let comment = user_comment(comment, file.big_endian);
        marks::user_comment(&comment, AT, "UserComment", statements);
    }
    if let Some(comment) = first.bytes(XP_COMMENT) {
        marks::user_comment(&utf16(comment, false), AT, "XPComment", statements);
    }
}

/// Text up to its first NUL, without spaces around it.
fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    utf8_or_latin1(&bytes[..end]).trim().to_owned()
}

/// Generators that put their names, or notes, where cameras have theirs: Ideogram, and ComfyUI in
/// WebP (`comfy_extras/nodes_images.py`, `SaveAnimatedWEBP`).
fn device(field: &str, value: &str, statements: &mut Statements) {
    let note = value.strip_prefix("prompt:").or_else(|| value.strip_prefix("workflow:"));
    if let Some(settings) = note.and_then(generators::json) {
        marks::settings(&settings, AT, field, statements);
    } else if let Some(name) = generators::named(value) {
        let found = Found::new(Mark::Software, Claim::Generated).names(name).text(value);
        statements.add(AT, field, found);
    }
}

/// A camera that says of itself how it exposed.
fn camera(
    make: Option<&str>,
    model: Option<&str>,
    exif: Option<&Directory<'_>>,
    statements: &mut Statements,
) {
    let exposed = exif.is_some_and(|exif| EXPOSURE.iter().any(|tag| exif.bytes(*tag).is_some()));
    let generator = [make, model].iter().flatten().any(|name| generators::named(name).is_some());
    if !exposed || generator {
        return;
    }
    let name = match (make, model) {
        // Many models begin with their maker's name.
        (Some(make), Some(model)) if !model.starts_with(make) => format!("{make} {model}"),
        (_, Some(name)) | (Some(name), None) => name.to_owned(),
        (None, None) => return,
    };
    statements.add(AT, "Model", Found::new(Mark::Camera, Claim::Captured).names(name.as_str()));
}

/// The signature of xAI's Grok: `Signature: ` and a long text in Base64. The artist beside it is
/// the picture's number, a UUID.
///
/// Source: files of Grok, as described in wiltodelta/remove-ai-watermarks,
/// `docs/watermarking-landscape.md`.
fn signature(description: &str) -> Option<&str> {
    const SHORTEST: usize = 64;
    let signature = description.strip_prefix("Signature:")?.trim();
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    (signature.len() >= SHORTEST && signature.bytes().all(base64)).then_some(signature)
}

/// A user's comment: eight bytes name its encoding (4.6.6, table 10).
///
/// `UNICODE` is UTF-16 in the file's byte order, says the standard; the library that most
/// generators write with has it in the other one, and some write UTF-8.
fn user_comment(bytes: &[u8], big_endian: bool) -> String {
    let (encoding, text) = bytes.split_at(bytes.len().min(8));
    match encoding {
        b"UNICODE\0" => match str::from_utf8(text) {
            Ok(utf8) if !text.contains(&0) && utf8.is_ascii() => utf8.to_owned(),
            _ => utf16_of_either_order(text, big_endian),
        },
        b"ASCII\0\0\0" | b"\0\0\0\0\0\0\0\0" => utf8_or_latin1(text),
        // Without a name, though that is against the standard.
        _ => utf8_or_latin1(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_comments_are_read_in_every_encoding() {
        let text = "a cat, 猫";
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for order in [true, false] {
            for bytes in [
                [b"UNICODE\0", &big[..]].concat(),
                [b"UNICODE\0", &little[..]].concat(),
                [b"ASCII\0\0\0", text.as_bytes()].concat(),
                [&[0; 8], text.as_bytes()].concat(),
                text.as_bytes().to_vec(),
            ] {
                assert_eq!(user_comment(&bytes, order), text, "{bytes:x?}");
            }
        }
        assert_eq!(user_comment(b"UNICODE\0a cat", true), "a cat");
        assert_eq!(user_comment(b"UNI", true), "UNI");
    }

    #[test]
    fn signatures_are_long_and_nothing_else() {
        let signature_of = |length: usize| format!("Signature: {}", "Ab+/".repeat(length / 4));
        assert!(signature(&signature_of(64)).is_some());
        assert_eq!(signature(&signature_of(60)), None);
        assert_eq!(signature(&format!("{} and more", signature_of(64))), None);
        assert_eq!(signature(&format!("The {}", signature_of(64))), None);
    }
}
