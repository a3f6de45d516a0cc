//! Published checkpoints whose architecture is known beforehand.

use super::Architecture;
use clipsight::clip::{Normalisation, TextConfig, VisionConfig};
use clipsight::{Error, ErrorKind, Result};

/// A published checkpoint.
#[derive(Debug)]
pub struct Preset {
    /// Its name on the hub.
    pub id: &'static str,
    /// SPDX expression of its weights' licence, as its page states it.
    pub licence: &'static str,
    /// Its image tower.
    pub vision: fn() -> VisionConfig,
    /// Its text tower.
    pub text: fn() -> TextConfig,
    /// How its pixels are normalised where the files beside it do not say: open_clip's table of
    /// pretrained models.
    pub normalisation: Normalisation,
}

/// The checkpoints that published detectors are built on, and small ones.
pub const PRESETS: [Preset; 12] = [
    Preset {
        id: "openai/clip-vit-base-patch32",
        licence: "MIT",
        vision: VisionConfig::openai_clip_vit_base_patch32,
        text: TextConfig::openai_clip_vit_base_patch32,
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "openai/clip-vit-base-patch16",
        licence: "MIT",
        vision: VisionConfig::openai_clip_vit_base_patch16,
        text: TextConfig::openai_clip_vit_base_patch32,
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "openai/clip-vit-large-patch14",
        licence: "MIT",
        vision: VisionConfig::openai_clip_vit_large_patch14,
        text: TextConfig::openai_clip_vit_large_patch14,
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "openai/clip-vit-large-patch14-336",
        licence: "MIT",
        vision: VisionConfig::openai_clip_vit_large_patch14_336,
        text: TextConfig::openai_clip_vit_large_patch14,
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "laion/CLIP-ViT-L-14-CommonPool.XL-s13B-b90K",
        licence: "MIT",
        vision: VisionConfig::laion_clip_vit_l_14,
        text: TextConfig::laion_clip_vit_l,
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "laion/CLIP-ViT-L-14-laion2B-s32B-b82K",
        licence: "MIT",
        vision: VisionConfig::laion_clip_vit_l_14,
        text: TextConfig::laion_clip_vit_l,
        normalisation: Normalisation::INCEPTION,
    },
    Preset {
        id: "laion/CLIP-ViT-B-16-laion2B-s34B-b88K",
        licence: "MIT",
        vision: VisionConfig::laion_clip_vit_b_16,
        text: TextConfig::laion_clip_vit_b,
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        licence: "MIT",
        vision: VisionConfig::laion_clip_vit_b_32,
        text: TextConfig::laion_clip_vit_b,
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M",
        licence: "MIT",
        vision: || VisionConfig::tinyclip(16, 256, 10),
        text: || TextConfig::tinyclip(256, 3),
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "wkcn/TinyCLIP-ViT-39M-16-Text-19M-YFCC15M",
        licence: "MIT",
        vision: || VisionConfig::tinyclip(16, 512, 12),
        text: || TextConfig::tinyclip(512, 6),
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "wkcn/TinyCLIP-ViT-40M-32-Text-19M-LAION400M",
        licence: "MIT",
        vision: || VisionConfig::tinyclip(32, 512, 12),
        text: || TextConfig::tinyclip(512, 6),
        normalisation: Normalisation::CLIP,
    },
    Preset {
        id: "wkcn/TinyCLIP-ViT-61M-32-Text-29M-LAION400M",
        licence: "MIT",
        vision: || VisionConfig::tinyclip(32, 640, 12),
        text: || TextConfig::tinyclip(512, 9),
        normalisation: Normalisation::CLIP,
    },
];

impl Preset {
    /// The checkpoint of this name, in any case.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.id.eq_ignore_ascii_case(id))
    }

    /// Checks that files are what their name says. The activation is the configuration's to say.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`].
    pub fn check(&self, found: &Architecture) -> Result<()> {
        let vision = VisionConfig { activation: found.vision.activation, ..(self.vision)() };
        let text = found.text.as_ref().is_none_or(|found| {
            *found == TextConfig { activation: found.activation, ..(self.text)() }
        });
        if vision == found.vision && text {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::WeightsCorrupt,
            format!(
                "the files are not {}: its encoder is {vision:?}, theirs {:?}",
                self.id, found.vision
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_found_by_its_name() {
        for preset in &PRESETS {
            (preset.vision)().validate().unwrap();
            (preset.text)().validate().unwrap();
            assert_eq!(
                (preset.vision)().embedding_width(),
                (preset.text)().projection,
                "{}",
                preset.id
            );
            assert_eq!(Preset::find(&preset.id.to_uppercase()).unwrap().id, preset.id);
        }
        assert!(Preset::find("openai/clip").is_none());
    }
}
