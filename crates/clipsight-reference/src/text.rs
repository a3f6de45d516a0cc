//! The text tower: token ids -> causal transformer -> the embedding of the end token.
//!
//! Radford et al. 2021 (arXiv 2103.00020), section 2.4: tokens see only those before them, so the
//! end token, which has the highest id of the vocabulary, is the one that has seen the whole text;
//! its final state is normalised and projected.

use std::collections::HashMap;

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Int, Tensor, TensorData};
use clipsight::clip::TextConfig;
use clipsight::{Error, ErrorKind, Result};

use super::transformer::{DeviceTensor, Layer, LayerOptions, ModuleTensors};

/// Texts as token ids, checked against a tower's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBatch {
    /// Row-major `[texts, length]`, shorter texts padded with 0 behind their end token: no token
    /// before sees it.
    ids: Vec<i32>,
    /// Tokens of the longest text.
    length: usize,
    /// Position of each text's end token.
    ends: Vec<usize>,
}

impl TokenBatch {
    /// Texts of token ids, each with its start and end token.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when there is no text, or one is empty, longer than the context, or
    /// contains an id outside the vocabulary.
    pub fn new(texts: &[Vec<u32>], config: &TextConfig) -> Result<Self> {
        let length = texts.iter().map(Vec::len).max().unwrap_or(0);
        let wrong = |what: String| Err(Error::new(ErrorKind::Argument, what));
        if texts.iter().any(Vec::is_empty) || length == 0 {
            return wrong("a text without tokens cannot be encoded".to_owned());
        }
        if length > config.context {
            return wrong(format!(
                "a text of {length} tokens exceeds the context of {}",
                config.context
            ));
        }
        if let Some(id) = texts.iter().flatten().find(|id| **id as usize >= config.vocabulary) {
            return wrong(format!(
                "the token {id} is not in the vocabulary of {}",
                config.vocabulary
            ));
        }
        let mut ids = Vec::with_capacity(texts.len() * length);
        let mut ends = Vec::with_capacity(texts.len());
        for text in texts {
            // OpenAI's rule: the first of the tokens with the highest id.
            let end = (0..text.len()).rev().max_by_key(|index| text[*index]).unwrap_or(0);
            ends.push(end);
            ids.extend(text.iter().map(|id| id.cast_signed()));
            ids.resize(ends.len() * length, 0);
        }
        Ok(Self { ids, length, ends })
    }

    /// The number of texts.
    #[must_use]
    pub fn texts(&self) -> usize {
        self.ends.len()
    }

    /// Position of each text's end token.
    #[must_use]
    pub fn ends(&self) -> &[usize] {
        &self.ends
    }
}

/// The text encoder.
#[derive(Module, Debug)]
pub struct TextTower {
    token_embedding: Param<Tensor<2>>,
    position_embedding: Param<Tensor<2>>,
    layers: Vec<Layer>,
    norm: LayerNorm,
    projection: Linear,
    #[module(skip)]
    config: TextConfig,
}

impl TextTower {
    /// Builds the tower from `tensors`, named as in [`TextConfig::tensors`]; removes those it uses.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a tensor is missing or of another rank. Shapes are
    /// checked by the reader, before anything reaches the device.
    pub fn assemble(
        config: &TextConfig,
        tensors: &mut HashMap<String, DeviceTensor>,
        device: &Device,
    ) -> Result<Self> {
        config.validate()?;
        let mut parts = ModuleTensors { tensors, device, epsilon: config.norm_epsilon };
        Ok(Self {
            token_embedding: Param::from_tensor(parts.matrix("text.token_embedding")?),
            position_embedding: Param::from_tensor(parts.matrix("text.position_embedding")?),
            layers: (0..config.layers)
                .map(|layer| {
                    Layer::assemble(&mut parts, &format!("text.layers.{layer}"), config.width)
                })
                .collect::<Result<Vec<_>>>()?,
            norm: parts.norm("text.norm", config.width)?,
            projection: parts.linear("text.projection", false)?,
            config: config.clone(),
        })
    }

    /// The architecture.
    #[must_use]
    pub fn config(&self) -> &TextConfig {
        &self.config
    }

    /// Encodes texts: `[texts, projection]`, not normalised to length one.
    pub fn forward(&self, texts: &TokenBatch) -> Tensor<2> {
        self.forward_embedded(self.embed(texts), &texts.ends)
    }

    /// The tokens' vectors `[texts, length, width]`, without positions: what prompt learning
    /// replaces parts of.
    pub fn embed(&self, texts: &TokenBatch) -> Tensor<3> {
        let table = self.token_embedding.val();
        let count = texts.ids.len();
        let ids = Tensor::<1, Int>::from_data(
            TensorData::new(texts.ids.clone(), [count]),
            &table.device(),
        );
        table.select(0, ids).reshape([texts.texts(), texts.length, self.config.width])
    }

    /// Encodes vectors `[texts, length, width]` that stand for tokens, with each text's end token
    /// at `ends`; the length must not exceed the context. Gives `[texts, projection]`.
    pub fn forward_embedded(&self, embedded: Tensor<3>, ends: &[usize]) -> Tensor<2> {
        let TextConfig { width, heads, activation, .. } = self.config;
        let [texts, length, _] = embedded.dims();
        let positions = self.position_embedding.val().narrow(0, 0, length);
        let mut tokens = embedded + positions.unsqueeze();
        for layer in &self.layers {
            tokens = layer.forward(tokens, LayerOptions { heads, activation, causal: true });
        }
        // The norm works on each token alone, so only the end tokens need it.
        #[expect(
            clippy::cast_possible_wrap,
            clippy::cast_possible_truncation,
            reason = "rows of a batch"
        )]
        let rows: Vec<i32> =
            ends.iter().enumerate().map(|(text, end)| (text * length + end) as i32).collect();
        let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [texts]), &tokens.device());
        let last = tokens.reshape([texts * length, width]).select(0, rows);
        self.projection.forward(self.norm.forward(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(config: &TextConfig) -> usize {
        config.tensors().iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()
    }

    /// OpenAI's whole models have 151,277,313 and 427,616,513 parameters: less the image towers
    /// (see `config`) and the logit scale.
    #[test]
    fn published_parameter_counts() {
        assert_eq!(
            parameters(&TextConfig::openai_clip_vit_base_patch32()),
            151_277_313 - 87_849_216 - 1
        );
        assert_eq!(
            parameters(&TextConfig::openai_clip_vit_large_patch14()),
            427_616_513 - 303_966_208 - 1
        );
    }

    #[test]
    fn presets_are_valid_and_nonsense_is_not() {
        let base = TextConfig::openai_clip_vit_base_patch32();
        assert!(
            base.validate().is_ok()
                && TextConfig::openai_clip_vit_large_patch14().validate().is_ok()
        );
        assert!(TextConfig::small(40, 192).validate().is_ok());
        for broken in [
            TextConfig { heads: 7, ..base.clone() },
            TextConfig { heads: 0, ..base.clone() },
            TextConfig { vocabulary: 0, ..base.clone() },
            TextConfig { context: usize::MAX, ..base.clone() },
            TextConfig { layers: 0, ..base.clone() },
            TextConfig { projection: 0, ..base.clone() },
            TextConfig { norm_epsilon: f64::NAN, ..base.clone() },
        ] {
            assert_eq!(broken.validate().unwrap_err().kind(), ErrorKind::WeightsCorrupt);
        }
    }

    #[test]
    fn texts_are_checked_and_padded() {
        let config = TextConfig { context: 5, ..TextConfig::small(10, 8) };
        let batch =
            TokenBatch::new(&[vec![8, 1, 2, 9], vec![8, 9], vec![8, 9, 9]], &config).unwrap();
        assert_eq!(batch.ids, [8, 1, 2, 9, 8, 9, 0, 0, 8, 9, 9, 0]);
        assert_eq!(batch.ends(), [3, 1, 1], "the first of several end tokens, as in PyTorch");
        for (texts, part) in [
            (vec![], "without tokens"),
            (vec![vec![8, 9], vec![]], "without tokens"),
            (vec![vec![8, 1, 1, 1, 1, 9]], "exceeds the context"),
            (vec![vec![8, 10]], "not in the vocabulary"),
        ] {
            let error = TokenBatch::new(&texts, &config).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.message().contains(part), "{}", error.message());
        }
    }
}
