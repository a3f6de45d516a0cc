//! How evenly a cloud of vectors uses its space.

use clipsight_measure::fit::FeatureMatrix;

/// The mean cosine between two different rows: near 1 when all embeddings lie in a narrow cone
/// (Ethayarajh 2019, arXiv 1909.00512). Over all pairs, not a sample of them. `None` for fewer than
/// two rows that have a direction.
#[must_use]
pub fn average_cosine(features: &FeatureMatrix) -> Option<f64> {
    let mut sum = vec![0.0; features.width];
    let mut count = 0.0;
    for row in (0..features.rows()).map(|row| features.row(row)) {
        let norm = row.iter().map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt();
        if norm > 0.0 {
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value.to_f64() / norm);
            count += 1.0;
        }
    }
    // |sum of unit vectors|^2 counts every pair twice and every vector with itself.
    let squared: f64 = sum.iter().map(|value| value * value).sum();
    (count > 1.0).then(|| (squared - count) / (count * (count - 1.0)))
}

/// IsoScore (Rudman et al. 2022, arXiv 2108.07344): 1 where the variance is the same in all
/// directions, 0 where there is one direction only, `(k - 1) / (n - 1)` where k of n dimensions are
/// used evenly.
///
/// With the covariance C of n dimensions, the paper's seven steps come down to
/// `(tr(C)^2 / |C|^2 - 1) / (n - 1)`: the eigenvalues enter by their sum and their norm only.
/// `None` where nothing varies or for one dimension.
#[must_use]
pub fn iso_score(features: &FeatureMatrix) -> Option<f64> {
    let (rows, width) = (features.rows(), features.width);
    if rows < 2 || width < 2 {
        return None;
    }
    let mut mean = vec![0.0; width];
    for row in (0..rows).map(|row| features.row(row)) {
        mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value.to_f64() / rows as f64);
    }
    let mut covariance = vec![0.0; width * width];
    for row in (0..rows).map(|row| features.row(row)) {
        let centred: Vec<f64> =
            row.iter().zip(&mean).map(|(value, mean)| value.to_f64() - mean).collect();
        for (line, left) in covariance.chunks_exact_mut(width).zip(&centred) {
            line.iter_mut().zip(&centred).for_each(|(sum, right)| *sum += left * right);
        }
    }
    let trace: f64 = covariance.iter().step_by(width + 1).sum();
    let squared: f64 = covariance.iter().map(|value| value * value).sum();
    (squared > 0.0).then(|| (trace * trace / squared - 1.0) / (width as f64 - 1.0))
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;

    fn matrix(width: usize, values: &[f32]) -> FeatureMatrix {
        FeatureMatrix { data: values.iter().map(|value| f16::from_f32(*value)).collect(), width }
    }

    #[test]
    fn cosines_by_hand() {
        // The pairs' cosines: 0, -1, 0.
        let three = matrix(2, &[2.0, 0.0, 0.0, 1.0, -3.0, 0.0, 0.0, 0.0]);
        assert!((average_cosine(&three).unwrap() + 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(average_cosine(&matrix(2, &[1.0, 1.0])), None);
    }

    #[test]
    fn isoscore_counts_the_dimensions_used() {
        // Plus and minus each axis: the same variance everywhere.
        let axes = |used: usize| {
            let mut values = Vec::new();
            for axis in 0..used {
                for sign in [1.0, -1.0] {
                    let mut row = [0.5; 4];
                    row[axis] += sign;
                    values.extend(row);
                }
            }
            matrix(4, &values)
        };
        for used in 1..=4 {
            let expected = (used as f64 - 1.0) / 3.0;
            assert!((iso_score(&axes(used)).unwrap() - expected).abs() < 1e-9, "{used} dimensions");
        }
        assert_eq!(iso_score(&matrix(2, &[1.0, 2.0, 1.0, 2.0])), None);
    }
}
