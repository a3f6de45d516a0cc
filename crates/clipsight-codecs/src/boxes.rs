//! Boxes of the ISO base media file format (ISO/IEC 14496-12), read as hostile input: every number
//! is checked where it is used, nothing recurses, nothing is copied.

use crate::error::{Error, Result};

/// The error for a container that ends too early or contradicts itself.
pub(crate) fn damaged(what: &str) -> Error {
    Error::decode(format!("the file is damaged or cut off ({what})"))
}

/// A box: its name and content.
pub(crate) struct Box_<'a> {
    pub(crate) name: [u8; 4],
    pub(crate) body: &'a [u8],
}

/// Reads numbers, most significant byte first.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| damaged("a box ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// A number of 0 to 8 bytes.
    pub(crate) fn number(&mut self, length: usize) -> Result<u64> {
        Ok(self.take(length)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        Ok(self.number(2)? as u16)
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(self.number(4)? as u32)
    }

    pub(crate) fn name(&mut self) -> Result<[u8; 4]> {
        let name = self.take(4)?;
        Ok([name[0], name[1], name[2], name[3]])
    }

    /// Version and flags of a full box.
    pub(crate) fn version_and_flags(&mut self) -> Result<(u8, u32)> {
        let word = self.u32()?;
        Ok(((word >> 24) as u8, word & 0xFF_FFFF))
    }

    /// The next box.
    pub(crate) fn next_box(&mut self) -> Result<Box_<'a>> {
        let short = self.u32()?;
        let name = self.name()?;
        let length = match short {
            // To the end of the file.
            0 => self.rest.len(),
            1 => usize::try_from(self.number(8)?.checked_sub(16).ok_or_else(too_short)?)
                .map_err(|_| damaged("a box ends too early"))?,
            _ => short.checked_sub(8).ok_or_else(too_short)? as usize,
        };
        Ok(Box_ { name, body: self.take(length)? })
    }

    /// All boxes that follow. Fewer than eight bytes at the end are no box.
    pub(crate) fn boxes(mut self) -> impl Iterator<Item = Result<Box_<'a>>> {
        std::iter::from_fn(move || {
            if self.rest.len() < 8 {
                return None;
            }
            let next = self.next_box();
            if next.is_err() {
                self.rest = &[];
            }
            Some(next)
        })
    }

    /// The first box of a name.
    pub(crate) fn find(self, name: &[u8; 4]) -> Result<Option<&'a [u8]>> {
        for child in self.boxes() {
            let child = child?;
            if child.name == *name {
                return Ok(Some(child.body));
            }
        }
        Ok(None)
    }
}

fn too_short() -> Error {
    damaged("a box is shorter than its header")
}

/// A name for people, where a file's four letters stand in a message.
pub(crate) fn shown(name: [u8; 4]) -> String {
    name.iter().map(|&b| if b.is_ascii_graphic() { char::from(b) } else { '?' }).collect()
}
