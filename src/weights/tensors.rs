//! Tensors in host memory, and their way to a device.

#[cfg(feature = "nn")]
use burn::tensor::{Device, Tensor, TensorData};
use sha2::{Digest, Sha256};

#[cfg(feature = "nn")]
use crate::clip::{DeviceTensor, TensorRole, TensorSpec};
use crate::{Error, ErrorKind, Result};

/// Values in row-major order with their shape.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// Shape; matrices are `[out, in]`.
    pub shape: Vec<usize>,
    /// The values.
    pub data: Vec<f32>,
}

impl HostTensor {
    /// A tensor of `shape`.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when the number of values does not fit the shape.
    pub fn new(shape: Vec<usize>, data: Vec<f32>) -> Result<Self> {
        if shape.iter().try_fold(1_usize, |product, side| product.checked_mul(*side))
            != Some(data.len())
        {
            let message = format!("a tensor of shape {shape:?} holds {} values", data.len());
            return Err(Error::new(ErrorKind::WeightsCorrupt, message));
        }
        Ok(Self { shape, data })
    }
}

/// Puts `tensor` on `device`, matrices turned to `[in, out]`.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`] when it is not of the shape `spec` says, or holds a value that is
/// not finite.
#[cfg(feature = "nn")]
pub fn upload(spec: &TensorSpec, tensor: HostTensor, device: &Device) -> Result<DeviceTensor> {
    if tensor.shape != spec.shape {
        return Err(Error::new(
            ErrorKind::WeightsCorrupt,
            format!(
                "the tensor {} has shape {:?} where {:?} is needed",
                spec.name, tensor.shape, spec.shape
            ),
        ));
    }
    if !tensor.data.iter().all(|value| value.is_finite()) {
        let message = format!("the tensor {} holds a value that is no finite number", spec.name);
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
#[cfg(feature = "train")]
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

#[cfg(feature = "nn")]
/// Transposed on the host: a lazily transposed tensor would be copied again in every product on the
/// GPU.
fn transpose(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| data[row * columns + column])).collect()
}

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        hex.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        hex.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "nn")]
    fn transposes() {
        assert_eq!(
            transpose(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, 3),
            [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]
        );
    }

    #[test]
    fn hashes() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn refuses_wrong_shapes_and_numbers() {
        assert!(HostTensor::new(vec![2, 3], vec![0.0; 5]).is_err());
        assert!(HostTensor::new(vec![usize::MAX, 2], vec![]).is_err());
    }
}
