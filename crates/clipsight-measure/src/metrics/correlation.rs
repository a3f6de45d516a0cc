//! How well predictions follow measured scores: the three coefficients of image quality assessment.

/// Pearson's linear correlation (PLCC), on the values as they are: no logistic curve is fitted
/// first.
///
/// `None` when the lists differ in length, hold fewer than two values, or one of them does not
/// vary.
#[must_use]
pub fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        both += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    // Rounding leaves a trace of variance in values that are all equal.
    let varies = |sum: f64, mean: f64| sum > 1e-24 * mean * mean * a.len() as f64 && sum > 0.0;
    if !varies(of_a, mean_a) || !varies(of_b, mean_b) {
        return None;
    }
    Some((both / (of_a.sqrt() * of_b.sqrt())).clamp(-1.0, 1.0))
}

/// Spearman's rank correlation (SRCC): Pearson's of the ranks, equal values sharing the mean of
/// theirs.
///
/// `None` as for [`pearson`].
#[must_use]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    pearson(&ranks(a), &ranks(b))
}

/// Kendall's rank correlation (KRCC), tau-b, which allows for ties (Kendall 1945; scipy's default).
///
/// `None` as for [`pearson`]. Takes time in the square of the number of values.
#[must_use]
pub fn kendall(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let (mut score, mut of_a, mut of_b) = (0_i64, 0_i64, 0_i64);
    for i in 0..a.len() {
        for j in 0..i {
            let sign = |values: &[f64]| {
                values[i].total_cmp(&values[j]) as i64 * i64::from(values[i] != values[j])
            };
            let (a, b) = (sign(a), sign(b));
            score += a * b;
            of_a += a * a;
            of_b += b * b;
        }
    }
    if of_a == 0 || of_b == 0 {
        return None;
    }
    Some(score as f64 / ((of_a as f64).sqrt() * (of_b as f64).sqrt()))
}

/// The rank of every value, from 1; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let shared = before as f64 + (tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|index| ranks[*index] = shared);
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17: `spearmanr`, `kendalltau`, `pearsonr`.
    #[test]
    fn equal_scipys() {
        let a = [1.0, 2.0, 2.0, 3.0, 5.0, 4.0, 4.5, 7.0];
        let b = [2.0, 1.0, 3.0, 3.0, 6.0, 6.0, 4.0, 8.0];
        let close =
            |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-12);
        close(spearman(&a, &b), 0.903_046_888_065_760_6);
        close(kendall(&a, &b), 0.792_593_923_901_217_1);
        close(pearson(&a, &b), 0.913_392_950_122_541_1);
        let falling: Vec<f64> = a.iter().map(|value| -value).collect();
        close(spearman(&a, &falling), -1.0);
        close(kendall(&a, &falling), -1.0);
    }

    #[test]
    fn undefined_is_none() {
        for measure in [pearson, spearman, kendall] {
            assert_eq!(measure(&[1.0], &[2.0]), None);
            assert_eq!(measure(&[], &[]), None);
            assert_eq!(measure(&[1.0, 2.0], &[2.0]), None);
            assert_eq!(measure(&[0.1, 0.1, 0.1], &[1.0, 2.0, 3.0]), None);
        }
    }
}
