//! Which part of the coded picture is shown, and how it is turned.

use crate::boxes::damaged;
use crate::error::Result;

/// What is to be done with a decoded picture, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transform {
    /// Turns by so many quarters, anticlockwise.
    Rotate(u8),
    FlipVertically,
    FlipHorizontally,
    /// The clean aperture (ISO/IEC 14496-12, 12.1.4): width, height, and the centre's distance from
    /// the picture's, horizontally and vertically; each a numerator and a denominator.
    Crop([u32; 8]),
}

/// A part of the coded picture, and what turns it upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placement {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// As EXIF's, 1 to 8.
    pub(crate) orientation: u8,
}

/// Where a point goes, seen from the centre, y downwards: `(a x + b y, c x + d y)`.
type Matrix = [i64; 4];

impl Placement {
    /// What transforms of a picture of `width` x `height` come to.
    pub(crate) fn of(width: u32, height: u32, transforms: &[Transform]) -> Result<Self> {
        let mut placement = Self { left: 0, top: 0, width, height, orientation: 1 };
        let mut turn: Matrix = [1, 0, 0, 1];
        for transform in transforms {
            let step: Matrix = match *transform {
                Transform::Rotate(0) => continue,
                Transform::Rotate(1) => [0, 1, -1, 0],
                Transform::Rotate(2) => [-1, 0, 0, -1],
                Transform::Rotate(_) => [0, -1, 1, 0],
                Transform::FlipVertically => [1, 0, 0, -1],
                Transform::FlipHorizontally => [-1, 0, 0, 1],
                Transform::Crop(values) => {
                    placement.crop(turn, &values)?;
                    continue;
                }
            };
            let ([a, b, c, d], [e, f, g, h]) = (step, turn);
            turn = [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
        }
        placement.orientation = match turn {
            [-1, 0, 0, 1] => 2,
            [-1, 0, 0, -1] => 3,
            [1, 0, 0, -1] => 4,
            [0, 1, 1, 0] => 5,
            [0, -1, 1, 0] => 6,
            [0, -1, -1, 0] => 7,
            [0, 1, -1, 0] => 8,
            _ => 1,
        };
        Ok(placement)
    }

    /// Crops what is shown so far, after it was turned.
    fn crop(&mut self, [a, b, c, d]: Matrix, values: &[u32; 8]) -> Result<()> {
        let wrong = || damaged("the part of the picture to be shown");
        let turned = a == 0;
        let (width, height) = (i64::from(self.width), i64::from(self.height));
        let (shown_width, shown_height) = if turned { (height, width) } else { (width, height) };
        let side = |at: usize| match (values[at], values[at + 1]) {
            (_, 0) => Err(wrong()),
            // Whole pixels: a part of one is not shown.
            (over, under) => Ok(i64::from(over / under)),
        };
        // Twice the distance, rounded: sides of odd length have their centre between pixels.
        let offset = |at: usize| match (values[at] as i32, values[at + 1]) {
            (_, 0) => Err(wrong()),
            (over, under) => {
                Ok((4 * i64::from(over) + i64::from(under)).div_euclid(2 * i64::from(under)))
            }
        };
        let (crop_width, crop_height) = (side(0)?, side(2)?);
        let place = |offset: i64, whole: i64, part: i64| {
            let start = (offset + whole - part).div_euclid(2);
            (part > 0 && start >= 0 && start + part <= whole).then_some(2 * start + part - whole)
        };
        let x = place(offset(4)?, shown_width, crop_width).ok_or_else(wrong)?;
        let y = place(offset(6)?, shown_height, crop_height).ok_or_else(wrong)?;
        // Back to the coded picture; the inverse of a turn is its transpose.
        let (x, y) = (a * x + c * y, b * x + d * y);
        let (new_width, new_height) =
            if turned { (crop_height, crop_width) } else { (crop_width, crop_height) };
        let start = |offset: i64, whole: i64, part: i64| ((offset + whole - part) / 2) as u32;
        self.left += start(x, width, new_width);
        self.top += start(y, height, new_height);
        (self.width, self.height) = (new_width as u32, new_height as u32);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(transforms: &[Transform]) -> Placement {
        Placement::of(7, 5, transforms).unwrap()
    }

    #[test]
    fn turns_and_flips_add_up() {
        use Transform::{FlipHorizontally, FlipVertically, Rotate};
        for (transforms, orientation) in [
            (&[][..], 1),
            (&[FlipHorizontally], 2),
            (&[Rotate(2)], 3),
            (&[FlipVertically], 4),
            // To the left, then upside down: the main diagonal's mirror image.
            (&[Rotate(1), FlipVertically], 5),
            (&[Rotate(3)], 6),
            (&[Rotate(1), FlipHorizontally], 7),
            (&[Rotate(1)], 8),
            (&[Rotate(1), Rotate(1), Rotate(2)], 1),
            (&[FlipVertically, FlipHorizontally], 3),
        ] {
            assert_eq!(of(transforms).orientation, orientation, "{transforms:?}");
        }
    }

    #[test]
    fn crops_are_of_whats_shown() {
        let crop = |width, height, x: i32, y: i32| {
            Transform::Crop([width, 1, height, 1, x as u32, 2, y as u32, 2])
        };
        // 3 x 2 pixels, the centre 1 to the left and .5 down.
        let Placement { left, top, width, height, .. } = of(&[crop(3, 2, -2, 1)]);
        assert_eq!((left, top, width, height), (1, 2, 3, 2));
        // Turned to the left, the picture is 5 x 7; its top right corner is the coded one's bottom
        // right.
        let Placement { left, top, width, height, orientation } =
            of(&[Transform::Rotate(1), crop(2, 3, 3, -4)]);
        assert_eq!((left, top, width, height, orientation), (4, 3, 3, 2, 8));
        // A crop of a crop.
        let Placement { left, top, width, height, .. } = of(&[crop(5, 3, 0, 0), crop(1, 1, 4, -2)]);
        assert_eq!((left, top, width, height), (5, 1, 1, 1));
    }

    #[test]
    fn crops_stay_inside() {
        for values in [
            [8, 1, 5, 1, 0, 1, 0, 1],
            [0, 1, 5, 1, 0, 1, 0, 1],
            [7, 0, 5, 1, 0, 1, 0, 1],
            [7, 1, 5, 1, 0, 0, 0, 1],
            [3, 1, 3, 1, 9, 1, 0, 1],
            [u32::MAX, 1, u32::MAX, 1, u32::MAX, 1, i32::MIN as u32, 1],
        ] {
            assert!(Placement::of(7, 5, &[Transform::Crop(values)]).is_err(), "{values:?}");
        }
    }
}
