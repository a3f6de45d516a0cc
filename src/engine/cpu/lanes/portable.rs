//! Arrays, for compilers to vectorise.

/// Numbers in a [`Lanes`].
pub(in super::super) const LANES: usize = 8;

/// Some f32 numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Lanes([f32; LANES]);

impl Lanes {
    #[inline(always)]
    fn zip(self, other: Self, operation: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| operation(self.0[lane], other.0[lane])))
    }

    /// The same number in all.
    #[inline(always)]
    pub(in super::super) fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// The number at an address in all.
    #[inline(always)]
    pub(in super::super) fn broadcast(value: &f32) -> Self {
        Self::splat(*value)
    }

    /// From memory.
    #[inline(always)]
    pub(in super::super) fn load(values: &[f32; LANES]) -> Self {
        Self(*values)
    }

    /// From integers.
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "a sum of products keeps its leading 24 bits")]
    pub(in super::super) fn convert(values: &[i32; LANES]) -> Self {
        Self(std::array::from_fn(|lane| values[lane] as f32))
    }

    /// To memory.
    #[inline(always)]
    pub(in super::super) fn store(self, values: &mut [f32; LANES]) {
        *values = self.0;
    }

    #[inline(always)]
    pub(super) fn plus_lanes(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    pub(super) fn minus_lanes(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    pub(super) fn times_lanes(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    /// `self * factor + term`, rounded once where the target always can.
    #[inline(always)]
    pub(in super::super) fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            if cfg!(target_arch = "aarch64") {
                self.0[lane].mul_add(factor.0[lane], term.0[lane])
            } else {
                self.0[lane] * factor.0[lane] + term.0[lane]
            }
        }))
    }

    #[inline(always)]
    pub(super) fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    /// The larger of two.
    #[inline(always)]
    pub(in super::super) fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { b } else { a })
    }

    /// The smaller of two.
    #[inline(always)]
    pub(in super::super) fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }

    /// Without signs.
    #[inline(always)]
    pub(in super::super) fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    /// `self * 2^n`, n the integer in the low bits of `rounded`.
    #[inline(always)]
    pub(super) fn scale_by_power(self, rounded: Self) -> Self {
        self.zip(rounded, |value, n| f32::from_bits(value.to_bits().wrapping_add(n.to_bits() << 23)))
    }

    /// Towards zero, for numbers in the range of i32.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it is what is meant")]
    pub(in super::super) fn truncate(self) -> Whole {
        Whole(self.0.map(|value| value as i32))
    }
}

/// Some i32 numbers.
#[derive(Clone, Copy)]
pub(in super::super) struct Whole([i32; LANES]);

impl Whole {
    /// Zeros.
    #[inline(always)]
    pub(in super::super) fn zero() -> Self {
        Self([0; LANES])
    }

    #[inline(always)]
    pub(in super::super) fn plus(self, other: Self) -> Self {
        Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
    }

    /// All of them.
    #[inline(always)]
    pub(in super::super) fn to_array(self) -> [i32; LANES] {
        self.0
    }

    /// Bytes of numbers of 0..=255 in their order, four a word, each XORed with that of `flip`.
    #[inline(always)]
    pub(in super::super) fn pack(numbers: [Self; 4], flip: u32) -> [u32; LANES] {
        std::array::from_fn(|word| {
            let number = |byte: usize| numbers[(4 * word + byte) / LANES].0[(4 * word + byte) % LANES];
            (number(0) | number(1) << 8 | number(2) << 16 | number(3) << 24).cast_unsigned() ^ flip
        })
    }

    /// A word for every lane from numbers of 0..=255, the byte of the first lowest, each XORed with that of `flip`.
    #[inline(always)]
    pub(in super::super) fn interleave([a, b, c, d]: [Self; 4], flip: u32) -> [u32; LANES] {
        std::array::from_fn(|lane| {
            (a.0[lane] | b.0[lane] << 8 | c.0[lane] << 16 | d.0[lane] << 24).cast_unsigned() ^ flip
        })
    }
}
