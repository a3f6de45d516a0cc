//! CRC-32 (ISO 3309, as PNG, gzip and ZIP use it): the interface of the crate `crc32fast` 1.5,
//! tables made at the first call.
//!
//! Eight bytes at a time by eight tables ("slicing by 8": M. E. Kounavis and F. L. Berry, "A
//! Systematic Approach to Building High Performance Software-based CRC Generators", 2005), 2,048
//! numbers that take microseconds to compute. Decoding a PNG takes far longer than either.

use std::sync::OnceLock;

/// The polynomial, its bits reversed: the lowest bit is that of the highest power.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// Bytes at a time.
const SLICES: usize = 8;

type Tables = [[u32; 256]; SLICES];

/// `tables[k][b]` is the checksum's change by a byte `b` that `k` zero bytes follow.
fn tables() -> &'static Tables {
    static TABLES: OnceLock<Box<Tables>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut tables = Box::new([[0; 256]; SLICES]);
        for byte in 0..256 {
            tables[0][byte] = (0..8).fold(byte as u32, |crc, _| times_x(crc));
        }
        for slice in 1..SLICES {
            for byte in 0..256 {
                let crc = tables[slice - 1][byte];
                tables[slice][byte] = (crc >> 8) ^ tables[0][(crc & 255) as usize];
            }
        }
        tables
    })
}

/// A polynomial times `x`, modulo that of the checksum.
fn times_x(polynomial: u32) -> u32 {
    (polynomial >> 1) ^ (POLYNOMIAL & (polynomial & 1).wrapping_neg())
}

/// The checksum of `bytes`.
#[must_use]
pub fn hash(bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finalize()
}

/// A checksum of what comes in parts.
#[derive(Clone, Debug, Default)]
pub struct Hasher {
    /// The checksum so far.
    crc: u32,
    /// Bytes so far.
    amount: u64,
}

impl Hasher {
    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Of bytes whose checksum is known.
    #[must_use]
    pub fn new_with_initial(crc: u32) -> Self {
        Self::new_with_initial_len(crc, 0)
    }

    /// Of `amount` bytes whose checksum is known.
    #[must_use]
    pub fn new_with_initial_len(crc: u32, amount: u64) -> Self {
        Self { crc, amount }
    }

    /// Goes on with `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        let tables = tables();
        self.amount = self.amount.wrapping_add(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<SLICES>();
        let mut crc = !self.crc;
        for &[a, b, c, d, e, f, g, h] in words {
            let [a, b, c, d] = (crc ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
            crc = [h, g, f, e, d, c, b, a]
                .iter()
                .zip(tables)
                .fold(0, |crc, (&byte, table)| crc ^ table[usize::from(byte)]);
        }
        for &byte in rest {
            crc = (crc >> 8) ^ tables[0][usize::from(crc as u8 ^ byte)];
        }
        self.crc = !crc;
    }

    /// Bytes so far.
    #[must_use]
    pub fn total_len(&self) -> u64 {
        self.amount
    }

    /// The checksum.
    #[must_use]
    pub fn finalize(self) -> u32 {
        self.crc
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        *self = Self::new();
    }

    /// Goes on with the bytes that `other` saw.
    pub fn combine(&mut self, other: &Self) {
        // As many zero bytes move this checksum on as the other saw; then they differ by exclusive
        // or alone.
        self.crc = multiply(self.crc, power_of_256(other.amount)) ^ other.crc;
        self.amount = self.amount.wrapping_add(other.amount);
    }
}

/// One, as a polynomial.
const ONE: u32 = 1 << 31;

/// The product of two polynomials modulo that of the checksum.
fn multiply(mut a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    while a != 0 {
        product ^= b & (a >> 31).wrapping_neg();
        a <<= 1;
        b = times_x(b);
    }
    product
}

/// `x^(8 n)`, by repeated squaring.
fn power_of_256(mut n: u64) -> u32 {
    let (mut power, mut square) = (ONE, ONE >> 8);
    while n != 0 {
        if n & 1 == 1 {
            power = multiply(power, square);
        }
        square = multiply(square, square);
        n >>= 1;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: a bit at a time.
    fn slowly(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 }
            })
        })
    }

    #[test]
    fn known_values() {
        // The "check" of ISO 3309's checksum in every catalogue, and the empty end of every PNG.
        assert_eq!(hash(b"123456789"), 0xcbf4_3926);
        assert_eq!(hash(b"IEND"), 0xae42_6082);
        assert_eq!(hash(b""), 0);
    }

    proptest! {
        #[test]
        fn whole_in_parts_and_combined(bytes: Vec<u8>, at: prop::sample::Index) {
            let whole = slowly(&bytes);
            prop_assert_eq!(hash(&bytes), whole);
            let (first, second) = bytes.split_at(at.index(bytes.len() + 1));
            let mut parts = Hasher::new_with_initial_len(hash(first), first.len() as u64);
            let mut other = Hasher::new();
            other.update(second);
            parts.combine(&other);
            prop_assert_eq!(parts.clone().finalize(), whole);
            parts.reset();
            parts.update(first);
            parts.update(second);
            prop_assert_eq!(parts.finalize(), whole);
            let mut on = Hasher::new_with_initial(hash(first));
            on.update(second);
            prop_assert_eq!(on.finalize(), whole);
        }
    }
}
