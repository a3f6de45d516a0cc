//! The bytes of one strip or tile, decompressed.
//!
//! Deflate, LZW and Zstandard are crates'; fax codes are in [`ccitt`]; PackBits (TIFF 6.0,
//! section 9) is a loop.

use std::io::Read;

use fax::Color;
use fax::decoder::pels;

use super::ccitt::{self, Coding};
use super::{damaged, unsupported};
use crate::error::{Error, ErrorKind, Result};
use crate::image::checks::buffer;

/// How strips and tiles are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Fax(Coding),
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
    Zstd,
}

impl Compression {
    /// From tags `Compression` and `T4Options`.
    pub(super) fn new(code: u32, t4_options: u32) -> Result<Self> {
        Ok(match code {
            1 => Self::None,
            2 => Self::Fax(Coding::ByteRuns),
            3 if t4_options & 1 == 0 => Self::Fax(Coding::Runs),
            3 => Self::Fax(Coding::Mixed),
            4 => Self::Fax(Coding::Changes),
            5 => Self::Lzw,
            7 => Self::Jpeg,
            8 | 32946 => Self::Deflate,
            32773 => Self::PackBits,
            50000 => Self::Zstd,
            6 => return Err(unsupported("the obsolete kind of JPEG compression")),
            34676 | 34677 => return Err(unsupported("SGI's logarithmic compression")),
            34712 => return Err(unsupported("JPEG 2000 compression")),
            34887 => return Err(unsupported("LERC compression")),
            34925 => return Err(unsupported("LZMA compression")),
            50001 => return Err(unsupported("WebP compression")),
            50002 => return Err(unsupported("JPEG XL compression")),
            other => return Err(unsupported(&format!("compression number {other}"))),
        })
    }

    /// Whether pixels are single bits, coded as runs.
    pub(super) fn is_fax(self) -> bool {
        matches!(self, Self::Fax(_))
    }

    /// Decompresses `data` to exactly `length` bytes: rows of `width` bits for fax codes.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] for damaged data and for less than `length`, [`ErrorKind::Limit`]
    /// where there is not the memory.
    pub(super) fn decompress(self, data: &[u8], length: usize, width: usize) -> Result<Vec<u8>> {
        match self {
            Self::None => data.get(..length).map(<[u8]>::to_vec).ok_or_else(damaged),
            Self::Deflate => read_exactly(flate2::read::ZlibDecoder::new(data), length),
            Self::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(data);
                read_exactly(decoder.map_err(damaged_by)?, length)
            }
            Self::Lzw => lzw(data, length),
            Self::PackBits => pack_bits(data, length),
            Self::Fax(coding) => fax(coding, data, length, width),
            Self::Jpeg => Err(damaged()), // decoded as pictures, not as bytes
        }
    }
}

/// One bit a pixel, 1 black, rows padded to bytes.
fn fax(coding: Coding, data: &[u8], length: usize, width: usize) -> Result<Vec<u8>> {
    let mut output = buffer(length as u64)?;
    let columns = u16::try_from(width).map_err(|_| unsupported("a fax this wide"))?;
    let mut rows = ccitt::rows(data, coding, columns)?;
    for row in output.chunks_exact_mut(width.div_ceil(8)) {
        for (at, color) in pels(rows.read()?, columns).enumerate() {
            if color == Color::Black {
                row[at / 8] |= 0x80 >> (at % 8);
            }
        }
    }
    Ok(output)
}

fn read_exactly(mut source: impl Read, length: usize) -> Result<Vec<u8>> {
    let mut output = buffer(length as u64)?;
    source.read_exact(&mut output).map_err(damaged_by)?;
    Ok(output)
}

fn damaged_by(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Decode, "the TIFF data is damaged or cut off").with_source(error)
}

fn lzw(data: &[u8], length: usize) -> Result<Vec<u8>> {
    // Writers before TIFF 5.0 packed codes from the other end; their first, the clear code, shows.
    if matches!(data, [0, second, ..] if second & 1 == 1) {
        return Err(unsupported("the obsolete kind of LZW compression"));
    }
    let mut output = buffer(length as u64)?;
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    let (mut read, mut written) = (0, 0);
    while written < length {
        let step = decoder.decode_bytes(&data[read..], &mut output[written..]);
        read += step.consumed_in;
        written += step.consumed_out;
        match step.status {
            Ok(weezl::LzwStatus::Ok) if step.consumed_in + step.consumed_out > 0 => {}
            Err(error) => return Err(damaged_by(error)),
            Ok(_) => break,
        }
    }
    if written == length { Ok(output) } else { Err(damaged()) }
}

fn pack_bits(mut data: &[u8], length: usize) -> Result<Vec<u8>> {
    let mut output = Vec::new();
    output.try_reserve_exact(length).map_err(damaged_by)?;
    while output.len() < length {
        let (&head, rest) = data.split_first().ok_or_else(damaged)?;
        let room = length - output.len();
        match head.cast_signed() {
            -128 => data = rest,
            count @ 0.. => {
                let (literal, rest) =
                    rest.split_at_checked(count as usize + 1).ok_or_else(damaged)?;
                output.extend_from_slice(&literal[..literal.len().min(room)]);
                data = rest;
            }
            count => {
                let (&value, rest) = rest.split_first().ok_or_else(damaged)?;
                let count = usize::from(count.unsigned_abs()) + 1;
                output.resize(output.len() + count.min(room), value);
                data = rest;
            }
        }
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_as_in_the_specification() {
        // TIFF 6.0, section 9, the example.
        let packed = [0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22];
        let packed = [&packed[..], &[0xF7, 0xAA]].concat();
        let mut expected = vec![0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA];
        expected.extend([0x80, 0x00, 0x2A, 0x22]);
        expected.extend([0xAA; 10]);
        assert_eq!(pack_bits(&packed, 24).unwrap(), expected);
        assert_eq!(pack_bits(&packed, 25).unwrap_err().kind(), ErrorKind::Decode);
    }

    #[test]
    fn what_is_missing_is_refused() {
        for compression in [
            Compression::None,
            Compression::Deflate,
            Compression::Lzw,
            Compression::PackBits,
            Compression::Zstd,
            Compression::Fax(Coding::ByteRuns),
            Compression::Fax(Coding::Runs),
            Compression::Fax(Coding::Mixed),
            Compression::Fax(Coding::Changes),
        ] {
            for data in [&b""[..], b"\x00", b"\x12\x34\x56\x78"] {
                let error = compression.decompress(data, 64, 64).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Decode, "{compression:?}: {error}");
            }
        }
    }
}
