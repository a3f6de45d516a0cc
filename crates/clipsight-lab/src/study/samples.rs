//! Labelled rows, drawn and divided.

use clipsight::rng::Rng;
use clipsight_measure::fit::FeatureMatrix;

/// Labelled rows that a linear classifier learns from or is measured on.
#[derive(Clone, Debug)]
pub struct Samples {
    /// One row per image.
    pub features: FeatureMatrix,
    /// 1 for generated, 0 for not.
    pub labels: Vec<f32>,
    /// Positive; their scale does not matter.
    pub weights: Vec<f64>,
}

impl Samples {
    /// The rows for which `keep` holds.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.labels.len()).filter(|row| keep(*row)).collect();
        Self {
            features: FeatureMatrix {
                data: rows.iter().flat_map(|row| self.features.row(*row).iter().copied()).collect(),
                width: self.features.width,
            },
            labels: rows.iter().map(|row| self.labels[*row]).collect(),
            weights: rows.iter().map(|row| self.weights[*row]).collect(),
        }
    }
}

/// `matrix` reduced to some of its columns, in their order.
#[must_use]
pub fn columns(matrix: &FeatureMatrix, kept: &[usize]) -> FeatureMatrix {
    let rows = (0..matrix.rows()).map(|row| matrix.row(row));
    FeatureMatrix {
        data: rows.flat_map(|row| kept.iter().map(|column| row[*column])).collect(),
        width: kept.len(),
    }
}

/// A part (`0..parts`) for every image, such that no generator and no source is in two parts, and
/// each part gets about as many images of each class. Which origins stand together depends on
/// `seed`.
#[must_use]
pub fn disjoint_parts(origins: &[&str], labels: &[f32], parts: usize, seed: u64) -> Vec<usize> {
    let mut sizes = std::collections::BTreeMap::<(bool, &str), usize>::new();
    for (origin, label) in origins.iter().zip(labels) {
        *sizes.entry((*label == 1.0, origin)).or_default() += 1;
    }
    let mut order: Vec<_> = sizes.into_iter().collect();
    shuffle(&mut order, &mut Rng::new(seed));
    let mut filled = [vec![0; parts], vec![0; parts]];
    let mut part_of = std::collections::HashMap::new();
    for (key, size) in order {
        let filled = &mut filled[usize::from(key.0)];
        let part = (0..parts).min_by_key(|part| filled[*part]).unwrap_or(0);
        filled[part] += size;
        part_of.insert(key, part);
    }
    origins.iter().zip(labels).map(|(origin, label)| part_of[&(*label == 1.0, *origin)]).collect()
}

/// A random order of `items` (Fisher and Yates).
pub fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for place in (1..items.len()).rev() {
        let other = rng.below(u32::try_from(place + 1).unwrap_or(u32::MAX)) as usize;
        items.swap(place, other);
    }
}

/// `count` of the numbers below `all`, drawn at random, ascending.
#[must_use]
pub fn draw(all: usize, count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..all).collect();
    shuffle(&mut numbers, rng);
    numbers.truncate(count);
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_no_origin_and_have_both_classes() {
        let origins: Vec<String> = (0..400).map(|i| format!("o{}", i * i % 37)).collect();
        let origins: Vec<&str> = origins.iter().map(String::as_str).collect();
        let labels: Vec<f32> = (0..400).map(|i| f32::from(u8::from(i * i % 37 % 2 == 0))).collect();
        let parts = disjoint_parts(&origins, &labels, 3, 5);
        let mut of = std::collections::HashMap::new();
        let mut counts = [[0; 3]; 2];
        for ((origin, label), part) in origins.iter().zip(&labels).zip(&parts) {
            assert_eq!(*of.entry(origin).or_insert(part), part, "{origin} stands in two parts");
            counts[usize::from(*label == 1.0)][*part] += 1;
        }
        assert!(counts.iter().flatten().all(|count| *count >= 40), "{counts:?}");
        assert_eq!(parts, disjoint_parts(&origins, &labels, 3, 5));
        assert_ne!(parts, disjoint_parts(&origins, &labels, 3, 6));
    }
}
