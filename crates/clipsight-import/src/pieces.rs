//! Numbers of a file in their order, a piece at a time: a token table of hundreds of megabytes is
//! never held as bytes.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use half::{bf16, f16};
use rawzip::{Crc32, FileReader, ReaderAt};

use super::corrupt;
use super::dtype::Dtype;
use clipsight::{Error, ErrorKind, Result};

/// Bytes of a file that are held at a time.
const PIECE: usize = 1 << 20;

/// A file that several tensors are read from, each from its own position.
#[derive(Clone, Debug)]
pub(super) struct SharedFile {
    file: Arc<FileReader>,
    at: u64,
}

impl SharedFile {
    pub(super) fn new(file: File) -> Self {
        Self { file: Arc::new(file.into()), at: 0 }
    }
}

impl Read for SharedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl ReaderAt for SharedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        // Damaged archives name such places; systems call them an invalid argument.
        if i64::try_from(offset).is_err() {
            return Ok(0);
        }
        self.file.read_at(buffer, offset)
    }
}

/// Bytes that stand in a file one after the other.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) file: SharedFile,
    pub(super) start: u64,
    pub(super) bytes: u64,
    /// The checksum of all of them, where it is known.
    pub(super) crc: Option<u32>,
}

/// Numbers of a span, in the file's order, forwards only.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    name: &'a str,
    span: Span,
    dtype: Dtype,
    /// The checksum of what was read; it counts only where nothing was left out.
    hasher: Crc32,
    whole: bool,
    /// The piece at hand, where in the span it begins, and how much of it was taken.
    piece: Vec<u8>,
    piece_at: u64,
    taken: usize,
}

impl<'a> Numbers<'a> {
    /// Those of the tensor `name`, from the number `first` on.
    pub(super) fn new(name: &'a str, mut span: Span, dtype: Dtype, first: u64) -> Result<Self> {
        let skipped = first
            .checked_mul(dtype.bytes() as u64)
            .filter(|skipped| *skipped <= span.bytes)
            .ok_or_else(|| beyond(name))?;
        span.file.at = span.start + skipped;
        let hasher = Crc32::new();
        let whole = skipped == 0;
        Ok(Self {
            name,
            span,
            dtype,
            hasher,
            whole,
            piece: Vec::new(),
            piece_at: skipped,
            taken: 0,
        })
    }

    /// The next numbers.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when there are fewer, or the checksum of all of them is wrong;
    /// [`ErrorKind::Io`].
    #[expect(
        clippy::cast_possible_truncation,
        reason = "f64 weights are kept as f32, as everything else"
    )]
    pub(super) fn fill(&mut self, mut numbers: &mut [f32]) -> Result<()> {
        while !numbers.is_empty() {
            if self.taken == self.piece.len() {
                self.next_piece()?;
            }
            let size = self.dtype.bytes();
            let count = numbers.len().min((self.piece.len() - self.taken) / size);
            let (now, later) = numbers.split_at_mut(count);
            let bytes = &self.piece[self.taken..][..count * size];
            match self.dtype {
                Dtype::F64 => convert(now, bytes, |bytes| f64::from_le_bytes(bytes) as f32),
                Dtype::F32 => convert(now, bytes, f32::from_le_bytes),
                Dtype::F16 => convert(now, bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
                Dtype::Bf16 => convert(now, bytes, |bytes| bf16::from_le_bytes(bytes).to_f32()),
                Dtype::Other => return Err(beyond(self.name)),
            }
            self.taken += count * size;
            numbers = later;
        }
        Ok(())
    }

    /// Skips to the number `index` of the span, which must not lie behind us.
    pub(super) fn skip_to(&mut self, index: u64) -> Result<()> {
        let at = index.checked_mul(self.dtype.bytes() as u64).ok_or_else(|| beyond(self.name))?;
        // What is skipped is part of the checksum: it is read, too.
        while at >= self.piece_at + self.piece.len() as u64 && at < self.span.bytes {
            self.next_piece()?;
        }
        let within = at.checked_sub(self.piece_at).and_then(|within| usize::try_from(within).ok());
        self.taken =
            within.filter(|within| *within <= self.piece.len()).ok_or_else(|| beyond(self.name))?;
        Ok(())
    }

    fn next_piece(&mut self) -> Result<()> {
        self.piece_at += self.piece.len() as u64;
        let size = self.dtype.bytes() as u64;
        let left = (self.span.bytes - self.piece_at).min(PIECE as u64);
        // Whole numbers only; a span may end with part of one that no tensor uses.
        let bytes = left - left.checked_rem(size).unwrap_or(left);
        if bytes == 0 {
            return Err(beyond(self.name));
        }
        self.piece.resize(usize::try_from(bytes).map_err(|_| beyond(self.name))?, 0);
        self.taken = 0;
        self.span.file.read_exact(&mut self.piece).map_err(|error| unreadable(self.name, error))?;
        self.hasher.update(&self.piece);
        let end = self.piece_at + bytes == self.span.bytes;
        if let Some(crc) = self.span.crc.filter(|_| end && self.whole)
            && self.hasher.checksum() != crc
        {
            return Err(corrupt(format!(
                "the archive is damaged: the checksum of {} is wrong",
                self.name
            )));
        }
        Ok(())
    }
}

/// The values of a tensor, row-major, to be taken forwards.
#[derive(Debug)]
pub(super) enum Values<'a> {
    /// As they lie in the file.
    InOrder(Numbers<'a>),
    /// Put in order already.
    Gathered { values: Vec<f32>, taken: usize },
}

impl Values<'_> {
    /// The next values.
    ///
    /// # Errors
    /// As [`Numbers::fill`].
    pub(super) fn fill(&mut self, to: &mut [f32]) -> Result<()> {
        match self {
            Self::InOrder(numbers) => numbers.fill(to),
            Self::Gathered { values, taken } => {
                let next =
                    values.get(*taken..*taken + to.len()).ok_or_else(|| beyond("at hand"))?;
                to.copy_from_slice(next);
                *taken += to.len();
                Ok(())
            }
        }
    }

    /// All `count` values, none of which was taken.
    pub(super) fn all(self, count: usize) -> Result<Vec<f32>> {
        match self {
            Self::Gathered { values, .. } => Ok(values),
            Self::InOrder(mut numbers) => {
                let mut values = vec![0.0; count];
                numbers.fill(&mut values)?;
                Ok(values)
            }
        }
    }
}

fn convert<const N: usize>(numbers: &mut [f32], bytes: &[u8], number: impl Fn([u8; N]) -> f32) {
    for (to, from) in numbers.iter_mut().zip(bytes.as_chunks().0) {
        *to = number(*from);
    }
}

fn beyond(name: &str) -> Error {
    corrupt(format!("the tensor {name} reaches beyond its storage"))
}

fn unreadable(name: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the tensor {name} cannot be read: {error}"))
        .with_source(error)
}
