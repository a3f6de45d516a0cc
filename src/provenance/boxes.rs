//! Boxes: what files of the ISO base media family, JPEG XL and JUMBF are made of (ISO/IEC 14496-12,
//! 4.2; ISO/IEC 19566-5, A.2).
//!
//! The decoders of AVIF, HEIC and JPEG XL have readers of their own: they are fetched with the
//! first such picture, and hold nothing of this crate.

use crate::image::take;

/// A box: its name and content.
pub(super) type Part<'a> = ([u8; 4], &'a [u8]);

/// Boxes one after the other, up to the first that is not whole.
pub(super) fn boxes(mut rest: &[u8]) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let name = take(rest, 4)?;
        let (start, length) = match u32::from_be_bytes(take(rest, 0)?) {
            // To the end.
            0 => (8, rest.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(take(rest, 8)?)).ok()?),
            short => (8, short as usize),
        };
        let body = rest.get(start..length)?;
        rest = &rest[length..];
        Some((name, body))
    })
}

/// Whether boxes fill these bytes to their end.
pub(super) fn are_whole(bytes: &[u8]) -> bool {
    let ends = boxes(bytes).last().map(|(_, body)| body.as_ptr_range().end);
    ends == Some(bytes.as_ptr_range().end)
}

/// The content of the first box of a name.
pub(super) fn find<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(found, _)| found == name).map(|(_, body)| body)
}

/// A number of 0 to 8 bytes at `at`, most significant first, and where it ends.
pub(super) fn number(bytes: &[u8], at: usize, length: usize) -> Option<(u64, usize)> {
    let end = at.checked_add(length)?;
    let digits = bytes.get(at..end)?;
    Some((digits.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)), end))
}

/// The bytes up to the next NUL, and where those behind it begin.
pub(super) fn c_string(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let length = rest.iter().position(|&byte| byte == 0)?;
    Some((&rest[..length], at + length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_end_where_one_is_cut() {
        let bytes = b"\0\0\0\x0Aabcdxy\0\0\0\x01efgh\0\0\0\0\0\0\0\x11z\0\0\0\0ijkl123";
        let names: Vec<_> = boxes(bytes).collect();
        assert_eq!(names, [(*b"abcd", &b"xy"[..]), (*b"efgh", b"z"), (*b"ijkl", b"123")]);
        assert!(are_whole(bytes));
        assert!(!are_whole(&bytes[..24]) && !are_whole(b""));
        assert_eq!(boxes(&bytes[..24]).count(), 1);
        // Shorter than its own header, or longer than the address space.
        assert_eq!(boxes(b"\0\0\0\x07abcd").count(), 0);
        assert_eq!(boxes(b"\0\0\0\x01abcd\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").count(), 0);
        assert_eq!(find(bytes, b"efgh"), Some(&b"z"[..]));
    }

    #[test]
    fn numbers_and_strings_are_bounded() {
        assert_eq!(number(b"\x01\x02\x03", 1, 2), Some((0x0203, 3)));
        assert_eq!(number(b"\x01", usize::MAX, 2), None);
        assert_eq!(number(b"\x01", 1, 0), Some((0, 1)));
        assert_eq!(c_string(b"ab\0c", 0), Some((&b"ab"[..], 3)));
        assert_eq!(c_string(b"ab", 0), None);
    }
}
