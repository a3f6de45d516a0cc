//! Tensors in host memory.

use sha2::{Digest, Sha256};

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
            let message = format!("a tensor of shape {shape:?} has {} values", data.len());
            return Err(Error::new(ErrorKind::WeightsCorrupt, message));
        }
        Ok(Self { shape, data })
    }
}

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    sha256_hex_of([bytes])
}

/// SHA-256, in lower-case hex, of these one after the other.
#[must_use]
pub fn sha256_hex_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    parts.into_iter().for_each(|part| hasher.update(part));
    hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        hex.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        hex.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
