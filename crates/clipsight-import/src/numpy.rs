//! Arrays as NumPy writes them: `.npy`, and `.npz`, a zip of them.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>. A header, a
//! Python literal, is followed by the numbers; arrays of (pickled) objects are refused. The crate
//! `npyz` 0.9.1 reads every dtype there is, with a parser generator for the header; two dtypes are
//! some eighty lines, with messages that say what to do.

use std::io::Cursor;

use super::archive::Archive;
use super::corrupt;
use clipsight::Result;
use clipsight::weights::HostTensor;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Whether a file that starts like this is an array.
pub(super) fn looks_like(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Reads one array of f32 or f64.
#[expect(clippy::cast_possible_truncation, reason = "f64 is kept as f32, as everything else")]
pub(super) fn read_npy(bytes: &[u8]) -> Result<HostTensor> {
    let damaged = || corrupt("the array is damaged or cut off");
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| corrupt("the file is not a NumPy array"))?;
    let (length, rest) = match rest {
        [1, _, low, high, rest @ ..] => (usize::from(u16::from_le_bytes([*low, *high])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return Err(damaged()),
    };
    let (header, values) = rest.split_at_checked(length).ok_or_else(damaged)?;
    let header = std::str::from_utf8(header).map_err(|_| damaged())?;
    let field = |name: &str| {
        let (_, after) = header.split_once(&format!("'{name}':"))?;
        Some(after.trim_start())
    };
    let shape = field("shape")
        .and_then(|after| after.strip_prefix('(')?.split_once(')'))
        .ok_or_else(damaged)?
        .0;
    let shape = shape
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty())
        .map(|side| side.parse::<usize>().map_err(|_| damaged()))
        .collect::<Result<Vec<_>>>()?;
    if field("fortran_order").is_none_or(|after| !after.starts_with("False")) && shape.len() > 1 {
        return Err(corrupt(
            "the array is stored by columns: save it with numpy.ascontiguousarray",
        ));
    }
    let dtype = field("descr")
        .and_then(|after| after.strip_prefix('\'')?.split_once('\''))
        .map_or("", |pair| pair.0);
    let data = match dtype {
        "<f4" if values.len() % 4 == 0 => {
            values.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
        }
        "<f8" if values.len() % 8 == 0 => {
            values.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect()
        }
        "<f4" | "<f8" => return Err(damaged()),
        other => return Err(corrupt(format!("the array holds {other:?}, not float32 or float64"))),
    };
    HostTensor::new(shape, data)
}

/// Reads all arrays of an archive, by name.
pub(super) fn read_npz(bytes: &[u8]) -> Result<Vec<(String, HostTensor)>> {
    let archive = Archive::open(Cursor::new(bytes), bytes.len() as u64)?;
    let names: Vec<String> = archive.names().map(ToOwned::to_owned).collect();
    names
        .into_iter()
        .map(|name| {
            let array = read_npy(&archive.read(&name)?)?;
            Ok((name.trim_end_matches(".npy").to_owned(), array))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn npy(header: &str, values: &[u8]) -> Vec<u8> {
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        [MAGIC, &[1, 0], &length, header.as_bytes(), values].concat()
    }

    #[test]
    fn reads_what_numpy_writes_and_refuses_the_rest() {
        let values: Vec<u8> =
            [1.5_f32, -2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }  \n";
        let array = read_npy(&npy(header, &values)).unwrap();
        assert_eq!((array.shape, array.data), (vec![1, 2], vec![1.5, -2.0]));
        let wide: Vec<u8> = [1.5_f64].iter().flat_map(|value| value.to_le_bytes()).collect();
        let scalar = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n";
        assert_eq!(read_npy(&npy(scalar, &wide)).unwrap().data, [1.5]);
        for (header, part) in [
            (header.replace("<f4", "|O"), "not float32"),
            (header.replace("False", "True"), "by columns"),
            (header.replace("(1, 2)", "(1, 3)"), "has 2 values"),
            (header.replace("(1, 2)", "(1, -2)"), "damaged"),
        ] {
            let error = read_npy(&npy(&header, &values)).unwrap_err();
            assert!(error.message().contains(part), "{error}");
        }
        let whole = npy(header, &values);
        for end in 0..whole.len() {
            assert!(read_npy(&whole[..end]).is_err(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes: Vec<u8>) {
            let _ = read_npy(&bytes);
            let _ = read_npy(&[MAGIC, &bytes].concat());
            let _ = read_npz(&bytes);
        }
    }
}
