//! What publishers call the tensors that ours are made of.

use super::{Checkpoint, Family, corrupt};
use crate::Result;
use crate::clip::TensorSpec;
use crate::weights::HostTensor;
use crate::weights::hf_clip::hf_names;

/// Reads the tensor that `spec` names out of a checkpoint of `family`.
///
/// # Errors
/// As [`Checkpoint::read`]; [`WeightsCorrupt`](crate::ErrorKind::WeightsCorrupt) for a tensor of another shape.
pub(super) fn read(checkpoint: &Checkpoint, family: Family, spec: &TensorSpec) -> Result<HostTensor> {
    let names = match family {
        Family::HuggingFace if spec.name.starts_with("text.") => {
            hf_names(&spec.name, "text_model", "text_projection")
        }
        Family::HuggingFace => hf_names(&spec.name, "vision_model", "visual_projection"),
        Family::OpenClip => vec![open_clip_name(&spec.name)],
    };
    // OpenAI and OpenCLIP multiply from the left by their projections.
    let transposed = family == Family::OpenClip
        && spec.name.ends_with("projection.weight")
        && !names[0].ends_with(".weight");
    let (rows, inner) = (spec.shape[0] / names.len(), spec.shape[1..].iter().product::<usize>());
    if let [name] = names.as_slice() {
        let tensor = checkpoint.read(name)?;
        let data = if transposed {
            check(name, &tensor.shape, inner, rows)?;
            (0..rows)
                .flat_map(|row| (0..inner).map(move |column| (row, column)))
                .map(|(row, column)| tensor.data[column * rows + row])
                .collect()
        } else {
            check(name, &tensor.shape, rows, inner)?;
            tensor.data
        };
        return HostTensor::new(spec.shape.clone(), data);
    }
    let mut data = Vec::with_capacity(spec.shape.iter().product());
    for name in &names {
        let tensor = checkpoint.read(name)?;
        check(name, &tensor.shape, rows, inner)?;
        data.extend(tensor.data);
    }
    HostTensor::new(spec.shape.clone(), data)
}

/// Kernels are `[out, 3, patch, patch]`: the same values in the same order as `[out, in]`.
fn check(name: &str, shape: &[usize], rows: usize, inner: usize) -> Result<()> {
    if shape.first() == Some(&rows) && shape[1..].iter().product::<usize>() == inner {
        return Ok(());
    }
    Err(corrupt(format!("the tensor {name} has shape {shape:?} where {:?} is needed", [rows, inner])))
}

/// The name under which OpenAI and OpenCLIP keep the tensor that we call `name`.
fn open_clip_name(name: &str) -> String {
    let (tower, part) = name.split_once('.').unwrap_or(("", name));
    let (prefix, norm, projection) =
        if tower == "vision" { ("visual.", "ln_post", "proj") } else { ("", "ln_final", "text_projection") };
    let part = match part {
        "patch_embedding.weight" => "conv1.weight".to_owned(),
        "class_token" => "class_embedding".to_owned(),
        "position_embedding" => "positional_embedding".to_owned(),
        "token_embedding" => "token_embedding.weight".to_owned(),
        "projection.weight" => projection.to_owned(),
        other => match other.strip_prefix("norm.") {
            Some(end) => format!("{norm}.{end}"),
            None => other
                .replace("pre_norm.", "ln_pre.")
                .replace("layers.", "transformer.resblocks.")
                .replace("norm1.", "ln_1.")
                .replace("norm2.", "ln_2.")
                .replace("attention.qkv.", "attn.in_proj_")
                .replace("attention.output.", "attn.out_proj.")
                .replace("mlp.fc1.", "mlp.c_fc.")
                .replace("mlp.fc2.", "mlp.c_proj."),
        },
    };
    format!("{prefix}{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_open_clip_has_them() {
        for (ours, theirs) in [
            ("vision.patch_embedding.weight", "visual.conv1.weight"),
            ("vision.position_embedding", "visual.positional_embedding"),
            ("vision.pre_norm.bias", "visual.ln_pre.bias"),
            ("vision.layers.3.attention.qkv.bias", "visual.transformer.resblocks.3.attn.in_proj_bias"),
            ("vision.layers.11.mlp.fc2.weight", "visual.transformer.resblocks.11.mlp.c_proj.weight"),
            ("vision.norm.weight", "visual.ln_post.weight"),
            ("vision.projection.weight", "visual.proj"),
            ("text.token_embedding", "token_embedding.weight"),
            ("text.layers.0.norm1.weight", "transformer.resblocks.0.ln_1.weight"),
            ("text.norm.bias", "ln_final.bias"),
            ("text.projection.weight", "text_projection"),
        ] {
            assert_eq!(open_clip_name(ours), theirs);
        }
    }
}
