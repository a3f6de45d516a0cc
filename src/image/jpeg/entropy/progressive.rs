//! The walk through the scans of a progressive file.
//!
//! A refining scan has a bit for every coefficient that is not zero yet, so which are must be kept:
//! a bit each.
//!
//! Source: ITU-T T.81, annex G.1.2 and G.2.

use super::{Bits, Frame, Part, Table, Tables, damaged, parts, unit, units};
use crate::error::Result;
use crate::image::checks::buffer;

/// For each component, which coefficients of each block are not zero, as far as scans have told.
pub(super) struct Known {
    components: Vec<Vec<u64>>,
}

/// A scan of AC coefficients.
struct Band<'a> {
    table: &'a Table,
    first: u32,
    last: u32,
    /// Blocks that end at once, still to come.
    end_of_band: u32,
}

impl Known {
    pub(super) fn new(frame: &Frame) -> Result<Self> {
        let components = (0..frame.sampling.len()).map(|component| {
            let (columns, rows) = frame.own_blocks(component);
            let count = columns as usize * rows as usize;
            drop(buffer(count as u64 * 8)?); // checked against the limit
            Ok(vec![0; count])
        });
        Ok(Self { components: components.collect::<Result<_>>()? })
    }

    /// Walks a scan with this header and this data behind it.
    pub(super) fn scan(
        &mut self,
        frame: &Frame,
        header: &[u8],
        data: &[u8],
        interval: u32,
        tables: &Tables,
    ) -> Result<()> {
        let parts = parts(frame, header)?;
        let spectrum = header.get(1 + parts.len() * 2..).and_then(<[u8]>::first_chunk);
        let &[first, last, bits] = spectrum.ok_or_else(damaged)?;
        let refines = bits >> 4 != 0;
        if last > 63 || first > last || (first == 0) != (last == 0) {
            return Err(damaged());
        }
        let mut coded = Bits::new(data);
        match &parts[..] {
            parts if first == 0 => {
                Self::averages(frame, parts, &mut coded, interval, refines, tables)
            }
            [part] => {
                let table = tables.ac(part.ac)?;
                let (first, last) = (u32::from(first), u32::from(last));
                let mut band = Band { table, first, last, end_of_band: 0 };
                let blocks = &mut self.components[part.component];
                for (mcu, block) in (0..).zip(blocks) {
                    if coded.restart_if_due(mcu, interval)? {
                        band.end_of_band = 0;
                    }
                    if refines {
                        band.refine(&mut coded, block)?;
                    } else {
                        band.first(&mut coded, block)?;
                    }
                }
                Ok(())
            }
            _ => Err(damaged()),
        }
    }

    /// DC coefficients, of one component or of several.
    fn averages(
        frame: &Frame,
        parts: &[Part],
        coded: &mut Bits<'_>,
        interval: u32,
        refines: bool,
        tables: &Tables,
    ) -> Result<()> {
        let (columns, rows) = units(frame, parts);
        for mcu in 0..columns * rows {
            coded.restart_if_due(mcu, interval)?;
            for part in parts {
                let (h, v) = unit(frame, parts, part);
                for _ in 0..h * v {
                    if refines {
                        coded.bit()?;
                        continue;
                    }
                    let bits = u32::from(coded.symbol(tables.dc(part.dc)?)?);
                    if bits > 16 {
                        return Err(damaged());
                    }
                    coded.skip(bits)?;
                }
            }
        }
        Ok(())
    }
}

impl Band<'_> {
    /// The first bits of a block's coefficients.
    fn first(&mut self, coded: &mut Bits<'_>, block: &mut u64) -> Result<()> {
        if self.end_of_band > 0 {
            self.end_of_band -= 1;
            return Ok(());
        }
        let mut place = self.first;
        while place <= self.last {
            let symbol = coded.symbol(self.table)?;
            let (zeros, bits) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if bits == 0 && zeros < 15 {
                self.end_of_band = coded.run(zeros)? - 1;
                break;
            }
            place += zeros;
            if bits > 0 {
                if place > self.last {
                    return Err(damaged());
                }
                coded.skip(bits)?;
                *block |= 1 << place;
            }
            place += 1;
        }
        Ok(())
    }

    /// One more bit of a block's coefficients.
    fn refine(&mut self, coded: &mut Bits<'_>, block: &mut u64) -> Result<()> {
        let mut place = self.first;
        while place <= self.last && self.end_of_band == 0 {
            let symbol = coded.symbol(self.table)?;
            let (mut zeros, bits) = (u32::from(symbol >> 4), symbol & 15);
            let new = match (zeros, bits) {
                (15, 0) => false,
                (_, 0) => {
                    self.end_of_band = coded.run(zeros)?;
                    break;
                }
                (_, 1) => {
                    coded.bit()?;
                    true
                }
                _ => return Err(damaged()),
            };
            // Passes so many zeros; everything else on the way gets its bit.
            loop {
                if place > self.last {
                    return if new { Err(damaged()) } else { Ok(()) };
                }
                if *block >> place & 1 == 1 {
                    coded.bit()?;
                } else if zeros == 0 {
                    if new {
                        *block |= 1 << place;
                    }
                    place += 1;
                    break;
                } else {
                    zeros -= 1;
                }
                place += 1;
            }
        }
        if self.end_of_band > 0 {
            self.end_of_band -= 1;
            for place in place..=self.last {
                if *block >> place & 1 == 1 {
                    coded.bit()?;
                }
            }
        }
        Ok(())
    }
}

impl Bits<'_> {
    fn bit(&mut self) -> Result<()> {
        if self.left == 0 {
            self.refill();
        }
        self.skip(1)
    }

    /// The number of blocks that end here, this one included (T.81, table G.1).
    fn run(&mut self, bits: u32) -> Result<u32> {
        if bits == 0 {
            return Ok(1);
        }
        if self.left < bits {
            self.refill();
        }
        let more = (self.buffer >> (64 - bits)) as u32;
        self.skip(bits)?;
        Ok((1 << bits) + more)
    }
}
