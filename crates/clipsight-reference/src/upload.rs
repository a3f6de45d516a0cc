//! Tensors on their way to a device of burn's, and back.

use burn::tensor::{Device, Tensor, TensorData};
use clipsight::clip::{TensorRole, TensorSpec};
use clipsight::weights::HostTensor;
use clipsight::{Error, ErrorKind, Result};

use crate::DeviceTensor;

/// Puts `tensor` on `device`, matrices turned to `[in, out]`.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when it does not have the shape of `spec`, or contains a value
/// that is not finite.
pub fn upload(spec: &TensorSpec, tensor: HostTensor, device: &Device) -> Result<DeviceTensor> {
    if tensor.shape != spec.shape {
        return Err(Error::new(
            ErrorKind::WeightsCorrupt,
            format!(
                "the tensor {} has shape {:?} instead of {:?}",
                spec.name, tensor.shape, spec.shape
            ),
        ));
    }
    if !tensor.data.iter().all(|value| value.is_finite()) {
        let message = format!("the tensor {} contains a value that is not finite", spec.name);
        return Err(Error::new(ErrorKind::WeightsCorrupt, message));
    }
    Ok(match (spec.role, spec.shape.as_slice()) {
        (TensorRole::Matrix, &[output, input]) => DeviceTensor::Matrix(Tensor::from_data(
            TensorData::new(transpose(&tensor.data, output, input), [input, output]),
            device,
        )),
        (_, &[rows, columns]) => DeviceTensor::Matrix(Tensor::from_data(
            TensorData::new(tensor.data, [rows, columns]),
            device,
        )),
        _ => {
            let length = tensor.data.len();
            DeviceTensor::Vector(Tensor::from_data(TensorData::new(tensor.data, [length]), device))
        }
    })
}

/// Reads `tensor` back from its device, matrices turned to `[out, in]` again: the inverse of
/// [`upload`].
///
/// # Errors
/// [`ErrorKind::DeviceLost`] when the device does not answer.
pub fn download(spec: &TensorSpec, tensor: DeviceTensor) -> Result<HostTensor> {
    let data = match tensor {
        DeviceTensor::Vector(tensor) => tensor.into_data(),
        DeviceTensor::Matrix(tensor) => tensor.into_data(),
    };
    let data = data.try_into_vec::<f32>().map_err(|_| {
        Error::new(ErrorKind::DeviceLost, format!("the tensor {} cannot be read back", spec.name))
    })?;
    match (spec.role, spec.shape.as_slice()) {
        (TensorRole::Matrix, &[output, input]) => {
            HostTensor::new(spec.shape.clone(), transpose(&data, input, output))
        }
        _ => HostTensor::new(spec.shape.clone(), data),
    }
}

/// Transposed on the host: a lazily transposed tensor would be copied again in every product on the
/// GPU.
fn transpose(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| data[row * columns + column])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposes() {
        assert_eq!(
            transpose(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3),
            [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
        );
    }
}
