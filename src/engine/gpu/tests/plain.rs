//! The forward pass written down plainly, in f64.

use std::collections::HashMap;

use crate::clip::{Activation, FeatureSpec, Pool, VisionConfig};

pub(super) type Tensors = HashMap<String, Vec<f32>>;
type Rows = Vec<Vec<f64>>;

/// `erf`, by its Taylor series or, far out, its continued fraction.
pub(super) fn erf(x: f64) -> f64 {
    if x.abs() > 3.0 {
        let mut fraction = x.abs();
        for k in (1..60).rev() {
            fraction = x.abs() + f64::from(k) / 2.0 / fraction;
        }
        return x.signum() * (1.0 - (-x * x).exp() / fraction / std::f64::consts::PI.sqrt());
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..80 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

pub(super) fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Gelu => 0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2)),
        Activation::QuickGelu => x / (1.0 + (-1.702 * x).exp()),
    }
}

fn mean(row: &[f64]) -> f64 {
    row.iter().sum::<f64>() / row.len() as f64
}

pub(super) fn variance(row: &[f64]) -> f64 {
    let mean = mean(row);
    row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64
}

pub(super) fn layer_norm(row: &[f64], gain: &[f32], shift: &[f32], epsilon: f64) -> Vec<f64> {
    let mean = mean(row);
    let inverse = 1.0 / (variance(row) + epsilon).sqrt();
    row.iter()
        .zip(gain.iter().zip(shift))
        .map(|(x, (gain, shift))| (x - mean) * inverse * f64::from(*gain) + f64::from(*shift))
        .collect()
}

/// Of rows that hold queries, keys and values side by side.
pub(super) fn attention(qkv: &[Vec<f64>], heads: usize) -> Rows {
    let width = qkv[0].len() / 3;
    let head = width / heads;
    let mut mixed = vec![vec![0.0; width]; qkv.len()];
    for h in 0..heads {
        for (query, mixed) in qkv.iter().zip(&mut mixed) {
            let query = &query[h * head..][..head];
            let scores: Vec<f64> = qkv
                .iter()
                .map(|row| {
                    let key = &row[width + h * head..][..head];
                    query.iter().zip(key).map(|(q, k)| q * k).sum::<f64>() / (head as f64).sqrt()
                })
                .collect();
            let top = scores.iter().copied().fold(f64::MIN, f64::max);
            let total: f64 = scores.iter().map(|score| (score - top).exp()).sum();
            for (score, row) in scores.iter().zip(qkv) {
                let weight = (score - top).exp() / total;
                for (mixed, value) in
                    mixed[h * head..][..head].iter_mut().zip(&row[2 * width + h * head..])
                {
                    *mixed += weight * value;
                }
            }
        }
    }
    mixed
}

pub(super) fn pool(rows: &[Vec<f64>], pool: Pool) -> Vec<f64> {
    let patches = &rows[1..];
    let of = |column: usize| patches.iter().map(|row| row[column]).collect::<Vec<_>>();
    (0..rows[0].len())
        .map(|column| match pool {
            Pool::Class | Pool::MlpInputClass => rows[0][column],
            Pool::Mean => mean(&of(column)),
            Pool::Std => variance(&of(column)).sqrt(),
        })
        .collect()
}

struct Plain<'a>(&'a Tensors);

impl Plain<'_> {
    fn linear(&self, name: &str, row: &[f64]) -> Vec<f64> {
        let weight = &self.0[&format!("{name}.weight")];
        let bias = self.0.get(&format!("{name}.bias"));
        weight
            .chunks(row.len())
            .enumerate()
            .map(|(out, weights)| {
                let sum: f64 = weights.iter().zip(row).map(|(w, x)| f64::from(*w) * x).sum();
                sum + bias.map_or(0.0, |bias| f64::from(bias[out]))
            })
            .collect()
    }

    fn norm(&self, name: &str, row: &[f64], epsilon: f64) -> Vec<f64> {
        layer_norm(
            row,
            &self.0[&format!("{name}.weight")],
            &self.0[&format!("{name}.bias")],
            epsilon,
        )
    }
}

/// Features and embedding of one image `[3, side, side]`.
pub(super) fn forward(
    tensors: &Tensors,
    config: &VisionConfig,
    spec: &FeatureSpec,
    image: &[f32],
) -> (Vec<f64>, Vec<f64>) {
    let plain = Plain(tensors);
    let (side, patch, grid) = (config.image_size, config.patch_size, config.grid());
    let epsilon = config.norm_epsilon;
    let mut rows: Rows =
        vec![tensors["vision.class_token"].iter().map(|x| f64::from(*x)).collect()];
    for at in 0..grid * grid {
        let (gy, gx) = (at / grid, at % grid);
        let mut values = Vec::new();
        for channel in 0..3 {
            for y in 0..patch {
                for x in 0..patch {
                    let line = channel * side * side + (gy * patch + y) * side;
                    values.push(f64::from(image[line + gx * patch + x]));
                }
            }
        }
        rows.push(plain.linear("vision.patch_embedding", &values));
    }
    let positions = &tensors["vision.position_embedding"];
    for (row, position) in rows.iter_mut().zip(positions.chunks(config.width)) {
        row.iter_mut().zip(position).for_each(|(x, p)| *x += f64::from(*p));
        if config.pre_norm {
            *row = plain.norm("vision.pre_norm", row, epsilon);
        }
    }
    let add = |rows: &mut Rows, change: Rows| {
        for (row, change) in rows.iter_mut().zip(change) {
            row.iter_mut().zip(change).for_each(|(x, c)| *x += c);
        }
    };
    let mut features = Vec::new();
    for layer in 0..config.layers {
        let name = |part: &str| format!("vision.layers.{layer}.{part}");
        let qkv: Rows = rows
            .iter()
            .map(|row| {
                plain.linear(&name("attention.qkv"), &plain.norm(&name("norm1"), row, epsilon))
            })
            .collect();
        let mixed = attention(&qkv, config.heads);
        add(
            &mut rows,
            mixed.iter().map(|row| plain.linear(&name("attention.output"), row)).collect(),
        );
        let change = rows
            .iter()
            .map(|row| {
                let mut hidden =
                    plain.linear(&name("mlp.fc1"), &plain.norm(&name("norm2"), row, epsilon));
                hidden.iter_mut().for_each(|x| *x = activate(config.activation, *x));
                plain.linear(&name("mlp.fc2"), &hidden)
            })
            .collect();
        add(&mut rows, change);
        if spec.layers.contains(&(layer + 1)) {
            features.extend(spec.pools.iter().flat_map(|kind| pool(&rows, *kind)));
        }
    }
    let normed: Rows = rows.iter().map(|row| plain.norm("vision.norm", row, epsilon)).collect();
    if spec.layers.contains(&(config.layers + 1)) {
        features.extend(spec.pools.iter().flat_map(|kind| pool(&normed, *kind)));
    }
    let embedding = match config.projection {
        Some(_) => plain.linear("vision.projection", &normed[0]),
        None => normed[0].clone(),
    };
    (features, embedding)
}
