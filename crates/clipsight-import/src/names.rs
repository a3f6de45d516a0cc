//! What publishers call the tensors that a clipsight model is made of.

use std::collections::BTreeMap;

use super::pieces::Values;
use super::{Architecture, Checkpoint, Family, corrupt};
use crate::hf_clip::hf_names;
use crate::timm::timm_name;
use clipsight::Result;
use clipsight::clip::TensorSpec;
use clipsight::weights::HostTensor;

/// The values of a model's tensor on their way out of a checkpoint, row-major, to be taken
/// forwards.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    /// Tensors of the checkpoint, one below the other, each of as many values.
    parts: std::slice::Iter<'a, String>,
    checkpoint: &'a Checkpoint,
    open: Values<'a>,
    left: usize,
    each: usize,
}

/// The names of the tensors that the one of `spec` is made of, one below the other.
pub(super) fn parts(family: Family, spec: &TensorSpec) -> Vec<String> {
    match family {
        Family::HuggingFace if spec.name.starts_with("text.") => {
            hf_names(&spec.name, "text_model", "text_projection")
        }
        Family::HuggingFace => hf_names(&spec.name, "vision_model", "visual_projection"),
        Family::OpenClip => vec![open_clip_name(&spec.name)],
        Family::Timm => vec![timm_name(&spec.name)],
    }
}

impl<'a> Rows<'a> {
    /// Those of the tensor of `spec`, which [`parts`] make.
    ///
    /// # Errors
    /// As [`Checkpoint::read`]; [`WeightsCorrupt`](clipsight::ErrorKind::WeightsCorrupt) for a
    /// tensor of another shape.
    pub(super) fn open(
        checkpoint: &'a Checkpoint,
        family: Family,
        spec: &TensorSpec,
        parts: &'a [String],
    ) -> Result<Self> {
        let (rows, inner) =
            (spec.shape[0] / parts.len().max(1), spec.shape[1..].iter().product::<usize>());
        // OpenAI and OpenCLIP multiply from the left by their projections.
        let transposed = family == Family::OpenClip
            && spec.name.ends_with("projection.weight")
            && parts.iter().all(|name| !name.ends_with(".weight"));
        for name in parts {
            let (rows, inner) = if transposed { (inner, rows) } else { (rows, inner) };
            check(name, checkpoint.shape(name)?, rows, inner)?;
        }
        let each = rows * inner;
        let mut parts = parts.iter();
        let open = match parts.next() {
            Some(name) if transposed => {
                let theirs = checkpoint.read(name)?.data;
                let place = |index: usize| index % inner * rows + index / inner;
                Values::Gathered {
                    values: (0..each).map(|index| theirs[place(index)]).collect(),
                    taken: 0,
                }
            }
            Some(name) => checkpoint.values(name)?,
            None => Values::Gathered { values: Vec::new(), taken: 0 },
        };
        Ok(Self { parts, checkpoint, open, left: each, each })
    }

    /// The next values.
    ///
    /// # Errors
    /// As [`Checkpoint::read`].
    pub(super) fn fill(&mut self, mut values: &mut [f32]) -> Result<()> {
        while !values.is_empty() {
            if self.left == 0 {
                let name = self
                    .parts
                    .next()
                    .ok_or_else(|| corrupt("the checkpoint has too few values"))?;
                (self.open, self.left) = (self.checkpoint.values(name)?, self.each);
            }
            let (now, later) = values.split_at_mut(values.len().min(self.left));
            self.open.fill(now)?;
            self.left -= now.len();
            values = later;
        }
        Ok(())
    }
}

/// Reads the whole tensor that `spec` names out of a checkpoint of `family`.
///
/// # Errors
/// As [`Rows::open`].
pub(super) fn read(
    checkpoint: &Checkpoint,
    family: Family,
    spec: &TensorSpec,
) -> Result<HostTensor> {
    let parts = parts(family, spec);
    let mut rows = Rows::open(checkpoint, family, spec, &parts)?;
    let mut data = vec![0.0; spec.shape.iter().product()];
    rows.fill(&mut data)?;
    HostTensor::new(spec.shape.clone(), data)
}

/// The tensors of the image tower that `architecture` describes, by the names that
/// [`VisionConfig::tensors`](clipsight::clip::VisionConfig::tensors) gives them.
///
/// # Errors
/// As [`Checkpoint::read`]; [`WeightsCorrupt`](clipsight::ErrorKind::WeightsCorrupt) for a tensor
/// of another shape.
pub fn read_vision(
    checkpoint: &Checkpoint,
    architecture: &Architecture,
) -> Result<BTreeMap<String, HostTensor>> {
    let read = |spec: &TensorSpec| read(checkpoint, architecture.family, spec);
    let specs = architecture.vision.tensors().into_iter();
    specs.map(|spec| read(&spec).map(|tensor| (spec.name, tensor))).collect()
}

/// Kernels are `[out, 3, patch, patch]`, and timm keeps leading axes of one (`[1, 197, 192]`): the
/// same values in the same order as `[out, in]`.
fn check(name: &str, shape: &[usize], rows: usize, inner: usize) -> Result<()> {
    let mut sides = shape.iter().copied().skip_while(|side| *side == 1 && rows != 1);
    if sides.next() == Some(rows) && sides.product::<usize>() == inner {
        return Ok(());
    }
    Err(corrupt(format!(
        "the tensor {name} has shape {shape:?} where {:?} is needed",
        [rows, inner]
    )))
}

/// The name under which OpenAI and OpenCLIP keep the tensor that we call `name`.
fn open_clip_name(name: &str) -> String {
    let (tower, part) = name.split_once('.').unwrap_or(("", name));
    let (prefix, norm, projection) = if tower == "vision" {
        ("visual.", "ln_post", "proj")
    } else {
        ("", "ln_final", "text_projection")
    };
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
            (
                "vision.layers.3.attention.qkv.bias",
                "visual.transformer.resblocks.3.attn.in_proj_bias",
            ),
            (
                "vision.layers.11.mlp.fc2.weight",
                "visual.transformer.resblocks.11.mlp.c_proj.weight",
            ),
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
