//! JPEG files of random scenes: something to decode, the same on every machine.

use std::path::PathBuf;

use clipsight::image::Rgb8;
use clipsight::rng::Rng;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::write_file;

/// Arguments of `bench images`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Number of images
    #[arg(long, default_value_t = 16)]
    count: u32,
    /// Width in pixels
    #[arg(long, default_value_t = 1024)]
    width: u16,
    /// Height in pixels
    #[arg(long, default_value_t = 768)]
    height: u16,
    /// JPEG quality, 1 to 100
    #[arg(long, default_value_t = 90)]
    quality: u8,
    /// Seed of the scenes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the files, named 00.jpg and so on
    out: PathBuf,
}

/// Discs in a scene.
const DISCS: usize = 40;

/// Range of the grain laid over a scene: photographs compress badly because of it.
const GRAIN: u32 = 14;

/// Writes the files.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn run(args: &Args) -> Result<()> {
    let cannot = |error: &dyn std::fmt::Display| {
        Error::new(
            ErrorKind::Io,
            format!("the images cannot be written to {}: {error}", args.out.display()),
        )
    };
    std::fs::create_dir_all(&args.out).map_err(|error| cannot(&error))?;
    let mut rng = Rng::new(args.seed);
    for index in 0..args.count {
        let image = scene(u32::from(args.width), u32::from(args.height), &mut rng)?;
        let mut bytes = Vec::new();
        jpeg_encoder::Encoder::new(&mut bytes, args.quality)
            .encode(image.pixels(), args.width, args.height, jpeg_encoder::ColorType::Rgb)
            .map_err(|error| cannot(&error))?;
        write_file(&args.out.join(format!("{index:02}.jpg")), &bytes)?;
    }
    Ok(())
}

/// A disc of one colour.
struct Disc {
    x: f64,
    y: f64,
    radius: f64,
    colour: [f64; 3],
}

/// A gradient, discs over it, grain over all.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255")]
fn scene(width: u32, height: u32, rng: &mut Rng) -> Result<Rgb8> {
    let colour = |rng: &mut Rng| [0; 3].map(|_| rng.between(20.0, 235.0));
    let (top, bottom) = (colour(rng), colour(rng));
    let discs: Vec<Disc> = (0..DISCS)
        .map(|_| Disc {
            x: rng.between(0.0, f64::from(width)),
            y: rng.between(0.0, f64::from(height)),
            radius: rng.between(0.01, 0.2) * f64::from(height),
            colour: colour(rng),
        })
        .collect();
    let mut pixels = Vec::with_capacity(3 * width as usize * height as usize);
    for y in 0..height {
        let down = f64::from(y) / f64::from(height);
        let row: Vec<&Disc> =
            discs.iter().filter(|disc| (f64::from(y) - disc.y).abs() <= disc.radius).collect();
        for x in 0..width {
            let inside =
                |disc: &&&Disc| (f64::from(x) - disc.x).hypot(f64::from(y) - disc.y) <= disc.radius;
            let grain = f64::from(rng.below(GRAIN)) - f64::from(GRAIN) / 2.0;
            let base = row.iter().rev().find(inside).map(|disc| disc.colour);
            for channel in 0..3 {
                let value = base
                    .map_or(top[channel] + (bottom[channel] - top[channel]) * down, |c| c[channel]);
                pixels.push((value + grain).clamp(0.0, 255.0) as u8);
            }
        }
    }
    Rgb8::new(width, height, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_repeat_and_differ() {
        let mut rng = Rng::new(1);
        let (first, second) = (scene(64, 48, &mut rng).unwrap(), scene(64, 48, &mut rng).unwrap());
        assert_eq!(first.pixels(), scene(64, 48, &mut Rng::new(1)).unwrap().pixels());
        assert_ne!(first.pixels(), second.pixels());
    }
}
