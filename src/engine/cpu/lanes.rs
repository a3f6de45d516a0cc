//! A few f32 numbers that go through arithmetic together: what every pass outside the integer products is written in.
//!
//! In WebAssembly they are one 128-bit register. Natively they are an array whose loops the compiler turns into the
//! registers of the instruction set that the pass is compiled for ([`Isa::run`](super::isa::Isa::run)).

use std::ops::{Add, Mul, Sub};

pub(super) use imp::{LANES, Lanes};

/// Adding it to a number below 2^22 leaves the number, rounded to the nearest integer, in the low bits of the sum.
const ROUNDER: f32 = 12_582_912.0;

impl Lanes {
    /// Zeros.
    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self::splat(0.0)
    }

    /// `e^x` to a relative `1e-7 (3 + |x|)`, for x <= 88; what is below -87 counts as -87.
    #[inline(always)]
    pub(super) fn exp(self) -> Self {
        // e^x = 2^n 2^f, n an integer, |f| <= 1/2; 2^f by its minimax polynomial.
        let exponent = self.max(Self::splat(-87.0)) * Self::splat(std::f32::consts::LOG2_E);
        let rounded = exponent + Self::splat(ROUNDER);
        let f = exponent - (rounded - Self::splat(ROUNDER));
        let power = polynomial(
            f,
            [1.327_646_6e-3, 9.675_542e-3, 5.550_713_3e-2, 2.402_212e-1, 6.931_469_7e-1, 1.000_000_1],
        );
        power.scale_by_power(rounded)
    }

    /// `x * Phi(x)`, Phi the normal distribution function; absolute error below 2e-6.
    #[inline(always)]
    pub(super) fn gelu(self) -> Self {
        // Phi(x) = 1/2 + x P(x^2) / Q(x^2), fitted for the least largest error on |x| <= 5.37, beyond which Phi is 0 or
        // 1 to within 4e-8.
        let x = self.max(Self::splat(-5.374_011_5)).min(Self::splat(5.374_011_5));
        let square = x * x;
        let above =
            polynomial(square, [6.624_712_6e-6, 3.644_373_7e-4, 5.849_466e-3, 5.412_305e-2, 3.989_417_5e-1]);
        let below = polynomial(
            square,
            [5.540_150_9e-7, 1.307_498_9e-4, 2.996_292_2e-3, 4.006_542_2e-2, 3.023_244_6e-1, 1.0],
        );
        self * (x * above).div(below).plus(0.5)
    }

    /// `x / (1 + e^(-1.702 x))`.
    #[inline(always)]
    pub(super) fn quick_gelu(self) -> Self {
        let power = (self * Self::splat(-1.702)).min(Self::splat(87.0)).exp();
        self.div(power.plus(1.0))
    }

    /// The sum of all.
    #[inline(always)]
    pub(super) fn sum(self) -> f32 {
        self.to_array().into_iter().sum()
    }

    /// The largest of all.
    #[inline(always)]
    pub(super) fn largest(self) -> f32 {
        self.to_array().into_iter().fold(f32::MIN, f32::max)
    }

    #[inline(always)]
    fn to_array(self) -> [f32; LANES] {
        let mut values = [0.0; LANES];
        self.store(&mut values);
        values
    }

    /// Rounded to integers, for numbers below 2^22.
    #[inline(always)]
    pub(super) fn round(self) -> Self {
        self.plus(ROUNDER) - Self::splat(ROUNDER)
    }

    #[inline(always)]
    fn plus(self, value: f32) -> Self {
        self + Self::splat(value)
    }

    /// The number whose low byte is the nearest integer, in two's complement; for [`codes`](Self::codes).
    #[inline(always)]
    fn rounded(self) -> Self {
        self.plus(ROUNDER)
    }
}

/// By Horner's rule, the highest coefficient first.
#[inline(always)]
fn polynomial<const N: usize>(x: Lanes, coefficients: [f32; N]) -> Lanes {
    let mut value = Lanes::splat(coefficients[0]);
    for coefficient in &coefficients[1..] {
        value = value.mul_add(x, Lanes::splat(*coefficient));
    }
    value
}

impl Add for Lanes {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.plus_lanes(other)
    }
}

impl Sub for Lanes {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.minus_lanes(other)
    }
}

impl Mul for Lanes {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.times_lanes(other)
    }
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "vector loads and stores")]
mod imp {
    use core::arch::wasm32::*;

    /// Numbers in a [`Lanes`].
    pub(in super::super) const LANES: usize = 4;

    /// Some f32 numbers.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Lanes(v128);

    impl Lanes {
        /// The same number in all.
        #[inline(always)]
        pub(in super::super) fn splat(value: f32) -> Self {
            Self(f32x4_splat(value))
        }

        /// From memory.
        #[inline(always)]
        pub(in super::super) fn load(values: &[f32; LANES]) -> Self {
            // SAFETY: 16 readable bytes; v128_load needs no alignment.
            Self(unsafe { v128_load(values.as_ptr().cast()) })
        }

        /// From integers.
        #[inline(always)]
        pub(in super::super) fn convert(values: &[i32; LANES]) -> Self {
            // SAFETY: 16 readable bytes; v128_load needs no alignment.
            Self(f32x4_convert_i32x4(unsafe { v128_load(values.as_ptr().cast()) }))
        }

        /// To memory.
        #[inline(always)]
        pub(in super::super) fn store(self, values: &mut [f32; LANES]) {
            // SAFETY: 16 writable bytes; v128_store needs no alignment.
            unsafe { v128_store(values.as_mut_ptr().cast(), self.0) }
        }

        #[inline(always)]
        pub(super) fn plus_lanes(self, other: Self) -> Self {
            Self(f32x4_add(self.0, other.0))
        }

        #[inline(always)]
        pub(super) fn minus_lanes(self, other: Self) -> Self {
            Self(f32x4_sub(self.0, other.0))
        }

        #[inline(always)]
        pub(super) fn times_lanes(self, other: Self) -> Self {
            Self(f32x4_mul(self.0, other.0))
        }

        /// `self * factor + term`, rounded once where the machine can.
        #[inline(always)]
        pub(in super::super) fn mul_add(self, factor: Self, term: Self) -> Self {
            #[cfg(target_feature = "relaxed-simd")]
            return Self(f32x4_relaxed_madd(self.0, factor.0, term.0));
            #[cfg(not(target_feature = "relaxed-simd"))]
            Self(f32x4_add(f32x4_mul(self.0, factor.0), term.0))
        }

        #[inline(always)]
        pub(super) fn div(self, other: Self) -> Self {
            Self(f32x4_div(self.0, other.0))
        }

        /// The larger of two.
        #[inline(always)]
        pub(in super::super) fn max(self, other: Self) -> Self {
            // The pseudo-maximum is one instruction everywhere; they differ on NaN and the sign of zero only.
            Self(f32x4_pmax(self.0, other.0))
        }

        /// The smaller of two.
        #[inline(always)]
        pub(in super::super) fn min(self, other: Self) -> Self {
            Self(f32x4_pmin(self.0, other.0))
        }

        /// Without signs.
        #[inline(always)]
        pub(in super::super) fn abs(self) -> Self {
            Self(f32x4_abs(self.0))
        }

        /// `self * 2^n`, n the integer in the low bits of `rounded`.
        #[inline(always)]
        pub(super) fn scale_by_power(self, rounded: Self) -> Self {
            Self(i32x4_add(self.0, i32x4_shl(rounded.0, 23)))
        }

        /// Rounded to integers of -128..=255, their low bytes: four a word, the first lowest.
        #[inline(always)]
        pub(in super::super) fn codes(self) -> [u32; LANES / 4] {
            let bits = self.rounded().0;
            let bytes = i8x16_shuffle::<0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12>(bits, bits);
            [u32x4_extract_lane::<0>(bytes)]
        }

        /// Rounded to integers of -128..=127, their low bytes: a word for every lane, the first number's byte lowest.
        #[inline(always)]
        pub(in super::super) fn interleave(numbers: [Self; 4], words: &mut [u32; LANES]) {
            let byte = |at: usize| v128_and(numbers[at].rounded().0, u32x4_splat(0xff));
            let low = v128_or(byte(0), u32x4_shl(byte(1), 8));
            let high = v128_or(u32x4_shl(byte(2), 16), u32x4_shl(numbers[3].rounded().0, 24));
            // SAFETY: 16 writable bytes; v128_store needs no alignment.
            unsafe { v128_store(words.as_mut_ptr().cast(), v128_or(low, high)) }
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod imp {
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

        /// Rounded to integers of -128..=255, their low bytes: four a word, the first lowest.
        #[inline(always)]
        pub(in super::super) fn codes(self) -> [u32; LANES / 4] {
            let bytes = self.rounded().0.map(|value| value.to_bits().to_le_bytes()[0]);
            let (words, _) = bytes.as_chunks::<4>();
            std::array::from_fn(|word| u32::from_le_bytes(words[word]))
        }

        /// Rounded to integers of -128..=127, their low bytes: a word for every lane, the first number's byte lowest.
        #[inline(always)]
        pub(in super::super) fn interleave(numbers: [Self; 4], words: &mut [u32; LANES]) {
            let bits = numbers.map(|number| number.rounded().0.map(f32::to_bits));
            *words = std::array::from_fn(|lane| {
                (bits[0][lane] & 0xff)
                    | (bits[1][lane] & 0xff) << 8
                    | (bits[2][lane] & 0xff) << 16
                    | bits[3][lane] << 24
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard library has no erf: its Taylor series in f64, exact to 1e-12 where |x| <= 4.
    fn phi(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / (2.0 * f64::from(n));
            sum += term / f64::from(2 * n + 1);
        }
        0.5 + sum / (2.0 * std::f64::consts::PI).sqrt()
    }

    fn each(check: impl Fn(f32, [f32; 3])) {
        for step in -32_000..=32_000_i16 {
            let x = f32::from(step) / 8_000.0;
            let mut out = [[0.0; LANES]; 3];
            let lanes = Lanes::splat(x);
            for (function, out) in [lanes.exp(), lanes.gelu(), lanes.quick_gelu()].into_iter().zip(&mut out) {
                function.store(out);
            }
            check(x, out.map(|out| out[0]));
        }
    }

    #[test]
    fn functions_keep_their_error_bounds() {
        each(|x, [exp, gelu, quick]| {
            let wide = f64::from(x);
            assert!((f64::from(exp) / wide.exp() - 1.0).abs() < 1e-7 * (3.0 + wide.abs()), "exp {x}: {exp}");
            assert!((f64::from(gelu) - wide * phi(wide)).abs() < 2e-6, "gelu {x}: {gelu}");
            let truth = wide / (1.0 + (-1.702 * wide).exp());
            assert!((f64::from(quick) - truth).abs() < 1e-6, "quick gelu {x}: {quick}");
        });
    }

    #[test]
    fn far_values_saturate() {
        let at = |x: f32, function: fn(Lanes) -> Lanes| {
            let mut out = [0.0; LANES];
            function(Lanes::splat(x)).store(&mut out);
            out[0]
        };
        assert!(at(-1e30, Lanes::exp) < 1e-37);
        for function in [Lanes::gelu, Lanes::quick_gelu] {
            assert!((at(200.0, function) - 200.0).abs() < 1e-4);
            assert!(at(-200.0, function).abs() < 2e-4);
        }
    }

    #[test]
    fn codes_are_rounded_low_bytes() {
        for (value, code) in [(-127.0, 129), (-1.4, 255), (0.49, 0), (1.5, 2), (254.6, 255)] {
            assert_eq!(Lanes::splat(value).codes()[0], u32::from_le_bytes([code; 4]), "{value}");
        }
    }
}
