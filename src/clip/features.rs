//! Which pooled tokens of which layers make up the feature vector that the heads read.

use serde::{Deserialize, Serialize};

use super::VisionConfig;
use crate::{Error, ErrorKind, Result};

/// How one layer's tokens `[batch, tokens, width]` become one vector `[batch, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pool {
    /// The class token.
    Class,
    /// The mean over the patch tokens.
    Mean,
    /// The standard deviation over the patch tokens (biased: divided by their number).
    Std,
}

/// The feature vector: for every layer in order, every pool in order, concatenated.
///
/// A layer's tokens are the residual stream after its MLP, before any further norm; one number beyond the last layer
/// stands for the tokens after the tower's final norm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSpec {
    /// Layers counted from 1, ascending.
    pub layers: Vec<usize>,
    /// Pools taken of each.
    pub pools: Vec<Pool>,
}

/// The number that stands for the tokens after the final norm.
pub(super) fn after_norm(config: &VisionConfig) -> usize {
    config.layers + 1
}

impl FeatureSpec {
    /// All layers of `config`, pooled by `pools`.
    #[must_use]
    pub fn all_layers(config: &VisionConfig, pools: &[Pool]) -> Self {
        Self { layers: (1..=config.layers).collect(), pools: pools.to_vec() }
    }

    /// Length of the feature vector.
    #[must_use]
    pub fn width(&self, config: &VisionConfig) -> usize {
        self.layers.len() * self.pools.len() * config.width
    }

    /// Checks that the layers exist in `config` and stand in order.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`]: the list comes from a model's manifest.
    pub fn validate(&self, config: &VisionConfig) -> Result<()> {
        let ascending = self.layers.windows(2).all(|pair| pair[0] < pair[1]);
        let last = after_norm(config);
        let inside = self.layers.iter().all(|layer| (1..=last).contains(layer));
        if self.layers.is_empty() || self.pools.is_empty() || self.pools.len() > 3 || !ascending || !inside {
            return Err(Error::new(
                ErrorKind::WeightsCorrupt,
                format!("the model's features must name ascending layers from 1 to {last} and 1 to 3 pools"),
            ));
        }
        Ok(())
    }
}
