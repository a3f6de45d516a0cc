//! Zip archives as PyTorch and NumPy write them: members stored uncompressed, found through the
//! central directory.
//!
//! The records are parsed by the crate `rawzip`, which says where in the file a member's bytes lie,
//! so that they can be read in pieces; limits, and what counts as damage, are decided here.

use std::collections::BTreeMap;
use std::io;

use rawzip::{
    CompressionMethod, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipArchive,
    ZipArchiveEntryWayfinder, ZipLocator,
};

use super::{corrupt, unsupported};
use clipsight::limits::{MAX_IMPORT_HEADER_BYTES, MAX_IMPORT_OBJECTS};
use clipsight::{Error, ErrorKind, Result};

/// An open archive.
#[derive(Debug)]
pub(super) struct Archive<R> {
    zip: ZipArchive<R>,
    length: u64,
    members: BTreeMap<String, Member>,
}

/// One file of the archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    entry: ZipArchiveEntryWayfinder,
    pub(super) bytes: u64,
    crc: u32,
    stored: bool,
}

/// The end record with the longest comment: it begins no earlier before the end of the file.
const END_SEARCH: u64 = 22 + 65_535;

/// Whether a file that starts like this is an archive.
pub(super) fn looks_like(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04")
}

fn damaged(why: &str) -> Error {
    corrupt(format!("the archive is damaged or cut off: {why}"))
}

fn ends_early() -> Error {
    damaged("it ends before its parts do")
}

fn unreadable(error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the archive cannot be read: {error}")).with_source(error)
}

fn failed(error: rawzip::Error) -> Error {
    match error.into_kind() {
        rawzip::ErrorKind::IO(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            unreadable(error)
        }
        rawzip::ErrorKind::IO(_) | rawzip::ErrorKind::Eof => ends_early(),
        rawzip::ErrorKind::MissingEndOfCentralDirectory => damaged("it has no directory"),
        rawzip::ErrorKind::InvalidSignature { .. } => {
            damaged("a record is not where the directory says")
        }
        _ => damaged("its directory is not valid"),
    }
}

impl<R: ReaderAt> Archive<R> {
    /// Reads the directory of an archive of `length` bytes.
    pub(super) fn open(reader: R, length: u64) -> Result<Self> {
        let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
        let zip = ZipLocator::new()
            .max_search_space(END_SEARCH)
            .locate_in_reader(reader, &mut buffer, length)
            .map_err(|(_, error)| failed(error))?;
        let directory = zip.eocd_offset().saturating_sub(zip.directory_offset());
        let expected = zip.entries_hint();
        if directory > MAX_IMPORT_HEADER_BYTES || expected > MAX_IMPORT_OBJECTS as u64 {
            return Err(Error::new(
                ErrorKind::Limit,
                "the archive's directory is larger than any checkpoint's",
            ));
        }
        let mut members = BTreeMap::new();
        let mut found = 0;
        let mut entries = zip.entries(&mut buffer);
        while let Some(record) = entries.next_entry().map_err(failed)? {
            found += 1;
            let bytes = record.uncompressed_size_hint();
            let stored = record.compression_method() == CompressionMethod::STORE
                && record.compressed_size_hint() == bytes;
            let name = String::from_utf8_lossy(record.file_path().as_bytes()).into_owned();
            let entry = record.wayfinder();
            members.insert(name, Member { entry, bytes, crc: record.crc32(), stored });
        }
        if found != expected {
            return Err(damaged("its directory lacks entries"));
        }
        Ok(Self { zip, length, members })
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// A member.
    pub(super) fn member(&self, name: &str) -> Result<Member> {
        self.members.get(name).copied().ok_or_else(|| corrupt(format!("the archive lacks {name}")))
    }

    /// Where in the file a member's bytes start, how many they are, and their checksum where one
    /// was computed.
    pub(super) fn place(&self, name: &str) -> Result<(u64, u64, Option<u32>)> {
        let member = self.member(name)?;
        if !member.stored {
            return Err(unsupported(format!(
                "{name} in the archive is compressed: save it without compression"
            )));
        }
        let entry = self.zip.get_entry(member.entry).map_err(failed)?;
        let (start, end) = entry.compressed_data_range();
        // Before anybody allocates memory for it.
        if end > self.length {
            return Err(ends_early());
        }
        // Zero means that none was computed (`torch.save` can be told not to).
        Ok((start, member.bytes, Some(member.crc).filter(|crc| *crc != 0)))
    }

    /// A small member.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>> {
        let (start, bytes, crc) = self.place(name)?;
        let mut found =
            vec![0; usize::try_from(bytes).map_err(|_| damaged("a member is too large"))?];
        self.zip.get_ref().read_exact_at(&mut found, start).map_err(unreadable)?;
        if crc.is_some_and(|crc| rawzip::crc32(&found) != crc) {
            return Err(damaged(&format!("the checksum of {name} is wrong")));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Numbers of a zip64 archive that a test may get wrong.
    struct Claims {
        entries: u64,
        directory: Option<u64>,
        end_record: Option<u64>,
        header: u64,
        bytes: u64,
    }

    const HONEST: Claims =
        Claims { entries: 1, directory: None, end_record: None, header: 0, bytes: 5 };

    /// An archive of one member, `a`, holding "hello", all of whose sizes are 64 bits wide and come
    /// after the data, as a stream's do.
    fn zip64(claims: &Claims) -> Vec<u8> {
        const WIDE: [u8; 4] = [0xff; 4];
        let crc = rawzip::crc32(b"hello").to_le_bytes();
        let fixed = |parts: &[&[u8]]| parts.concat();
        // Flag 3: sizes and checksum follow the data.
        let mut file = fixed(&[b"PK\x03\x04\x2d\0\x08\0\0\0\0\0\0\0", &[0; 4], &WIDE, &WIDE]);
        file.extend(b"\x01\0\x14\0a\x01\0\x10\0");
        file.extend([0; 16]);
        file.extend(b"hello");
        file.extend(fixed(&[b"PK\x07\x08", &crc]));
        file.extend([5_u64, 5].map(u64::to_le_bytes).concat());
        let directory = file.len() as u64;
        file.extend(fixed(&[b"PK\x01\x02\x2d\0\x2d\0\x08\0\0\0\0\0\0\0", &crc, &WIDE, &WIDE]));
        file.extend(fixed(&[b"\x01\0\x1c\0", &[0; 10], &WIDE, b"a\x01\0\x18\0"]));
        file.extend([claims.bytes, claims.bytes, claims.header].map(u64::to_le_bytes).concat());
        let end = file.len() as u64;
        file.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
        let start = claims.directory.unwrap_or(directory);
        let numbers = [claims.entries, claims.entries, end - directory, start];
        file.extend(numbers.map(u64::to_le_bytes).concat());
        file.extend(b"PK\x06\x07\0\0\0\0");
        file.extend(claims.end_record.unwrap_or(end).to_le_bytes());
        file.extend(fixed(&[
            b"\x01\0\0\0PK\x05\x06\0\0\0\0\xff\xff\xff\xff",
            &WIDE,
            &WIDE,
            &[0; 2],
        ]));
        file
    }

    fn read(file: &[u8]) -> Result<Vec<u8>> {
        Archive::open(Cursor::new(file), file.len() as u64)?.read("a")
    }

    #[test]
    fn wide_sizes_behind_the_data_are_read() {
        let file = zip64(&HONEST);
        assert_eq!(read(&file).unwrap(), b"hello");
        let archive = Archive::open(Cursor::new(&file[..]), file.len() as u64).unwrap();
        let (start, bytes, crc) = archive.place("a").unwrap();
        assert_eq!(&file[usize::try_from(start).unwrap()..][..5], b"hello");
        assert_eq!((bytes, crc), (5, Some(rawzip::crc32(b"hello"))));
    }

    #[test]
    fn numbers_that_lie_are_refused_before_memory_is_taken() {
        for wrong in [1, 1 << 20, 1 << 40, (1 << 63) + 1, u64::MAX - 1, u64::MAX] {
            for claims in [
                Claims { entries: wrong.max(2), ..HONEST },
                Claims { directory: Some(wrong), ..HONEST },
                Claims { end_record: Some(wrong), ..HONEST },
                Claims { header: wrong, ..HONEST },
                Claims { bytes: wrong.max(1000), ..HONEST },
            ] {
                let kind = read(&zip64(&claims)).unwrap_err().kind();
                assert!(matches!(kind, ErrorKind::WeightsCorrupt | ErrorKind::Limit), "{wrong}");
            }
        }
    }

    #[test]
    fn an_archive_cut_or_changed_anywhere_never_panics() {
        let file = zip64(&HONEST);
        for at in 0..file.len() {
            assert!(read(&file[..at]).is_err(), "{at}");
            for change in [0x01, 0x55, 0xff] {
                let mut changed = file.clone();
                changed[at] ^= change;
                if let Ok(found) = read(&changed) {
                    assert_eq!(found, b"hello", "{at}");
                }
            }
        }
    }
}
