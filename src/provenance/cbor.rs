//! CBOR (RFC 8949) as JSON, so that assertions of both kinds are read alike.
//!
//! The crate ciborium-ll reads the headers; values are built here, within bounds: its sister with
//! serde takes memory for whatever a header announces, and has no bound on the number of values.

use ciborium_ll::{Decoder, Header};
use serde_json::{Map, Value};

use crate::limits::{MAX_METADATA_NESTING, MAX_METADATA_VALUES};

/// The first value of these bytes. Byte strings and other things that JSON lacks become null, tags
/// are left out, and so are entries of maps whose key is no text. `None` where the value is
/// damaged, cut off or beyond the limits.
pub(super) fn to_json(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { decoder: Decoder::from(bytes), values: 0, left: bytes.len() };
    reader.value(MAX_METADATA_NESTING)
}

struct Reader<'a> {
    decoder: Decoder<&'a [u8]>,
    values: usize,
    /// No text is longer than all bytes together.
    left: usize,
}

impl Reader<'_> {
    fn pull(&mut self) -> Option<Header> {
        self.values += 1;
        if self.values > MAX_METADATA_VALUES { None } else { self.decoder.pull().ok() }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let header = self.pull()?;
        self.value_of(header, depth)
    }

    fn value_of(&mut self, header: Header, depth: usize) -> Option<Value> {
        let below = depth.checked_sub(1)?;
        Some(match header {
            Header::Positive(number) => number.into(),
            Header::Negative(number) => i64::try_from(number).ok().map(|n| !n).into(),
            Header::Float(number) => number.into(),
            Header::Simple(21) => true.into(),
            Header::Simple(20) => false.into(),
            Header::Simple(_) => Value::Null,
            Header::Tag(_) => self.value(below)?,
            Header::Bytes(length) => {
                self.skip_bytes(length)?;
                Value::Null
            }
            Header::Text(length) => self.text(length)?.into(),
            Header::Array(length) => self.array(length, below)?,
            Header::Map(length) => self.map(length, below)?,
            Header::Break => return None,
        })
    }

    /// The next item of a list of so many, or of one that a break ends; the inner is none at the
    /// end.
    fn next(&mut self, left: &mut Option<usize>) -> Option<Option<Header>> {
        if let Some(count) = left {
            if *count == 0 {
                return Some(None);
            }
            *count -= 1;
        }
        let header = self.pull()?;
        Some((header != Header::Break || left.is_some()).then_some(header))
    }

    fn array(&mut self, mut left: Option<usize>, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        while let Some(header) = self.next(&mut left)? {
            items.push(self.value_of(header, depth)?);
        }
        Some(items.into())
    }

    fn map(&mut self, mut left: Option<usize>, depth: usize) -> Option<Value> {
        let mut entries = Map::new();
        while let Some(header) = self.next(&mut left)? {
            let key = self.value_of(header, depth)?;
            let value = self.value(depth)?;
            if let Value::String(key) = key {
                entries.insert(key, value);
            }
        }
        Some(entries.into())
    }

    fn skip_bytes(&mut self, length: Option<usize>) -> Option<()> {
        let mut buffer = [0; 256];
        let mut segments = self.decoder.bytes(length);
        while let Some(mut segment) = segments.pull().ok()? {
            while segment.pull(&mut buffer).ok()?.is_some() {}
        }
        Some(())
    }

    fn text(&mut self, length: Option<usize>) -> Option<String> {
        let mut buffer = [0; 256];
        let mut text = String::new();
        let mut segments = self.decoder.text(length);
        while let Some(mut segment) = segments.pull().ok()? {
            while let Some(piece) = segment.pull(&mut buffer).ok()? {
                self.left = self.left.checked_sub(piece.len())?;
                text.push_str(piece);
            }
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read() {
        // RFC 8949, appendix A.
        let cases: [(&[u8], Value); 13] = [
            (b"\x19\x03\xe8", json!(1000)),
            (b"\x38\x63", json!(-100)),
            (b"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", json!(1.1)),
            (b"\xf4", json!(false)),
            (b"\xf5", json!(true)),
            (b"\xf6", json!(null)),
            (b"\xc0\x742013-03-21T20:04:00Z", json!("2013-03-21T20:04:00Z")),
            (b"\x44\x01\x02\x03\x04", json!(null)),
            (b"\x64\xf0\x90\x85\x91", json!("\u{10151}")),
            (b"\x83\x01\x82\x02\x03\x82\x04\x05", json!([1, [2, 3], [4, 5]])),
            (b"\xbf\x63Fun\xf5\x63Amt\x21\xff", json!({"Fun": true, "Amt": -2})),
            (b"\x7f\x65strea\x64ming\xff", json!("streaming")),
            (b"\xa2\x01\x02\x61a\x9f\x01\xff", json!({"a": [1]})),
        ];
        for (bytes, value) in cases {
            assert_eq!(to_json(bytes), Some(value), "{bytes:x?}");
            for length in 0..bytes.len() {
                assert_eq!(to_json(&bytes[..length]), None, "{bytes:x?} cut to {length}");
            }
        }
    }

    #[test]
    fn bombs_are_refused() {
        let nested = |depth| [vec![0x81; depth], vec![0]].concat();
        assert!(to_json(&nested(MAX_METADATA_NESTING - 1)).is_some());
        assert_eq!(to_json(&nested(MAX_METADATA_NESTING)), None);
        assert_eq!(to_json(&vec![0x9f; 1 << 20]), None);
        assert_eq!(to_json(&vec![0xc1; 1 << 20]), None);
        // Announced, and not there.
        for kind in [0x5b, 0x7b, 0x9b, 0xbb] {
            assert_eq!(to_json(&[kind, 0x7f, 255, 255, 255, 255, 255, 255, 255]), None);
        }
        let many = [&[0x9a, 0, 1, 0, 0][..], &vec![0; 1 << 16]].concat();
        assert_eq!(to_json(&many), None, "more values than the limit");
        assert_eq!(to_json(b"\x62\xff\xff"), None, "no UTF-8");
        assert_eq!(to_json(b"\xff"), None, "a break that ends nothing");
        assert_eq!(to_json(b"\x81\xff"), None, "a break in a list of known length");
    }
}
