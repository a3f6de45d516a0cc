//! Four or six bits a weight, rounded for what the matrix will read: GPTQ (Frantar et al. 2023,
//! arXiv 2210.17323).
//!
//! What a product's error costs is `d H d` for a row's rounding error `d` and the second moments
//! `H` of the inputs. With `H = T' T`, `T` lower triangular, it is the squared length of `T d`:
//! values are rounded from the first to the last, each one moved by what those before it leave of
//! its row of `T`. That is GPTQ's update without the inverse it is written with.
//!
//! ```
//! use clipsight::weights::FewBits;
//! use clipsight_import::gptq::{Hessian, quantize_gptq};
//! let weights = [0.5_f32, -1.0, 0.25, 0.0];
//! // What the matrix reads: its columns do not go together.
//! let moments: Vec<f32> = (0..16).map(|at| if at % 5 == 0 { 1.0 } else { 0.0 }).collect();
//! let stored = quantize_gptq(&weights, 4, FewBits::SIX, &Hessian::new(&moments, 4));
//! assert!((stored.dequantize(4)[1] + 1.0).abs() < 0.1);
//! ```

use clipsight::clip::{TensorRole, TensorSpec};
use clipsight::weights::{
    BLOCK, FewBits, HostTensor, Q4, Q8, Storage, StoredTensor, StoredValues, blocks,
};
use half::f16;
use rayon::prelude::*;

/// Share of the mean second moment that is added to every one: directions that calibration did not
/// see have none.
const DAMPING: f64 = 0.01;

/// Rows that are eliminated together, so that what they change is read once for all of them.
const PANEL: usize = 32;

/// What errors in a matrix's columns cost together: the Hessian of the squared error of its
/// products, kept as the triangular factor of the second moments of its inputs.
#[derive(Clone, Debug)]
pub struct Hessian {
    /// Row `j` holds columns `0..=j`.
    rows: Vec<Vec<f64>>,
}

impl Hessian {
    /// Of the second moments `[columns, columns]` of what a matrix reads, up to a factor.
    #[must_use]
    pub fn new(moments: &[f32], columns: usize) -> Self {
        let mut rows: Vec<Vec<f64>> = moments
            .chunks(columns.max(1))
            .enumerate()
            .map(|(row, moments)| {
                moments.iter().take(row + 1).map(|moment| f64::from(*moment)).collect()
            })
            .collect();
        let mean =
            rows.iter().filter_map(|row| row.last()).sum::<f64>() / (rows.len().max(1) as f64);
        let damping = if mean > 0.0 { DAMPING * mean } else { 1.0 };
        rows.iter_mut().filter_map(|row| row.last_mut()).for_each(|diagonal| *diagonal += damping);
        let mut end = rows.len();
        while end > 0 {
            let start = end.saturating_sub(PANEL);
            for pivot in (start..end).rev() {
                let (before, after) = rows.split_at_mut(pivot);
                let row = &mut after[0];
                // Damped moments are positive definite; rounding must not make a root of a negative
                // number of it.
                let root = row[pivot].max(damping * 1e-6).sqrt();
                row[pivot] = root * root;
                row.iter_mut().for_each(|value| *value /= root);
                before[start..].iter_mut().for_each(|other| eliminate(other, row));
            }
            let (before, panel) = rows.split_at_mut(start);
            let panel = &panel[..end - start];
            before
                .par_iter_mut()
                .for_each(|row| panel.iter().for_each(|pivot| eliminate(row, pivot)));
            end = start;
        }
        Self { rows }
    }
}

/// Eliminates a pivot's row from `row`.
fn eliminate(row: &mut [f64], pivot: &[f64]) {
    let factor = pivot[row.len() - 1];
    row.iter_mut().zip(pivot).for_each(|(value, pivot)| *value -= factor * pivot);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// One row being rounded.
struct Row {
    codes: Vec<i8>,
    scales: Vec<f16>,
    /// Values less what their codes stand for.
    errors: Vec<f64>,
}

/// Like [`StoredTensor::quantize`], but with four or six bits rounded for inputs of these second
/// moments `[in, in]`.
#[must_use]
pub fn stored(
    tensor: HostTensor,
    spec: &TensorSpec,
    storage: Storage,
    moments: Option<Vec<f32>>,
) -> StoredTensor {
    match (moments, spec.role, storage.of(spec), tensor.shape.as_slice()) {
        (
            Some(moments),
            TensorRole::Matrix,
            storage @ (Storage::Q6 | Storage::Q4),
            &[_, columns],
        ) if moments.len() == columns * columns => {
            let hessian = Hessian::new(&moments, columns);
            drop(moments);
            let values = if storage == Storage::Q6 {
                StoredValues::Q8(quantize_gptq(&tensor.data, columns, FewBits::SIX, &hessian))
            } else {
                let Q8 { codes, scales } =
                    quantize_gptq(&tensor.data, columns, FewBits::FOUR, &hessian);
                StoredValues::Q4(Q4::pack(&codes, scales, columns))
            };
            StoredTensor { shape: tensor.shape, values }
        }
        _ => StoredTensor::quantize(tensor, spec, storage),
    }
}

/// Quantises `values`, a matrix with rows of `columns`, for inputs of this `hessian`: its codes, of
/// few bits, and their scales.
#[must_use]
pub fn quantize_gptq(values: &[f32], columns: usize, bits: FewBits, hessian: &Hessian) -> Q8 {
    let empty =
        || Row { codes: Vec::with_capacity(columns), scales: Vec::new(), errors: Vec::new() };
    let mut rows: Vec<Row> = values.chunks(columns.max(1)).map(|_| empty()).collect();
    for block in 0..blocks(columns) {
        let start = block * BLOCK;
        let factor = &hessian.rows[start..columns.min(start + BLOCK)];
        rows.par_iter_mut().zip(values.par_chunks(columns.max(1))).for_each(|(row, values)| {
            row.round(&values[start..start + factor.len()], start, bits, factor);
        });
    }
    let (codes, scales): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|row| (row.codes, row.scales)).unzip();
    Q8 { codes: codes.concat(), scales: scales.concat() }
}

impl Row {
    /// Rounds the next block, whose values begin at the column `start`.
    #[expect(clippy::cast_possible_truncation, reason = "weights are f32")]
    fn round(&mut self, values: &[f32], start: usize, bits: FewBits, factor: &[Vec<f64>]) {
        let before: Vec<f64> = factor.iter().map(|row| dot(&row[..start], &self.errors)).collect();
        // The error that would make up for all before it, given those of the block that come first.
        let due = |at: usize, errors: &[f64]| {
            let row = &factor[at];
            -(before[at] + dot(&row[start..start + at], &errors[start..start + at]))
                / row[start + at]
        };
        // Where the values would go if they were not rounded: what the scale has to reach.
        let kept = self.errors.len();
        for at in 0..values.len() {
            let error = due(at, &self.errors);
            self.errors.push(error);
        }
        let targets: Vec<f32> = values
            .iter()
            .zip(&self.errors[kept..])
            .map(|(value, error)| value - *error as f32)
            .collect();
        let costs: Vec<f32> = factor
            .iter()
            .enumerate()
            .map(|(at, row)| (row[start + at] * row[start + at]) as f32)
            .collect();
        self.errors.truncate(kept);
        let scale = bits.best_scale(&targets, Some(&costs));
        for (at, value) in values.iter().enumerate() {
            let target = f64::from(*value) - due(at, &self.errors);
            let code = bits.code(target as f32, scale.to_f32());
            let found = f64::from(code) * f64::from(scale.to_f32());
            self.codes.push(code);
            self.errors.push(f64::from(*value) - found);
        }
        self.scales.push(scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clipsight::rng::Rng;
    use clipsight::weights::Q6;

    fn four_bits(values: &[f32], columns: usize, hessian: &Hessian) -> Q4 {
        let Q8 { codes, scales } = quantize_gptq(values, columns, FewBits::FOUR, hessian);
        Q4::pack(&codes, scales, columns)
    }

    /// `count` inputs of `width` that go together, as activations do: few directions and a little
    /// noise.
    fn inputs(rng: &mut Rng, count: usize, width: usize) -> Vec<f32> {
        let directions: Vec<f64> = (0..8 * width).map(|_| rng.normal()).collect();
        (0..count)
            .flat_map(|_| {
                let by: Vec<f64> = (0..8).map(|_| rng.normal()).collect();
                (0..width)
                    .map(|column| {
                        let sum: f64 = (0..8).map(|d| by[d] * directions[d * width + column]).sum();
                        (sum + 0.3 * rng.normal()) as f32
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    fn moments(inputs: &[f32], width: usize) -> Vec<f32> {
        let mut sums = vec![0.0; width * width];
        for row in inputs.chunks(width) {
            for (a, sums) in row.iter().zip(sums.chunks_mut(width)) {
                sums.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * b);
            }
        }
        sums
    }

    /// `T' T` gives the damped moments back.
    #[test]
    fn the_factor_multiplies_to_the_moments() {
        let width = 75;
        let moments = moments(&inputs(&mut Rng::new(1), 200, width), width);
        let factor = Hessian::new(&moments, width);
        let mean =
            (0..width).map(|i| f64::from(moments[i * (width + 1)])).sum::<f64>() / width as f64;
        for row in 0..width {
            for column in 0..=row {
                let found: f64 =
                    factor.rows[row..].iter().map(|factor| factor[row] * factor[column]).sum();
                let damped = if row == column { DAMPING * mean } else { 0.0 };
                let expected = f64::from(moments[row * width + column]) + damped;
                assert!(
                    (found - expected).abs() < 1e-6 * mean,
                    "{row} {column}: {found} {expected}"
                );
            }
        }
    }

    /// On inputs that calibration did not see, products change far less than under plain rounding.
    #[test]
    fn products_change_less() {
        let (rows, width) = (40, 139);
        let mut rng = Rng::new(2);
        let inputs = inputs(&mut rng, 900, width);
        let (seen, unseen) = inputs.split_at(600 * width);
        let values: Vec<f32> = (0..rows * width).map(|_| rng.normal() as f32).collect();
        let error = |q4: &Q4| -> f64 {
            let restored = q4.dequantize(width);
            let mut sum = 0.0;
            for input in unseen.chunks(width) {
                for (row, restored) in values.chunks(width).zip(restored.chunks(width)) {
                    let change = row.iter().zip(restored).zip(input).map(|((a, b), x)| (a - b) * x);
                    sum += f64::from(change.sum::<f32>()).powi(2);
                }
            }
            sum
        };
        let plain = error(&Q4::quantize(&values, width));
        let hessian = Hessian::new(&moments(seen, width), width);
        let calibrated = error(&four_bits(&values, width, &hessian));
        assert!(calibrated < 0.35 * plain, "{calibrated} {plain}");
    }

    /// Without anything known of the inputs it is plain rounding.
    #[test]
    fn nothing_seen_is_plain_rounding() {
        let mut rng = Rng::new(3);
        let values: Vec<f32> = (0..3 * 70).map(|_| rng.normal() as f32).collect();
        let hessian = Hessian::new(&vec![0.0; 70 * 70], 70);
        assert_eq!(four_bits(&values, 70, &hessian), Q4::quantize(&values, 70));
        let six = quantize_gptq(&values, 70, FewBits::SIX, &hessian);
        assert_eq!(six, Q6::quantize(&values, 70));
    }
}
