//! Zip archives as PyTorch and NumPy write them: members stored as they are, found through the
//! central directory.
//!
//! Format: PKWARE's APPNOTE 6.3, with zip64. A reader of its own, since a member must be found in
//! the file, and read in part, without going through the whole; nothing written for these formats
//! is compressed.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use super::{corrupt, unsupported};
use clipsight::limits::{MAX_IMPORT_HEADER_BYTES, MAX_IMPORT_OBJECTS};
use clipsight::{Error, ErrorKind, Result};

/// An open archive.
#[derive(Debug)]
pub(super) struct Archive<R> {
    reader: R,
    length: u64,
    members: BTreeMap<String, Member>,
}

/// One file of the archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// Of its local header.
    header: u64,
    pub(super) bytes: u64,
    crc: u32,
    stored: bool,
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";

/// The end record with the longest comment.
const END_SEARCH: u64 = 22 + 65_535;

/// Whether a file that starts like this is an archive.
pub(super) fn looks_like(start: &[u8]) -> bool {
    start.starts_with(LOCAL)
}

fn damaged(why: &str) -> Error {
    corrupt(format!("the archive is damaged or cut off: {why}"))
}

/// A little-endian number of `N` bytes at `at`.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<u64> {
    let field = at
        .checked_add(N)
        .and_then(|end| bytes.get(at..end))
        .ok_or_else(|| damaged("a record is too short"))?;
    Ok(field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory.
    pub(super) fn open(mut reader: R) -> Result<Self> {
        let length = reader.seek(SeekFrom::End(0)).map_err(|error| damaged(&error.to_string()))?;
        let mut archive = Self { reader, length, members: BTreeMap::new() };
        let start = length.saturating_sub(END_SEARCH);
        let tail = archive.bytes(start, length - start)?;
        let end = tail
            .windows(4)
            .rposition(|window| window == END)
            .ok_or_else(|| damaged("it has no directory"))?;
        let record = &tail[end..];
        let (mut entries, mut size, mut offset) =
            (number::<2>(record, 10)?, number::<4>(record, 12)?, number::<4>(record, 16)?);
        if let Some(locator) = end.checked_sub(20).map(|at| &tail[at..end])
            && locator.starts_with(LOCATOR64)
        {
            let record = archive.bytes(number::<8>(locator, 8)?, 56)?;
            if !record.starts_with(END64) {
                return Err(damaged("its 64-bit directory is not where it should be"));
            }
            (entries, size, offset) =
                (number::<8>(&record, 32)?, number::<8>(&record, 40)?, number::<8>(&record, 48)?);
        }
        if size > MAX_IMPORT_HEADER_BYTES || entries > MAX_IMPORT_OBJECTS as u64 {
            return Err(Error::new(
                ErrorKind::Limit,
                "the archive's directory is larger than any checkpoint's",
            ));
        }
        let directory = archive.bytes(offset, size)?;
        let mut rest = directory.as_slice();
        for _ in 0..entries {
            rest = archive.add(rest)?;
        }
        Ok(archive)
    }

    /// Takes one record off the directory.
    fn add<'a>(&mut self, record: &'a [u8]) -> Result<&'a [u8]> {
        if !record.starts_with(CENTRAL) {
            return Err(damaged("a record of its directory is none"));
        }
        let size =
            |at| number::<2>(record, at).map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        let (name, extra, comment) = (size(28)?, size(30)?, size(32)?);
        let text = record.get(46..46 + name).ok_or_else(|| damaged("a name is cut off"))?;
        let fields = record
            .get(46 + name..46 + name + extra)
            .ok_or_else(|| damaged("a record is cut off"))?;
        let (mut packed, mut bytes, mut header) =
            (number::<4>(record, 20)?, number::<4>(record, 24)?, number::<4>(record, 42)?);
        // In the order of the fields that do not fit in 32 bits.
        let mut wide = wide_fields(fields)?.into_iter();
        for field in [&mut bytes, &mut packed, &mut header] {
            if *field == u64::from(u32::MAX) {
                *field = wide.next().ok_or_else(|| damaged("a 64-bit size is missing"))?;
            }
        }
        #[expect(clippy::cast_possible_truncation, reason = "four bytes")]
        let crc = number::<4>(record, 16)? as u32;
        let stored = number::<2>(record, 10)? == 0 && packed == bytes;
        let text = String::from_utf8_lossy(text).into_owned();
        self.members.insert(text, Member { header, bytes, crc, stored });
        record.get(46 + name + extra + comment..).ok_or_else(|| damaged("a record is cut off"))
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// A member.
    pub(super) fn member(&self, name: &str) -> Result<Member> {
        self.members.get(name).copied().ok_or_else(|| corrupt(format!("the archive lacks {name}")))
    }

    /// Where a member's bytes stand in the file, how many they are, and their checksum where one
    /// was computed.
    pub(super) fn place(&mut self, name: &str) -> Result<(u64, u64, Option<u32>)> {
        let member = self.member(name)?;
        if !member.stored {
            return Err(unsupported(format!(
                "the archive's {name} is compressed: save it without compression"
            )));
        }
        let local = self.bytes(member.header, 30)?;
        if !local.starts_with(LOCAL) {
            return Err(damaged("a member is not where its directory says"));
        }
        let start = member.header + 30 + number::<2>(&local, 26)? + number::<2>(&local, 28)?;
        // Before anybody takes memory for it.
        if start.checked_add(member.bytes).is_none_or(|end| end > self.length) {
            return Err(damaged("it ends before its parts do"));
        }
        // None was computed where it is nought (`torch.save` can be told so).
        Ok((start, member.bytes, Some(member.crc).filter(|crc| *crc != 0)))
    }

    /// A small member.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>> {
        let (start, bytes, crc) = self.place(name)?;
        let found = self.bytes(start, bytes)?;
        if crc.is_some_and(|crc| crc32fast::hash(&found) != crc) {
            return Err(damaged(&format!("the checksum of {name} is wrong")));
        }
        Ok(found)
    }

    fn bytes(&mut self, start: u64, count: u64) -> Result<Vec<u8>> {
        // Before memory is taken.
        if start.checked_add(count).is_none_or(|end| end > self.length) {
            return Err(damaged("it ends before its parts do"));
        }
        let mut bytes =
            vec![0; usize::try_from(count).map_err(|_| damaged("a part is too large"))?];
        self.reader
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.reader.read_exact(&mut bytes))
            .map_err(|error| {
            Error::new(ErrorKind::Io, format!("the archive cannot be read: {error}"))
                .with_source(error)
        })?;
        Ok(bytes)
    }
}

/// The numbers of the zip64 field among a record's extra fields.
fn wide_fields(mut fields: &[u8]) -> Result<Vec<u64>> {
    while fields.len() >= 4 {
        let (kind, size) = (
            number::<2>(fields, 0)?,
            usize::try_from(number::<2>(fields, 2)?).unwrap_or(usize::MAX),
        );
        let body = fields.get(4..4 + size).ok_or_else(|| damaged("an extra field is cut off"))?;
        if kind == 1 {
            return (0..size / 8).map(|index| number::<8>(body, 8 * index)).collect();
        }
        fields = &fields[4 + size..];
    }
    Ok(Vec::new())
}
