//! Reads CLIP as Hugging Face's transformers stores it (`CLIPModel` and its two halves) under our
//! names.

use std::collections::BTreeMap;

use half::f16;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

use clipsight::clip::{TensorSpec, TextConfig, VisionConfig};
use clipsight::weights::HostTensor;
use clipsight::{Error, ErrorKind, Result};

/// The tensors of the text tower, from f32 or f16.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when the file is not a safetensors file, lacks a tensor, or holds
/// one of another shape.
pub fn read_text(bytes: &[u8], config: &TextConfig) -> Result<BTreeMap<String, HostTensor>> {
    read(bytes, config.tensors(), "text_model", "text_projection")
}

/// The shape of the text tower in a file, as far as its tensors tell; heads are 64 wide, activation
/// and epsilon OpenAI's, as in every CLIP of OpenAI.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when the file is not a safetensors file or holds no text tower
/// with projection.
pub fn text_config(bytes: &[u8]) -> Result<TextConfig> {
    let corrupt = |message: &str| Error::new(ErrorKind::WeightsCorrupt, message);
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| corrupt("the file is not a safetensors file").with_source(error))?;
    let shape = |name: &str| match file.tensor(name).map(|view| view.shape().to_vec()).as_deref() {
        Ok(&[rows, columns]) => Ok((rows, columns)),
        _ => Err(corrupt(&format!("the file lacks the matrix {name}: it has no CLIP text tower"))),
    };
    let (vocabulary, width) = shape("text_model.embeddings.token_embedding.weight")?;
    let (context, _) = shape("text_model.embeddings.position_embedding.weight")?;
    let (mlp_width, _) = shape("text_model.encoder.layers.0.mlp.fc1.weight")?;
    let (projection, _) = shape("text_projection.weight")?;
    let layers = (0..128)
        .take_while(|layer| {
            shape(&format!("text_model.encoder.layers.{layer}.mlp.fc1.weight")).is_ok()
        })
        .count();
    let config = TextConfig {
        vocabulary,
        context,
        width,
        layers,
        heads: (width / 64).max(1),
        mlp_width,
        projection,
        ..TextConfig::openai_clip_vit_base_patch32()
    };
    config.validate()?;
    Ok(config)
}

/// The tensors of the vision tower, from f32 or f16.
///
/// # Errors
/// As [`read_text`].
pub fn read_vision(bytes: &[u8], config: &VisionConfig) -> Result<BTreeMap<String, HostTensor>> {
    read(bytes, config.tensors(), "vision_model", "visual_projection")
}

fn read(
    bytes: &[u8],
    specs: Vec<TensorSpec>,
    model: &str,
    projection: &str,
) -> Result<BTreeMap<String, HostTensor>> {
    let corrupt = |message: String| Error::new(ErrorKind::WeightsCorrupt, message);
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        corrupt("the file is not a safetensors file".to_owned()).with_source(error)
    })?;
    specs
        .into_iter()
        .map(|spec| {
            let mut data = Vec::with_capacity(spec.shape.iter().product());
            let parts = hf_names(&spec.name, model, projection);
            for name in &parts {
                let view = file.tensor(name).map_err(|error| {
                    corrupt(format!("the file lacks the tensor {name}")).with_source(error)
                })?;
                // Kernels are `[out, 3, patch, patch]`: the same values in the same order.
                let rows = spec.shape[0] / parts.len();
                let inner: usize = spec.shape[1..].iter().product();
                let fits = view.shape().first() == Some(&rows)
                    && view.shape()[1..].iter().product::<usize>() == inner;
                if !fits {
                    return Err(corrupt(format!(
                        "the tensor {name} has shape {:?} where {:?} is needed",
                        view.shape(),
                        [rows, inner]
                    )));
                }
                match view.dtype() {
                    Dtype::F32 => data.extend(
                        view.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)),
                    ),
                    Dtype::F16 => data.extend(
                        view.data()
                            .as_chunks()
                            .0
                            .iter()
                            .map(|bytes| f16::from_le_bytes(*bytes).to_f32()),
                    ),
                    other => {
                        return Err(corrupt(format!(
                            "the tensor {name} is {other:?}, not F32 or F16"
                        )));
                    }
                }
            }
            Ok((spec.name, HostTensor::new(spec.shape, data)?))
        })
        .collect()
}

/// The tensors that one of the format's is made of, one below the other.
pub(crate) fn hf_names(name: &str, model: &str, projection: &str) -> Vec<String> {
    let (_, part) = name.split_once('.').unwrap_or(("", name));
    if part == "projection.weight" {
        return vec![format!("{projection}.weight")];
    }
    let part = match part {
        "token_embedding" => "embeddings.token_embedding.weight".to_owned(),
        "position_embedding" => "embeddings.position_embedding.weight".to_owned(),
        "class_token" => "embeddings.class_embedding".to_owned(),
        "patch_embedding.weight" => "embeddings.patch_embedding.weight".to_owned(),
        other => other
            .replace("layers.", "encoder.layers.")
            // So spelt there.
            .replace("pre_norm.", "pre_layrnorm.")
            .replace("norm1", "layer_norm1")
            .replace("norm2", "layer_norm2")
            .replace("attention.output", "self_attn.out_proj"),
    };
    let final_norm = if model == "text_model" { "final_layer_norm." } else { "post_layernorm." };
    let part = match part.strip_prefix("norm.") {
        Some(end) => format!("{final_norm}{end}"),
        None => part,
    };
    if part.contains("attention.qkv") {
        return ["q_proj", "k_proj", "v_proj"]
            .map(|third| {
                format!("{model}.{}", part.replace("attention.qkv", &format!("self_attn.{third}")))
            })
            .to_vec();
    }
    vec![format!("{model}.{part}")]
}
