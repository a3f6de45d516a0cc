//! A vision transformer by its definition: one number after another, in f32.

use std::collections::HashMap;

use crate::clip::{Activation, FeatureSpec, Pool, TensorSpec, VisionConfig};
use crate::engine::Encoding;

pub(super) struct Plain<'a> {
    config: &'a VisionConfig,
    tensors: HashMap<&'a str, &'a [f32]>,
}

type Rows = Vec<Vec<f32>>;

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    for (a, b) in a.chunks(16).zip(b.chunks(16)) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum()
}

/// The standard normal distribution function, as `erfc` by its continued fraction, or its series
/// near 0.
fn phi(x: f64) -> f64 {
    if x < -3.0 {
        let mut fraction = 0.0;
        for n in (1..60).rev() {
            fraction = f64::from(n) / (-x + fraction);
        }
        return (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / (-x + fraction);
    }
    if x > 3.0 {
        return 1.0 - phi(-x);
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..80 {
        term *= -x * x / (2.0 * f64::from(n));
        sum += term / f64::from(2 * n + 1);
    }
    0.5 + sum / (2.0 * std::f64::consts::PI).sqrt()
}

impl<'a> Plain<'a> {
    pub(super) fn new(config: &'a VisionConfig, tensors: &'a [(TensorSpec, Vec<f32>)]) -> Self {
        let tensors =
            tensors.iter().map(|(spec, values)| (spec.name.as_str(), values.as_slice())).collect();
        Self { config, tensors }
    }

    fn linear(&self, name: &str, rows: &Rows) -> Rows {
        let weight = self.tensors[format!("{name}.weight").as_str()];
        let bias = self.tensors.get(format!("{name}.bias").as_str());
        let one = |row: &Vec<f32>| {
            let products = weight.chunks(row.len()).enumerate();
            products
                .map(|(at, weights)| dot(weights, row) + bias.map_or(0.0, |bias| bias[at]))
                .collect()
        };
        rows.iter().map(one).collect()
    }

    fn norm(&self, name: &str, rows: &Rows) -> Rows {
        let (gain, offset) = (
            self.tensors[format!("{name}.weight").as_str()],
            self.tensors[format!("{name}.bias").as_str()],
        );
        let one = |row: &Vec<f32>| {
            let mean = row.iter().sum::<f32>() / row.len() as f32;
            let variance =
                row.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / row.len() as f32;
            let scale = 1.0 / (variance + self.config.norm_epsilon as f32).sqrt();
            row.iter()
                .zip(gain.iter().zip(offset))
                .map(|(x, (g, o))| (x - mean) * scale * g + o)
                .collect()
        };
        rows.iter().map(one).collect()
    }

    pub(super) fn encode(&self, pixels: &[f32], batch: usize, features: &FeatureSpec) -> Encoding {
        let mut encoding = Encoding { features: Vec::new(), embedding: Vec::new() };
        for image in pixels.chunks(pixels.len() / batch) {
            self.encode_one(image, features, &mut encoding);
        }
        encoding
    }

    fn encode_one(&self, image: &[f32], features: &FeatureSpec, out: &mut Encoding) {
        let config = self.config;
        let (side, grid, patch) = (config.image_size, config.grid(), config.patch_size);
        let patches = (0..grid * grid)
            .map(|number| {
                let at = |c: usize, y: usize, x: usize| {
                    image[(c * side + number / grid * patch + y) * side + number % grid * patch + x]
                };
                (0..3 * patch * patch)
                    .map(|i| at(i / patch / patch, i / patch % patch, i % patch))
                    .collect()
            })
            .collect();
        let mut tokens = vec![self.tensors["vision.class_token"].to_vec()];
        tokens.extend(self.linear("vision.patch_embedding", &patches));
        let positions = self.tensors["vision.position_embedding"].chunks(config.width);
        tokens.iter_mut().zip(positions).for_each(|(token, position)| {
            token.iter_mut().zip(position).for_each(|(value, position)| *value += position);
        });
        if config.pre_norm {
            tokens = self.norm("vision.pre_norm", &tokens);
        }
        let mut written = vec![0.0; config.width];
        for layer in 0..config.layers {
            let name = |part: &str| format!("vision.layers.{layer}.{part}");
            let qkv = self.linear(&name("attention.qkv"), &self.norm(&name("norm1"), &tokens));
            let mixed = self.mix(&qkv);
            let weight = self.tensors[name("attention.output.weight").as_str()];
            let head_width = config.width / config.heads;
            for head in features.heads.iter().filter(|head| *head / config.heads == layer) {
                let channels =
                    head % config.heads * head_width..(head % config.heads + 1) * head_width;
                for (written, weights) in written.iter_mut().zip(weight.chunks(config.width)) {
                    *written += dot(&weights[channels.clone()], &mixed[0][channels.clone()]);
                }
            }
            add(&mut tokens, &self.linear(&name("attention.output"), &mixed));
            let mut hidden = self.linear(&name("mlp.fc1"), &self.norm(&name("norm2"), &tokens));
            hidden.iter_mut().flatten().for_each(|value| {
                let wide = f64::from(*value);
                *value = match config.activation {
                    Activation::Gelu => wide * phi(wide),
                    Activation::QuickGelu => wide / (1.0 + (-1.702 * wide).exp()),
                } as f32;
            });
            add(&mut tokens, &self.linear(&name("mlp.fc2"), &hidden));
            self.pool(layer + 1, &tokens, features, out);
        }
        let class = tokens[0].clone();
        tokens = self.norm("vision.norm", &tokens);
        self.pool(config.layers + 1, &tokens, features, out);
        let project = |row: &[f32]| match config.projection {
            Some(_) => self.linear("vision.projection", &vec![row.to_vec()]).remove(0),
            None => row.to_vec(),
        };
        out.embedding.extend(project(&tokens[0]));
        if !features.heads.is_empty() {
            let centred = |row: &[f32]| {
                let mean = row.iter().sum::<f32>() / row.len() as f32;
                row.iter().map(|value| value - mean).collect::<Vec<f32>>()
            };
            let centred_class = centred(&class);
            let variance = dot(&centred_class, &centred_class) / config.width as f32;
            let scale = 1.0 / (variance + config.norm_epsilon as f32).sqrt();
            let gains = self.tensors["vision.norm.weight"];
            let direct: Vec<f32> =
                centred(&written).iter().zip(gains).map(|(x, g)| x * scale * g).collect();
            let zero = project(&vec![0.0; config.width]);
            out.features
                .extend(project(&direct).iter().zip(zero).map(|(value, bias)| value - bias));
        }
    }

    fn mix(&self, qkv: &Rows) -> Rows {
        let (width, heads) = (self.config.width, self.config.heads);
        let head_width = width / heads;
        let mut mixed = vec![vec![0.0; width]; qkv.len()];
        for head in 0..heads {
            let part = |row: &'_ [f32], part: usize| {
                row[part * width + head * head_width..][..head_width].to_vec()
            };
            for (query, mixed) in qkv.iter().zip(&mut mixed) {
                let query = part(query, 0);
                let scale = 1.0 / (head_width as f32).sqrt();
                let scores: Vec<f32> =
                    qkv.iter().map(|key| dot(&query, &part(key, 1)) * scale).collect();
                let largest = scores.iter().copied().fold(f32::MIN, f32::max);
                let weights: Vec<f32> =
                    scores.iter().map(|score| (score - largest).exp()).collect();
                let total: f32 = weights.iter().sum();
                for (weight, value) in weights.iter().zip(qkv) {
                    for (at, value) in part(value, 2).into_iter().enumerate() {
                        mixed[head * head_width + at] += weight / total * value;
                    }
                }
            }
        }
        mixed
    }

    fn pool(&self, layer: usize, tokens: &Rows, features: &FeatureSpec, out: &mut Encoding) {
        if !features.layers.contains(&layer) {
            return;
        }
        let count = (tokens.len() - 1) as f32;
        let mean = |at: usize| tokens[1..].iter().map(|token| token[at]).sum::<f32>() / count;
        for pool in &features.pools {
            out.features.extend((0..self.config.width).map(|at| match pool {
                Pool::Class | Pool::MlpInputClass => tokens[0][at],
                Pool::Mean => mean(at),
                Pool::Std => {
                    let mean = mean(at);
                    let squares = tokens[1..].iter().map(|token| (token[at] - mean).powi(2));
                    (squares.sum::<f32>() / count).sqrt()
                }
            }));
        }
    }
}

fn add(rows: &mut Rows, changes: &Rows) {
    rows.iter_mut()
        .flatten()
        .zip(changes.iter().flatten())
        .for_each(|(value, change)| *value += change);
}
