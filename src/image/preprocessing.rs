//! What a model's manifest says about its input, and how to make that input.

use serde::{Deserialize, Serialize};

use super::resize::{Filter, Window, resize, resize_window};
use super::rgb8::Rgb8;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;

/// How a model wants its pixels: size, filter, crop and normalisation.
///
/// With `enlarge`, resizing and cropping are `Resize(resize_short_side)` and `CenterCrop(crop)` of
/// torchvision, rounding included, so the pixels are the ones published checkpoints were evaluated
/// on. They are those of Pillow: transformers' processors on its Pillow backend agree with
/// [`centre_rounds_down`](Self::centre_rounds_down), while its default backend, torchvision on
/// tensors, rounds otherwise inside the resize, by up to 2 levels of 255.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// The length the shorter side is resized to, the aspect kept; `None` crops the stored pixels,
    /// which keeps the traces that resizing destroys.
    pub resize_short_side: Option<u32>,
    /// Whether images whose shorter side lies between `crop` and `resize_short_side` are enlarged;
    /// if not they are left alone. Images smaller than `crop` are always enlarged to it.
    pub enlarge: bool,
    /// The filter of the resize.
    pub filter: Filter,
    /// The side of the square view in pixels.
    pub crop: u32,
    /// Whether the first view is the whole image (its centre square, reduced once more to `crop`)
    /// and not the centre crop. What an image shows as a whole tells generated images apart better
    /// than any part of it does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_first: bool,
    /// Where an odd number of pixels is cut off around the centre: whether the left and upper side
    /// lose the fewer, as in transformers' image processors, and not the even number of the two, as
    /// in torchvision's `CenterCrop`, which OpenAI and open_clip use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub centre_rounds_down: bool,
    /// Subtracted from each channel (red, green, blue), whose values lie in 0..=1.
    pub mean: [f32; 3],
    /// Divides each channel after that.
    pub std: [f32; 3],
}

/// How many views of an image are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewCount {
    /// The first view: the centre crop, or the whole image under [`Preprocessing::whole_first`].
    #[default]
    One,
    /// The first view, then crops at the corners: upper left, upper right, lower left, lower right.
    Five,
}

impl ViewCount {
    /// The number of views: 1 or 5.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Five => limits::MAX_VIEWS,
        }
    }
}

/// A part of an image, as shares of its width and height: 0 is its left or upper edge, 1 the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Region {
    /// Left edge.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub x: f64,
    /// Upper edge.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub y: f64,
    /// Width.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub width: f64,
    /// Height.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub height: f64,
}

impl TryFrom<usize> for ViewCount {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::Argument`] for any number but 1 and 5.
    fn try_from(count: usize) -> Result<Self> {
        match count {
            1 => Ok(Self::One),
            limits::MAX_VIEWS => Ok(Self::Five),
            _ => Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "{count} views cannot be made of an image: choose 1, or 5 (that one and the \
                     corners)"
                ),
            )),
        }
    }
}

impl Preprocessing {
    /// Checks the values for sense. Call it once on what a manifest says.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] with the name of the wrong field.
    pub fn validate(&self) -> Result<()> {
        let wrong =
            |what: String| Err(Error::new(ErrorKind::Argument, format!("preprocessing: {what}")));
        if !(1..=limits::MAX_VIEW_SIDE).contains(&self.crop) {
            return wrong(format!("crop is {}, not 1 to {}", self.crop, limits::MAX_VIEW_SIDE));
        }
        if let Some(side) = self.resize_short_side
            && !(self.crop..=limits::MAX_IMAGE_SIDE).contains(&side)
        {
            return wrong(format!(
                "resize_short_side is {side}, not {} (crop) to {}",
                self.crop,
                limits::MAX_IMAGE_SIDE
            ));
        }
        if !self.mean.iter().all(|mean| mean.is_finite()) {
            return wrong(format!("mean is {:?}, not three numbers", self.mean));
        }
        if !self.std.iter().all(|std| std.is_finite() && *std > 0.0) {
            return wrong(format!("std is {:?}, not three positive numbers", self.std));
        }
        Ok(())
    }

    /// The size the whole image would be resized to before cropping. Sides can be far beyond the
    /// limits of an image (see `resize`), but not beyond `u32`: [`validate`](Self::validate) bounds
    /// the short side, decoding the aspect.
    fn resized(&self, width: u32, height: u32) -> (u32, u32) {
        let short = width.min(height);
        let target = match self.resize_short_side {
            Some(side) if self.enlarge || short > side => side,
            _ => short.max(self.crop),
        };
        if short == target {
            return (width, height);
        }
        // torchvision: int(size * long / short), truncated.
        let long = |side: u32| (u64::from(target) * u64::from(side) / u64::from(short)) as u32;
        if width <= height { (target, long(height)) } else { (long(width), target) }
    }

    /// The image reduced as for [`views`](Self::views), but never enlarged, and the part around its
    /// centre with sides of at most `short_side` and `long_side` pixels.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] if the preprocessing is not [valid](Self::validate) or a side is
    /// zero.
    pub fn reduced(&self, image: &Rgb8, short_side: u32, long_side: u32) -> Result<Rgb8> {
        self.validate()?;
        let (mut width, mut height) = (image.width(), image.height());
        if self.resize_short_side.is_some_and(|side| width.min(height) > side) {
            (width, height) = self.resized(width, height);
        }
        let most = if width <= height { (short_side, long_side) } else { (long_side, short_side) };
        let part = (width.min(most.0), height.min(most.1));
        let (x, y) = (self.centre(width - part.0), self.centre(height - part.1));
        resize_window(
            image,
            (width, height),
            Window { x, y, width: part.0, height: part.1 },
            self.filter,
        )
    }

    /// Square views of `crop` pixels: the first one, or that and the four corners.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] if the preprocessing is not [valid](Self::validate).
    pub fn views(&self, image: &Rgb8, count: ViewCount) -> Result<Vec<Rgb8>> {
        self.validate()?;
        let (width, height) = self.resized(image.width(), image.height());
        let (right, bottom) = (width - self.crop, height - self.crop);
        let centre = (self.centre(right), self.centre(bottom));
        let places = [centre, (0, 0), (right, 0), (0, bottom), (right, bottom)];
        let places = &places[usize::from(self.whole_first)..count.count()];
        // Where the views cover much of the image, resizing it once is cheaper than overlapping
        // parts; where it is a strip, or left unresized, only the parts are touched.
        let area = u64::from(width) * u64::from(height);
        let at_once = count.count() > 1
            && (width, height) != (image.width(), image.height())
            && area <= 8 * u64::from(self.crop) * u64::from(self.crop);
        let all = Window { x: 0, y: 0, width, height };
        let resized =
            at_once.then(|| resize_window(image, (width, height), all, self.filter)).transpose()?;
        let part = |x, y, side| match &resized {
            Some(resized) => resized.crop(x, y, side, side),
            None => {
                let window = Window { x, y, width: side, height: side };
                resize_window(image, (width, height), window, self.filter)
            }
        };
        let mut views = Vec::with_capacity(count.count());
        if self.whole_first {
            // The centre square, reduced to the crop. Two steps, since that is how training images
            // came to be: stored with their short side reduced, then read.
            let side = width.min(height);
            let square = part(self.centre(width - side), self.centre(height - side), side)?;
            views.push(resize(&square, self.crop, self.crop, self.filter)?);
        }
        for &(x, y) in places {
            views.push(part(x, y, self.crop)?);
        }
        Ok(views)
    }

    /// What the first of the [`views`](Self::views) shows of an image.
    #[must_use]
    pub fn first_region(&self, image: &Rgb8) -> Region {
        let (width, height) = self.resized(image.width(), image.height());
        let side = if self.whole_first { width.min(height) } else { self.crop };
        let share = |part: u32, of: u32| f64::from(part) / f64::from(of);
        Region {
            x: share(self.centre(width - side), width),
            y: share(self.centre(height - side), height),
            width: share(side, width),
            height: share(side, height),
        }
    }

    /// How much of an excess lies before the centre.
    fn centre(&self, excess: u32) -> u32 {
        if self.centre_rounds_down { excess / 2 } else { round_half_even(excess) }
    }

    /// The share of each of `count` views in an image's logit. The whole image weighs as much as
    /// all corners together; where the first view is a crop like the others, all weigh alike.
    ///
    /// ```
    /// # use clipsight::image::{Filter, Preprocessing};
    /// let preprocessing = Preprocessing {
    ///     resize_short_side: Some(288),
    ///     enlarge: false,
    ///     filter: Filter::Lanczos3,
    ///     crop: 224,
    ///     whole_first: true,
    ///     centre_rounds_down: false,
    ///     mean: [0.5; 3],
    ///     std: [0.5; 3],
    /// };
    /// assert_eq!(preprocessing.view_shares(5), [0.5, 0.125, 0.125, 0.125, 0.125]);
    /// assert_eq!(preprocessing.view_shares(1), [1.0]);
    /// ```
    #[must_use]
    pub fn view_shares(&self, count: usize) -> Vec<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a handful of views")]
        let alike = |count: usize| 1.0 / count as f64;
        if self.whole_first && count > 1 {
            let mut shares = vec![0.5 * alike(count - 1); count];
            shares[0] = 0.5;
            return shares;
        }
        vec![alike(count.max(1)); count]
    }

    /// The model's input: `[views, 3, crop, crop]`, channels red, green, blue, each value
    /// `(pixel / 255 - mean) / std`.
    #[must_use]
    pub fn tensor(&self, views: &[Rgb8]) -> Vec<f32> {
        // 256 values per channel, computed in f64: exact to the last bit of f32, and quicker than
        // dividing.
        let tables: [[f32; 256]; 3] = std::array::from_fn(|channel| {
            let (mean, std) = (f64::from(self.mean[channel]), f64::from(self.std[channel]));
            std::array::from_fn(|value| ((value as f64 / 255.0 - mean) / std) as f32)
        });
        let mut tensor = Vec::with_capacity(views.iter().map(|view| view.pixels().len()).sum());
        for view in views {
            for (channel, table) in tables.iter().enumerate() {
                let values = view.pixels().as_chunks::<3>().0.iter();
                tensor.extend(values.map(|pixel| table[usize::from(pixel[channel])]));
            }
        }
        tensor
    }
}

/// `excess / 2` rounded as Python's `round` does in torchvision's `CenterCrop`: halves to the even
/// neighbour.
fn round_half_even(excess: u32) -> u32 {
    let half = excess / 2;
    half + u32::from(excess % 2 == 1 && half % 2 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preprocessing(resize_short_side: Option<u32>, enlarge: bool) -> Preprocessing {
        Preprocessing {
            resize_short_side,
            enlarge,
            filter: Filter::Bicubic,
            crop: 224,
            whole_first: false,
            centre_rounds_down: false,
            mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
            std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
        }
    }

    #[test]
    fn sizes_follow_torchvision() {
        let clip = preprocessing(Some(224), true);
        assert_eq!(clip.resized(640, 480), (298, 224));
        assert_eq!(clip.resized(480, 640), (224, 298));
        assert_eq!(clip.resized(100, 100), (224, 224));
        assert_eq!(clip.resized(224, 500), (224, 500));
    }

    #[test]
    fn enlarging_is_only_for_images_below_the_crop_unless_asked_for() {
        let careful = preprocessing(Some(288), false);
        assert_eq!(careful.resized(250, 260), (250, 260));
        assert_eq!(careful.resized(288, 300), (288, 300));
        assert_eq!(careful.resized(576, 600), (288, 300));
        assert_eq!(careful.resized(112, 200), (224, 400));
        assert_eq!(preprocessing(Some(288), true).resized(250, 250), (288, 288));
        assert_eq!(preprocessing(None, false).resized(4000, 3000), (4000, 3000));
        assert_eq!(preprocessing(None, false).resized(56, 112), (224, 448));
    }

    #[test]
    fn reducing_keeps_the_aspect_and_never_enlarges() {
        let careful = preprocessing(Some(288), false);
        let image = |width, height| {
            let pixels = (0..width * height * 3).map(|index| (index % 251) as u8).collect();
            Rgb8::new(width, height, pixels).unwrap()
        };
        for ((width, height), expected) in [
            ((600, 576), (300, 288)),
            ((576, 1200), (288, 512)),
            ((2000, 300), (512, 288)),
            ((100, 60), (100, 60)),
            ((1, 900), (1, 512)),
        ] {
            let reduced = careful.reduced(&image(width, height), 288, 512).unwrap();
            assert_eq!((reduced.width(), reduced.height()), expected);
        }
        // Around the centre; nothing is resized that fits.
        let small = image(9, 6);
        assert_eq!(careful.reduced(&small, 4, 5).unwrap(), small.crop(2, 1, 5, 4).unwrap());
        assert_eq!(careful.reduced(&small, 0, 5).unwrap_err().kind(), ErrorKind::Argument);
        // The very pixels that the views are cut from.
        let large = image(600, 576);
        let view = &careful.views(&large, ViewCount::Five).unwrap()[1];
        assert_eq!(&careful.reduced(&large, 288, 512).unwrap().crop(0, 0, 224, 224).unwrap(), view);
    }

    #[test]
    fn halves_round_to_even() {
        // Python: [round(n / 2) for n in range(8)]
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(round_half_even), [0, 0, 1, 2, 2, 2, 3, 4]);
    }

    #[test]
    fn transformers_centre_is_rounded_down() {
        // An excess of 3 x 7 pixels: torchvision cuts 2 and 4 off before the centre, transformers 1
        // and 3.
        let pixels = (0..227 * 231 * 3).map(|index| (index / 3 % 251) as u8).collect();
        let image = Rgb8::new(227, 231, pixels).unwrap();
        let torchvision = preprocessing(None, false);
        let transformers = Preprocessing { centre_rounds_down: true, ..torchvision.clone() };
        let centre = |preprocessing: Preprocessing| {
            preprocessing.views(&image, ViewCount::One).unwrap().remove(0)
        };
        assert_eq!(centre(torchvision), image.crop(2, 4, 224, 224).unwrap());
        assert_eq!(centre(transformers), image.crop(1, 3, 224, 224).unwrap());
    }

    #[test]
    fn five_crops_are_the_centre_and_the_corners() {
        // Every pixel says where it is: red is x / 2, green is y / 2.
        let (width, height) = (300u32, 261u32);
        let pixels = (0..height)
            .flat_map(|y| {
                (0..width)
                    .flat_map(move |x| [(x / 2) as u8, (y / 2) as u8, (x % 2 * 2 + y % 2) as u8])
            })
            .collect();
        let image = Rgb8::new(width, height, pixels).unwrap();
        let views = preprocessing(None, false).views(&image, ViewCount::Five).unwrap();
        let expected = [(38, 18), (0, 0), (76, 0), (0, 37), (76, 37)];
        assert_eq!(views.len(), expected.len());
        for (view, (x, y)) in views.iter().zip(expected) {
            assert_eq!(*view, image.crop(x, y, 224, 224).unwrap(), "at {x}, {y}");
        }
        let centre = preprocessing(None, false).views(&image, ViewCount::One).unwrap();
        assert_eq!(centre, views[..1]);
    }

    #[test]
    fn the_whole_image_comes_first_where_asked_for() {
        // Red on the left, blue on the right, with a green frame that a crop of the centre would
        // lose.
        let (width, height) = (400u32, 300u32);
        let pixels = (0..height)
            .flat_map(|y| {
                (0..width).flat_map(move |x| {
                    let frame = y < 20 || y >= height - 20;
                    if frame {
                        [0, 200, 0]
                    } else if x < width / 2 {
                        [200, 0, 0]
                    } else {
                        [0, 0, 200]
                    }
                })
            })
            .collect();
        let image = Rgb8::new(width, height, pixels).unwrap();
        let whole = Preprocessing { whole_first: true, ..preprocessing(Some(288), false) };
        let views = whole.views(&image, ViewCount::Five).unwrap();
        assert_eq!(views.len(), 5);
        assert!(views.iter().all(|view| (view.width(), view.height()) == (224, 224)));
        let top = |view: &Rgb8| view.pixels()[112 * 3 + 1];
        let centre_first = Preprocessing { whole_first: false, ..whole.clone() };
        let cropped = centre_first.views(&image, ViewCount::Five).unwrap();
        assert!(
            top(&views[0]) > 150 && top(&cropped[0]) < 50,
            "the frame is in the whole image only"
        );
        assert_eq!(views[1..], cropped[1..], "the corners are the same");
        assert_eq!(whole.views(&image, ViewCount::One).unwrap(), views[..1]);
        // Small images are enlarged to the crop, and nothing more.
        let small = Rgb8::new(100, 120, vec![9; 36_000]).unwrap();
        assert_eq!(
            whole.views(&small, ViewCount::One).unwrap(),
            centre_first
                .views(&Rgb8::new(100, 100, vec![9; 30_000]).unwrap(), ViewCount::One)
                .unwrap()
        );
        assert_eq!(whole.view_shares(5).iter().sum::<f64>(), 1.0);
        assert_eq!(centre_first.view_shares(5), [0.2; 5]);
    }

    #[test]
    fn the_thinnest_strips_are_cheap() {
        for (width, height) in [(1, limits::MAX_IMAGE_SIDE), (limits::MAX_IMAGE_SIDE, 1)] {
            let image = Rgb8::new(width, height, vec![77; (width * height * 3) as usize]).unwrap();
            let whole = Preprocessing { whole_first: true, ..preprocessing(Some(288), false) };
            for preprocessing in [preprocessing(Some(224), true), preprocessing(None, false), whole]
            {
                let views = preprocessing.views(&image, ViewCount::Five).unwrap();
                assert!(views.iter().all(|view| view.pixels().iter().all(|&value| value == 77)));
            }
        }
    }

    #[test]
    fn the_tensor_follows_its_formula() {
        let preprocessing = preprocessing(None, false);
        let values: Vec<u8> = (0..224 * 224 * 3).map(|i| (i * 7 % 256) as u8).collect();
        let view = Rgb8::new(224, 224, values.clone()).unwrap();
        let tensor = preprocessing.tensor(&[view.clone(), view]);
        assert_eq!(tensor.len(), 2 * 3 * 224 * 224);
        for (index, &value) in tensor.iter().enumerate() {
            let (channel, pixel) = (index / (224 * 224) % 3, index % (224 * 224));
            let (mean, std) =
                (f64::from(preprocessing.mean[channel]), f64::from(preprocessing.std[channel]));
            let expected = (f64::from(values[pixel * 3 + channel]) / 255.0 - mean) / std;
            assert!(
                (f64::from(value) - expected).abs() <= 1e-6,
                "{index}: {value} instead of {expected}"
            );
        }
    }

    #[test]
    fn senseless_values_are_refused_by_name() {
        let valid = preprocessing(Some(224), true);
        valid.validate().unwrap();
        let wrong = [
            (Preprocessing { crop: 0, ..valid.clone() }, "crop"),
            (Preprocessing { crop: 100_000, ..valid.clone() }, "crop"),
            (Preprocessing { resize_short_side: Some(223), ..valid.clone() }, "resize_short_side"),
            (
                Preprocessing { resize_short_side: Some(u32::MAX), ..valid.clone() },
                "resize_short_side",
            ),
            (Preprocessing { mean: [0.0, f32::NAN, 0.0], ..valid.clone() }, "mean"),
            (Preprocessing { std: [1.0, 0.0, 1.0], ..valid.clone() }, "std"),
            (Preprocessing { std: [1.0, f32::INFINITY, 1.0], ..valid }, "std"),
        ];
        let image = Rgb8::new(1, 1, vec![0; 3]).unwrap();
        for (preprocessing, field) in wrong {
            let error = preprocessing.validate().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.message().contains(field), "{error}");
            assert!(preprocessing.views(&image, ViewCount::One).is_err());
        }
    }

    #[test]
    fn only_one_and_five_views_exist() {
        assert_eq!(ViewCount::try_from(1).unwrap(), ViewCount::One);
        assert_eq!(ViewCount::try_from(5).unwrap(), ViewCount::Five);
        for count in [0, 2, 4, 6, usize::MAX] {
            assert_eq!(ViewCount::try_from(count).unwrap_err().kind(), ErrorKind::Argument);
        }
    }

    #[test]
    fn reads_its_manifest_form() {
        let json = r#"{
            "resize_short_side": null, "enlarge": false, "filter": "bicubic", "crop": 224,
            "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]
        }"#;
        let read: Preprocessing = serde_json::from_str(json).unwrap();
        assert_eq!(read.resize_short_side, None);
        let again: Preprocessing =
            serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        assert!(
            serde_json::from_str::<Preprocessing>(&json.replace("enlarge", "enlrage")).is_err()
        );
        assert_eq!(serde_json::to_string(&ViewCount::Five).unwrap(), "\"five\"");
    }
}
