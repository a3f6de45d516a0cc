//! Which pooled tokens of which layers make up the feature vector that the heads read.

use serde::{Deserialize, Serialize};

use super::VisionConfig;
use crate::{Error, ErrorKind, Result};

/// How one layer's tokens `[batch, tokens, width]` become one vector `[batch, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Pool {
    /// The class token.
    Class,
    /// The mean over the patch tokens.
    Mean,
    /// The standard deviation over the patch tokens (biased: divided by their number).
    Std,
    /// The class token as the layer's MLP reads it: after attention, through the second norm.
    /// Published detectors were trained on it (RINE); the reference alone computes it.
    MlpInputClass,
}

/// The feature vector: for every layer in order, every pool in order, concatenated; then the sum of
/// what some attention heads write into the embedding, where heads are named.
///
/// A layer's tokens are the residual stream after its MLP, before any further norm; one number
/// beyond the last layer stands for the tokens after the tower's final norm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSpec {
    /// Layers counted from 1, ascending.
    pub layers: Vec<usize>,
    /// Pools taken of each.
    pub pools: Vec<Pool>,
    /// Attention heads, counted from 0 through all layers, ascending: the sum of their direct
    /// effects on the embedding (`Contributions` in `clipsight-reference`) is one more token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<usize>,
}

impl FeatureSpec {
    /// The number that stands for the tokens after the final norm.
    #[must_use]
    pub fn after_norm(config: &VisionConfig) -> usize {
        config.layers + 1
    }

    /// Some layers, pooled by `pools`.
    #[must_use]
    pub fn pooled(layers: Vec<usize>, pools: &[Pool]) -> Self {
        Self { layers, pools: pools.to_vec(), heads: Vec::new() }
    }

    /// All layers of `config`, pooled by `pools`.
    #[must_use]
    pub fn all_layers(config: &VisionConfig, pools: &[Pool]) -> Self {
        Self::pooled((1..=config.layers).collect(), pools)
    }

    /// The sum of some attention heads' direct effects, nothing else.
    #[must_use]
    pub fn of_heads(heads: Vec<usize>) -> Self {
        Self { layers: Vec::new(), pools: Vec::new(), heads }
    }

    /// Length of the feature vector.
    #[must_use]
    pub fn width(&self, config: &VisionConfig) -> usize {
        let heads = if self.heads.is_empty() { 0 } else { config.embedding_width() };
        self.layers.len() * self.pools.len() * config.width + heads
    }

    /// Checks that layers and heads exist in `config` and stand in order.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`]: the lists come from a model's manifest.
    pub fn validate(&self, config: &VisionConfig) -> Result<()> {
        let fail = |what: String| {
            Err(Error::new(
                ErrorKind::WeightsCorrupt,
                format!("the model's features must name {what}"),
            ))
        };
        let ascending = |numbers: &[usize]| numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let heads = config.layers * config.heads;
        if !ascending(&self.heads) || self.heads.iter().any(|head| *head >= heads) {
            return fail(format!("ascending heads from 0 to {}", heads - 1));
        }
        if !self.heads.is_empty() && self.layers.is_empty() && self.pools.is_empty() {
            return Ok(());
        }
        let last = Self::after_norm(config);
        // There is no MLP after the last norm.
        let last = last - usize::from(self.pools.contains(&Pool::MlpInputClass));
        let inside = self.layers.iter().all(|layer| (1..=last).contains(layer));
        let ordered = ascending(&self.layers);
        if self.layers.is_empty()
            || self.pools.is_empty()
            || self.pools.len() > 4
            || !ordered
            || !inside
        {
            return fail(format!("ascending layers from 1 to {last} and 1 to 4 pools, or heads"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_layers_must_exist_and_stand_in_order() {
        let config = VisionConfig::vit_tiny_patch16_224();
        let heads = FeatureSpec::of_heads(vec![0, 7, 35]);
        assert!(heads.validate(&config).is_ok());
        assert_eq!(heads.width(&config), 192);
        let mut both = FeatureSpec::all_layers(&config, &[Pool::Class]);
        both.heads = vec![3];
        assert!(both.validate(&config).is_ok());
        assert_eq!(both.width(&config), 13 * 192);
        for wrong in [
            FeatureSpec::of_heads(vec![]),
            FeatureSpec::of_heads(vec![36]),
            FeatureSpec::of_heads(vec![2, 2]),
            FeatureSpec { layers: vec![1], ..FeatureSpec::of_heads(vec![1]) },
            FeatureSpec::pooled(vec![2, 1], &[Pool::Mean]),
            FeatureSpec::pooled(vec![14], &[Pool::Mean]),
            FeatureSpec::pooled(vec![1], &[]),
        ] {
            assert_eq!(
                wrong.validate(&config).unwrap_err().kind(),
                ErrorKind::WeightsCorrupt,
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn manifests_without_heads_stay_as_they_are() {
        let json = r#"{"layers":[1,2],"pools":["class"]}"#;
        let spec: FeatureSpec = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&spec).unwrap(), json);
        let json = r#"{"layers":[],"pools":[],"heads":[4,5]}"#;
        let spec: FeatureSpec = serde_json::from_str(json).unwrap();
        assert_eq!(spec, FeatureSpec::of_heads(vec![4, 5]));
    }
}
