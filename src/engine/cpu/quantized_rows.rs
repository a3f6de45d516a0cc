//! Quantized rows on their way through products.
//!
//! What rounding takes off the weights pushes every token to the same side, and means over tokens,
//! which heads read, do not average it out. Narrow encoders therefore keep the remainders of their
//! weights, and a block of rows passes their products with its mean: `W x = Q x + (W - Q) x`, the
//! second part for the mean in place of each row. Two rows have nothing to average over: the class
//! token, and the one with the largest value, as transformers keep a few tokens many times longer
//! than the others (Darcet et al. 2024, arXiv 2309.16588), which decide deviations over tokens. Of
//! them the second part is computed, and the product of what rounding took off themselves.

use super::dimension::{InnerDimension, padded};
use super::isa::{Isa, Kernel};
use super::product::{PackedLinear, Product, Target};
use super::quantized_activations::{Preparation, QuantizedActivations};
use crate::simd::{F32x4, LANES};

/// Rows that go through the same products.
#[derive(Debug, Default)]
pub(super) struct QuantizedRows {
    codes: QuantizedActivations,
    rows: usize,
    inner: Option<InnerDimension>,
    /// Whether means and rows of note are kept.
    exact: bool,
    /// Whether the first row is a class token.
    class: bool,
    /// The mean of the rows; before [`finish`](Self::finish) their sum.
    mean: Vec<f32>,
    /// The class token.
    first: Vec<f32>,
    /// The row with the largest value, of all but the class token.
    largest: Vec<f32>,
    /// Its largest scale.
    largest_scale: f32,
    /// Where the rows of note are.
    notable: [Option<usize>; 2],
    /// The mean, and the rows of note less the mean.
    coarse: QuantizedActivations,
    /// What rounding took off the rows of note.
    fine: QuantizedActivations,
    /// A row of note less the mean.
    difference: Vec<f32>,
    /// Products of `coarse`, and of `fine`.
    coarse_changes: Vec<f32>,
    fine_changes: Vec<f32>,
}

impl QuantizedRows {
    /// Room for `rows` rows to be multiplied by `linear` and others of its kind; the former content
    /// is lost.
    pub(super) fn begin(&mut self, linear: &PackedLinear, rows: usize, class: bool) {
        let inner = linear.matrix.inner;
        self.codes.reset(rows, inner);
        (self.inner, self.rows) = (Some(inner), rows);
        self.exact = linear.remainder.is_some();
        self.class = class;
        if self.exact {
            self.mean.clear();
            self.mean.resize(inner.length, 0.0);
            self.coarse.reset(3, inner);
            self.fine.reset(2, inner);
            self.notable = [None; 2];
            self.largest_scale = 0.0;
        }
    }

    /// Quantizes a row; `values` are no longer of use afterwards.
    #[inline(always)]
    pub(super) fn put<I: Isa>(
        &mut self,
        isa: I,
        row: usize,
        values: &mut [f32],
        preparation: Preparation,
    ) {
        let Some(inner) = self.inner else { return };
        self.codes.prepare(row, values, preparation);
        self.codes.put(isa, inner, row, values);
        if !self.exact {
            return;
        }
        for (sum, values) in
            self.mean.as_chunks_mut::<LANES>().0.iter_mut().zip(values.as_chunks::<LANES>().0)
        {
            (F32x4::load(sum) + F32x4::load(values)).store(sum);
        }
        if self.class && row == 0 {
            self.first.clear();
            self.first.extend_from_slice(values);
            self.notable[0] = Some(0);
            return;
        }
        let mut scale = 0.0;
        for group in self.codes.row_scales(inner, row) {
            if group > scale {
                scale = group;
            }
        }
        if scale > self.largest_scale {
            self.largest_scale = scale;
            self.largest.clear();
            self.largest.extend_from_slice(values);
            self.notable[1] = Some(row);
        }
    }

    /// To be called after the last row.
    #[inline(always)]
    pub(super) fn finish<I: Isa>(&mut self, isa: I) {
        if let Some(inner) = self.inner.filter(|_| self.exact) {
            isa.run(Finish { quantized: self, inner });
        }
    }

    /// `rows * linear`, into rows of `out`, each [`padded`].
    #[inline(always)]
    pub(super) fn multiply<I: Isa>(
        &mut self,
        isa: I,
        linear: &PackedLinear,
        out: &mut [f32],
        target: Target,
    ) {
        isa.run(Multiply { quantized: self, linear, out, target });
    }
}

/// [`QuantizedRows::finish`].
struct Finish<'a> {
    quantized: &'a mut QuantizedRows,
    inner: InnerDimension,
}

impl Kernel for Finish<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { quantized, inner } = self;
        let QuantizedRows {
            codes,
            rows,
            mean,
            first,
            largest,
            notable,
            coarse,
            fine,
            difference,
            ..
        } = quantized;
        #[expect(clippy::cast_precision_loss, reason = "a few rows")]
        let share = F32x4::splat(1.0 / *rows as f32);
        for sum in mean.as_chunks_mut::<LANES>().0 {
            (F32x4::load(sum) * share).store(sum);
        }
        coarse.put(isa, inner, 0, mean);
        let mut number = 0;
        for (row, values) in notable.iter().zip([first, largest]) {
            let Some(row) = *row else { continue };
            difference.clear();
            difference.extend(values.iter().zip(&*mean).map(|(value, mean)| value - mean));
            coarse.put(isa, inner, 1 + number, difference);
            codes.subtract(isa, inner, row, values);
            fine.put(isa, inner, number, values);
            number += 1;
        }
    }
}

/// [`QuantizedRows::multiply`].
struct Multiply<'a> {
    quantized: &'a mut QuantizedRows,
    linear: &'a PackedLinear,
    out: &'a mut [f32],
    target: Target,
}

impl Kernel for Multiply<'_> {
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { quantized, linear, out, target } = self;
        let QuantizedRows {
            codes, rows, notable, coarse, fine, coarse_changes, fine_changes, ..
        } = quantized;
        let PackedLinear { matrix, bias, remainder, sums } = linear;
        let stride = padded(matrix.columns);
        let all = |bias, out| Product {
            codes,
            rows: *rows,
            matrix,
            bias,
            sums: sums.as_deref(),
            out,
            target,
        };
        let Some(remainder) = remainder else {
            isa.run(all(Some(bias.as_slice()), out));
            return;
        };
        let notable = notable.iter().flatten();
        let count = notable.clone().count();
        for (codes, rows, matrix, changes) in [
            (&*coarse, 1 + count, remainder, &mut *coarse_changes),
            (&*fine, count, matrix, &mut *fine_changes),
        ] {
            changes.resize(rows * stride, 0.0);
            let (bias, sums, target) = (None, None, Target::Store);
            isa.run(Product { codes, rows, matrix, bias, sums, out: changes, target });
        }
        let (mean, coarse) = coarse_changes.split_at_mut(stride);
        mean.iter_mut().zip(bias).for_each(|(change, bias)| *change += bias);
        isa.run(all(Some(&*mean), &mut *out));
        let changes = coarse.chunks_exact(stride).zip(fine_changes.chunks_exact(stride));
        for (row, (coarse, fine)) in notable.zip(changes) {
            // Not the padding, which products leave as it was.
            let out = &mut out[row * stride..][..matrix.columns];
            for (value, (coarse, fine)) in out.iter_mut().zip(coarse.iter().zip(fine)) {
                *value += coarse + fine;
            }
        }
    }
}
