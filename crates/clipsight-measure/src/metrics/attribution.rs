//! Measures of naming the generator, on a closed set and on an open one.

use serde::{Deserialize, Serialize};

/// How often images of each class (rows) were assigned each class (columns; the last one is
/// "unknown": no class was named).
///
/// `decisions` are (true class, named class); those whose classes are not below `classes` are left
/// out.
#[must_use]
pub fn confusion(decisions: &[(usize, Option<usize>)], classes: usize) -> Vec<Vec<usize>> {
    let mut matrix = vec![vec![0; classes + 1]; classes];
    for (truth, named) in decisions {
        if let Some(count) =
            matrix.get_mut(*truth).and_then(|row| row.get_mut(named.unwrap_or(classes)))
        {
            *count += 1;
        }
    }
    matrix
}

/// F1 of every class of a matrix by [`confusion`]: `2 TP / (2 TP + FP + FN)`. An image for which no
/// class was named is missed by its own class and counts against no other. `None` for a class
/// without images.
#[must_use]
pub fn f1_by_class(confusion: &[Vec<usize>]) -> Vec<Option<f64>> {
    (0..confusion.len())
        .map(|class| {
            let images: usize = confusion[class].iter().sum();
            let named: usize = confusion.iter().map(|row| row[class]).sum();
            // TP + FN are the class's images, TP + FP those that were assigned its name.
            (images > 0).then(|| 2.0 * confusion[class][class] as f64 / (images + named) as f64)
        })
        .collect()
}

/// Mean of [`f1_by_class`] over the classes that have images: every generator counts equally,
/// however many images it has. `None` if no class has any.
#[must_use]
pub fn macro_f1(confusion: &[Vec<usize>]) -> Option<f64> {
    let scores: Vec<f64> = f1_by_class(confusion).into_iter().flatten().collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

/// One point of the open-set curve: what naming at and above a score does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenSetPoint {
    /// A class is named where the score is at least this.
    pub threshold: f64,
    /// Share of the images of unknown classes that get a name.
    pub false_positive_rate: f64,
    /// Share of the images of known classes that get the right name.
    pub correct_rate: f64,
}

/// The curve of correct naming over wrongly accepted unknowns (Dhamija, Günther & Boult 2018, arXiv
/// 1811.04110), from the strictest threshold to the laxest; equal scores are one point.
///
/// `decisions` are (score, whether the best class is the right one); the latter is `None` for an
/// image of an unknown class. Empty when known or unknown images are missing.
#[must_use]
pub fn open_set_curve(decisions: &[(f64, Option<bool>)]) -> Vec<OpenSetPoint> {
    let known = decisions.iter().filter(|(_, right)| right.is_some()).count();
    let unknown = decisions.len() - known;
    if known == 0 || unknown == 0 {
        return Vec::new();
    }
    let mut sorted = decisions.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut accepted, mut right) = (0, 0);
    sorted
        .chunk_by(|a, b| a.0 == b.0)
        .map(|tied| {
            accepted += tied.iter().filter(|(_, right)| right.is_none()).count();
            right += tied.iter().filter(|(_, right)| *right == Some(true)).count();
            OpenSetPoint {
                threshold: tied[0].0,
                false_positive_rate: accepted as f64 / unknown as f64,
                correct_rate: right as f64 / known as f64,
            }
        })
        .collect()
}

/// OSCR: the area under [`open_set_curve`], by trapezoids from (0, 0). At most the closed-set
/// accuracy, which it reaches when every known image scores above every unknown one. `None` when
/// known or unknown images are missing.
#[must_use]
pub fn oscr(decisions: &[(f64, Option<bool>)]) -> Option<f64> {
    let curve = open_set_curve(decisions);
    let mut before = (0.0, 0.0);
    let mut area = 0.0;
    for point in &curve {
        area +=
            (point.false_positive_rate - before.0) * f64::midpoint(point.correct_rate, before.1);
        before = (point.false_positive_rate, point.correct_rate);
    }
    (!curve.is_empty()).then_some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confusion_and_f1_by_hand() {
        let decisions = [
            (0, Some(0)),
            (0, Some(0)),
            (0, Some(1)),
            (0, None),
            (1, Some(1)),
            (1, Some(0)),
            // Class 2 has no images, but one of class 1 gets its name; the last two are of no class
            // at hand.
            (1, Some(2)),
            (3, Some(0)),
            (0, Some(7)),
        ];
        let matrix = confusion(&decisions, 3);
        assert_eq!(matrix, [vec![2, 1, 0, 1], vec![1, 1, 1, 0], vec![0, 0, 0, 0]]);
        // Class 0: TP 2, FP 1, FN 2. Class 1: TP 1, FP 1, FN 2.
        assert_eq!(f1_by_class(&matrix), [Some(4.0 / 7.0), Some(2.0 / 5.0), None]);
        assert_eq!(macro_f1(&matrix), Some(f64::midpoint(4.0 / 7.0, 2.0 / 5.0)));
        assert_eq!(macro_f1(&confusion(&[], 2)), None);
        assert_eq!(macro_f1(&confusion(&[(0, None)], 1)), Some(0.0));
    }

    #[test]
    fn the_open_set_curve_by_hand() {
        // From the top: right, unknown, wrong and right tied, unknown.
        let decisions =
            [(0.2, None), (0.9, Some(true)), (0.8, None), (0.5, Some(false)), (0.5, Some(true))];
        let curve: Vec<(f64, f64, f64)> = open_set_curve(&decisions)
            .into_iter()
            .map(|point| (point.threshold, point.false_positive_rate, point.correct_rate))
            .collect();
        let third = 1.0 / 3.0;
        assert_eq!(
            curve,
            [(0.9, 0.0, third), (0.8, 0.5, third), (0.5, 0.5, 2.0 / 3.0), (0.2, 1.0, 2.0 / 3.0)]
        );
        // Half at a third, half at two thirds.
        assert!((oscr(&decisions).unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn oscr_is_bounded_by_the_closed_set_accuracy() {
        let apart =
            [(0.9, Some(true)), (0.8, Some(false)), (0.7, Some(true)), (0.1, None), (0.2, None)];
        assert!((oscr(&apart).unwrap() - 2.0 / 3.0).abs() < 1e-12);
        // All equal: a straight line from (0, 0) to (1, accuracy).
        let equal = [(0.5, Some(true)), (0.5, Some(false)), (0.5, None)];
        assert!((oscr(&equal).unwrap() - 0.25).abs() < 1e-12);
        // The other way round: nothing is named before all unknown ones are.
        assert_eq!(oscr(&[(0.1, Some(true)), (0.9, None)]), Some(0.0));
        assert_eq!((oscr(&apart[..3]), oscr(&apart[3..]), oscr(&[])), (None, None, None));
    }
}
