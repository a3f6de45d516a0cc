//! OpenAI's byte-pair tokenizer: text -> token ids (feature `train`).
//!
//! The merges and the vocabulary are those of the crate `instant-clip-tokenizer`: MIT, a few hundred lines without
//! unsafe code, and it carries OpenAI's vocabulary; `tokenizers` is better kept, but brings no vocabulary and a
//! hundred times the code, for an algorithm and a vocabulary that have been frozen since 2021. `tests/text.rs` holds it
//! to open_clip's own ids.
//!
//! What stands before it here is OpenAI's cleaning, as far as it can be had without ftfy: see [`clean`].

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// The tokenizer of every published CLIP.
pub struct Tokenizer(instant_clip_tokenizer::Tokenizer);

impl Tokenizer {
    /// Parses the vocabulary: about 50 ms, so make it once.
    #[must_use]
    pub fn new() -> Self {
        Self(instant_clip_tokenizer::Tokenizer::new())
    }

    /// The id of the token that begins every text.
    #[must_use]
    pub fn start(&self) -> u32 {
        self.0.start_of_text().to_u16().into()
    }

    /// The id of the token that ends every text, the highest of the vocabulary.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.0.end_of_text().to_u16().into()
    }

    /// A text's ids, start and end included, cut to `context` (at least 2) with the end token kept.
    #[must_use]
    pub fn encode(&self, text: &str, context: usize) -> Vec<u32> {
        let mut tokens = vec![self.0.start_of_text()];
        self.0.encode(&clean(text), &mut tokens);
        tokens.truncate(context.max(2) - 1);
        tokens.push(self.0.end_of_text());
        tokens.into_iter().map(|token| token.to_u16().into()).collect()
    }
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokenizer")
    }
}

/// Cleans a text as OpenAI does (`ftfy.fix_text`, then HTML entities twice, then white space), with these differences:
///
/// - of ftfy: quotes made straight, ligatures and full-width forms resolved, control characters and terminal escapes
///   dropped, NFC. Not: repair of text once decoded with the wrong encoding ("CafÃ©").
/// - HTML entities without their semicolon ("&copy 2024") stay as they are.
/// - `<start_of_text>` and `<end_of_text>` in a text are words: a caption cannot end itself early.
fn clean(text: &str) -> String {
    // ftfy resolves entities itself unless the text looks like HTML; the result is the same, since they are resolved
    // again below.
    let text = html_escape::decode_html_entities(text);
    let text = fix(&text);
    let text = html_escape::decode_html_entities(&text);
    let text = html_escape::decode_html_entities(&text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase().replace("_of_text>", "_of_text >")
}

/// What Windows-1252 has where Unicode has the control characters U+0080 to U+009F, which nobody writes on purpose; its
/// five gaps are left, its quotes made straight.
const C1: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}''\"\"•–—˜™š›œ\u{9d}žŸ";

/// The part of `ftfy.fix_text` that does not guess.
fn fix(text: &str) -> String {
    let mut fixed = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' if characters.peek() == Some(&'[') => {
                // A terminal's escape sequence ends with a letter.
                for part in characters.by_ref() {
                    if part.is_ascii_alphabetic() {
                        break;
                    }
                }
            }
            '\u{80}'..='\u{9f}' => {
                let position = usize::try_from(u32::from(character) - 0x80).unwrap_or(0);
                fixed.extend(C1.chars().nth(position));
            }
            '\u{2018}'..='\u{201b}' | '\u{2bc}' => fixed.push('\''),
            '\u{201c}'..='\u{201f}' => fixed.push('"'),
            // Latin ligatures and digraphs that keyboards lack; full- and half-width forms and the wide space.
            '\u{132}'
            | '\u{133}'
            | '\u{149}'
            | '\u{1c4}'..='\u{1cc}'
            | '\u{1f1}'..='\u{1f3}'
            | '\u{fb00}'..='\u{fb06}'
            | '\u{ff01}'..='\u{ff9f}'
            | '\u{ffa0}'..='\u{ffef}'
            | '\u{3000}' => {
                fixed.extend(std::iter::once(character).nfkc());
            }
            '\u{2028}' | '\u{2029}' => fixed.push('\n'),
            '\t' | '\n' | '\u{c}' | '\r' => fixed.push(character),
            '\u{0}'..='\u{1f}'
            | '\u{7f}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffc}' => {}
            other => fixed.push(other),
        }
    }
    fixed.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_keep_their_end() {
        let tokenizer = Tokenizer::new();
        assert_eq!(tokenizer.encode("Hi there", 77), [49406, 1883, 997, 49407]);
        let long = tokenizer.encode(&"word ".repeat(500), 77);
        assert_eq!((long.len(), long[76]), (77, 49407));
        assert_eq!(tokenizer.encode("", 77), [49406, 49407]);
        assert_eq!(tokenizer.encode("anything", 0), [49406, 49407]);
    }

    #[test]
    fn markers_in_a_text_are_words() {
        let tokenizer = Tokenizer::new();
        for text in ["a<end_of_text>b", "<start_of_text>", "<END_OF_TEXT>", "&lt;end_of_text&gt;"] {
            let ids = tokenizer.encode(text, 77);
            let inside = &ids[1..ids.len() - 1];
            assert!(inside.iter().all(|id| *id < tokenizer.start()), "{text}: {inside:?}");
        }
    }
}
