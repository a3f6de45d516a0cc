//! Perturbations that put an image on a larger canvas.

use clipsight::Result;
use clipsight::image::{Filter, Rgb8, Window, resize, resize_window};

use super::check;

/// Four images in two rows and two columns, each reduced or enlarged until it covers a cell of
/// `width` x `height` pixels, its middle shown.
///
/// # Errors
/// [`ErrorKind::Argument`](clipsight::ErrorKind::Argument) for a cell without pixels.
pub fn collage(images: [&Rgb8; 4], width: u32, height: u32) -> Result<Rgb8> {
    let [upper_left, upper_right, lower_left, lower_right] =
        images.map(|image| covering(image, width, height));
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 12);
    for (left, right) in [(upper_left?, upper_right?), (lower_left?, lower_right?)] {
        for (left, right) in left.rows().zip(right.rows()) {
            pixels.extend_from_slice(left);
            pixels.extend_from_slice(right);
        }
    }
    Rgb8::new(2 * width, 2 * height, pixels)
}

/// The middle of `image` in the size that just covers `width` x `height`.
fn covering(image: &Rgb8, width: u32, height: u32) -> Result<Rgb8> {
    let factor = (f64::from(width) / f64::from(image.width()))
        .max(f64::from(height) / f64::from(image.height()));
    let side = |of: u32, least: u32| ((f64::from(of) * factor).round() as u32).max(least);
    let size = (side(image.width(), width), side(image.height(), height));
    let window = Window { x: (size.0 - width) / 2, y: (size.1 - height) / 2, width, height };
    resize_window(image, size, window, Filter::Bicubic)
}

/// The image in the middle of a black canvas with sides of `columns` to `lines`: bars at two of its
/// sides. One that is larger than the canvas may be is reduced to fit.
///
/// # Errors
/// [`ErrorKind::Argument`](clipsight::ErrorKind::Argument) for a canvas without pixels.
pub fn letterbox(image: &Rgb8, (columns, lines): (u32, u32), max_width: u32) -> Result<Rgb8> {
    check(columns > 0 && lines > 0 && max_width > 0, "the canvas has no pixels")?;
    let max_height = (u64::from(max_width) * u64::from(lines) / u64::from(columns)) as u32;
    let factor = (f64::from(max_width) / f64::from(image.width()))
        .min(f64::from(max_height) / f64::from(image.height()));
    let fitted = if factor < 1.0 {
        let side = |of: u32| ((f64::from(of) * factor).round() as u32).max(1);
        &resize(image, side(image.width()), side(image.height()), Filter::Bicubic)?
    } else {
        image
    };
    let share = |of: u32, numerator: u32, denominator: u32| {
        (u64::from(of) * u64::from(numerator)).div_ceil(u64::from(denominator)) as u32
    };
    let width = fitted.width().max(share(fitted.height(), columns, lines));
    let height = fitted.height().max(share(fitted.width(), lines, columns));
    let (left, top) = ((width - fitted.width()) / 2, (height - fitted.height()) / 2);
    let stride = width as usize * 3;
    let mut pixels = vec![0; stride * height as usize];
    for (row, line) in fitted.rows().zip(pixels.chunks_exact_mut(stride).skip(top as usize)) {
        line[left as usize * 3..][..row.len()].copy_from_slice(row);
    }
    Rgb8::new(width, height, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32, value: u8) -> Rgb8 {
        Rgb8::new(width, height, vec![value; (width * height * 3) as usize]).unwrap()
    }

    #[test]
    fn every_image_fills_its_quarter() {
        let images = [plain(8, 6, 10), plain(3, 50, 20), plain(100, 5, 30), plain(1, 1, 40)];
        let collage = collage(images.each_ref(), 8, 6).unwrap();
        assert_eq!((collage.width(), collage.height()), (16, 12));
        for (x, y, value) in [(0, 0, 10), (8, 0, 20), (0, 6, 30), (8, 6, 40)] {
            assert_eq!(collage.crop(x, y, 8, 6).unwrap(), plain(8, 6, value));
        }
        assert!(super::collage(images.each_ref(), 0, 6).is_err());
    }

    #[test]
    fn a_cell_shows_the_middle_of_what_covers_it() {
        // Three squares side by side; a square cell shows the middle one.
        let pixels =
            (0..12).flat_map(|_| (0..36).flat_map(|x| [[0_u8, 90, 200][x / 12]; 3])).collect();
        let wide = Rgb8::new(36, 12, pixels).unwrap();
        assert_eq!(covering(&wide, 12, 12).unwrap(), plain(12, 12, 90));
    }

    #[test]
    fn bars_stand_where_the_canvas_is_longer() {
        let square = letterbox(&plain(90, 90, 7), (16, 9), 1920).unwrap();
        assert_eq!((square.width(), square.height()), (160, 90));
        assert_eq!(square.crop(35, 0, 90, 90).unwrap(), plain(90, 90, 7));
        assert_eq!(square.crop(0, 0, 35, 90).unwrap(), plain(35, 90, 0));
        let wide = letterbox(&plain(320, 100, 7), (16, 9), 1920).unwrap();
        assert_eq!((wide.width(), wide.height()), (320, 180));
        assert_eq!(wide.crop(0, 40, 320, 100).unwrap(), plain(320, 100, 7));
        // As it is where it has these sides; reduced to the screen where it is larger.
        assert_eq!(letterbox(&plain(160, 90, 7), (16, 9), 1920).unwrap(), plain(160, 90, 7));
        let screen = letterbox(&plain(400, 400, 7), (16, 9), 160).unwrap();
        assert_eq!((screen.width(), screen.height()), (160, 90));
        assert!(letterbox(&plain(4, 4, 7), (16, 0), 160).is_err());
    }
}
