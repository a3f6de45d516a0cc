//! Deliveries: what sites and messengers do to an image, done to it here, to see whether a verdict
//! holds.

mod jpeg;

use serde::{Deserialize, Serialize};

use super::resize::{Filter, resize};
use super::rgb8::Rgb8;
use crate::error::Result;

/// A way in which images are handed on. Each is computed on the image's own pixels, before it is
/// prepared for the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Delivery {
    /// Saved as JPEG of quality 60 with a quarter of the colour samples.
    Jpeg,
    /// Both sides halved.
    Half,
    /// A tenth of each side cut off around the centre.
    Crop,
    /// Without its colours.
    Gray,
}

/// The quality that [`Delivery::Jpeg`] saves with: what messengers use.
const JPEG_QUALITY: u8 = 60;

/// How many of ten parts of each side [`Delivery::Crop`] keeps.
const CROP_TENTHS: u32 = 9;

impl Delivery {
    /// All of them, in the order in which they are scored and shown.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Half, Self::Crop, Self::Gray];

    /// The name used in every output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Half => "half",
            Self::Crop => "crop",
            Self::Gray => "gray",
        }
    }

    /// The image after this delivery.
    ///
    /// # Errors
    /// None for an image within the limits: no delivery makes it larger.
    pub fn apply(self, image: &Rgb8) -> Result<Rgb8> {
        match self {
            Self::Jpeg => jpeg::round_trip(image, JPEG_QUALITY),
            Self::Half => {
                let half = |side: u32| side.div_ceil(2);
                resize(image, half(image.width()), half(image.height()), Filter::Bicubic)
            }
            Self::Crop => {
                let kept = |side: u32| (side * CROP_TENTHS / 10).max(1);
                let (width, height) = (kept(image.width()), kept(image.height()));
                let (x, y) = ((image.width() - width) / 2, (image.height() - height) / 2);
                image.crop(x, y, width, height)
            }
            Self::Gray => {
                let gray =
                    image.pixels().chunks_exact(3).flat_map(|pixel| [jpeg::brightness(pixel); 3]);
                Rgb8::new(image.width(), image.height(), gray.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(width: u32, height: u32) -> Rgb8 {
        let mut rng = crate::rng::Rng::new(5);
        let count = (width * height * 3) as usize;
        Rgb8::new(width, height, (0..count).map(|_| rng.below(256) as u8).collect()).unwrap()
    }

    #[test]
    fn sizes_are_as_said_down_to_one_pixel() {
        for (width, height) in [(1, 1), (1, 9), (2, 3), (10, 11), (17, 33), (224, 100)] {
            let image = noisy(width, height);
            let size = |delivery: Delivery| {
                let delivered = delivery.apply(&image).unwrap();
                (delivered.width(), delivered.height())
            };
            let kept = |side: u32| (side * 9 / 10).max(1);
            assert_eq!(size(Delivery::Jpeg), (width, height));
            assert_eq!(size(Delivery::Gray), (width, height));
            assert_eq!(size(Delivery::Half), (width.div_ceil(2), height.div_ceil(2)));
            assert_eq!(size(Delivery::Crop), (kept(width), kept(height)), "{width} x {height}");
        }
    }

    #[test]
    fn crops_lie_around_the_centre_and_grays_are_luma() {
        let image = noisy(30, 20);
        let cropped = Delivery::Crop.apply(&image).unwrap();
        assert_eq!(cropped, image.crop(1, 1, 27, 18).unwrap());
        let known = Rgb8::new(4, 1, vec![255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]).unwrap();
        let gray = Delivery::Gray.apply(&known).unwrap();
        // 0.299, 0.587, 0.114 of 255.
        assert_eq!(gray.pixels(), [76, 76, 76, 150, 150, 150, 29, 29, 29, 255, 255, 255]);
    }

    #[test]
    fn names_are_those_that_are_serialised() {
        for delivery in Delivery::ALL {
            let name = serde_json::to_value(delivery).unwrap();
            assert_eq!(name.as_str(), Some(delivery.name()));
        }
    }
}
