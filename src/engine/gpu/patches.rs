//! Pixels rearranged into the rows of the patch embedding.

use half::f16;

use super::kernels::{RowFormat, stride};
use crate::clip::VisionConfig;

/// Values of a patch: channel, y, x, like the kernels of published files.
pub(super) fn patch_values(config: &VisionConfig) -> usize {
    3 * config.patch_size * config.patch_size
}

/// Writes the patches of normalised `pixels`, `[batch, 3, image_size, image_size]`, as rows
/// `[batch, tokens, values]`. The class token's row is zero, so that the product leaves it to the
/// table that is added.
pub(super) fn write_patches(
    pixels: &[f32],
    config: &VisionConfig,
    rows: RowFormat,
    words: &mut Vec<u32>,
) {
    let VisionConfig { image_size: side, patch_size: patch, .. } = *config;
    let grid = config.grid();
    let mut row = vec![0.0_f32; stride(patch_values(config))];
    words.clear();
    for image in pixels.chunks_exact(3 * side * side) {
        row.fill(0.0);
        push_row(&row, rows, words);
        for (y, x) in (0..grid).flat_map(|y| (0..grid).map(move |x| (y, x))) {
            let mut to = row.chunks_exact_mut(patch);
            for channel in image.chunks_exact(side * side) {
                let lines = channel.chunks_exact(side).skip(y * patch).take(patch);
                for (line, to) in lines.zip(&mut to) {
                    to.copy_from_slice(&line[x * patch..][..patch]);
                }
            }
            push_row(&row, rows, words);
        }
    }
}

fn push_row(row: &[f32], rows: RowFormat, words: &mut Vec<u32>) {
    match rows {
        RowFormat::F32 => words.extend(row.iter().map(|value| value.to_bits())),
        RowFormat::Half => words.extend(row.as_chunks::<2>().0.iter().map(|[low, high]| {
            u32::from(f16::from_f32(*low).to_bits())
                | u32::from(f16::from_f32(*high).to_bits()) << 16
        })),
        RowFormat::Packed => {
            words.extend(row.as_chunks::<2>().0.iter().map(|[low, high]| pack(*low, *high)))
        }
    }
}

/// The `pack` of `common.wgsl`.
fn pack(low: f32, high: f32) -> u32 {
    low.to_bits().wrapping_add(0x8000) >> 16 | high.to_bits().wrapping_add(0x8000) & 0xffff_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_follow_a_row_for_the_class_token() {
        let config =
            VisionConfig { image_size: 4, patch_size: 2, ..VisionConfig::vit_tiny_patch16_224() };
        let pixels: Vec<f32> = (0..96_u8).map(f32::from).collect();
        let mut words = Vec::new();
        write_patches(&pixels, &config, RowFormat::F32, &mut words);
        assert_eq!(words.len(), 2 * 5 * 32);
        let row = |index: usize| {
            words[index * 32..][..32].iter().map(|bits| f32::from_bits(*bits)).collect::<Vec<_>>()
        };
        assert_eq!(row(0), [0.0; 32]);
        // The patch at the right of the first line.
        assert_eq!(
            row(2)[..12],
            [2.0, 3.0, 6.0, 7.0, 18.0, 19.0, 22.0, 23.0, 34.0, 35.0, 38.0, 39.0]
        );
        assert_eq!(row(2)[12..], [0.0; 20]);
        assert_eq!(row(6)[..2], [48.0, 49.0]);
        let mut packed = Vec::new();
        write_patches(&pixels, &config, RowFormat::Packed, &mut packed);
        assert_eq!(packed[2 * 16], pack(2.0, 3.0));
        assert_eq!(f32::from_bits(packed[2 * 16] << 16), 2.0);
        write_patches(&pixels, &config, RowFormat::Half, &mut packed);
        assert_eq!(packed.len(), 2 * 5 * 16);
        assert_eq!(packed[2 * 16].to_le_bytes(), [0x00, 0x40, 0x00, 0x42]);
    }
}
