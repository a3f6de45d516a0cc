// SPDX-License-Identifier: Apache-2.0
//! `ftfy.fix_text` with its defaults: repairs text that was decoded with the wrong encoding
//! ("CafÃ©"), and typographical accidents.
//!
//! After ftfy 6.3.1 by Robyn Speer (Apache-2.0), whose rules about what looks wrong stand in
//! [`BADNESS`]; the rest is written from scratch. The crate `plsfix`, an older port, returns a
//! different text for 484 of the 10,000 of `scripts/parity/texts.py` (it also resolves entities in
//! HTML, and its rules are those of ftfy 6.1), and depends on an abandoned crate.
//!
//! What is not done: ftfy cuts lines of more than a million characters, and joins surrogates, which
//! no `str` has.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use regex::{Regex, bytes};
use unicode_normalization::UnicodeNormalization;

use super::charmaps::{CHARMAPS, windows_1252};
use super::entities::unescape_carefully;

/// Repairs are repeated until nothing changes. Every repair shortens the text or simplifies its
/// characters, so a few rounds suffice; the limit is for texts made to cause trouble.
const MAX_ROUNDS: usize = 32;

/// Every line by itself, until nothing changes any more.
pub(super) fn fix_text(text: &str) -> String {
    // What has a `<` may be HTML, whose entities are meant: from that line on they are left alone.
    let mut entities = true;
    text.split_inclusive('\n')
        .map(|line| {
            entities &= !line.contains('<');
            fix_line(line, entities)
        })
        .collect()
}

fn fix_line(line: &str, entities: bool) -> String {
    let mut line = line.to_owned();
    for _ in 0..MAX_ROUNDS {
        let text = if entities { unescape_carefully(&line) } else { Cow::Borrowed(line.as_str()) };
        let fixed = fix_characters(&fix_encoding(&text));
        if fixed == line {
            break;
        }
        line = fixed;
    }
    line
}

/// A terminal's escape sequence for colours and the like.
static TERMINAL_ESCAPE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\x1b\[[\d;]*[a-zA-Z]"));

/// The steps that look at one character at a time, or nearly.
fn fix_characters(text: &str) -> String {
    let mut fixed = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match fix_c1(character) {
            // Latin ligatures and digraphs that keyboards lack; NFKC would make "st" of the first.
            '\u{fb05}' => fixed.push_str("ſt"),
            '\u{149}' => fixed.push_str("'n"),
            // The last two are full- and half-width forms and the wide space.
            character @ ('\u{132}'
            | '\u{133}'
            | '\u{1c4}'..='\u{1cc}'
            | '\u{1f1}'..='\u{1f3}'
            | '\u{fb00}'..='\u{fb06}'
            | '\u{ff01}'..='\u{ffef}'
            | '\u{3000}') => fixed.extend(std::iter::once(character).nfkc()),
            // Quotes.
            '\u{2018}'..='\u{201b}' | '\u{2bc}' => fixed.push('\''),
            '\u{201c}'..='\u{201f}' => fixed.push('"'),
            // Ends of lines.
            '\r' => {
                characters.next_if_eq(&'\n');
                fixed.push('\n');
            }
            '\u{2028}' | '\u{2029}' => fixed.push('\n'),
            character => fixed.push(character),
        }
    }
    let fixed = TERMINAL_ESCAPE.replace_all(&fixed, "");
    fixed.chars().filter(|character| !is_useless_control(*character)).nfc().collect()
}

/// What Windows-1252 has where Unicode has the control characters U+0080 to U+009F, which nobody
/// writes on purpose.
fn fix_c1(character: char) -> char {
    match character {
        '\u{80}'..='\u{9f}' => {
            u8::try_from(u32::from(character)).ok().and_then(windows_1252).unwrap_or(character)
        }
        _ => character,
    }
}

fn is_useless_control(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{8}'
            | '\u{b}'
            | '\u{e}'..='\u{1f}'
            | '\u{7f}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffc}'
    )
}

#[expect(clippy::unwrap_used, reason = "the patterns are constant")]
fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

#[expect(clippy::unwrap_used, reason = "the patterns are constant")]
fn byte_pattern(pattern: &str) -> bytes::Regex {
    bytes::Regex::new(pattern).unwrap()
}

/// Sequences of characters that hardly any text has, but misread UTF-8 does: one match is enough to
/// try a repair.
static BADNESS: LazyLock<Regex> = LazyLock::new(|| {
    let common = r"\u{a0}\u{ad}\u{b4}·–—―’…";
    let c1 = r"\u{80}-\u{9f}";
    let bad = r"¤¦\u{a8}ª¬\u{af}\u{b8}ºƒ\u{2c6}\u{2c7}\u{2d8}\u{2db}\u{2dc}†‡‰⌐◊\u{fffd}";
    let law = "§¶";
    let currency = "¢£¥₧€";
    // Punctuation that begins something, and that ends something.
    let start = r"¡©«¿\u{384}\u{385}‘‚“„•‹\u{f8ff}";
    let end = r"®»\u{2dd}”›™";
    let numeric = "±²³µ¹¼½¾×÷⁄№∂∆∏∑√∞∩∫≈≠≡≤≥";
    // Letters that faces are made of stand beside anything.
    let faces = "°Ò-ÖÙ-Üò-öø-üŌŐŪŲ";
    let upper = "À-ÑØÜÝĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŒŘŚŞŠŢŤŮŰŸŹŻŽҐ";
    let lower = "ß-ñüāăąćčďđēėęěğģīįķĺļľłœŕśşšťźżžґﬁﬂ";
    // Letters that end words, where their neighbours say less.
    let upper_common = "ÞΆΈΉΊΌΎΏΑ-ΫЁ-Я";
    let lower_common = "ά-ωа-џ";
    let boxes = "│┌┐┘├┤┬┼═-╬▀▄█▌▐-▓";
    let arabic = format!(r"[ØÙ][{common}{currency}{bad}{numeric}{start}ŸŠ®°µ»]");
    let rules = [
        format!("[{c1}]"),
        format!("[{bad}{lower}{upper}{boxes}{start}{end}{currency}{numeric}{law}][{bad}]"),
        format!("[a-zA-Z][{lower_common}{upper_common}][{bad}]"),
        format!("[{bad}][{lower}{upper}{boxes}{start}{end}{currency}{numeric}{law}]"),
        format!("[{lower}{lower_common}{boxes}{end}{currency}{numeric}][{upper}]"),
        format!("[{boxes}{end}{currency}{numeric}][{lower}]"),
        format!("[{lower}{boxes}{end}][{currency}]"),
        // Python counts the separators among the control characters to white space.
        format!(r"[\s\x1c-\x1f][{upper}][{currency}]"),
        format!("[{upper}{boxes}][{numeric}{law}]"),
        format!("[{lower}{upper}{boxes}{currency}{end}][{start}][{numeric}]"),
        format!("[{lower}{upper}{currency}{numeric}{boxes}{law}][{end}][{start}]"),
        format!("[{currency}{numeric}{boxes}][{start}]"),
        format!("[a-z][{upper}][{start}{currency}]"),
        format!("[{boxes}][{faces}]"),
        format!("[{lower}{upper}{currency}{numeric}{start}{end}{law}][{boxes}]"),
        format!("[{boxes}][{end}]"),
        // Python's \w.
        format!(r"[{lower}{upper}][{start}{end}][\p{{L}}\p{{N}}_]"),
        "[Œœ][^A-Za-z]".to_owned(),
        format!("[{upper}]°"),
        // Windows-1252.
        format!(r"[ÂÃÎÐ][€œŠš¢£Ÿž\u{{a0}}\u{{ad}}®©°·»{start}{end}–—\u{{b4}}]"),
        "×[²³]".to_owned(),
        format!("{arabic}{arabic}"),
        "à[²µ¹¼½¾]".to_owned(),
        // Mac OS Roman.
        r"√[±∂†≠®™\u{b4}≤≥¥µø]".to_owned(),
        "≈[°¢]".to_owned(),
        "‚Ä[ìîïòôúùû†°¢π]".to_owned(),
        "‚[âó][àä°ê]".to_owned(),
        // Windows-1251.
        "вЂ".to_owned(),
        format!("[ВГРС][{c1}{bad}{start}{end}{currency}°µ][ВГРС]"),
        "ГўВЂВ.[A-Za-z ]".to_owned(),
        // Windows-1252 of letters and spaces that are common in Western Europe.
        r"Ã[\u{a0}¡]".to_owned(),
        r"[a-z][\s\x1c-\x1f]?[ÃÂ] ".to_owned(),
        "^[ÃÂ] ".to_owned(),
        format!("[a-z.,?!{end}]Â[ {start}{end}]"),
        // Windows-1253.
        r"β€[™\u{a0}Ά\u{ad}®°]".to_owned(),
        format!("[ΒΓΞΟ][{c1}{bad}{start}{end}{currency}°][ΒΓΞΟ]"),
        // Windows-1257.
        "ā€".to_owned(),
    ];
    pattern(&rules.join("|"))
});

/// ftfy's `fix_encoding`: one layer of misreading after the other.
fn fix_encoding(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MAX_ROUNDS {
        match fix_encoding_once(&text) {
            Some(fixed) if fixed != text => text = Cow::Owned(fixed),
            _ => break,
        }
    }
    text
}

/// `None` if nothing is wrong, or nothing can be done.
fn fix_encoding_once(text: &str) -> Option<String> {
    if text.is_ascii() || !BADNESS.is_match(text) {
        return None;
    }
    // UTF-8 that was read as something else.
    for charmap in &CHARMAPS {
        let Some(mut bytes) = charmap.encode(text) else { continue };
        if !charmap.macintosh {
            bytes = restore_a0(bytes);
        }
        if charmap.windows {
            bytes = replace_lost(&bytes);
        }
        if let Some(fixed) = decode(bytes) {
            return Some(fixed);
        }
    }
    let fixed = fix_parts(text);
    if fixed != text {
        return Some(fixed);
    }
    // Windows-1252 that was read as Latin-1: as a whole, or else its control characters at least.
    let windows = |character: char| match character {
        '\u{80}'..='\u{9f}' => windows_1252(u8::try_from(u32::from(character)).ok()?),
        '\0'..='\u{ff}' => Some(character),
        _ => None,
    };
    let fixed: Option<String> = text.chars().map(windows).collect();
    Some(fixed.filter(|fixed| fixed != text).unwrap_or_else(|| text.chars().map(fix_c1).collect()))
}

/// Sequences of UTF-8 where byte 0xa0 became a space.
static SPACED_UTF8: LazyLock<bytes::Regex> = LazyLock::new(|| {
    byte_pattern(concat!(
        r"(?-u)[\xc2\xc3\xc5\xce\xd0\xd9] ",
        r"|[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]",
        r"|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] ",
        r"|\xf0 [\x80-\xbf][\x80-\xbf]",
        r"|\xf0[\x80-\xbf] [\x80-\xbf]",
        r"|\xf0[\x80-\xbf][\x80-\xbf] ",
    ))
});

/// Puts back bytes 0xa0 that became spaces. An "à" mostly is a word of its own, so its space is
/// kept as well, but where it begins one of Portuguese's contractions.
fn restore_a0(bytes: Vec<u8>) -> Vec<u8> {
    if !SPACED_UTF8.is_match(&bytes) {
        return bytes;
    }
    let mut words = Vec::with_capacity(bytes.len() + 8);
    let mut rest = bytes.as_slice();
    while let Some((&first, after)) = rest.split_first() {
        words.push(first);
        rest = after;
        if first == 0xc3
            && let Some(after) = after.strip_prefix(b" ")
            && ![&b" "[..], b"quele", b"quela", b"quilo", b"s "]
                .iter()
                .any(|word| after.starts_with(word))
        {
            words.extend(b"\xa0 ");
            rest = after;
        }
    }
    let restored = SPACED_UTF8.replace_all(&words, |found: &bytes::Captures<'_>| -> Vec<u8> {
        found[0].iter().map(|&byte| if byte == b' ' { 0xa0 } else { byte }).collect()
    });
    restored.into_owned()
}

/// Sequences of UTF-8 (or UTF-8 of UTF-16) some of whose bytes were lost: 0x1a stands for them, or
/// one "?".
static LOST_UTF8: LazyLock<bytes::Regex> = LazyLock::new(|| {
    byte_pattern(concat!(
        r"(?-u)[\xc2-\xdf]\x1a|[\xc2-\xc3]\?",
        r"|\xed[\xa0-\xaf][\x1a?]\xed[\xb0-\xbf][\x1a?\x80-\xbf]",
        r"|\xed[\xa0-\xaf][\x1a?\x80-\xbf]\xed[\xb0-\xbf][\x1a?]",
        r"|[\xe0-\xef][\x1a?][\x1a\x80-\xbf]|[\xe0-\xef][\x1a\x80-\xbf][\x1a?]",
        r"|[\xf0-\xf4][\x1a?][\x1a\x80-\xbf][\x1a\x80-\xbf]",
        r"|[\xf0-\xf4][\x1a\x80-\xbf][\x1a?][\x1a\x80-\xbf]",
        r"|[\xf0-\xf4][\x1a\x80-\xbf][\x1a\x80-\xbf][\x1a?]|\x1a",
    ))
});

fn replace_lost(bytes: &[u8]) -> Vec<u8> {
    LOST_UTF8.replace_all(bytes, "\u{fffd}".as_bytes()).into_owned()
}

/// UTF-8, where UTF-8 of UTF-16's surrogates (CESU-8) and Java's two bytes for U+0000 count as
/// well.
fn decode(bytes: Vec<u8>) -> Option<String> {
    if !bytes.iter().any(|byte| matches!(byte, 0xed | 0xc0)) {
        return String::from_utf8(bytes).ok();
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    loop {
        match *rest {
            [] => return String::from_utf8(plain).ok(),
            // The second pattern is a slip of ftfy's: a regular expression's `$` stands before a
            // last newline, too.
            [0xc0, 0x80, ..] | [0xc0, b'\n'] => {
                plain.push(0);
                rest = &rest[2..];
            }
            [
                0xed,
                a @ 0xa0..=0xaf,
                b @ 0x80..=0xbf,
                0xed,
                c @ 0xb0..=0xbf,
                d @ 0x80..=0xbf,
                ..,
            ] => {
                let bits = |byte: u8, mask: u8| u32::from(byte & mask);
                let code =
                    bits(a, 0x0f) << 16 | bits(b, 0x3f) << 10 | bits(c, 0x0f) << 6 | bits(d, 0x3f);
                let character = char::from_u32(code + 0x1_0000)?;
                plain.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[6..];
            }
            [byte, ..] => {
                plain.push(byte);
                rest = &rest[1..];
            }
        }
    }
}

/// What misread UTF-8 is made of: the characters that its bytes are in any of the encodings which
/// are like Latin-1.
struct Clues {
    /// Sequences that look like UTF-8, at the beginning of a text.
    sequences: Regex,
    /// The first characters of those.
    first: HashSet<char>,
    /// Characters of second and later bytes that hardly stand for themselves: a sequence behind one
    /// is only the rest of a larger muddle.
    inner: HashSet<char>,
}

static CLUES: LazyLock<Clues> = LazyLock::new(|| {
    let of = |low: u8, high: u8| -> HashSet<char> {
        let (start, count) = (usize::from(low - 0x80), usize::from(high - low) + 1);
        // Without ISO 8859-2, Mac OS Roman and code page 437.
        CHARMAPS[..7].iter().flat_map(|charmap| charmap.upper().skip(start).take(count)).collect()
    };
    let class = |characters: &HashSet<char>| -> String {
        characters.iter().map(|&character| format!(r"\u{{{:x}}}", u32::from(character))).collect()
    };
    let (two, three) = (of(0xc2, 0xdf), of(0xe0, 0xef));
    // Of the later planes: emoji, and the tags of flags.
    let four: HashSet<char> = of(0xf0, 0xf0).into_iter().chain(of(0xf3, 0xf3)).collect();
    let mut inner = of(0x80, 0xbf);
    let inside = class(&inner);
    for character in "–—―‘’‚“”„•…".chars() {
        inner.remove(&character);
    }
    let sequences = format!(
        r"\A(?:[{}][ {inside}]|[{}][ {inside}]{{2}}|[{}][ {inside}]{{3}})+",
        class(&two),
        class(&three),
        class(&four)
    );
    Clues {
        sequences: pattern(&sequences),
        first: two.into_iter().chain(three).chain(four).collect(),
        inner,
    }
});

/// ftfy's `decode_inconsistent_utf8`: repairs sequences that look like UTF-8 in a text that is not
/// as a whole.
fn fix_parts(text: &str) -> String {
    let clues = &*CLUES;
    let mut fixed = String::with_capacity(text.len());
    let mut previous = None;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let muddle = previous.is_some_and(|previous| clues.inner.contains(&previous));
        let found = if muddle || !clues.first.contains(&character) {
            None
        } else {
            clues.sequences.find(rest)
        };
        let length = found.map_or(character.len_utf8(), |found| found.end());
        let (part, after) = rest.split_at(length);
        // The whole text was tried already.
        if found.is_some() && part.len() < text.len() && BADNESS.is_match(part) {
            fixed.push_str(&fix_encoding(part));
        } else {
            fixed.push_str(part);
        }
        previous = part.chars().next_back();
        rest = after;
    }
    fixed
}
