//! In place of the crate of that name, what c2pa takes from it: decompression, by the same crate as
//! there; and in place of compression, storing. c2pa asks for that of an ingredient that came
//! compressed, to keep it as a file of its own, which nobody here reads.

use std::io::{Error, Read, Write};

pub use brotli_decompressor::BrotliDecompress;

/// The encoder's settings.
pub mod enc {
    /// Of which there are none.
    #[derive(Clone, Debug, Default)]
    pub struct BrotliEncoderParams;
}

/// Longest stored meta-block: four nibbles of length (RFC 7932, section 9.2).
const BLOCK: usize = 1 << 16;

/// Writes a brotli stream of stored meta-blocks; gives its length in bytes.
///
/// # Errors
///
/// Those of reader and writer.
#[allow(non_snake_case, reason = "the crate's name for it")]
pub fn BrotliCompress<R: Read, W: Write>(
    input: &mut R,
    output: &mut W,
    _: &enc::BrotliEncoderParams,
) -> Result<usize, Error> {
    let mut plain = Vec::new();
    input.read_to_end(&mut plain)?;
    // Each block's header is put at the front of bytes of its own, but the first one's, behind the
    // one bit that says: a window of 64 KiB.
    let mut stream = Vec::with_capacity(plain.len() + 8);
    for (index, block) in plain.chunks(BLOCK).enumerate() {
        let window = u32::from(index == 0);
        // Not the last, four nibbles, length less one, stored.
        let header = ((block.len() as u32 - 1) << 3) | 1 << 19;
        stream.extend_from_slice(&(header << window).to_le_bytes()[..3]);
        stream.extend_from_slice(block);
    }
    // The last one, empty; alone it has the window's bit, too.
    stream.push(if plain.is_empty() { 0b110 } else { 0b11 });
    output.write_all(&stream)?;
    Ok(stream.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again() {
        for length in [0, 1, 2, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5] {
            let plain: Vec<u8> = (0..length).map(|n| (n * 7 + n / 251) as u8).collect();
            let mut stored = Vec::new();
            let params = enc::BrotliEncoderParams;
            let told = BrotliCompress(&mut plain.as_slice(), &mut stored, &params).unwrap();
            assert_eq!(told, stored.len());
            let mut read = Vec::new();
            BrotliDecompress(&mut stored.as_slice(), &mut read).unwrap();
            assert!(read == plain, "{length} bytes");
        }
    }
}
