//! Reads timm's plain vision transformers (`vit_tiny_patch16_224` and its kin) under our names.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use super::HostTensor;
use crate::clip::VisionConfig;
use crate::{Error, ErrorKind, Result};

/// The tensors of a timm ViT safetensors file, f32, that `config` names; the classifier `head`
/// becomes the projection where `config` has one, and is left out otherwise.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when the file is no safetensors file, lacks a tensor, or holds one
/// of another shape.
pub fn read_vit(bytes: &[u8], config: &VisionConfig) -> Result<BTreeMap<String, HostTensor>> {
    let corrupt = |message: String| Error::new(ErrorKind::WeightsCorrupt, message);
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        corrupt("the file is no safetensors file".to_owned()).with_source(error)
    })?;
    config
        .tensors()
        .into_iter()
        .map(|spec| {
            let name = timm_name(&spec.name);
            let view = file.tensor(&name).map_err(|error| {
                corrupt(format!("the file lacks the tensor {name}")).with_source(error)
            })?;
            if view.dtype() != Dtype::F32 {
                return Err(corrupt(format!(
                    "the tensor {name} is {:?} where F32 is expected",
                    view.dtype()
                )));
            }
            let data: Vec<f32> =
                view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            // timm keeps leading axes of one (`[1, 197, 192]`) and kernels as
            // `[out, 3, patch, patch]`: the same values in the same order.
            let squeezed: Vec<usize> =
                view.shape().iter().copied().skip_while(|side| *side == 1).collect();
            let fits = match (squeezed.as_slice(), spec.shape.as_slice()) {
                (&[first, .., _], &[output, _]) => {
                    first == output && data.len() == spec.shape.iter().product::<usize>()
                }
                (found, expected) => found == expected,
            };
            if !fits {
                return Err(corrupt(format!(
                    "the tensor {name} has shape {:?}, not {:?}",
                    view.shape(),
                    spec.shape
                )));
            }
            Ok((spec.name, HostTensor::new(spec.shape, data)?))
        })
        .collect()
}

/// timm's name of one of our tensors.
fn timm_name(name: &str) -> String {
    name.replace("vision.layers.", "blocks.")
        .replace("vision.patch_embedding.", "patch_embed.proj.")
        .replace("vision.class_token", "cls_token")
        .replace("vision.position_embedding", "pos_embed")
        .replace("vision.norm.", "norm.")
        .replace("vision.projection.", "head.")
        .replace("attention.qkv", "attn.qkv")
        .replace("attention.output", "attn.proj")
}
