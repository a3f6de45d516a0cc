//! Checks that a sequential JPEG codes every block of its image, without decoding any.
//!
//! A cut file to which an end marker was added (a broken download, a repair tool) is well formed,
//! and decoders fill what is missing with gray, zune-jpeg's strict mode included. Half an image of
//! gray scored as a picture would be worse than an error, so the Huffman codes are walked once and
//! the blocks counted. That costs a small part of the decoding: no coefficient is kept, no
//! transform computed. Progressive files need no such walk: the decoder itself keeps count there.
//! To be removed once zune-jpeg (0.5.15 here) refuses such files itself, on which its issues 273,
//! 312, 354 and 431 work, and the `image` crate lets its callers ask for that (issue 2684).
//!
//! Source: ITU-T T.81, annexes C (tables), E (restart), F.1.2 and F.2.2 (sequential coding).

use super::markers::{Frame, SOS, segments, truncated};
use crate::error::{Error, ErrorKind, Result};

const DHT: u8 = 0xC4;
const DRI: u8 = 0xDD;

/// Bits looked up at once; longer codes are found one bit at a time.
const FAST: u32 = 9;

/// A Huffman table.
struct Table {
    /// Length and symbol of the code that starts with these bits; length 0 for longer codes.
    fast: Box<[(u8, u8); 1 << FAST]>,
    /// For each length: the first code beyond those of this length, and what to subtract from a
    /// code to get its place among the symbols.
    lengths: [(u32, u32); 17],
    symbols: Vec<u8>,
}

impl Table {
    /// A table from the 16 counts of codes by length, and the symbols.
    fn new(counts: [u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            fast: Box::new([(0, 0); 1 << FAST]),
            lengths: [(0, 0); 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut place) = (0u32, 0u32);
        for (length, &count) in (1u32..).zip(&counts) {
            let first = place;
            table.lengths[length as usize] = (code + u32::from(count), code.wrapping_sub(first));
            for _ in 0..count {
                let symbol = *symbols.get(place as usize)?;
                if code >= 1 << length {
                    return None;
                }
                if length <= FAST {
                    let spread = FAST - length;
                    let start = (code << spread) as usize;
                    table.fast[start..start + (1 << spread)].fill((length as u8, symbol));
                }
                code += 1;
                place += 1;
            }
            code <<= 1;
        }
        Some(table)
    }
}

/// The bits of a scan, stuffing removed.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    /// Bits in the buffer that come from the file.
    left: u32,
}

impl Bits<'_> {
    fn refill(&mut self) {
        while self.left <= 56 {
            let byte = match self.data.get(self.at) {
                Some(0xFF) if self.data.get(self.at + 1) == Some(&0) => {
                    self.at += 2;
                    0xFF
                }
                Some(0xFF) | None => break, // a marker, or the end
                Some(&byte) => {
                    self.at += 1;
                    byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.left);
            self.left += 8;
        }
    }

    fn skip(&mut self, count: u32) -> Result<()> {
        if count > self.left {
            return Err(truncated());
        }
        self.left -= count;
        self.buffer = self.buffer.checked_shl(count).unwrap_or(0);
        Ok(())
    }

    /// The next symbol, of at most 16 bits; there is room for the 16 that may follow it.
    fn symbol(&mut self, table: &Table) -> Result<u8> {
        if self.left < 32 {
            self.refill();
        }
        let (length, symbol) = table.fast[(self.buffer >> (64 - FAST)) as usize];
        if length != 0 {
            self.skip(u32::from(length))?;
            return Ok(symbol);
        }
        for length in FAST + 1..=16 {
            let code = (self.buffer >> (64 - length)) as u32;
            let (end, offset) = table.lengths[length as usize];
            if code < end {
                self.skip(length)?;
                let place = code.wrapping_sub(offset) as usize;
                return table.symbols.get(place).copied().ok_or_else(damaged);
            }
        }
        Err(if self.left < 16 { truncated() } else { damaged() })
    }

    // Browsers optimise a function for its next call: one that runs through the whole file would
    // stay slow to its end.
    #[inline(never)]
    fn block(&mut self, dc: &Table, ac: &Table) -> Result<()> {
        let bits = u32::from(self.symbol(dc)?);
        if bits > 16 {
            return Err(damaged());
        }
        self.skip(bits)?;
        let mut place = 1;
        while place < 64 {
            let symbol = self.symbol(ac)?;
            let (zeros, bits) = (symbol >> 4, symbol & 15);
            if bits == 0 && zeros != 15 {
                break;
            }
            self.skip(u32::from(bits))?;
            place += u32::from(zeros) + 1;
        }
        Ok(())
    }

    /// Passes a restart marker, which starts at a whole byte.
    fn restart(&mut self) -> Result<()> {
        self.refill();
        // Up to seven bits of padding; anything more is data that should not be there, which
        // decoders skip.
        self.buffer = 0;
        self.left = 0;
        while self.data.get(self.at) == Some(&0xFF) && self.data.get(self.at + 1) == Some(&0xFF) {
            self.at += 1;
        }
        match self.data.get(self.at..self.at + 2) {
            Some([0xFF, 0xD0..=0xD7]) => {
                self.at += 2;
                Ok(())
            }
            Some([0xFF, _]) | None => Err(truncated()),
            Some(_) => Err(damaged()),
        }
    }
}

fn damaged() -> Error {
    Error::new(ErrorKind::Decode, "the JPEG data is damaged")
}

/// Walks all scans of a sequential JPEG.
///
/// # Errors
/// [`ErrorKind::Decode`] if a scan ends before its last block or holds a code that is in no table.
pub(super) fn check(bytes: &[u8], frame: &Frame) -> Result<()> {
    let mut dc: [Option<Table>; 4] = [const { None }; 4];
    let mut ac: [Option<Table>; 4] = [const { None }; 4];
    let mut restart_interval = 0;
    let mut seen = vec![false; frame.names.len()];
    for segment in segments(bytes) {
        match segment.marker {
            DHT => {
                let mut data = segment.data;
                while let Some((&head, rest)) = data.split_first() {
                    let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
                    let total = counts.iter().map(|&count| usize::from(count)).sum();
                    let (symbols, rest) = rest.split_at_checked(total).ok_or_else(damaged)?;
                    let tables = if head >> 4 == 0 { &mut dc } else { &mut ac };
                    let table = tables.get_mut(usize::from(head & 15)).ok_or_else(damaged)?;
                    *table = Some(Table::new(*counts, symbols).ok_or_else(damaged)?);
                    data = rest;
                }
            }
            DRI => {
                let [high, low] = segment.data.first_chunk::<2>().ok_or_else(damaged)?;
                restart_interval = u32::from(u16::from_be_bytes([*high, *low]));
            }
            SOS => {
                let (&count, rest) = segment.data.split_first().ok_or_else(damaged)?;
                let selectors =
                    rest.get(..usize::from(count) * 2).ok_or_else(damaged)?.as_chunks::<2>().0;
                let mut parts = Vec::new();
                for &[name, tables] in selectors {
                    let index = frame.names.iter().position(|&n| n == name).ok_or_else(damaged)?;
                    seen[index] = true;
                    let table = |all: &'_ [Option<Table>; 4], number: u8| {
                        all.get(usize::from(number)).is_some_and(Option::is_some)
                    };
                    if !table(&dc, tables >> 4) || !table(&ac, tables & 15) {
                        return Err(damaged());
                    }
                    parts.push((index, usize::from(tables >> 4), usize::from(tables & 15)));
                }
                let data = bytes.get(segment.at + segment.data.len()..).unwrap_or_default();
                scan(frame, data, restart_interval, &parts, &dc, &ac)?;
            }
            _ => {}
        }
    }
    if seen.contains(&false) { Err(truncated()) } else { Ok(()) }
}

/// Walks one scan. `parts` names component, DC and AC table.
fn scan(
    frame: &Frame,
    data: &[u8],
    restart_interval: u32,
    parts: &[(usize, usize, usize)],
    dc: &[Option<Table>; 4],
    ac: &[Option<Table>; 4],
) -> Result<()> {
    let (mcus, blocks): (u32, Vec<_>) = if let [(component, ..)] = parts {
        // Alone, a component has no more blocks than its own size needs (T.81, A.2.2).
        let (h, v) = frame.sampling[*component];
        let (h_max, v_max) = frame.largest_sampling();
        let blocks = |side: u32, factor: u8, largest: u32| {
            (side * u32::from(factor)).div_ceil(largest).div_ceil(8)
        };
        (blocks(frame.width, h, h_max) * blocks(frame.height, v, v_max), vec![1])
    } else {
        let (columns, rows) = frame.mcus();
        let blocks = parts.iter().map(|&(component, ..)| {
            let (h, v) = frame.sampling[component];
            u32::from(h) * u32::from(v)
        });
        (columns * rows, blocks.collect())
    };
    let mut bits = Bits { data, at: 0, buffer: 0, left: 0 };
    for mcu in 0..mcus {
        if restart_interval != 0 && mcu != 0 && mcu % restart_interval == 0 {
            bits.restart()?;
        }
        for (&(_, dc_table, ac_table), &count) in parts.iter().zip(&blocks) {
            let (Some(dc), Some(ac)) = (&dc[dc_table], &ac[ac_table]) else {
                return Err(damaged());
            };
            for _ in 0..count {
                bits.block(dc, ac)?;
            }
        }
    }
    Ok(())
}
