//! Caption matching (method M1): images and captions in one space, the caption nearest to an image
//! names what made it.
//!
//! After Moskowitz, Gaona and Peterson 2024 (arXiv 2404.08788), who fine-tune CLIP to match images
//! with captions that name the generator; captions, loss and rejection of unknown generators are
//! ours.
//!
//! **Captions.** One for real images, one for every generator with enough images, one for every
//! family of generators. The first is the real one. A generator whose name says that it is unknown
//! has none of its own.
//!
//! **Loss.** One softmax over all captions. A generated image has two positive captions, its
//! generator's and its family's: its target gives the family a share `family_share` of the mass and
//! the generator the rest. So `p(AI)`, the sum over all AI captions, can reach 1, neither caption
//! can be neglected (as it could if their sum alone were rewarded), the family caption learns from
//! all its generators, and an image of an unknown generator is taught to have no generator caption,
//! since all of its mass goes to the family: that is what the open-set rule measures. An image of
//! unknown generator and family spreads its mass over all families. The other direction is
//! added to this cross-entropy: for every caption that has images in the batch, the mean over them
//! of `-log softmax over images`, that is InfoNCE in which every image of the caption is a positive
//! ("out" form of Khosla et al. 2020, arXiv 2004.11362, equation 2; plain InfoNCE would take batch
//! mates of the same caption for negatives).
//!
//! All of this is plain functions over tensors; nothing here knows how images are read or steps are
//! taken.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::{Module, Param};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};

use clipsight::clip::TextConfig;
use clipsight::rng::Rng;
use clipsight::{Error, ErrorKind, Result};
use clipsight_reference::init::{random_text_tower, restricted};
use clipsight_reference::{TextTower, TokenBatch, Tokenizer};

pub use clipsight::heads::captions::{Attribution, CaptionSet, Subject, attribute};

/// Where an image comes from, as a manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageSource<'a> {
    /// By a camera or a human hand.
    Real,
    /// By a machine.
    Generated {
        /// The generator, such as `sd15`; a name that contains `unknown` stands for no generator.
        origin: &'a str,
        /// Its family, such as `diffusion`; empty or `unknown` where it is not known.
        family: &'a str,
    },
}

impl<'a> ImageSource<'a> {
    fn generator(self) -> Option<&'a str> {
        match self {
            Self::Generated { origin, .. } if !origin.is_empty() && !origin.contains("unknown") => {
                Some(origin)
            }
            _ => None,
        }
    }

    fn family(self) -> Option<&'a str> {
        match self {
            Self::Generated { family, .. } if !family.is_empty() && family != "unknown" => {
                Some(family)
            }
            _ => None,
        }
    }
}

/// What training asks of captions: which ones a set of images needs, and which are an image's own.
pub trait CaptionsOfImages: Sized {
    /// The captions for these training images; generators with fewer than `minimum` images get none
    /// of their own.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when no image is generated and of a known generator or family, or
    /// none is real.
    fn new<'a>(images: impl IntoIterator<Item = ImageSource<'a>>, minimum: usize) -> Result<Self>;

    /// The caption of the image's generator, if it has one.
    #[must_use]
    fn generator(&self, image: ImageSource<'_>) -> Option<usize>;

    /// The caption of the image's family, if it has one.
    #[must_use]
    fn family(&self, image: ImageSource<'_>) -> Option<usize>;

    /// What a batch of images should match.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when the batch is empty, or `family_share` is not within 0 to 1.
    fn targets(
        &self,
        images: &[ImageSource<'_>],
        family_share: f32,
        device: &Device,
    ) -> Result<CaptionTargets>;
}

impl CaptionsOfImages for CaptionSet {
    fn new<'a>(images: impl IntoIterator<Item = ImageSource<'a>>, minimum: usize) -> Result<Self> {
        let mut generators: BTreeMap<&str, (Option<&str>, usize)> = BTreeMap::new();
        let mut families = BTreeSet::new();
        let mut real = 0;
        for image in images {
            real += usize::from(image == ImageSource::Real);
            families.extend(image.family());
            if let Some(name) = image.generator() {
                let generator = generators.entry(name).or_insert((image.family(), 0));
                generator.1 += 1;
            }
        }
        let generators =
            generators.into_iter().filter(|(_, (_, images))| *images >= minimum.max(1));
        let generators = generators.map(|(name, (family, _))| Subject::Generator {
            name: name.to_owned(),
            family: family.map(str::to_owned),
        });
        let families = families.into_iter().map(|name| Subject::Family { name: name.to_owned() });
        let subjects: Vec<Subject> =
            std::iter::once(Subject::Real).chain(generators).chain(families).collect();
        if real == 0 || subjects.len() == 1 {
            let message =
                "captions need real images and generated ones of known generators or families";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Self::try_from(subjects)
    }

    fn generator(&self, image: ImageSource<'_>) -> Option<usize> {
        let wanted = image.generator()?;
        self.subjects().iter().position(
            |subject| matches!(subject, Subject::Generator { name, .. } if name == wanted),
        )
    }

    fn family(&self, image: ImageSource<'_>) -> Option<usize> {
        let wanted = image.family()?;
        self.subjects()
            .iter()
            .position(|subject| matches!(subject, Subject::Family { name } if name == wanted))
    }

    fn targets(
        &self,
        images: &[ImageSource<'_>],
        family_share: f32,
        device: &Device,
    ) -> Result<CaptionTargets> {
        if images.is_empty() || !(0.0..=1.0).contains(&family_share) {
            let message = "caption targets need images, and a share of the family between 0 and 1";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let captions = self.subjects().len();
        let mut targets = vec![0.0_f32; images.len() * captions];
        let mut positives = vec![0.0_f32; images.len() * captions];
        let rows = targets.chunks_mut(captions).zip(positives.chunks_mut(captions));
        for ((target, positive), image) in rows.zip(images) {
            let own: &[(usize, f32)] = match (image, self.generator(*image), self.family(*image)) {
                (ImageSource::Real, ..) => &[(Self::REAL, 1.0)],
                (_, Some(generator), Some(family)) => {
                    &[(generator, 1.0 - family_share), (family, family_share)]
                }
                (_, Some(only), None) | (_, None, Some(only)) => &[(only, 1.0)],
                (_, None, None) => {
                    let is_family = |subject: &Subject| matches!(subject, Subject::Family { .. });
                    let families =
                        self.subjects().iter().filter(|subject| is_family(subject)).count();
                    // Generators where there is no family at all.
                    for (target, subject) in target.iter_mut().zip(self.subjects()) {
                        if if families > 0 { is_family(subject) } else { *subject != Subject::Real }
                        {
                            *target =
                                1.0 / if families > 0 { families } else { captions - 1 } as f32;
                        }
                    }
                    &[]
                }
            };
            for (caption, share) in own {
                target[*caption] = *share;
                positive[*caption] = if *share > 0.0 { 1.0 } else { 0.0 };
            }
        }
        let tensor =
            |data| Tensor::from_data(TensorData::new(data, [images.len(), captions]), device);
        Ok(CaptionTargets { targets: tensor(targets), positives: tensor(positives) })
    }
}

/// What images should match, `[images, captions]` each.
#[derive(Clone, Debug)]
pub struct CaptionTargets {
    /// The share of each caption in an image's target; rows sum to 1.
    pub targets: Tensor<2>,
    /// 1 where the caption is the image's own, else 0.
    pub positives: Tensor<2>,
}

/// The two directions of the loss, `[1]` each.
#[derive(Clone, Debug)]
pub struct CaptionLoss {
    /// Cross-entropy of images over captions.
    pub image_to_text: Tensor<1>,
    /// Multi-positive InfoNCE of captions over the batch's images.
    pub text_to_image: Tensor<1>,
}

impl CaptionLoss {
    /// `(1 - share) image_to_text + share text_to_image`; CLIP itself takes a share of one half.
    #[must_use]
    pub fn total(&self, text_share: f64) -> Tensor<1> {
        self.image_to_text.clone() * (1.0 - text_share) + self.text_to_image.clone() * text_share
    }
}

/// Scaled cosines of images `[images, width]` and captions `[captions, width]`:
/// `[images, captions]`.
///
/// `scale` is `[1]`; neither embedding needs length one.
#[must_use]
pub fn caption_logits(images: Tensor<2>, captions: Tensor<2>, scale: Tensor<1>) -> Tensor<2> {
    normalized(images).matmul(normalized(captions).transpose()) * scale.unsqueeze()
}

/// The loss of `logits` `[images, captions]`; `weights` `[images]`, whose scale does not matter,
/// weigh the images in the direction image -> text.
#[must_use]
pub fn caption_loss(
    logits: Tensor<2>,
    targets: &CaptionTargets,
    weights: Option<Tensor<1>>,
) -> CaptionLoss {
    let each =
        -(targets.targets.clone() * log_softmax(logits.clone(), 1)).sum_dim(1).squeeze_dim::<1>(1);
    let image_to_text = match weights {
        Some(weights) => (each * weights.clone()).sum() / weights.sum(),
        None => each.mean(),
    };
    let positives = targets.positives.clone();
    let images = positives.clone().sum_dim(0).squeeze_dim::<1>(0);
    let each = -(positives * log_softmax(logits, 0)).sum_dim(0).squeeze_dim::<1>(0);
    // A caption without images in the batch has a sum of zero and does not count.
    let each = each / images.clone().clamp_min(1.0);
    let text_to_image = each.sum() / images.clamp_max(1.0).sum().clamp_min(1.0);
    CaptionLoss { image_to_text, text_to_image }
}

/// The evidence that an image is generated, for every row of `logits`: the logit of `p(AI)`, that
/// is the log of the summed exponentials of all captions but the real one, less the real one's
/// logit. `[images]`.
#[must_use]
pub fn generated_logits(logits: Tensor<2>) -> Tensor<1> {
    let [_, captions] = logits.dims();
    let real = logits.clone().narrow(1, CaptionSet::REAL, 1);
    let others = logits.narrow(1, CaptionSet::REAL + 1, captions - 1);
    let peak = others.clone().detach().max_dim(1);
    let sum = (others - peak.clone()).exp().sum_dim(1).log() + peak;
    (sum - real).squeeze_dim(1)
}

/// The trainable side of the captions: a text tower, the captions' tokens, and the scale of the
/// logits.
#[derive(Module, Debug)]
pub struct CaptionTower {
    text: TextTower,
    /// The logarithm of the scale.
    log_scale: Param<Tensor<1>>,
    #[module(skip)]
    tokens: TokenBatch,
}

/// CLIP's bound on the scale: above 100 its training became unstable (Radford et al. 2021, section
/// 2.5).
const MAX_SCALE: f64 = 100.0;

/// CLIP's first scale, 1 / 0.07.
const FIRST_SCALE: f64 = 1.0 / 0.07;

impl CaptionTower {
    /// A small tower with random weights for `set`, its vocabulary restricted to the tokens that
    /// the captions use; embeddings are `width` wide, as the vision tower's.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] for an impossible width.
    pub fn random(set: &CaptionSet, width: usize, seed: u64, device: &Device) -> Result<Self> {
        let tokenizer = Tokenizer::new();
        let context = TextConfig::small(3, width).context;
        let texts: Vec<Vec<u32>> = set
            .subjects()
            .iter()
            .map(|subject| tokenizer.encode(&subject.text(), context))
            .collect();
        let (texts, vocabulary) = restricted(&texts);
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        let config = TextConfig { context: longest, ..TextConfig::small(vocabulary, width) };
        let text = random_text_tower(&config, &mut Rng::new(seed), device)?;
        Self::new(text, &texts, device)
    }

    /// A given tower with the captions' tokens.
    ///
    /// # Errors
    /// As [`TokenBatch::new`].
    pub fn new(text: TextTower, captions: &[Vec<u32>], device: &Device) -> Result<Self> {
        let tokens = TokenBatch::new(captions, text.config())?;
        #[expect(clippy::cast_possible_truncation, reason = "burn computes in f32")]
        let log_scale =
            Tensor::from_data(TensorData::new(vec![FIRST_SCALE.ln() as f32], [1]), device);
        Ok(Self { text, log_scale: Param::from_tensor(log_scale), tokens })
    }

    /// The text tower.
    #[must_use]
    pub fn text(&self) -> &TextTower {
        &self.text
    }

    /// The captions' embeddings `[captions, width]`, of length one: at inference constants of the
    /// model.
    #[must_use]
    pub fn embeddings(&self) -> Tensor<2> {
        normalized(self.text.forward(&self.tokens))
    }

    /// The scale of the logits, `[1]`.
    #[must_use]
    pub fn scale(&self) -> Tensor<1> {
        self.log_scale.val().clamp_max(MAX_SCALE.ln()).exp()
    }

    /// The logits of images `[images, width]`: `[images, captions]`.
    #[must_use]
    pub fn logits(&self, images: Tensor<2>) -> Tensor<2> {
        caption_logits(images, self.embeddings(), self.scale())
    }
}

/// Rows of length one; a row of zeros stays as it is.
#[must_use]
pub fn normalized(rows: Tensor<2>) -> Tensor<2> {
    // Below the square root, where the slope would be infinite at zero.
    let length = (rows.clone() * rows.clone()).sum_dim(1).clamp_min(1e-12).sqrt();
    rows / length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(origin: &'static str, family: &'static str) -> ImageSource<'static> {
        ImageSource::Generated { origin, family }
    }

    fn set() -> CaptionSet {
        let images = [
            ImageSource::Real,
            made("sd15", "diffusion"),
            made("sd15", "diffusion"),
            made("flux1", "diffusion"),
            made("gan-faces-unknown", "gan"),
            made("meissonic", "unknown"),
            made("meissonic", "unknown"),
        ];
        CaptionSet::new(images, 2).unwrap()
    }

    #[test]
    fn captions_come_from_origins_and_families() {
        let set = set();
        let texts: Vec<String> = set.subjects().iter().map(Subject::text).collect();
        assert_eq!(
            texts,
            [
                "a real image, taken by a camera or made by a human hand",
                "a fake image, generated by meissonic",
                "a fake image, generated by sd15",
                "a fake image, generated by a diffusion model",
                "a fake image, generated by a generative adversarial network",
            ]
        );
        assert_eq!(set.generator(made("flux1", "diffusion")), None, "too few images");
        for images in [vec![], vec![ImageSource::Real], vec![made("sd15", "diffusion"); 3]] {
            assert_eq!(CaptionSet::new(images, 1).unwrap_err().kind(), ErrorKind::Argument);
        }
    }

    #[test]
    fn targets_share_between_generator_and_family() {
        let set = set();
        let images = [
            ImageSource::Real,
            made("sd15", "diffusion"),
            made("flux1", "diffusion"),
            made("meissonic", "unknown"),
            made("mystery", "unknown"),
        ];
        let targets = set.targets(&images, 0.25, &Device::flex()).unwrap();
        let rows = |tensor: Tensor<2>| tensor.into_data().try_into_vec::<f32>().unwrap();
        #[rustfmt::skip]
        assert_eq!(rows(targets.targets), [
            1.0, 0.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 0.75, 0.25, 0.0,
            0.0, 0.0, 0.0, 1.0, 0.0,
            0.0, 1.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 0.0, 0.5, 0.5,
        ]);
        #[rustfmt::skip]
        assert_eq!(rows(targets.positives), [
            1.0, 0.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 1.0, 1.0, 0.0,
            0.0, 0.0, 0.0, 1.0, 0.0,
            0.0, 1.0, 0.0, 0.0, 0.0,
            0.0, 0.0, 0.0, 0.0, 0.0,
        ]);
        assert!(set.targets(&[], 0.5, &Device::flex()).is_err());
        assert!(set.targets(&images, f32::NAN, &Device::flex()).is_err());
    }

    #[test]
    fn attribution_by_hand() {
        let set = set();
        // Softmax numerators 2 (real), 1, 6 (sd15), 3 (diffusion), 0.
        let logits = [2.0_f32, 1.0, 6.0, 3.0, 1e-30].map(f32::ln);
        let found = attribute(&logits, &set, 0.5).unwrap();
        assert!((found.generated - 10.0 / 12.0).abs() < 1e-6);
        assert_eq!((found.generator, found.family), (Some(2), Some(3)));
        assert!(
            (found.generator_share - 0.6).abs() < 1e-6 && (found.family_share - 0.9).abs() < 1e-6
        );
        assert_eq!(attribute(&logits, &set, 0.61).unwrap().generator, None, "unknown generator");
        // The tensor's evidence is the logit of the same probability.
        let evidence = generated_logits(Tensor::from_data(
            TensorData::new(logits.to_vec(), [1, 5]),
            &Device::flex(),
        ));
        let evidence = f64::from(evidence.into_scalar::<f32>());
        assert!((evidence - (found.generated / (1.0 - found.generated)).ln()).abs() < 1e-5);
        assert!(attribute(&logits[1..], &set, 0.5).is_err());
        assert!(attribute(&[f32::NAN; 5], &set, 0.5).is_err());
        let extreme = attribute(&[-3e38, 3e38, 0.0, 0.0, 0.0], &set, 0.5).unwrap();
        assert_eq!((extreme.generated, extreme.generator), (1.0, Some(1)));
    }

    #[test]
    fn the_vocabulary_is_what_the_captions_use() {
        let tower = CaptionTower::random(&set(), 16, 3, &Device::flex()).unwrap();
        let config = tower.text().config();
        assert!(config.vocabulary < 40 && config.width == 128 && config.layers == 2);
        assert_eq!(tower.tokens.ends().iter().max(), Some(&(config.context - 1)));
        let embeddings = |seed| {
            let tower = CaptionTower::random(&set(), 16, seed, &Device::flex()).unwrap();
            tower.embeddings().into_data().try_into_vec::<f32>().unwrap()
        };
        assert_eq!(embeddings(3), embeddings(3), "the same seed gives the same tower");
        assert_ne!(embeddings(3), embeddings(4));
    }
}
