//! What saving as JPEG does to pixels, without writing the file: entropy coding loses nothing, so
//! colours, sampling and quantisation are all there is to it (ITU-T T.81, and libjpeg's tables and
//! scale of quality).

use super::super::rgb8::Rgb8;
use crate::error::Result;

/// Samples of a block's side.
const SIDE: usize = 8;

/// The quantisation tables of T.81, Annex K, in rows.
const LUMINANCE: [u16; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMINANCE: [u16; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// The image saved with this quality, 1 to 100, and 4:2:0 sampling, and read again.
pub(super) fn round_trip(image: &Rgb8, quality: u8) -> Result<Rgb8> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut luma = Plane::new(width, height);
    let mut blue = Plane::new(width.div_ceil(2), height.div_ceil(2));
    let mut red = Plane::new(blue.width, blue.height);
    for (y, row) in image.rows().enumerate() {
        let to = &mut luma.samples[y * width..][..width];
        for (to, pixel) in to.iter_mut().zip(row.chunks_exact(3)) {
            *to = brightness(pixel);
        }
    }
    for y in 0..blue.height {
        let rows = [image.row(2 * y), image.row((2 * y + 1).min(height - 1))];
        for x in 0..blue.width {
            let (cb, cr) = chroma(rows, x, width);
            blue.samples[y * blue.width + x] = cb;
            red.samples[y * red.width + x] = cr;
        }
    }
    let cosines = cosines();
    luma.quantise(&scaled(&LUMINANCE, quality), &cosines);
    for plane in [&mut blue, &mut red] {
        plane.quantise(&scaled(&CHROMINANCE, quality), &cosines);
    }
    let mut pixels = Vec::with_capacity(width * height * 3);
    let mut wide = [vec![0; width], vec![0; width]];
    for y in 0..height {
        blue.upsampled_row(y, &mut wide[0]);
        red.upsampled_row(y, &mut wide[1]);
        let luma = &luma.samples[y * width..][..width];
        for ((luma, blue), red) in luma.iter().zip(&wide[0]).zip(&wide[1]) {
            pixels.extend(rgb(*luma, *blue, *red));
        }
    }
    Rgb8::new(image.width(), image.height(), pixels)
}

/// libjpeg's scale of quality, for tables of 8 bits.
fn scaled(table: &[u16; 64], quality: u8) -> [f32; 64] {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    table.map(|step| ((u32::from(step) * percent + 50) / 100).clamp(1, 255) as f32)
}

/// Rec. 601 luma in 16-bit fixed point, as Pillow and libjpeg have it.
pub(super) fn brightness(pixel: &[u8]) -> u8 {
    let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    ((19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16) as u8
}

/// Cb and Cr of the square of four pixels at `2 x`, the last column repeated.
fn chroma(rows: [&[u8]; 2], x: usize, width: usize) -> (u8, u8) {
    let mut sum = [0_u32; 3];
    for row in rows {
        for column in [2 * x, (2 * x + 1).min(width - 1)] {
            for (sum, sample) in sum.iter_mut().zip(&row[column * 3..][..3]) {
                *sum += u32::from(*sample);
            }
        }
    }
    let [r, g, b] = sum.map(|sum| sum as f32 / 4.0);
    let cb = 128.0 - 0.168_735_9 * r - 0.331_264_1 * g + 0.5 * b;
    let cr = 128.0 + 0.5 * r - 0.418_687_6 * g - 0.081_312_4 * b;
    (level(cb), level(cr))
}

fn rgb(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    let [luma, blue, red] = [luma, blue, red].map(f32::from);
    let (blue, red) = (blue - 128.0, red - 128.0);
    [
        level(luma + 1.402 * red),
        level(luma - 0.344_136_3 * blue - 0.714_136_3 * red),
        level(luma + 1.772 * blue),
    ]
}

fn level(value: f32) -> u8 {
    // Saturates.
    (value + 0.5) as u8
}

/// The cosines of the transform: `[frequency][sample]`, orthonormal.
fn cosines() -> [[f32; SIDE]; SIDE] {
    let mut table = [[0.0; SIDE]; SIDE];
    for (frequency, row) in table.iter_mut().enumerate() {
        let scale = if frequency == 0 { 0.125_f32.sqrt() } else { 0.5 };
        for (sample, value) in row.iter_mut().enumerate() {
            let angle = std::f32::consts::PI * ((2 * sample + 1) * frequency) as f32 / 16.0;
            *value = scale * angle.cos();
        }
    }
    table
}

/// One component's samples.
struct Plane {
    width: usize,
    height: usize,
    samples: Vec<u8>,
}

impl Plane {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, samples: vec![0; width * height] }
    }

    /// Every block transformed, rounded to its steps, and back. Blocks that reach beyond the edge
    /// repeat it.
    fn quantise(&mut self, steps: &[f32; 64], cosines: &[[f32; SIDE]; SIDE]) {
        for top in (0..self.height).step_by(SIDE) {
            for left in (0..self.width).step_by(SIDE) {
                let mut block = [[0.0; SIDE]; SIDE];
                for (y, row) in block.iter_mut().enumerate() {
                    let from = &self.samples[(top + y).min(self.height - 1) * self.width..];
                    for (x, value) in row.iter_mut().enumerate() {
                        *value = f32::from(from[(left + x).min(self.width - 1)]) - 128.0;
                    }
                }
                let mut levels = transform(&transform(&block, cosines), cosines);
                for (row, steps) in levels.iter_mut().zip(steps.chunks_exact(SIDE)) {
                    for (level, step) in row.iter_mut().zip(steps) {
                        *level = (*level / step).round() * step;
                    }
                }
                let block = inverse(&inverse(&levels, cosines), cosines);
                for (y, row) in block.iter().enumerate().take(self.height - top) {
                    let to = &mut self.samples[(top + y) * self.width + left..];
                    for (to, value) in to.iter_mut().zip(row).take(self.width - left) {
                        *to = level(value + 128.0);
                    }
                }
            }
        }
    }

    /// The row `y` of twice the size, between the samples three quarters of the nearer one:
    /// libjpeg's "fancy upsampling".
    fn upsampled_row(&self, y: usize, to: &mut [u8]) {
        let row = |y: usize| &self.samples[y.min(self.height - 1) * self.width..][..self.width];
        let near = row(y / 2);
        let far = row(if y.is_multiple_of(2) { (y / 2).saturating_sub(1) } else { y / 2 + 1 });
        let column = |x: usize| {
            let x = x.min(self.width - 1);
            3 * u32::from(near[x]) + u32::from(far[x])
        };
        for (x, to) in to.iter_mut().enumerate() {
            let beside = if x.is_multiple_of(2) { (x / 2).saturating_sub(1) } else { x / 2 + 1 };
            // As libjpeg rounds: alternately, so that the mean does not move.
            let half = if x.is_multiple_of(2) { 8 } else { 7 };
            *to = ((3 * column(x / 2) + column(beside) + half) >> 4) as u8;
        }
    }
}

/// The rows of `block` transformed, and the block turned: twice is the transform in both
/// directions.
fn transform(block: &[[f32; SIDE]; SIDE], cosines: &[[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    let mut out = [[0.0; SIDE]; SIDE];
    for (frequency, cosines) in cosines.iter().enumerate() {
        for (to, row) in out[frequency].iter_mut().zip(block) {
            *to = row.iter().zip(cosines).map(|(sample, cosine)| sample * cosine).sum();
        }
    }
    out
}

/// The way back: as [`transform`], with the cosines the other way around.
fn inverse(block: &[[f32; SIDE]; SIDE], cosines: &[[f32; SIDE]; SIDE]) -> [[f32; SIDE]; SIDE] {
    let mut out = [[0.0; SIDE]; SIDE];
    for (sample, out) in out.iter_mut().enumerate() {
        for (to, row) in out.iter_mut().zip(block) {
            *to = row.iter().zip(cosines).map(|(level, cosines)| level * cosines[sample]).sum();
        }
    }
    out
}
