//! The embedding as a sum of parts: what each attention head and each MLP writes into the class
//! token.

use burn::tensor::Tensor;
use clipsight::clip::FeatureSpec;

use super::{Layer, LayerOptions, VisionOutput, VisionTower, class_token, layer_options};

/// The parts of a batch's embeddings: their sum is [`VisionOutput::embedding`].
///
/// The class token's residual stream is a sum of what every layer writes into it, and an attention
/// output is a sum over heads, each through its own rows of the output projection (Elhage et al.
/// 2021; for CLIP: Gandelsman et al. 2024, arXiv 2310.05916, equations 3 to 5). The final norm is
/// applied linearly, with the mean and deviation that the whole sum has, and so is the projection:
/// these are direct effects, without what later layers make of a part.
#[derive(Clone, Debug)]
pub struct Contributions {
    /// Attention heads, those of the first layer first: `[batch, layers * heads, embedding_width]`.
    pub heads: Tensor<3>,
    /// MLPs with their biases: `[batch, layers, embedding_width]`.
    pub mlps: Tensor<3>,
    /// The class token as it enters the first layer: `[batch, embedding_width]`.
    pub embedding: Tensor<2>,
    /// What no part is to be credited with: the biases of attention outputs, final norm and
    /// projection: `[batch, embedding_width]`.
    pub biases: Tensor<2>,
}

impl Contributions {
    /// The sum of all parts, `[batch, embedding_width]`.
    #[must_use]
    pub fn total(&self) -> Tensor<2> {
        let sum = |parts: &Tensor<3>| parts.clone().sum_dim(1).squeeze_dim::<2>(1);
        sum(&self.heads) + sum(&self.mlps) + self.embedding.clone() + self.biases.clone()
    }
}

impl VisionTower {
    /// The direct effect of every attention head on the embedding,
    /// `[batch, layers * heads, embedding_width]`; see [`Contributions`].
    pub fn head_contributions(&self, pixels: Tensor<4>) -> Tensor<3> {
        self.parts(pixels, &FeatureSpec::of_heads(Vec::new())).2.heads
    }

    /// [`forward`](Self::forward), with the embedding taken apart on the way.
    pub fn forward_in_parts(
        &self,
        pixels: Tensor<4>,
        features: &FeatureSpec,
    ) -> (VisionOutput, Contributions) {
        let (embedding, mut tokens, parts) = self.parts(pixels, features);
        if !features.heads.is_empty() {
            // One narrow slice a head: index tensors would need whole numbers on every backend.
            let heads =
                features.heads.iter().map(|head| parts.heads.clone().narrow(1, *head, 1)).collect();
            tokens.push(Tensor::cat(heads, 1).sum_dim(1).squeeze_dim(1));
        }
        (VisionOutput { embedding, features: Tensor::cat(tokens, 1) }, parts)
    }

    /// The embedding, every pooled token, and the embedding's parts.
    fn parts(
        &self,
        pixels: Tensor<4>,
        features: &FeatureSpec,
    ) -> (Tensor<2>, Vec<Tensor<2>>, Contributions) {
        let tokens = self.embed(pixels, None);
        let [batch, _, width] = tokens.dims();
        let embedding = class_token(&tokens);
        let (mut heads, mut mlps) = (Vec::new(), Vec::new());
        let mut biases: Tensor<2> = Tensor::zeros([1, width], &tokens.device());
        let options = layer_options(&self.config);
        let (whole_embedding, pooled) = self.forward_tokens(tokens, features, |layer, tokens| {
            let (tokens, parts) = layer.forward_in_parts(tokens, options);
            heads.push(parts.heads);
            mlps.push(parts.mlp.unsqueeze_dim(1));
            if let Some(bias) = &layer.output.bias {
                biases = biases.clone() + bias.val().unsqueeze();
            }
            tokens
        });
        // What was written into the stream, before the final norm.
        let stream = Contributions {
            heads: Tensor::cat(heads, 1),
            mlps: Tensor::cat(mlps, 1),
            embedding,
            biases: biases.expand([batch, width]),
        };
        let inverse = self.inverse_deviation(&stream.total());
        let Contributions { heads, mlps, embedding, biases } = stream;
        let direct = |part: Tensor<3>| self.direct_effect(part, inverse.clone());
        let one = |part: Tensor<2>| direct(part.unsqueeze_dim(1)).squeeze_dim::<2>(1);
        let mut biases = one(biases);
        // The final norm's and the projection's own.
        let mut shift: Tensor<2> = self.norm.beta.as_ref().map_or_else(
            || Tensor::zeros([1, width], &biases.device()),
            |beta| beta.val().unsqueeze(),
        );
        if let Some(projection) = &self.projection {
            shift = projection.forward(shift);
        }
        biases = biases + shift;
        let parts = Contributions {
            heads: direct(heads),
            mlps: direct(mlps),
            embedding: one(embedding),
            biases,
        };
        (whole_embedding, pooled, parts)
    }

    /// One over the deviation that the final norm divides by: `[batch, 1]`.
    fn inverse_deviation(&self, class: &Tensor<2>) -> Tensor<2> {
        let centred = class.clone() - class.clone().mean_dim(1);
        ((centred.clone() * centred).mean_dim(1) + self.config.norm_epsilon).sqrt().recip()
    }

    /// What parts of the class token's stream `[batch, parts, width]` add to the embedding.
    fn direct_effect(&self, parts: Tensor<3>, inverse: Tensor<2>) -> Tensor<3> {
        let centred = parts.clone() - parts.mean_dim(2);
        let normed = centred * inverse.unsqueeze_dim(2) * self.norm.gamma.val().unsqueeze();
        match &self.projection {
            Some(projection) => normed.matmul(projection.weight.val().unsqueeze()),
            None => normed,
        }
    }
}

/// What one layer adds to the class token.
struct LayerParts {
    /// `[batch, heads, width]`, without the output projection's bias.
    heads: Tensor<3>,
    /// `[batch, width]`.
    mlp: Tensor<2>,
}

impl Layer {
    fn forward_in_parts(
        &self,
        tokens: Tensor<3>,
        options: LayerOptions,
    ) -> (Tensor<3>, LayerParts) {
        let [batch, count, width] = tokens.dims();
        let heads = options.heads;
        let mixed = self.mix(self.norm1.forward(tokens.clone()), options);
        // A head's rows of the output projection: [heads, head_width, width].
        let slices = self.output.weight.val().reshape([1, heads, width / heads, width]);
        let of_class =
            mixed.clone().slice([0..batch, 0..heads, 0..1]).matmul(slices).squeeze_dim::<3>(2);
        let tokens =
            tokens + self.output.forward(mixed.swap_dims(1, 2).reshape([batch, count, width]));
        let change = self.transform(self.norm2.forward(tokens.clone()), options);
        let parts = LayerParts { heads: of_class, mlp: class_token(&change) };
        (tokens + change, parts)
    }
}
