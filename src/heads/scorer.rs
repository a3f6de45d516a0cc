//! Heads with their weights, of every kind: one view's features -> its logit.

use std::collections::HashMap;

use super::head::{Head, LinearHead, Transform};
use super::linear::{LinearMap, dot, take};
use super::shapes::{CONCEPTS, GATE, HIDDEN, SHARES, after, before, hidden};
use crate::clip::VisionConfig;
use crate::weights::HostTensor;
use crate::{Error, ErrorKind, Result};

/// A head, ready to score.
#[derive(Debug)]
pub struct HeadScorer {
    kind: Kind,
    transform: Transform,
    token_width: usize,
}

#[derive(Debug)]
enum Kind {
    Linear(LinearHead),
    Concepts {
        concepts: LinearMap,
        gate: LinearMap,
        weight: LinearMap,
    },
    Layers(Box<Layers>),
    /// What the self-test of an encoder reads.
    Probe(Vec<f32>),
}

/// RINE's trainable part. Dropout does nothing once trained.
#[derive(Debug)]
struct Layers {
    token_width: usize,
    before: Vec<LinearMap>,
    /// Weights `[layers, width]`, which sum to one over the layers.
    shares: HostTensor,
    after: Vec<LinearMap>,
    /// The first two of the classifier's three maps.
    hidden: Vec<LinearMap>,
    weight: LinearMap,
}

fn take_linear(tensors: &mut HashMap<String, HostTensor>, name: &str) -> Result<LinearMap> {
    LinearMap::take(tensors, &format!("{name}.weight"), &format!("{name}.bias"))
}

impl HeadScorer {
    /// Takes a head's tensors out of a model's.
    ///
    /// # Errors
    /// [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) when one is missing.
    pub fn assemble(
        head: &Head,
        config: &VisionConfig,
        tensors: &mut HashMap<String, HostTensor>,
    ) -> Result<Self> {
        let [weight, bias] = LinearHead::TENSORS;
        let all = |tensors: &mut _, count, name: fn(usize) -> String| {
            (0..count).map(|index| take_linear(tensors, &name(index))).collect::<Result<Vec<_>>>()
        };
        let kind = match head {
            Head::Linear { .. } | Head::Embedding { .. } => {
                Kind::Linear(LinearHead::assemble(head, config, tensors)?)
            }
            Head::Concepts { .. } => Kind::Concepts {
                concepts: take_linear(tensors, CONCEPTS)?,
                gate: take_linear(tensors, GATE)?,
                weight: LinearMap::take(tensors, weight, bias)?,
            },
            Head::Layers { projections, .. } => Kind::Layers(Box::new(Layers {
                token_width: config.width,
                before: all(tensors, *projections, before)?,
                shares: take(tensors, SHARES)?,
                after: all(tensors, *projections, after)?,
                hidden: all(tensors, HIDDEN, hidden)?,
                weight: LinearMap::take(tensors, weight, bias)?,
            })),
            Head::None { .. } => Kind::Probe(probe(head.width(config))),
        };
        Ok(Self { kind, transform: head.transform(), token_width: head.token_width(config) })
    }

    /// A linear head's weights, `[features]`; nothing of the others.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        match &self.kind {
            Kind::Linear(head) => head.weights(),
            _ => &[],
        }
    }

    /// Adds to a linear head's shipped weights and bias; `None` puts those back.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a head of another kind, or another number of weights.
    pub fn change(&mut self, change: Option<(&[f32], f32)>) -> Result<()> {
        match (&mut self.kind, change) {
            (Kind::Linear(head), change) => head.change(change),
            (_, None) => Ok(()),
            (_, Some(_)) => {
                let message = "this model cannot be taught: its head is not linear";
                Err(Error::new(ErrorKind::Argument, message))
            }
        }
    }

    /// One view's transformed features -> the logit of the head as it shipped.
    #[must_use]
    pub fn shipped(&self, transformed: &[f32]) -> f32 {
        match &self.kind {
            Kind::Linear(head) => head.shipped(transformed),
            _ => self.forward(transformed),
        }
    }

    /// One view's features as the weights read them: the model's other heads read the same.
    pub fn transform(&self, features: &mut [f32]) {
        self.transform.apply(features, self.token_width);
    }

    /// One view's transformed features -> its logit.
    #[must_use]
    pub fn forward(&self, transformed: &[f32]) -> f32 {
        match &self.kind {
            Kind::Linear(head) => head.forward(transformed),
            Kind::Probe(probe) => dot(probe, transformed),
            Kind::Concepts { concepts, gate, weight } => {
                let similar = concepts.forward(transformed);
                let gated: Vec<f32> = similar
                    .iter()
                    .zip(gate.forward(transformed))
                    .map(|(similar, gate)| similar / (1.0 + (-gate).exp()))
                    .collect();
                weight.forward(&gated)[0]
            }
            Kind::Layers(layers) => layers.forward(transformed),
        }
    }
}

impl Layers {
    fn forward(&self, tokens: &[f32]) -> f32 {
        let width = self.shares.shape.last().copied().unwrap_or(1);
        let mut sum = vec![0.0; width];
        for (token, shares) in tokens.chunks(self.token_width).zip(self.shares.data.chunks(width)) {
            let projected = rectified(&self.before, token.to_vec());
            for (sum, (value, share)) in sum.iter_mut().zip(projected.iter().zip(shares)) {
                *sum += value * share;
            }
        }
        let hidden = rectified(&self.hidden, rectified(&self.after, sum));
        self.weight.forward(&hidden)[0]
    }
}

/// Linear maps, each followed by ReLU.
fn rectified(maps: &[LinearMap], row: Vec<f32>) -> Vec<f32> {
    maps.iter().fold(row, |row, map| {
        let mut row = map.forward(&row);
        row.iter_mut().for_each(|value| *value = value.max(0.0));
        row
    })
}

/// Pseudo-random signs (Knuth's MMIX generator): an encoder without a head has a known answer, too.
/// Read off features at length one, it is of the order of one.
fn probe(width: usize) -> Vec<f32> {
    let mut state = 1_u64;
    (0..width)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            if state >> 63 == 0 { 1.0 } else { -1.0 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{FeatureSpec, Pool};

    fn tensor(shape: &[usize], data: &[f32]) -> HostTensor {
        HostTensor::new(shape.to_vec(), data.to_vec()).unwrap()
    }

    fn config() -> VisionConfig {
        VisionConfig {
            width: 2,
            layers: 2,
            heads: 1,
            mlp_width: 4,
            projection: Some(2),
            ..VisionConfig::openai_clip_vit_base_patch32()
        }
    }

    #[test]
    fn concepts_by_hand() {
        let features = FeatureSpec::pooled(vec![3], &[Pool::Class]);
        let head = Head::Concepts { features, concepts: 2 };
        assert!(head.validate(&config()).is_ok());
        let mut tensors = HashMap::from(
            [
                ("head.concepts.weight", tensor(&[2, 2], &[1.0, 0.0, 0.0, 1.0])),
                ("head.concepts.bias", tensor(&[2], &[0.0; 2])),
                ("head.gate.weight", tensor(&[2, 2], &[0.0; 4])),
                ("head.gate.bias", tensor(&[2], &[0.0, 100.0])),
                ("head.weight", tensor(&[2], &[2.0, 10.0])),
                ("head.bias", tensor(&[1], &[0.5])),
            ]
            .map(|(name, tensor)| (name.to_owned(), tensor)),
        );
        let scorer = HeadScorer::assemble(&head, &config(), &mut tensors).unwrap();
        assert!(tensors.is_empty());
        let mut row = vec![30.0, 40.0];
        scorer.transform(&mut row);
        // 2 * 0.6 * sigmoid(0) + 10 * 0.8 * 1 + 0.5
        assert!((scorer.forward(&row) - 9.1).abs() < 1e-5);
    }

    #[test]
    fn layers_by_hand() {
        let features = FeatureSpec::pooled(vec![1, 2], &[Pool::MlpInputClass]);
        let head = Head::Layers { features, width: 1, projections: 1 };
        assert!(head.validate(&config()).is_ok());
        let names: Vec<String> =
            head.tensors(&config()).into_iter().map(|spec| spec.name).collect();
        let values: [&[f32]; 11] = [
            &[1.0, -1.0],
            &[0.0],
            &[0.25, 0.75],
            &[2.0],
            &[1.0],
            &[1.0],
            &[0.0],
            &[1.0],
            &[0.0],
            &[3.0],
            &[-1.0],
        ];
        let mut tensors: HashMap<String, HostTensor> = head
            .tensors(&config())
            .into_iter()
            .zip(values)
            .map(|(spec, values)| (spec.name, tensor(&spec.shape, values)))
            .collect();
        assert_eq!((names.len(), tensors.len()), (11, 11));
        let scorer = HeadScorer::assemble(&head, &config(), &mut tensors).unwrap();
        assert!(tensors.is_empty());
        // Tokens (5, 1) and (1, 5): ReLU(4), ReLU(-4); 0.25 * 4 = 1; 2 * 1 + 1 = 3; 3 * 3 - 1.
        assert_eq!(scorer.forward(&[5.0, 1.0, 1.0, 5.0]), 8.0);
    }
}
