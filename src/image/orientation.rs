//! EXIF orientation: turning stored pixels upright.

use super::directory::File;
use super::rgb8::Rgb8;
use crate::error::Result;

/// The orientation an EXIF block names, 1 to 8; 1 where it names none that exists.
///
/// `exif` starts at its TIFF header; an `Exif\0\0` before that is skipped, as some writers of PNG
/// and WebP leave it.
pub(super) fn of_exif(exif: &[u8]) -> u8 {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let first = File::read(exif).and_then(|file| file.directories().next());
    first.and_then(|directory| directory.orientation()).unwrap_or(1)
}

/// The image stored as `orientation` says, upright.
///
/// Orientation 1 is upright; 2 mirrored; 3 turned by 180 degrees; 4 mirrored upside down; 5
/// mirrored along the main diagonal; 6 to be turned right; 7 mirrored along the other diagonal; 8
/// to be turned left (EXIF 2.32, 4.6.4).
pub(super) fn upright(image: Rgb8, orientation: u8) -> Result<Rgb8> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    if !(2..=8).contains(&orientation) {
        return Ok(image);
    }
    if orientation <= 4 {
        let (stored_width, stored_height) = (image.width(), image.height());
        let mut pixels = image.into_pixels();
        if orientation != 2 {
            // Rows from bottom to top; with 3, each is mirrored below as well.
            let stride = width * 3;
            for row in 0..height / 2 {
                let (upper, lower) = pixels.split_at_mut((height - 1 - row) * stride);
                upper[row * stride..(row + 1) * stride].swap_with_slice(&mut lower[..stride]);
            }
        }
        if orientation != 4 {
            for row in pixels.chunks_exact_mut(width * 3) {
                row.as_chunks_mut::<3>().0.reverse();
            }
        }
        return Rgb8::new(stored_width, stored_height, pixels);
    }
    let source = image.pixels().as_chunks::<3>().0;
    let mut pixels = Vec::with_capacity(source.len() * 3);
    for y in 0..width {
        let x = if matches!(orientation, 5 | 6) { y } else { width - 1 - y };
        for row in 0..height {
            let row = if matches!(orientation, 5 | 8) { row } else { height - 1 - row };
            pixels.extend_from_slice(&source[row * width + x]);
        }
    }
    Rgb8::new(image.height(), image.width(), pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The letters of a grid of 3 x 2 pixels after turning it upright.
    fn turned(orientation: u8) -> (u32, String) {
        let pixels = b"abcdef".iter().flat_map(|&letter| [letter; 3]).collect();
        let image = upright(Rgb8::new(3, 2, pixels).unwrap(), orientation).unwrap();
        (
            image.width(),
            image.pixels().iter().step_by(3).map(|&letter| char::from(letter)).collect(),
        )
    }

    #[test]
    fn all_eight_orientations() {
        let expected = [
            (1, 3, "abcdef"),
            (2, 3, "cbafed"),
            (3, 3, "fedcba"),
            (4, 3, "defabc"),
            (5, 2, "adbecf"),
            (6, 2, "daebfc"),
            (7, 2, "fcebda"),
            (8, 2, "cfbead"),
        ];
        for (orientation, width, letters) in expected {
            assert_eq!(
                turned(orientation),
                (width, letters.to_owned()),
                "orientation {orientation}"
            );
        }
    }

    #[test]
    fn orientations_that_do_not_exist_change_nothing() {
        for orientation in [0, 9, 255] {
            assert_eq!(turned(orientation).1, "abcdef");
        }
    }

    #[test]
    fn damaged_exif_means_upright() {
        for exif in [
            &b""[..],
            b"Exif\0\0",
            b"II*\0\x08\0\0\0",
            b"II*\0\xFF\xFF\xFF\xFF\x01\0",
            b"hello, world",
        ] {
            assert_eq!(of_exif(exif), 1);
        }
    }
}
