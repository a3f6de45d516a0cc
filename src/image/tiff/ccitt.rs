//! Fax codes: rows of black and white runs (ITU-T T.4 and T.6; TIFF 6.0, sections 10 and 11).
//!
//! The tables of codes are the crate `fax`'s (0.2.7). Its decoders are not used: that of Group 3
//! takes a row to end where a line end stands, which many TIFF files leave out, and knows neither
//! two-dimensional rows nor rows that start at bytes.

use fax::maps::{Mode, black, mode, white};
use fax::{BitReader, ByteReader, Color};

use super::damaged;
use crate::error::Result;

/// How rows are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Runs; each row starts at a byte.
    ByteRuns,
    /// Runs, with or without line ends (Group 3).
    Runs,
    /// Behind each line end, a bit tells whether a row is of runs or of changes (Group 3).
    Mixed,
    /// Changes to the row before (Group 4).
    Changes,
}

/// Zeros behind the data, so that the longest code can be looked for; they are no code.
const PADDING: [u8; 4] = [0; 4];

/// The rows of a strip or tile.
pub(super) struct Rows<R> {
    bits: ByteReader<R>,
    coding: Coding,
    width: u16,
    /// Where the colour changes in the row before, and in this one: first to black.
    before: Vec<u16>,
    row: Vec<u16>,
}

/// Rows of `width` pixels.
pub(super) fn rows(
    data: &[u8],
    coding: Coding,
    width: u16,
) -> Result<Rows<impl Iterator<Item = std::result::Result<u8, std::convert::Infallible>>>> {
    let bytes = data.iter().chain(&PADDING).map(|&byte| Ok(byte));
    let bits = ByteReader::new(bytes).map_err(|_| damaged())?;
    Ok(Rows { bits, coding, width, before: Vec::new(), row: Vec::new() })
}

impl<R: Iterator<Item = std::result::Result<u8, std::convert::Infallible>>> Rows<R> {
    /// Reads the next row: the places where its colour changes, from white at the left.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for a code that does not exist, and for a
    /// row that does not end at the right edge.
    pub(super) fn read(&mut self) -> Result<&[u16]> {
        std::mem::swap(&mut self.before, &mut self.row);
        self.row.clear();
        match self.coding {
            Coding::ByteRuns => {
                self.skip(self.bits.bits_to_byte_boundary())?;
                self.runs()?;
            }
            Coding::Runs => {
                self.skip_line_end()?;
                self.runs()?;
            }
            Coding::Mixed => {
                self.skip_line_end()?;
                let of_runs = self.bits.peek(1).ok_or_else(damaged)? == 1;
                self.skip(1)?;
                if of_runs { self.runs()? } else { self.changes()? }
            }
            Coding::Changes => self.changes()?,
        }
        Ok(&self.row)
    }

    fn skip(&mut self, bits: u8) -> Result<()> {
        self.bits.consume(bits).map_err(|_| damaged())
    }

    /// Skips a line end, eleven zeros or more and a one, if one is next. No code starts with so
    /// many zeros.
    fn skip_line_end(&mut self) -> Result<()> {
        if self.bits.peek(11) == Some(0) {
            while self.bits.peek(1) == Some(0) {
                self.skip(1)?;
            }
            self.skip(1)?;
        }
        Ok(())
    }

    /// A run: codes of multiples of 64, then one of the rest.
    fn run(&mut self, color: Color) -> Result<u16> {
        let mut sum = 0u16;
        loop {
            let code = match color {
                Color::White => white::decode(&mut self.bits),
                Color::Black => black::decode(&mut self.bits),
            };
            let code = code.ok_or_else(damaged)?;
            sum = sum.checked_add(code).ok_or_else(damaged)?;
            if code < 64 {
                return Ok(sum);
            }
        }
    }

    /// Ends what began at `start` after a run of a colour, where the colour changes.
    fn change_after_run(&mut self, start: u16, color: Color) -> Result<u16> {
        let end = start.checked_add(self.run(color)?).ok_or_else(damaged)?;
        self.change(end)
    }

    fn change(&mut self, at: u16) -> Result<u16> {
        // More changes than pixels are many runs of nothing.
        if at > self.width || self.row.len() > 2 * usize::from(self.width) + 2 {
            return Err(damaged());
        }
        self.row.push(at);
        Ok(at)
    }

    /// A row of runs.
    fn runs(&mut self) -> Result<()> {
        let (mut at, mut color) = (0, Color::White);
        while at < self.width {
            at = self.change_after_run(at, color)?;
            color = !color;
        }
        Ok(())
    }

    /// A row of changes to the one before (T.4, 4.2; T.6, 2.2): `at` is a0 there.
    fn changes(&mut self) -> Result<()> {
        let (mut at, mut color) = (0, Color::White);
        // The first change of the row before that is to the right of `at`: at the start, which is
        // left of the first pixel, that may be at 0.
        let (mut next, mut started) = (0, false);
        loop {
            while self.before.get(next).is_some_and(|&b| b < at || (b == at && started)) {
                next += 1;
            }
            // Changes to black have even places. That one is b1, the one behind it b2.
            let same = next % 2 == usize::from(color == Color::Black);
            let first = if same { next } else { next + 1 };
            let change = |place: usize| self.before.get(place).copied().unwrap_or(self.width);
            let (b1, b2) = (change(first), change(first + 1));
            match mode::decode(&mut self.bits).ok_or_else(damaged)? {
                Mode::Pass => at = b2,
                Mode::Vertical(by) => {
                    let moved = b1.checked_add_signed(i16::from(by)).ok_or_else(damaged)?;
                    if moved < at {
                        return Err(damaged());
                    }
                    at = self.change(moved)?;
                    color = !color;
                }
                Mode::Horizontal => {
                    at = self.change_after_run(at, color)?;
                    at = self.change_after_run(at, !color)?;
                }
                Mode::Extension | Mode::EOF => return Err(damaged()),
            }
            started = true;
            if at >= self.width {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bits: &str) -> Vec<u8> {
        let bits: Vec<u8> = bits.bytes().filter(u8::is_ascii_digit).map(|bit| bit - b'0').collect();
        let byte = |bits: &[u8]| (0..8).fold(0, |byte, at| byte << 1 | bits.get(at).unwrap_or(&0));
        bits.chunks(8).map(byte).collect()
    }

    #[test]
    fn runs_of_nothing_are_changes_too() {
        // Programs write such runs, and count them as changes in the next row: pass both, then
        // three changes as before.
        let first = "001 00110101 0000110111  001 1011 10  1";
        let data = packed(&format!("{first} 0001 1 1 1"));
        let mut rows = rows(&data, Coding::Changes, 10).unwrap();
        assert_eq!(rows.read().unwrap(), [0, 0, 4, 7, 10]);
        assert_eq!(rows.read().unwrap(), [4, 7, 10]);
        assert!(rows.read().is_err(), "the data ends here");
    }

    #[test]
    fn rows_end_at_the_right_edge() {
        // White 4, black 3, in a row of 6.
        for (bits, coding) in [("1011 10", Coding::Runs), ("001 1011 10", Coding::Changes)] {
            assert!(rows(&packed(bits), coding, 6).unwrap().read().is_err(), "{coding:?}");
            assert_eq!(rows(&packed(bits), coding, 7).unwrap().read().unwrap(), [4, 7]);
        }
    }
}
