//! Checks that a JPEG codes every block of its image, without decoding any.
//!
//! A cut file to which an end marker was added (a broken download, a repair tool) is well formed,
//! and decoders fill what is missing with gray, zune-jpeg's strict mode included. Half an image of
//! gray scored as a picture would be worse than an error, so the Huffman codes are walked once and
//! the blocks counted. That costs a small part of the decoding: no coefficient is kept, no
//! transform computed; of progressive files, which coefficients are not zero ([`progressive`]).
//! To be removed once zune-jpeg (0.5.15 here) refuses such files itself, on which its issues 273,
//! 312, 354 and 431 work, and the `image` crate lets its callers ask for that (issue 2684).
//!
//! Source: ITU-T T.81, annexes C (tables), E (restart), F.1.2 and F.2.2 (sequential coding).

mod progressive;

use super::markers::{DHT, DRI, Frame, SOS, Segment, segments, truncated};
use super::tables::STANDARD;
use crate::error::{Error, ErrorKind, Result};

/// Bits looked up at once; longer codes are found one bit at a time.
const FAST: u32 = 9;

/// A Huffman table.
pub(super) struct Table {
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

/// The Huffman tables that are defined at one place of a file.
pub(super) struct Tables {
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
}

impl Tables {
    /// Those of T.81, K.3, which hold until a file defines its own: frames of motion JPEG have
    /// none.
    pub(super) fn new() -> Self {
        let mut tables = Self { dc: [const { None }; 4], ac: [const { None }; 4] };
        for (head, counts, symbols) in STANDARD {
            let of_kind = if head >> 4 == 0 { &mut tables.dc } else { &mut tables.ac };
            of_kind[usize::from(head & 15)] = Table::new(*counts, symbols);
        }
        tables
    }

    /// The DC table of this number.
    pub(super) fn dc(&self, number: usize) -> Result<&Table> {
        self.dc.get(number).and_then(Option::as_ref).ok_or_else(damaged)
    }

    /// The AC table of this number.
    pub(super) fn ac(&self, number: usize) -> Result<&Table> {
        self.ac.get(number).and_then(Option::as_ref).ok_or_else(damaged)
    }

    /// Takes what a segment defines.
    pub(super) fn define(&mut self, mut data: &[u8]) -> Result<()> {
        while let Some((&head, rest)) = data.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(total).ok_or_else(damaged)?;
            let tables = if head >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let table = tables.get_mut(usize::from(head & 15)).ok_or_else(damaged)?;
            *table = Some(Table::new(*counts, symbols).ok_or_else(damaged)?);
            data = rest;
        }
        Ok(())
    }
}

/// A component in a scan, by its place in the frame, with its DC and AC table.
pub(super) struct Part {
    pub(super) component: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// The components of a scan.
///
/// # Errors
/// [`ErrorKind::Decode`] if one is not in the frame.
pub(super) fn parts(frame: &Frame, header: &[u8]) -> Result<Vec<Part>> {
    let (&count, rest) = header.split_first().ok_or_else(damaged)?;
    let selectors = rest.get(..usize::from(count) * 2).ok_or_else(damaged)?.as_chunks::<2>().0;
    selectors
        .iter()
        .zip(frame.components_of(header))
        .map(|(&[_, numbers], component)| {
            let component = component.ok_or_else(damaged)?;
            Ok(Part { component, dc: usize::from(numbers >> 4), ac: usize::from(numbers & 15) })
        })
        .collect()
}

/// Columns and rows of a scan's minimum coded units.
pub(super) fn units(frame: &Frame, parts: &[Part]) -> (u32, u32) {
    match parts {
        [part] => frame.own_blocks(part.component),
        _ => frame.mcus(),
    }
}

/// Columns and rows of one component's blocks in such a unit: a single one where the component
/// stands alone.
pub(super) fn unit(frame: &Frame, parts: &[Part], part: &Part) -> (usize, usize) {
    let (h, v) = frame.sampling[part.component];
    if parts.len() == 1 { (1, 1) } else { (usize::from(h), usize::from(v)) }
}

/// The restart interval that a segment defines.
pub(super) fn restart_interval(data: &[u8]) -> Result<u32> {
    let [high, low] = data.first_chunk::<2>().ok_or_else(damaged)?;
    Ok(u32::from(u16::from_be_bytes([*high, *low])))
}

/// The bits of a scan, stuffing removed.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    buffer: u64,
    /// Bits in the buffer that come from the file.
    left: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, buffer: 0, left: 0 }
    }

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

    /// The next block: the difference of its DC value to the one before, and its AC values, in the
    /// file's zigzag order.
    pub(super) fn read(&mut self, dc: &Table, ac: &Table) -> Result<[i16; 64]> {
        let mut block = [0; 64];
        let bits = self.symbol(dc)?;
        block[0] = self.value(bits)?;
        let mut place = 1;
        while place < 64 {
            let symbol = self.symbol(ac)?;
            let (zeros, bits) = (usize::from(symbol >> 4), symbol & 15);
            if bits == 0 && zeros != 15 {
                break;
            }
            place += zeros;
            let value = self.value(bits)?;
            *block.get_mut(place).ok_or_else(damaged)? = value;
            place += 1;
        }
        Ok(block)
    }

    /// A number of so many bits (T.81, F.2.2.1, EXTEND).
    fn value(&mut self, bits: u8) -> Result<i16> {
        let bits = u32::from(bits);
        if bits > 15 {
            return Err(damaged());
        }
        if bits == 0 {
            return Ok(0);
        }
        if self.left < bits {
            self.refill();
        }
        let value = (self.buffer >> (64 - bits)) as i32;
        self.skip(bits)?;
        let value = if value < 1 << (bits - 1) { value - (1 << bits) + 1 } else { value };
        Ok(value as i16)
    }

    /// Before minimum coded unit `mcu`: passes a restart marker if one is due there; whether.
    pub(super) fn restart_if_due(&mut self, mcu: u32, interval: u32) -> Result<bool> {
        if interval == 0 || mcu == 0 || !mcu.is_multiple_of(interval) {
            return Ok(false);
        }
        self.restart((mcu / interval - 1) % 8)?;
        Ok(true)
    }

    /// Passes the restart marker of this number, which starts at a whole byte. Another number means
    /// that a part of the image is missing.
    fn restart(&mut self, number: u32) -> Result<()> {
        self.refill();
        // Up to seven bits of padding; anything more is data that should not be there, which
        // decoders skip.
        self.buffer = 0;
        self.left = 0;
        while self.data.get(self.at) == Some(&0xFF) && self.data.get(self.at + 1) == Some(&0xFF) {
            self.at += 1;
        }
        match self.data.get(self.at..self.at + 2) {
            Some(&[0xFF, marker @ 0xD0..=0xD7]) if u32::from(marker & 7) == number => {
                self.at += 2;
                Ok(())
            }
            Some([0xFF, _]) | None => Err(truncated()),
            Some(_) => Err(damaged()),
        }
    }
}

pub(super) fn damaged() -> Error {
    Error::new(ErrorKind::Decode, "the JPEG data is damaged")
}

/// Walks all scans.
///
/// # Errors
/// [`ErrorKind::Decode`] if a scan ends before its last block or holds a code that is in no table.
pub(super) fn check(bytes: &[u8], frame: &Frame) -> Result<()> {
    let mut tables = Tables::new();
    let mut interval = 0;
    let mut seen = vec![false; frame.names.len()];
    let mut known = frame.is_progressive().then(|| progressive::Known::new(frame)).transpose()?;
    for segment in segments(bytes) {
        match segment.marker {
            DHT => tables.define(segment.data)?,
            DRI => interval = restart_interval(segment.data)?,
            SOS => {
                let data = coded(bytes, &segment);
                if let Some(known) = &mut known {
                    known.scan(frame, segment.data, data, interval, &tables)?;
                    continue;
                }
                let parts = parts(frame, segment.data)?;
                for part in &parts {
                    seen[part.component] = true;
                }
                scan(frame, data, interval, &parts, &tables)?;
            }
            _ => {}
        }
    }
    if known.is_none() && seen.contains(&false) { Err(truncated()) } else { Ok(()) }
}

/// What follows the header of a scan. Where the scan ends is known only by walking through it.
fn coded<'a>(bytes: &'a [u8], segment: &Segment<'_>) -> &'a [u8] {
    bytes.get(segment.at + segment.data.len()..).unwrap_or_default()
}

/// Walks one scan.
fn scan(
    frame: &Frame,
    data: &[u8],
    restart_interval: u32,
    parts: &[Part],
    tables: &Tables,
) -> Result<()> {
    let (columns, rows) = units(frame, parts);
    let coders = parts.iter().map(|part| {
        let (h, v) = unit(frame, parts, part);
        Ok((tables.dc(part.dc)?, tables.ac(part.ac)?, h * v))
    });
    let coders = coders.collect::<Result<Vec<_>>>()?;
    let mut bits = Bits::new(data);
    for mcu in 0..columns * rows {
        bits.restart_if_due(mcu, restart_interval)?;
        for &(dc, ac, count) in &coders {
            for _ in 0..count {
                bits.block(dc, ac)?;
            }
        }
    }
    Ok(())
}
