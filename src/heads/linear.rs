//! Linear maps of one row of features, on the host: heads are too small to be worth a trip to a
//! device.

use std::collections::HashMap;

use crate::weights::HostTensor;
use crate::{Error, ErrorKind, Result};

/// `y = W x + b`.
#[derive(Debug)]
pub(super) struct LinearMap {
    /// `[out, in]`.
    pub(super) weight: HostTensor,
    /// `[out]`.
    pub(super) bias: Vec<f32>,
}

impl LinearMap {
    /// Takes weight and bias out of a model's tensors. A weight of shape `[in]` has one output.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when one is missing or they do not fit.
    pub(super) fn take(
        tensors: &mut HashMap<String, HostTensor>,
        weight: &str,
        bias: &str,
    ) -> Result<Self> {
        let mut matrix = take(tensors, weight)?;
        if let &[width] = matrix.shape.as_slice() {
            matrix.shape = vec![1, width];
        }
        let bias = take(tensors, bias)?;
        if matrix.shape.len() != 2 || bias.shape != matrix.shape[..1] {
            let message =
                format!("the tensor {weight} is not a matrix with {} rows", bias.data.len());
            return Err(Error::new(ErrorKind::WeightsCorrupt, message));
        }
        Ok(Self { weight: matrix, bias: bias.data })
    }

    /// The map of one row.
    pub(super) fn forward(&self, row: &[f32]) -> Vec<f32> {
        let weights = self.weight.data.chunks(row.len().max(1));
        weights.zip(&self.bias).map(|(weights, bias)| dot(weights, row) + bias).collect()
    }
}

/// Takes the tensor `name` out of a model's.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when it is missing.
pub(super) fn take(tensors: &mut HashMap<String, HostTensor>, name: &str) -> Result<HostTensor> {
    tensors.remove(name).ok_or_else(|| {
        Error::new(ErrorKind::WeightsCorrupt, format!("the model lacks the tensor {name}"))
    })
}

/// Scalar product, summed in parts: faster, and closer to the true sum than one after the other.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    const PARTS: usize = 16;
    let mut sums = [0.0_f32; PARTS];
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<PARTS>(), b.as_chunks::<PARTS>());
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f32>()
}

/// Scales the row to length one; a row of zeros stays as it is.
pub(super) fn normalize(row: &mut [f32]) {
    let length = dot(row, row).max(1e-12).sqrt();
    row.iter_mut().for_each(|value| *value /= length);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: Vec<usize>, data: Vec<f32>) -> HostTensor {
        HostTensor::new(shape, data).unwrap()
    }

    #[test]
    fn maps_by_hand_and_refuses_what_does_not_fit() {
        let tensors = |rows| {
            HashMap::from([
                ("w".to_owned(), tensor(vec![2, 3], vec![1.0, 2.0, 3.0, 0.0, -1.0, 0.5])),
                ("b".to_owned(), tensor(vec![rows], vec![10.0; rows])),
            ])
        };
        let linear = LinearMap::take(&mut tensors(2), "w", "b").unwrap();
        assert_eq!(linear.forward(&[1.0, 0.0, 2.0]), [17.0, 11.0]);
        for (mut tensors, names) in
            [(tensors(3), ["w", "b"]), (tensors(2), ["v", "b"]), (tensors(2), ["w", "c"])]
        {
            let error = LinearMap::take(&mut tensors, names[0], names[1]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WeightsCorrupt);
        }
        let mut one = HashMap::from([
            ("w".to_owned(), tensor(vec![2], vec![3.0, 4.0])),
            ("b".to_owned(), tensor(vec![1], vec![0.5])),
        ]);
        assert_eq!(LinearMap::take(&mut one, "w", "b").unwrap().forward(&[1.0, 1.0]), [7.5]);
        assert!(one.is_empty());
    }

    #[test]
    fn long_products_and_lengths() {
        let values: Vec<f32> = (0..37).map(|value| value as f32).collect();
        assert!((dot(&values, &values) - 16_206.0).abs() < 0.01);
        let mut row = [3.0, -4.0];
        normalize(&mut row);
        assert_eq!(row, [0.6, -0.8]);
        let mut nothing = [0.0; 3];
        normalize(&mut nothing);
        assert_eq!(nothing, [0.0; 3]);
    }
}
