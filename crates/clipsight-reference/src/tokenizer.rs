//! OpenAI's byte-pair tokenizer: text -> token ids.
//!
//! The merges and the vocabulary are those of the crate `instant-clip-tokenizer`: MIT, a few
//! hundred lines without unsafe code, and it carries OpenAI's vocabulary; `tokenizers` is better
//! maintained, but brings no vocabulary and a hundred times the code, for an algorithm and a
//! vocabulary that have been frozen since 2021.
//!
//! The reference is open_clip's `SimpleTokenizer` with ftfy, which is OpenAI's: `tests/text.rs` of
//! `clipsight-import` holds it to those ids, and the test of `scripts/parity/inputs.py` on 10,000
//! hard texts.
//! transformers' `CLIPTokenizer` produces the same ids for plain text in any script, but repairs
//! nothing, keeps HTML entities and control characters, ends no word with a final sigma
//! ("ΟΔΥΣΣΕΥΣ") and treats the long s and the iota below differently; in those cases this follows
//! open_clip.

mod charmaps;
mod entities;
mod ftfy;

use std::fmt;
use std::sync::LazyLock;

use instant_clip_tokenizer::Token;
use regex::Regex;

/// The tokenizer of every published CLIP.
pub struct Tokenizer(instant_clip_tokenizer::Tokenizer);

impl Tokenizer {
    /// Parses the vocabulary, which takes about 50 ms: create it once.
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

    /// A text's ids, start and end included, cut to `context` tokens (at least 2) with the end
    /// token kept.
    #[must_use]
    pub fn encode(&self, text: &str, context: usize) -> Vec<u32> {
        let mut tokens = vec![self.0.start_of_text()];
        for word in WORD.find_iter(&clean(text)) {
            if tokens.len() >= context {
                break;
            }
            self.word(word.as_str(), &mut tokens);
        }
        tokens.truncate(context.max(2) - 1);
        tokens.push(self.0.end_of_text());
        tokens.into_iter().map(|token| token.to_u16().into()).collect()
    }

    fn word(&self, word: &str, tokens: &mut Vec<Token>) {
        let mut rest = word;
        if let Some(after) = word.strip_prefix('\'')
            && after.starts_with('\u{17f}')
        {
            // The crate would make two words of this. No merge joins the two characters, so one
            // word differs from two by the apostrophe's token alone, which here ends no word.
            tokens.extend(Token::from_u16(APOSTROPHE, &self.0));
            rest = after;
        }
        self.0.encode(rest, tokens);
    }
}

/// The apostrophe inside a word: tokens begin with the printable characters of ASCII.
const APOSTROPHE: u16 = (b'\'' - b'!') as u16;

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

/// Cleans a text as OpenAI does: `ftfy.fix_text`, then HTML entities twice, white space, lower
/// case.
fn clean(text: &str) -> String {
    let text = ftfy::fix_text(text);
    let text = entities::unescape(&text);
    let text = entities::unescape(&text);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// The words that are encoded by themselves: contractions, letters, one digit, other characters.
///
/// Python's `regex` ignores case here, by which two characters that have no other lower case stand
/// out: the long s in "'\u{17f}" is an s, and the iota below, which is a mark, has the case of a
/// letter, so that it is neither a letter nor anything else, and is left out.
///
/// `<start_of_text>` and `<end_of_text>` are not words, though open_clip would take them for its
/// own markers: a caption cannot end itself early.
#[expect(clippy::unwrap_used, reason = "the pattern is constant")]
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"'[s\u{17f}]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}\u{345}]+").unwrap()
});

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
