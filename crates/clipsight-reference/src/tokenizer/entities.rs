//! HTML's character references as Python's `html.unescape` and ftfy read them: the former as
//! browsers do, with or without a semicolon, the latter with more caution.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::charmaps::windows_1252;

/// The names that HTML still knows without their semicolon, as "&copy 2024".
#[rustfmt::skip]
const WITHOUT_SEMICOLON: [&str; 106] = [
    "AElig", "AMP", "Aacute", "Acirc", "Agrave", "Aring", "Atilde", "Auml", "COPY", "Ccedil",
    "ETH", "Eacute", "Ecirc", "Egrave", "Euml", "GT", "Iacute", "Icirc", "Igrave", "Iuml", "LT",
    "Ntilde", "Oacute", "Ocirc", "Ograve", "Oslash", "Otilde", "Ouml", "QUOT", "REG", "THORN",
    "Uacute", "Ucirc", "Ugrave", "Uuml", "Yacute", "aacute", "acirc", "acute", "aelig", "agrave",
    "amp", "aring", "atilde", "auml", "brvbar", "ccedil", "cedil", "cent", "copy", "curren", "deg",
    "divide", "eacute", "ecirc", "egrave", "eth", "euml", "frac12", "frac14", "frac34", "gt",
    "iacute", "icirc", "iexcl", "igrave", "iquest", "iuml", "laquo", "lt", "macr", "micro",
    "middot", "nbsp", "not", "ntilde", "oacute", "ocirc", "ograve", "ordf", "ordm", "oslash",
    "otilde", "ouml", "para", "plusmn", "pound", "quot", "raquo", "reg", "sect", "shy", "sup1",
    "sup2", "sup3", "szlig", "thorn", "times", "uacute", "ucirc", "ugrave", "uml", "uuml",
    "yacute", "yen", "yuml",
];

/// A reference as Python's `html` finds it.
#[expect(clippy::unwrap_used, reason = "the pattern is constant")]
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\x0c <&#;]{1,32};?)").unwrap()
});

/// A reference as ftfy finds it.
#[expect(clippy::unwrap_used, reason = "the pattern is constant")]
static CAREFUL_REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"&#?[0-9A-Za-z]{1,24};").unwrap());

/// Python's `html.unescape`.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    REFERENCE.replace_all(text, |found: &Captures<'_>| {
        let reference = &found[1];
        match reference.strip_prefix('#') {
            Some(number) => numbered(number),
            None => named_or_kept(reference),
        }
    })
}

/// ftfy's `unescape_html`: only what ends with a semicolon, but also names in capitals, "&EACUTE;".
pub(super) fn unescape_carefully(text: &str) -> Cow<'_, str> {
    CAREFUL_REFERENCE.replace_all(text, |found: &Captures<'_>| {
        let reference = &found[0];
        if reference.starts_with("&#") {
            // Where Python decodes the digits and leaves the rest, or makes a semicolon, nothing is
            // done.
            let decoded = unescape(reference);
            return if decoded.contains(';') { reference.to_owned() } else { decoded.into_owned() };
        }
        let name = &reference[1..reference.len() - 1];
        if let Some(value) = named(name) {
            return value;
        }
        let lower = name.to_ascii_lowercase();
        let capitals = lower.to_ascii_uppercase() == name && unescape(reference) == reference;
        match named(&lower) {
            Some(value) if capitals => value.to_uppercase(),
            _ => reference.to_owned(),
        }
    })
}

/// What stands for `&name;`.
fn named(name: &str) -> Option<String> {
    let reference = format!("&{name};");
    let value = html_escape::decode_html_entities(&reference);
    (value != reference).then(|| value.into_owned())
}

/// A reference by name, without its ampersand: the whole of it, or the longest beginning that is a
/// name.
fn named_or_kept(reference: &str) -> String {
    let name = reference.strip_suffix(';').unwrap_or(reference);
    if name.len() < reference.len()
        && let Some(value) = named(name)
    {
        return value;
    }
    let longest = (2..=name.len())
        .rev()
        .filter_map(|length| name.get(..length))
        .find(|beginning| WITHOUT_SEMICOLON.contains(beginning));
    match longest.and_then(|beginning| Some((beginning, named(beginning)?))) {
        Some((beginning, value)) => value + &reference[beginning.len()..],
        None => format!("&{reference}"),
    }
}

/// A reference by number, without its `&#`.
fn numbered(reference: &str) -> String {
    let digits = reference.trim_end_matches(';');
    let number = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    // A number that does not fit is not a character either.
    let Ok(number) = number else { return char::REPLACEMENT_CHARACTER.to_string() };
    let Some(character) = char::from_u32(number) else {
        return char::REPLACEMENT_CHARACTER.to_string();
    };
    match character {
        '\0' => char::REPLACEMENT_CHARACTER.to_string(),
        '\u{80}'..='\u{9f}' => {
            u8::try_from(number).ok().and_then(windows_1252).unwrap_or(character).to_string()
        }
        // What HTML forbids: control characters, and the numbers that will never be characters.
        '\u{1}'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fdd0}'..='\u{fdef}' => {
            String::new()
        }
        _ if number & 0xfffe == 0xfffe => String::new(),
        _ => character.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values by Python's `html.unescape`.
    #[test]
    fn references_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("&copy 2024 &copy; &copy2", "© 2024 © ©2"),
            ("&notit; &notin; &notin", "¬it; ∉ ¬in"),
            ("&nonsense; & &; &#; &#x;", "&nonsense; & &; &#; &#x;"),
            ("&#65 &#x41; &#X41;&#128;&#129;", "A A A€\u{81}"),
            (
                "&#0;&#1;&#11;&#x1F;&#xD800;&#x110000;&#99999999999999999999;",
                "\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
            ("&#xfdd0;&#x1fffe;&#13;", "\r"),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(unescape(text), expected, "{text}");
        }
    }

    /// Expected values by `ftfy.fixes.unescape_html`.
    #[test]
    fn careful_reading_wants_semicolons_and_knows_capitals() {
        for (text, expected) in [
            ("&copy 2024 &copy;", "&copy 2024 ©"),
            ("P&EACUTE;REZ P&eacute;rez STRA&SZLIG;E", "PÉREZ Pérez STRASSE"),
            ("&nTILDE; &GTDOT; &AMP;", "&nTILDE; &GTDOT; &"),
            ("&#59; &#12ab; &#233;", "&#59; &#12ab; é"),
        ] {
            assert_eq!(unescape_carefully(text), expected, "{text}");
        }
    }
}
