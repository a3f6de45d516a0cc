//! What a checkpoint describes: shapes from its tensors, the rest from the configuration beside it.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Checkpoint, corrupt, timm, unsupported};
use clipsight::Result;
use clipsight::clip::{Activation, Normalisation, TextConfig, VisionConfig};
use clipsight::image::{Filter, Preprocessing};

/// Whose names the tensors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Hugging Face's transformers: `CLIPModel` and its halves.
    HuggingFace,
    /// OpenAI's own files and OpenCLIP's, which name tensors alike.
    OpenClip,
    /// timm's plain vision transformers.
    Timm,
}

/// The configuration files that lie beside a checkpoint, as bytes.
#[derive(Clone, Debug, Default)]
pub struct Configs {
    /// Hugging Face's `config.json`.
    pub config: Option<Vec<u8>>,
    /// `open_clip_config.json`.
    pub open_clip: Option<Vec<u8>>,
    /// Hugging Face's `preprocessor_config.json`.
    pub preprocessor: Option<Vec<u8>>,
    /// The activation, for checkpoints whose files do not state it.
    pub activation: Option<Activation>,
    /// Mean and standard deviation of pixels, for checkpoints whose files do not state them: see
    /// [`Preset::normalisation`](super::Preset).
    pub normalisation: Option<Normalisation>,
}

impl Configs {
    /// What a file states, else what is known of the checkpoint, else what CLIP does.
    fn normalisation(&self, mean: Option<[f32; 3]>, std: Option<[f32; 3]>) -> Normalisation {
        let known = self.normalisation.unwrap_or(Normalisation::CLIP);
        Normalisation { mean: mean.unwrap_or(known.mean), std: std.unwrap_or(known.std) }
    }
}

/// What a checkpoint describes.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Whose names the tensors have.
    pub family: Family,
    /// The image tower.
    pub vision: VisionConfig,
    /// The text tower, where there is one that reads OpenAI's tokens.
    pub text: Option<TextConfig>,
    /// From an upright image to the image tower's input.
    pub preprocessing: Preprocessing,
    /// What had to be assumed, a sentence each.
    pub assumed: Vec<String>,
}

/// Width of an attention head where no file says otherwise: that of every CLIP by OpenAI.
const HEAD_WIDTH: usize = 64;

#[derive(Default, Deserialize)]
struct HfTower {
    num_attention_heads: Option<usize>,
    hidden_act: Option<String>,
    layer_norm_eps: Option<f64>,
}

#[derive(Default, Deserialize)]
struct HfConfig {
    model_type: Option<String>,
    vision_config: Option<HfTower>,
    text_config: Option<HfTower>,
    /// Of a tower saved alone.
    #[serde(flatten)]
    alone: HfTower,
}

#[derive(Default, Deserialize)]
struct OpenClipConfig {
    #[serde(default)]
    model_cfg: OpenClipModel,
    #[serde(default)]
    preprocess_cfg: OpenClipPreprocessing,
}

#[derive(Default, Deserialize)]
struct OpenClipModel {
    #[serde(default)]
    quick_gelu: bool,
    #[serde(default)]
    vision_cfg: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    text_cfg: serde_json::Map<String, serde_json::Value>,
}

#[derive(Default, Deserialize)]
struct OpenClipPreprocessing {
    mean: Option<[f32; 3]>,
    std: Option<[f32; 3]>,
    interpolation: Option<String>,
    resize_mode: Option<String>,
}

#[derive(Default, Deserialize)]
struct HfPreprocessing {
    image_mean: Option<[f32; 3]>,
    image_std: Option<[f32; 3]>,
    size: Option<Size>,
    crop_size: Option<Size>,
    resample: Option<u32>,
    do_resize: Option<bool>,
    do_center_crop: Option<bool>,
    do_rescale: Option<bool>,
    do_normalize: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Size {
    Side(u32),
    Shortest { shortest_edge: u32 },
    Fixed { height: u32, width: u32 },
}

/// What a tower's shapes do not tell.
struct Unsaid {
    heads: Option<usize>,
    activation: Activation,
    norm_epsilon: f64,
}

fn json<T: DeserializeOwned + Default>(bytes: Option<&Vec<u8>>, file: &str) -> Result<T> {
    bytes.map_or_else(
        || Ok(T::default()),
        |bytes| {
            serde_json::from_slice(bytes).map_err(|error| {
                corrupt(format!("{file} cannot be understood: {error}")).with_source(error)
            })
        },
    )
}

impl Architecture {
    /// Of an open checkpoint with the files beside it.
    ///
    /// # Errors
    /// [`Unsupported`](clipsight::ErrorKind::Unsupported) for anything but a CLIP with a
    /// vision transformer; [`WeightsCorrupt`](clipsight::ErrorKind::WeightsCorrupt) when files
    /// contradict each other.
    pub fn of(checkpoint: &Checkpoint, configs: &Configs) -> Result<Self> {
        if checkpoint.has("vision_model.embeddings.class_embedding") {
            Self::hugging_face(checkpoint, configs)
        } else if checkpoint.has("visual.class_embedding") {
            Self::open_clip(checkpoint, configs)
        } else {
            let first: Vec<&str> = checkpoint.names().take(3).collect();
            Err(unsupported(format!(
                "the checkpoint has no CLIP image tower under the names that transformers, \
                 OpenCLIP or OpenAI use; its first tensors are {first:?}"
            )))
        }
    }

    /// The same of any image encoder: a CLIP, or a plain vision transformer of timm's, whose pixels
    /// are here resized to its input, whatever share of an image timm crops.
    ///
    /// # Errors
    /// As [`of`](Self::of); [`Unsupported`](clipsight::ErrorKind::Unsupported) when nothing says
    /// what the encoder's pixels are normalised by.
    pub fn of_encoder(checkpoint: &Checkpoint, configs: &Configs) -> Result<Self> {
        if !checkpoint.has(timm::CLASS_TOKEN) {
            return Self::of(checkpoint, configs);
        }
        let vision = timm::architecture(checkpoint)?;
        let normalisation = timm::normalisation(configs.config.as_deref(), &vision)?;
        let preprocessing = preprocessing(vision.image_size, Filter::Bicubic, normalisation);
        let assumed = Vec::new();
        Ok(Self { family: Family::Timm, vision, text: None, preprocessing, assumed })
    }

    fn hugging_face(checkpoint: &Checkpoint, configs: &Configs) -> Result<Self> {
        let config: HfConfig = json(configs.config.as_ref(), "config.json")?;
        if let Some(kind) = config.model_type.as_deref()
            && !["clip", "clip_vision_model", "clip_text_model"].contains(&kind)
        {
            return Err(unsupported(format!(
                "config.json describes a model of type {kind}, not CLIP"
            )));
        }
        let mut assumed = Vec::new();
        if configs.config.is_none() {
            assumed.push(match configs.activation {
                Some(_) => "no config.json: heads of 64".to_owned(),
                None => "no config.json: heads of 64 and QuickGELU, as in OpenAI's models; \
                    --activation says otherwise"
                    .to_owned(),
            });
        }
        let unsaid = |tower: Option<&HfTower>| -> Result<Unsaid> {
            let tower = tower.unwrap_or(&config.alone);
            let activation = match tower.hidden_act.as_deref() {
                // transformers' own default.
                None => configs.activation.unwrap_or(Activation::QuickGelu),
                Some("quick_gelu") => Activation::QuickGelu,
                Some("gelu") => Activation::Gelu,
                Some(other) => {
                    return Err(unsupported(format!("the activation {other} is not supported")));
                }
            };
            Ok(Unsaid {
                heads: tower.num_attention_heads,
                activation,
                norm_epsilon: tower.layer_norm_eps.unwrap_or(1e-5),
            })
        };
        let vision = unsaid(config.vision_config.as_ref())?;
        let text = unsaid(config.text_config.as_ref())?;
        let vision = vision_shape(
            checkpoint,
            &Names {
                patches: "vision_model.embeddings.patch_embedding.weight",
                patch_bias: "vision_model.embeddings.patch_embedding.bias",
                positions: "vision_model.embeddings.position_embedding.weight",
                layer: |layer| format!("vision_model.encoder.layers.{layer}.mlp.fc1.weight"),
                pre_norm: "vision_model.pre_layrnorm.weight",
                projection: "visual_projection.weight",
                projection_rows: 0,
            },
            &vision,
        )?;
        let text = text_shape(
            checkpoint,
            &Names {
                patches: "text_model.embeddings.token_embedding.weight",
                patch_bias: "",
                positions: "text_model.embeddings.position_embedding.weight",
                layer: |layer| format!("text_model.encoder.layers.{layer}.mlp.fc1.weight"),
                pre_norm: "",
                projection: "text_projection.weight",
                projection_rows: 0,
            },
            &text,
        )?;
        let preprocessing = hf_preprocessing(configs, vision.image_size)?;
        Ok(Self { family: Family::HuggingFace, vision, text, preprocessing, assumed })
    }

    fn open_clip(checkpoint: &Checkpoint, configs: &Configs) -> Result<Self> {
        let config: OpenClipConfig = json(configs.open_clip.as_ref(), "open_clip_config.json")?;
        let model = &config.model_cfg;
        known_vision(&model.vision_cfg)?;
        let mut assumed = Vec::new();
        // OpenAI keeps these numbers among the weights.
        let openai = checkpoint.has("input_resolution");
        let activation = match (&configs.open_clip, configs.activation) {
            (Some(_), _) if model.quick_gelu => Activation::QuickGelu,
            (Some(_), _) => Activation::Gelu,
            (None, Some(activation)) => activation,
            (None, None) if openai => Activation::QuickGelu,
            (None, None) => {
                assumed.push(
                    "no open_clip_config.json: GELU, OpenCLIP's default; --activation says \
                     otherwise"
                        .to_owned(),
                );
                Activation::Gelu
            }
        };
        let number = |config: &serde_json::Map<String, serde_json::Value>, key: &str| {
            config
                .get(key)
                .and_then(serde_json::Value::as_u64)
                .and_then(|value| usize::try_from(value).ok())
        };
        let epsilon = |config: &serde_json::Map<String, serde_json::Value>| {
            let epsilon = config.get("norm_kwargs").and_then(|norm| norm.get("eps"));
            epsilon.and_then(serde_json::Value::as_f64).unwrap_or(1e-5)
        };
        let width = checkpoint.shape("visual.class_embedding")?.first().copied().unwrap_or(0);
        let head_width = number(&model.vision_cfg, "head_width").unwrap_or(HEAD_WIDTH).max(1);
        let vision = Unsaid {
            heads: Some(width / head_width),
            activation,
            norm_epsilon: epsilon(&model.vision_cfg),
        };
        let vision = vision_shape(
            checkpoint,
            &Names {
                patches: "visual.conv1.weight",
                patch_bias: "visual.conv1.bias",
                positions: "visual.positional_embedding",
                layer: |layer| format!("visual.transformer.resblocks.{layer}.mlp.c_fc.weight"),
                pre_norm: "visual.ln_pre.weight",
                projection: "visual.proj",
                projection_rows: 1,
            },
            &vision,
        )?;
        let foreign = ["hf_tokenizer_name", "hf_model_name"]
            .iter()
            .any(|key| model.text_cfg.contains_key(*key));
        let text = if foreign {
            assumed.push("the text tower uses another tokenizer and is left out".to_owned());
            None
        } else {
            let unsaid = Unsaid {
                heads: number(&model.text_cfg, "heads"),
                activation,
                norm_epsilon: epsilon(&model.text_cfg),
            };
            text_shape(
                checkpoint,
                &Names {
                    patches: "token_embedding.weight",
                    patch_bias: "",
                    positions: "positional_embedding",
                    layer: |layer| format!("transformer.resblocks.{layer}.mlp.c_fc.weight"),
                    pre_norm: "",
                    projection: "text_projection",
                    projection_rows: 1,
                },
                &unsaid,
            )?
        };
        let given = &config.preprocess_cfg;
        if given.resize_mode.as_deref().is_some_and(|mode| mode != "shortest") {
            return Err(unsupported(
                "the checkpoint expects images that are not resized by their shorter side",
            ));
        }
        let filter = match given.interpolation.as_deref() {
            None | Some("bicubic") => Filter::Bicubic,
            Some("bilinear") => Filter::Bilinear,
            Some(other) => {
                return Err(unsupported(format!("the resize filter {other} is not supported")));
            }
        };
        let normalisation = configs.normalisation(given.mean, given.std);
        let preprocessing = preprocessing(vision.image_size, filter, normalisation);
        Ok(Self { family: Family::OpenClip, vision, text, preprocessing, assumed })
    }
}

/// `Resize(side)`, `CenterCrop(side)`, `Normalize(mean, std)`.
pub(super) fn preprocessing(
    side: usize,
    filter: Filter,
    normalisation: Normalisation,
) -> Preprocessing {
    let Normalisation { mean, std } = normalisation;
    let side = u32::try_from(side).unwrap_or(u32::MAX);
    Preprocessing {
        resize_short_side: Some(side),
        enlarge: true,
        filter,
        crop: side,
        whole_first: false,
        centre_rounds_down: false,
        mean,
        std,
    }
}

/// What a processor of transformers does, step by step; a step that we cannot do the same way is an
/// error.
fn hf_preprocessing(configs: &Configs, side: usize) -> Result<Preprocessing> {
    let given: HfPreprocessing = json(configs.preprocessor.as_ref(), "preprocessor_config.json")?;
    // Pillow's numbers.
    let filter = match given.resample {
        None | Some(3) => Filter::Bicubic,
        Some(2) => Filter::Bilinear,
        Some(1) => Filter::Lanczos3,
        Some(other) => {
            return Err(unsupported(format!("Pillow's filter {other} is not supported")));
        }
    };
    let normalisation = match given.do_normalize {
        Some(false) => Normalisation { mean: [0.0; 3], std: [1.0; 3] },
        _ => configs.normalisation(given.image_mean, given.image_std),
    };
    let mut made = preprocessing(side, filter, normalisation);
    match given.size {
        _ if given.do_resize == Some(false) => made.resize_short_side = None,
        None => {}
        Some(Size::Side(side) | Size::Shortest { shortest_edge: side }) => {
            made.resize_short_side = Some(side)
        }
        Some(Size::Fixed { height, width }) => {
            return Err(unsupported(format!(
                "the checkpoint expects images stretched to {width} x {height}, whatever their \
                 shape"
            )));
        }
    }
    let cropped = match given.crop_size {
        _ if given.do_center_crop == Some(false) => {
            return Err(unsupported(
                "the checkpoint expects images that are not cropped to a square",
            ));
        }
        // transformers' own default is what CLIPs read.
        None => (made.crop, made.crop),
        Some(Size::Side(side) | Size::Shortest { shortest_edge: side }) => (side, side),
        Some(Size::Fixed { height, width }) => (width, height),
    };
    if cropped != (made.crop, made.crop) {
        return Err(unsupported(format!(
            "the checkpoint expects images cropped to {} x {}, but its encoder reads {side} x \
             {side}",
            cropped.0, cropped.1
        )));
    }
    if given.do_rescale == Some(false) {
        return Err(unsupported(
            "the checkpoint expects pixels that are not scaled to values from 0 to 1",
        ));
    }
    // The file describes a processor of transformers.
    made.centre_rounds_down = configs.preprocessor.is_some();
    Ok(made)
}

/// Refuses what OpenCLIP's vision transformers may have and ours lack.
fn known_vision(config: &serde_json::Map<String, serde_json::Value>) -> Result<()> {
    use serde_json::Value;
    for key in [
        "timm_model_name",
        "attentional_pool",
        "ls_init_value",
        "input_patchnorm",
        "no_ln_pre",
        "global_average_pool",
    ] {
        let set =
            config.get(key).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)));
        if set {
            return Err(unsupported(format!(
                "the checkpoint's image tower has {key}, which is not supported"
            )));
        }
    }
    match config.get("pool_type").and_then(Value::as_str) {
        None | Some("tok") => Ok(()),
        Some(other) => Err(unsupported(format!(
            "the checkpoint's image tower is pooled by {other}, which is not supported"
        ))),
    }
}

/// The tensors that a tower's shapes are read from.
struct Names<'a> {
    patches: &'a str,
    patch_bias: &'a str,
    positions: &'a str,
    layer: fn(usize) -> String,
    pre_norm: &'a str,
    projection: &'a str,
    /// The axis of the projection's outputs.
    projection_rows: usize,
}

/// Most layers that are looked for; [`VisionConfig::validate`] allows no more.
const MAX_LAYERS: usize = 129;

fn layers(checkpoint: &Checkpoint, names: &Names<'_>) -> (usize, usize) {
    let rows = |layer| {
        checkpoint.shape(&(names.layer)(layer)).ok().and_then(|shape| shape.first().copied())
    };
    ((0..MAX_LAYERS).take_while(|layer| rows(*layer).is_some()).count(), rows(0).unwrap_or(0))
}

fn positions(checkpoint: &Checkpoint, names: &Names<'_>) -> Result<usize> {
    let shape = checkpoint.shape(names.positions)?;
    match *shape {
        [positions, _] => Ok(positions),
        _ => Err(corrupt(format!(
            "the tensor {} has shape {shape:?}, which is not a table",
            names.positions
        ))),
    }
}

fn projection(checkpoint: &Checkpoint, names: &Names<'_>) -> Option<usize> {
    checkpoint
        .shape(names.projection)
        .ok()
        .and_then(|shape| shape.get(names.projection_rows).copied())
}

fn vision_shape(
    checkpoint: &Checkpoint,
    names: &Names<'_>,
    unsaid: &Unsaid,
) -> Result<VisionConfig> {
    let shape = checkpoint.shape(names.patches)?;
    let &[width, 3, patch_size, other] = shape else {
        return Err(corrupt(format!(
            "the tensor {} has shape {shape:?}, not [width, 3, patch, patch]",
            names.patches
        )));
    };
    let positions = positions(checkpoint, names)?;
    let grid = positions.saturating_sub(1).isqrt();
    if patch_size != other || grid * grid + 1 != positions {
        return Err(unsupported(format!(
            "patches of {patch_size} x {other} px at {positions} positions do not make a square \
             image with a class token"
        )));
    }
    let (layers, mlp_width) = layers(checkpoint, names);
    let config = VisionConfig {
        image_size: grid.saturating_mul(patch_size),
        patch_size,
        width,
        layers,
        heads: unsaid.heads.unwrap_or(width / HEAD_WIDTH),
        mlp_width,
        activation: unsaid.activation,
        pre_norm: checkpoint.has(names.pre_norm),
        patch_bias: checkpoint.has(names.patch_bias),
        norm_epsilon: unsaid.norm_epsilon,
        projection: projection(checkpoint, names),
        projection_bias: false,
    };
    config.validate()?;
    Ok(config)
}

fn text_shape(
    checkpoint: &Checkpoint,
    names: &Names<'_>,
    unsaid: &Unsaid,
) -> Result<Option<TextConfig>> {
    let Ok(&[vocabulary, width]) = checkpoint.shape(names.patches) else { return Ok(None) };
    let Some(projection) = projection(checkpoint, names) else { return Ok(None) };
    let (layers, mlp_width) = layers(checkpoint, names);
    let config = TextConfig {
        vocabulary,
        context: positions(checkpoint, names)?,
        width,
        layers,
        heads: unsaid.heads.unwrap_or(width / HEAD_WIDTH),
        mlp_width,
        activation: unsaid.activation,
        norm_epsilon: unsaid.norm_epsilon,
        projection,
    };
    config.validate()?;
    Ok(Some(config))
}
