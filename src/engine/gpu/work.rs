//! How much a forward pass has to compute.

use super::GpuEncoder;
use super::layers::Kernels;
use super::patches::patch_values;
use crate::clip::VisionConfig;

impl GpuEncoder {
    /// Multiplications, each with an addition, that a pass does for one image.
    #[must_use]
    pub fn macs(&self) -> u64 {
        self.kernels.macs()
    }

    /// The numbers that products read: `f16`, `bf16` (on software adapters) or `f32`.
    #[must_use]
    pub fn operand(&self) -> &'static str {
        self.kernels.family.operand().name()
    }
}

impl Kernels {
    fn macs(&self) -> u64 {
        let VisionConfig { width, layers, mlp_width, projection, .. } = self.config;
        let tokens = self.config.tokens();
        // Keys and values are needed of all tokens, the rest of a layer only of its queries.
        let layer = |queries: usize| {
            tokens * 3 * width * width
                + 2 * queries * tokens * width
                + queries * (width * width + 2 * width * mlp_width)
        };
        let last = layer(if self.class_only() { 1 } else { tokens });
        let macs = tokens * patch_values(&self.config) * width
            + (layers - 1) * layer(tokens)
            + last
            + projection.unwrap_or(0) * width;
        macs as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernels::Family;
    use super::*;
    use crate::clip::{FeatureSpec, Pool};

    #[test]
    fn multiplications_of_published_encoders() {
        let macs = |config: VisionConfig, pools: &[Pool]| {
            let features = FeatureSpec::all_layers(&config, pools);
            Kernels { config, features, family: Family::Tiles }.macs() as f64 / 1e9
        };
        // Published figures of the whole tower.
        let whole = [Pool::Mean];
        assert!((macs(VisionConfig::vit_tiny_patch16_224(), &whole) - 1.26).abs() < 0.01);
        assert!((macs(VisionConfig::openai_clip_vit_base_patch32(), &whole) - 4.4).abs() < 0.05);
        assert!((macs(VisionConfig::openai_clip_vit_base_patch16(), &whole) - 17.6).abs() < 0.1);
        assert!((macs(VisionConfig::openai_clip_vit_large_patch14(), &whole) - 81.0).abs() < 0.5);
        let class = macs(VisionConfig::openai_clip_vit_base_patch32(), &[Pool::Class]);
        assert!(
            class < 0.97 * macs(VisionConfig::openai_clip_vit_base_patch32(), &whole),
            "{class}"
        );
    }
}
