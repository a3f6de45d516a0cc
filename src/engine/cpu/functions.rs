//! A few f32 numbers that go through arithmetic together: what every pass outside the integer
//! products is written in.
//!
//! They are one 128-bit register: what WebAssembly has, and what compilers make the most of
//! elsewhere.

#[cfg_attr(target_arch = "wasm32", path = "../../simd/wasm.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "../../simd/portable.rs")]
mod imp;

use std::hint::black_box;
use std::ops::{Add, Mul, Sub};

use super::isa::{Isa, PER_WORD};

pub(super) use imp::{LANES, Lanes, Whole};

/// Numbers that are rounded together: a whole number of words from whole registers.
pub(super) const QUAD: usize = 4 * LANES;

/// Which number of a quad part `part` of its word `word` holds, the lowest part first. Words are
/// made of the same lane of several registers, which takes a shift and an or for each: sums of
/// products do not depend on the order.
#[inline(always)]
pub(super) fn place(word: usize, part: usize) -> usize {
    LANES * (PER_WORD * (word / LANES) + part) + word % LANES
}

/// Four of something, by their number. Not a function of a closure, which is compiled for the
/// common instruction set where the compiler chooses not to inline it: there every fused product is
/// a call.
macro_rules! quad {
    (|$at:ident| $one:expr) => {
        [
            {
                let $at = 0_usize;
                $one
            },
            {
                let $at = 1_usize;
                $one
            },
            {
                let $at = 2_usize;
                $one
            },
            {
                let $at = 3_usize;
                $one
            },
        ]
    };
}
pub(super) use quad;

impl Lanes {
    /// Zeros.
    #[inline(always)]
    pub(super) fn zero() -> Self {
        Self::splat(0.0)
    }

    /// The sum of all.
    #[inline(always)]
    pub(super) fn sum(self) -> f32 {
        self.to_array().into_iter().sum()
    }

    /// All of them.
    #[inline(always)]
    pub(super) fn to_array(self) -> [f32; LANES] {
        let mut values = [0.0; LANES];
        self.store(&mut values);
        values
    }
}

/// Functions of [`Lanes`], with their coefficients in memory: browsers build a vector constant that
/// stands in the code from four instructions each time, while a load is one.
#[derive(Clone, Copy)]
pub(super) struct Functions<I> {
    isa: I,
    table: &'static Table,
}

struct Table {
    /// Adding it to a number below 2^22 leaves the number, rounded to the nearest integer, in the
    /// low bits of the sum.
    rounder: f32,
    log2_e: f32,
    lowest: f32,
    /// `2^x` for `|x| <= 1/2`.
    power: [f32; 6],
    /// `Phi(x) = 1/2 + x above(x^2) / below(x^2)` for `|x| <= bound`, fitted for the least largest
    /// error; beyond it Phi is 0 or 1 to within 4e-8.
    above: [f32; 5],
    below: [f32; 6],
    bound: f32,
    half: f32,
    one: f32,
    quick: f32,
}

static TABLE: Table = Table {
    rounder: 12_582_912.0,
    log2_e: std::f32::consts::LOG2_E,
    lowest: -87.0,
    power: [
        1.327_646_6e-3,
        9.675_542e-3,
        5.550_713_3e-2,
        2.402_212e-1,
        6.931_469_7e-1,
        1.000_000_1,
    ],
    above: [6.624_712_6e-6, 3.644_373_7e-4, 5.849_466e-3, 5.412_305e-2, 3.989_417_5e-1],
    below: [5.540_151e-7, 1.307_498_9e-4, 2.996_292_2e-3, 4.006_542_2e-2, 3.023_244_6e-1, 1.0],
    bound: 5.374_011_5,
    half: 0.5,
    one: 1.0,
    quick: -1.702,
};

impl<I: Isa> Functions<I> {
    #[inline(always)]
    pub(super) fn new(isa: I) -> Self {
        // Else the compiler would put the constants back into the code.
        Self { isa, table: black_box(&TABLE) }
    }

    /// `e^x` to a relative `1e-7 (3 + |x|)`, for x <= 88; what is below -87 counts as -87.
    #[inline(always)]
    pub(super) fn exp(self, x: Lanes) -> Lanes {
        let Self { isa, table } = self;
        // e^x = 2^n 2^f, n an integer, |f| <= 1/2.
        let exponent = x.max(Lanes::broadcast(&table.lowest)) * Lanes::broadcast(&table.log2_e);
        let rounder = Lanes::broadcast(&table.rounder);
        let rounded = exponent + rounder;
        let f = exponent - (rounded - rounder);
        polynomial(isa, f, &table.power).scale_by_power(rounded)
    }

    /// `x * Phi(x)`, Phi the normal distribution function; absolute error below 2e-6.
    #[inline(always)]
    pub(super) fn gelu(self, x: Lanes) -> Lanes {
        let Self { isa, table } = self;
        let bound = Lanes::broadcast(&table.bound);
        let inside = x.max(Lanes::zero() - bound).min(bound);
        let square = inside * inside;
        let above = inside * polynomial(isa, square, &table.above);
        x * (above.div(polynomial(isa, square, &table.below)) + Lanes::broadcast(&table.half))
    }

    /// `x / (1 + e^(-1.702 x))`.
    #[inline(always)]
    pub(super) fn quick_gelu(self, x: Lanes) -> Lanes {
        let table = self.table;
        let highest = Lanes::zero() - Lanes::broadcast(&table.lowest);
        let power = self.exp((x * Lanes::broadcast(&table.quick)).min(highest));
        x.div(power + Lanes::broadcast(&table.one))
    }
}

/// By Horner's rule, the highest coefficient first.
#[inline(always)]
fn polynomial<I: Isa, const N: usize>(isa: I, x: Lanes, coefficients: &'static [f32; N]) -> Lanes {
    let mut value = Lanes::broadcast(&coefficients[0]);
    for coefficient in &coefficients[1..] {
        value = value.mul_add(isa, x, Lanes::broadcast(coefficient));
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

#[cfg(test)]
mod tests {
    use super::super::isa::Portable;
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
            let (lanes, functions) = (Lanes::splat(x), Functions::new(Portable));
            for (function, out) in
                [functions.exp(lanes), functions.gelu(lanes), functions.quick_gelu(lanes)]
                    .into_iter()
                    .zip(&mut out)
            {
                function.store(out);
            }
            check(x, out.map(|out| out[0]));
        }
    }

    #[test]
    fn functions_keep_their_error_bounds() {
        each(|x, [exp, gelu, quick]| {
            let wide = f64::from(x);
            assert!(
                (f64::from(exp) / wide.exp() - 1.0).abs() < 1e-7 * (3.0 + wide.abs()),
                "exp {x}: {exp}"
            );
            assert!((f64::from(gelu) - wide * phi(wide)).abs() < 2e-6, "gelu {x}: {gelu}");
            let truth = wide / (1.0 + (-1.702 * wide).exp());
            assert!((f64::from(quick) - truth).abs() < 1e-6, "quick gelu {x}: {quick}");
        });
    }

    #[test]
    fn rounds_to_the_nearest() {
        let edges = [0.0, -0.0, 0.499_999_97, 0.5, -0.5, 1.5, 2.5, -2.5, 126.499_99, 126.5, -127.0];
        for value in edges.into_iter().chain((-1000_i16..1000).map(|n| f32::from(n) * 0.127)) {
            let codes = Lanes::splat(value).nearest().to_array();
            assert_eq!(codes.map(|code| code as f32), [value.round(); LANES], "{value}");
        }
    }

    #[test]
    fn far_values_saturate() {
        let at = |x: f32, function: fn(Functions<Portable>, Lanes) -> Lanes| {
            let mut out = [0.0; LANES];
            function(Functions::new(Portable), Lanes::splat(x)).store(&mut out);
            out[0]
        };
        assert!(at(-1e30, Functions::exp) < 1e-37);
        for function in [Functions::gelu, Functions::quick_gelu] {
            assert!((at(200.0, function) - 200.0).abs() < 1e-4);
            assert!(at(-200.0, function).abs() < 2e-4);
        }
    }

    #[test]
    fn bytes_are_where_they_belong() {
        let quad = std::array::from_fn(|register| {
            let numbers = std::array::from_fn(|lane| (register * LANES + lane) as f32 * 3.0);
            Lanes::load(&numbers).code(Portable, Lanes::splat(2.0), 0.4)
        });
        let (unsigned, weights) = (Whole::pack(quad, false), Whole::pack_weights(quad));
        assert_eq!(Whole::pack(quad, true), weights);
        let mut seen = [false; QUAD];
        for (word, (activations, weights)) in unsigned.into_iter().zip(weights).enumerate() {
            let bytes = activations.to_le_bytes().into_iter().zip(weights.to_le_bytes());
            for (part, (activation, weight)) in bytes.enumerate() {
                let number = place(word, part);
                assert_eq!((usize::from(activation), weight), (6 * number, activation ^ 128));
                assert!(!std::mem::replace(&mut seen[number], true));
            }
        }
        let sum = quad.into_iter().fold(Whole::zero(), Whole::plus).to_array();
        assert_eq!(sum[0], (0..4).map(|register| (6 * LANES * register) as i32).sum::<i32>());
    }
}
