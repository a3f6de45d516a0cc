//! What timm's plain vision transformers (`vit_tiny_patch16_224` and its kin) are, and how it names
//! their tensors.

use serde::Deserialize;

use clipsight::clip::{Normalisation, VisionConfig};
use clipsight::{Error, ErrorKind, Result};

use crate::Checkpoint;

/// What a model of timm's says of its pixels in `config.json`; of `vit_tiny_patch16_224` it is
/// known.
pub(crate) fn normalisation(
    config: Option<&[u8]>,
    architecture: &VisionConfig,
) -> Result<Normalisation> {
    #[derive(Deserialize)]
    struct Config {
        pretrained_cfg: Statistics,
    }
    #[derive(Deserialize)]
    struct Statistics {
        mean: [f32; 3],
        std: [f32; 3],
    }
    if let Some(config) = config {
        let Config { pretrained_cfg: Statistics { mean, std } } = serde_json::from_slice(config)
            .map_err(|error| {
                let message =
                    format!("config.json does not say mean and std as timm does: {error}");
                Error::new(ErrorKind::WeightsCorrupt, message).with_source(error)
            })?;
        return Ok(Normalisation { mean, std });
    }
    if *architecture == VisionConfig::vit_tiny_patch16_224() {
        return Ok(Normalisation::INCEPTION);
    }
    let message = "nothing says what the encoder's pixels are normalised by: put the model's \
        config.json beside its weights";
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// A tensor that files of timm's have, and those of CLIPs have not.
pub(crate) const CLASS_TOKEN: &str = "cls_token";

/// Width of timm's attention heads.
const HEAD_WIDTH: usize = 64;

/// The architecture that the shapes in a file of timm's plain ViTs tell; its classifier is left
/// out.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when a tensor is missing or its shape is not a ViT's.
pub(crate) fn architecture(checkpoint: &Checkpoint) -> Result<VisionConfig> {
    let corrupt = |what: &str| {
        Error::new(ErrorKind::WeightsCorrupt, format!("the file is not a plain ViT: {what}"))
    };
    let &[width, 3, patch_size, _] = checkpoint.shape("patch_embed.proj.weight")? else {
        return Err(corrupt("its patch embedding is not a convolution over three channels"));
    };
    let &[.., positions, _] = checkpoint.shape("pos_embed")? else {
        return Err(corrupt("its positions are not a table"));
    };
    let &[mlp_width, _] = checkpoint.shape("blocks.0.mlp.fc1.weight")? else {
        return Err(corrupt("its MLP is not a matrix"));
    };
    let layers = (0..).take_while(|layer| checkpoint.has(&format!("blocks.{layer}.norm1.weight")));
    let config = VisionConfig {
        image_size: positions.saturating_sub(1).isqrt() * patch_size,
        patch_size,
        width,
        layers: layers.count(),
        heads: width / HEAD_WIDTH,
        mlp_width,
        ..VisionConfig::vit_tiny_patch16_224()
    };
    config.validate()?;
    Ok(config)
}

/// timm's name of one of our tensors. Its classifier is a projection.
pub(crate) fn timm_name(name: &str) -> String {
    name.replace("vision.layers.", "blocks.")
        .replace("vision.patch_embedding.", "patch_embed.proj.")
        .replace("vision.class_token", "cls_token")
        .replace("vision.position_embedding", "pos_embed")
        .replace("vision.norm.", "norm.")
        .replace("vision.projection.", "head.")
        .replace("attention.qkv", "attn.qkv")
        .replace("attention.output", "attn.proj")
}
