//! What heads do to features before they read them, as training does it.

use burn::tensor::Tensor;
use clipsight::heads::{TOKEN_NORM_EPSILON, Transform};

/// The transform of features `[batch, tokens * token_width]` in training.
#[must_use]
pub fn transformed(transform: Transform, features: Tensor<2>, token_width: usize) -> Tensor<2> {
    match transform {
        Transform::None => features,
        Transform::SignedSqrt => features.clone().sign() * features.abs().sqrt(),
        Transform::TokenNorm => {
            let [batch, length] = features.dims();
            let tokens = features.reshape([batch, length / token_width, token_width]);
            let centred = tokens.clone() - tokens.mean_dim(2);
            let variance = (centred.clone() * centred.clone()).mean_dim(2);
            (centred / (variance + TOKEN_NORM_EPSILON).sqrt()).reshape([batch, length])
        }
        Transform::UnitLength => {
            let [batch, length] = features.dims();
            let tokens = features.reshape([batch, length / token_width, token_width]);
            let lengths = (tokens.clone() * tokens.clone()).sum_dim(2).clamp_min(1e-12).sqrt();
            (tokens / lengths).reshape([batch, length])
        }
    }
}
