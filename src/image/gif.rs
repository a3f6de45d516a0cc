//! GIF, by the `image` crate, on a screen that holds its first frame.

use std::borrow::Cow;
use std::io::Cursor;

use ::image::codecs::gif::GifDecoder;

use super::checks::take;
use super::decode::Note;
use super::format::Format;
use super::samples::Samples;
use super::wrapped::{decoder_error, read};
use crate::error::Result;

/// Where the screen's width stands, and its height behind it.
const SCREEN: usize = 6;

pub(super) fn decode(bytes: &[u8]) -> Result<Samples> {
    let frames = frames(bytes);
    let notes = Vec::from_iter((frames.count > 1).then_some(Note::FirstFrameOnly));
    // As browsers, which let the picture grow, the decoder does not.
    let mut bytes = Cow::Borrowed(bytes);
    if let (Some((width, height)), screen) = (size(&bytes), screen(&bytes))
        && screen != Some((width, height))
    {
        let side = |side: u32| (side as u16).to_le_bytes();
        bytes.to_mut()[SCREEN..SCREEN + 2].copy_from_slice(&side(width));
        bytes.to_mut()[SCREEN + 2..SCREEN + 4].copy_from_slice(&side(height));
    }
    let decoder =
        GifDecoder::new(Cursor::new(&*bytes)).map_err(|error| decoder_error(Format::Gif, error))?;
    read(Format::Gif, decoder, notes)
}

/// The size of the picture: the screen's, or what the first frame needs where that is more.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let (width, height) = screen(bytes)?;
    let (right, lower) = frames(bytes).first.unwrap_or_default();
    // Sides are stored in 16 bits.
    Some((width.max(right).min(u16::MAX.into()), height.max(lower).min(u16::MAX.into())))
}

fn screen(bytes: &[u8]) -> Option<(u32, u32)> {
    let side = |at| take(bytes, at).map(|side| u32::from(u16::from_le_bytes(side)));
    Some((side(SCREEN)?, side(SCREEN + 2)?))
}

/// The frames of a file.
#[derive(Default)]
struct Frames {
    /// Counted up to 2.
    count: usize,
    /// The right and lower end of the first.
    first: Option<(u32, u32)>,
}

/// Looks at the frames without decompressing anything (GIF89a, appendix B).
fn frames(bytes: &[u8]) -> Frames {
    let table = |packed: u8| if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) };
    let mut frames = Frames::default();
    let Some(&packed) = bytes.get(10) else { return frames };
    let mut at = 13 + table(packed);
    while frames.count < 2 {
        match bytes.get(at) {
            Some(0x21) => at += 2,
            Some(0x2C) => {
                let side = |at| take(bytes, at).map(|side| u32::from(u16::from_le_bytes(side)));
                let place =
                    (|| Some((side(at + 1)? + side(at + 5)?, side(at + 3)? + side(at + 7)?)))();
                frames.count += 1;
                frames.first = frames.first.or(place);
                let Some([packed]) = take(bytes, at + 9) else { break };
                at += 10 + table(packed) + 1;
            }
            _ => break,
        }
        // Data follows in blocks that start with their length; an empty one ends it.
        while let Some(&length) = bytes.get(at) {
            at += 1 + usize::from(length);
            if length == 0 {
                break;
            }
        }
    }
    frames
}
