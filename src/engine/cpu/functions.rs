//! Functions of vectors.

use std::hint::black_box;
use std::marker::PhantomData;

use super::isa::Isa;
use crate::simd::F32x4;

/// Functions of [`F32x4`], with their coefficients in memory: browsers build a vector constant that
/// stands in the code from four instructions each time, while a load is one.
#[derive(Clone, Copy)]
pub(super) struct Functions<I> {
    /// Whose products they use.
    isa: PhantomData<I>,
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
    pub(super) fn new(_: I) -> Self {
        // Else the compiler would put the constants back into the code.
        Self { isa: PhantomData, table: black_box(&TABLE) }
    }

    /// `e^x` to a relative `1e-7 (3 + |x|)`, for x <= 88; what is below -87 counts as -87.
    #[inline(always)]
    pub(super) fn exp(self, x: F32x4) -> F32x4 {
        let table = self.table;
        // e^x = 2^n 2^f, n an integer, |f| <= 1/2.
        let exponent = x.max(F32x4::broadcast(&table.lowest)) * F32x4::broadcast(&table.log2_e);
        let rounder = F32x4::broadcast(&table.rounder);
        let rounded = exponent + rounder;
        let f = exponent - (rounded - rounder);
        polynomial::<I, _>(f, &table.power).scale_by_power(rounded)
    }

    /// `x * Phi(x)`, Phi the normal distribution function; absolute error below 2e-6.
    #[inline(always)]
    pub(super) fn gelu(self, x: F32x4) -> F32x4 {
        let table = self.table;
        let bound = F32x4::broadcast(&table.bound);
        let inside = x.max(F32x4::zero() - bound).min(bound);
        let square = inside * inside;
        let above = inside * polynomial::<I, _>(square, &table.above);
        x * (above / polynomial::<I, _>(square, &table.below) + F32x4::broadcast(&table.half))
    }

    /// `x / (1 + e^(-1.702 x))`.
    #[inline(always)]
    pub(super) fn quick_gelu(self, x: F32x4) -> F32x4 {
        let table = self.table;
        let highest = F32x4::zero() - F32x4::broadcast(&table.lowest);
        let power = self.exp((x * F32x4::broadcast(&table.quick)).min(highest));
        x / (power + F32x4::broadcast(&table.one))
    }
}

/// By Horner's rule, the highest coefficient first.
#[inline(always)]
fn polynomial<I: Isa, const N: usize>(x: F32x4, coefficients: &'static [f32; N]) -> F32x4 {
    let mut value = F32x4::broadcast(&coefficients[0]);
    for coefficient in &coefficients[1..] {
        value = value.mul_add(x, F32x4::broadcast(coefficient), I::FUSED);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::super::isa::Portable;
    use super::*;
    use crate::simd::LANES;

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
            let (lanes, functions) = (F32x4::splat(x), Functions::new(Portable));
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
    fn far_values_saturate() {
        let at = |x: f32, function: fn(Functions<Portable>, F32x4) -> F32x4| {
            let mut out = [0.0; LANES];
            function(Functions::new(Portable), F32x4::splat(x)).store(&mut out);
            out[0]
        };
        assert!(at(-1e30, Functions::exp) < 1e-37);
        for function in [Functions::gelu, Functions::quick_gelu] {
            assert!((at(200.0, function) - 200.0).abs() < 1e-4);
            assert!(at(-200.0, function).abs() < 2e-4);
        }
    }
}
