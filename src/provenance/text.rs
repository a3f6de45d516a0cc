//! Words from strangers, made harmless, and the encodings that metadata have.

use crate::limits::MAX_STATEMENT_CHARACTERS;

/// Words for a statement: at most [`MAX_STATEMENT_CHARACTERS`] characters, on one line; what
/// controls a terminal, hides, or changes the direction of writing becomes U+FFFD. Nothing where
/// nothing is left.
pub(super) fn harmless(text: &str) -> Option<String> {
    let mut result = String::new();
    let mut count = 0;
    for character in text.chars() {
        let character = match character {
            // What ends a C string, and what separates words.
            '\0' => continue,
            character if character.is_whitespace() => ' ',
            character if character.is_control() || is_hidden(character) => '\u{FFFD}',
            character => character,
        };
        if character == ' ' && (result.is_empty() || result.ends_with(' ')) {
            continue;
        }
        if count == MAX_STATEMENT_CHARACTERS {
            result.push('…');
            break;
        }
        result.push(character);
        count += 1;
    }
    result.truncate(result.trim_end().len());
    (!result.is_empty()).then_some(result)
}

/// Whether a character is not seen, or reorders others (Unicode's category Cf, but for the joiners
/// that emoji, Persian and Indian scripts need).
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// Text in UTF-8, or else in Latin-1, which every file can be read as.
pub(super) fn utf8_or_latin1(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Text in UTF-16. Damaged characters become U+FFFD.
pub(super) fn utf16(bytes: &[u8], big_endian: bool) -> String {
    let units = bytes.as_chunks::<2>().0.iter();
    let units = units.map(|&unit| match big_endian {
        true => u16::from_be_bytes(unit),
        false => u16::from_le_bytes(unit),
    });
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Text in UTF-16 whose order nobody says: by its mark, else by which half of its units is zero
/// more often, as in every text with spaces or Latin letters.
pub(super) fn utf16_of_either_order(bytes: &[u8], otherwise_big: bool) -> String {
    let zeros = |at| bytes.iter().skip(at).step_by(2).filter(|&&byte| byte == 0).count();
    let (bytes, big_endian) = match bytes {
        [0xFE, 0xFF, rest @ ..] => (rest, true),
        [0xFF, 0xFE, rest @ ..] => (rest, false),
        _ => match zeros(0).cmp(&zeros(1)) {
            std::cmp::Ordering::Greater => (bytes, true),
            std::cmp::Ordering::Less => (bytes, false),
            std::cmp::Ordering::Equal => (bytes, otherwise_big),
        },
    };
    utf16(bytes, big_endian)
}

/// Whether a text is a UUID, as generators name pictures by.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_made_harmless() {
        assert_eq!(harmless(" a\r\n\tb\0 ").as_deref(), Some("a b"));
        assert_eq!(harmless("a\u{1b}[2Jb\u{202e}c").as_deref(), Some("a\u{FFFD}[2Jb\u{FFFD}c"));
        assert_eq!(harmless("<b>\u{200d}👩‍🎨 日本").as_deref(), Some("<b>\u{200d}👩‍🎨 日本"));
        assert_eq!(harmless("\n\0 "), None);
        let long = harmless(&"ä".repeat(1 << 20)).unwrap();
        assert_eq!(long.chars().count(), MAX_STATEMENT_CHARACTERS + 1);
        assert!(long.ends_with("ä…"));
    }

    #[test]
    fn both_orders_of_utf16_are_read() {
        let text = "a cat, 猫";
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for order in [true, false] {
            assert_eq!(utf16_of_either_order(&big, order), text);
            assert_eq!(utf16_of_either_order(&little, order), text);
        }
        // Nothing tells: the order that the file has.
        let cat: Vec<u8> = "猫".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(utf16_of_either_order(&cat, true), "猫");
        assert_eq!(utf16_of_either_order(b"\xFF\xFEa\0", true), "a");
    }

    #[test]
    fn uuids_are_whole() {
        assert!(is_uuid("a7421d2f-b262-44f9-977c-ac23e9c7d3e3"));
        for text in ["", "a7421d2fb26244f9977cac23e9c7d3e3", "a7421d2f-b262-44f9-977c-ac23e9c7d3eg"]
        {
            assert!(!is_uuid(text));
        }
    }
}
