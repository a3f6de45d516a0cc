//! Checkpoints that PyTorch wrote: archives of `torch.save` (1.6 and later) and of TorchScript, in
//! which OpenAI published CLIP, and the older format of pickles followed by storages. What a pickle
//! describes is read by [`super::pickle`], which says why no crate does it; an archive's code is
//! never looked at.

use std::collections::HashMap;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use super::archive::Archive;
use super::dtype::Dtype;
use super::files::{open as open_file, unreadable};
use super::pickle::{self, StoredView, Value};
use super::pieces::{Numbers, SharedFile, Span, Values};
use super::{corrupt, unsupported};
use clipsight::limits::{MAX_IMPORT_HEADER_BYTES, MAX_IMPORT_NESTING};
use clipsight::{Error, ErrorKind, Result};

/// Where a tensor's values lie.
#[derive(Debug)]
pub(super) struct TorchEntry {
    store: Arc<Store>,
    shape: Vec<usize>,
    view: StoredView,
}

/// The storages of a file.
#[derive(Debug)]
enum Store {
    /// Members of an archive, in the folder `root`.
    Archive { file: SharedFile, archive: Archive<SharedFile>, root: String },
    /// Places and lengths in an old file.
    Legacy { file: SharedFile, places: HashMap<String, (u64, u64)> },
}

/// Names, types, shapes and places of tensors.
pub(super) type Entries = Vec<(String, Dtype, Vec<usize>, TorchEntry)>;

/// How the oldest pickle begins: the magic number of `torch.save` before 1.6, as a long of protocol
/// 2.
const LEGACY: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

/// Whether a file that starts like this is one of the older format.
pub(super) fn looks_like_legacy(start: &[u8]) -> bool {
    start.starts_with(LEGACY)
}

/// All tensors of an archive.
pub(super) fn open_archive(path: &Path) -> Result<Entries> {
    let file = open_file(path)?;
    let length = file.metadata().map_err(|error| unreadable(path, error))?.len();
    let file = SharedFile::new(file);
    let archive = Archive::open(file.clone(), length)?;
    let roots = archive.names().filter_map(|name| name.strip_suffix("data.pkl"));
    let root =
        roots.filter(|root| root.is_empty() || root.ends_with('/')).min_by_key(|root| root.len());
    let Some(root) = root.map(ToOwned::to_owned) else {
        return Err(unsupported(format!(
            "{} is an archive, but PyTorch did not write it",
            path.display()
        )));
    };
    let order = format!("{root}byteorder");
    if let Ok(member) = archive.member(&order)
        && (member.bytes > 16 || archive.read(&order)? != b"little")
    {
        return Err(unsupported(format!("{} was written on a big-endian machine", path.display())));
    }
    let name = format!("{root}data.pkl");
    let bytes = archive.member(&name)?.bytes;
    if bytes > MAX_IMPORT_HEADER_BYTES {
        let message = format!(
            "{} has a description of {bytes} bytes; the limit is {MAX_IMPORT_HEADER_BYTES}",
            path.display()
        );
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let description = archive.read(&name)?;
    let (value, _) =
        pickle::read(&mut Cursor::new(description), |name| forbidden_callable(path, name))?;
    entries(&value, Store::Archive { file, archive, root })
}

/// All tensors of an older file.
pub(super) fn open_legacy(path: &Path) -> Result<Entries> {
    let failed = |error| unreadable(path, error);
    let mut reader = BufReader::new(open_file(path)?).take(MAX_IMPORT_HEADER_BYTES);
    let mut next = || pickle::read(&mut reader, |name| forbidden_callable(path, name));
    // Magic number, version, and the machine's sizes.
    next()?;
    next()?;
    next()?;
    let (value, storages) = next()?;
    let (keys, _) = next()?;
    let mut reader = reader.into_inner();
    let mut place = reader.stream_position().map_err(failed)?;
    let file = reader.into_inner();
    let length = file.metadata().map_err(failed)?.len();
    let Value::Sequence(keys) = keys else {
        return Err(corrupt("the file does not list its storages in order"));
    };
    let mut places = HashMap::new();
    for key in keys {
        let known = match key {
            Value::Text(key) => storages.get(&key).map(|bytes| (key, *bytes)),
            _ => None,
        };
        let Some((key, bytes)) = known else {
            return Err(corrupt("the file holds a storage that nothing describes"));
        };
        // The number of values stands before them.
        let start = place.saturating_add(8);
        place = start.saturating_add(bytes);
        if place > length {
            return Err(corrupt(format!(
                "{} is cut off: it ends before its storages do",
                path.display()
            )));
        }
        places.insert(key, (start, bytes));
    }
    entries(&value, Store::Legacy { file: SharedFile::new(file), places })
}

/// The error for a pickle that asks for code to be run.
fn forbidden_callable(path: &Path, name: &str) -> Error {
    unsupported(format!(
        "{} asks to call {name}, which no checkpoint needs: nothing was run, and the file was not \
         read; get the weights as safetensors",
        path.display()
    ))
}

fn entries(value: &Value, store: Store) -> Result<Entries> {
    let store = Arc::new(store);
    let mut entries = Vec::new();
    walk(value, "", 0, &mut |name, shape, view| {
        let entry =
            TorchEntry { store: Arc::clone(&store), shape: shape.to_vec(), view: view.clone() };
        entries.push((name, view.dtype, shape.to_vec(), entry));
    })?;
    Ok(entries)
}

fn walk(
    value: &Value,
    name: &str,
    depth: usize,
    add: &mut impl FnMut(String, &[usize], &StoredView),
) -> Result<()> {
    if depth > MAX_IMPORT_NESTING {
        return Err(corrupt("the checkpoint's modules are nested too deeply"));
    }
    match value {
        Value::Tensor { shape, view } => add(name.to_owned(), shape, view),
        Value::Dict(items) => {
            for (key, value) in items {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                walk(value, &name, depth + 1, add)?;
            }
        }
        _ => {}
    }
    Ok(())
}

impl Store {
    /// Where the storage `key` lies.
    fn span(&self, key: &str) -> Result<Span> {
        match self {
            Self::Archive { file, archive, root } => {
                let (start, bytes, crc) = archive.place(&format!("{root}data/{key}"))?;
                Ok(Span { file: file.clone(), start, bytes, crc })
            }
            Self::Legacy { file, places } => {
                let (start, bytes) = places.get(key).copied().ok_or_else(|| {
                    corrupt(format!("the storage {key} is shorter than its tensors need"))
                })?;
                Ok(Span { file: file.clone(), start, bytes, crc: None })
            }
        }
    }
}

impl TorchEntry {
    /// The values of the tensor `name`, row-major, `count` in number.
    pub(super) fn values<'a>(&self, name: &'a str, count: usize) -> Result<Values<'a>> {
        let outside = || corrupt(format!("the tensor {name} reaches beyond its storage"));
        let span = self.store.span(&self.view.storage)?;
        let StoredView { dtype, offset, .. } = self.view;
        let stored = span.bytes / (dtype.bytes() as u64).max(1);
        let first = offset as u64;
        // A view that skips numbers ends later than this; reading it finds that out.
        if first.checked_add(count as u64).is_none_or(|end| end > stored) {
            return Err(outside());
        }
        if self.view.is_contiguous(&self.shape) {
            return Ok(Values::InOrder(Numbers::new(name, span, dtype, first)?));
        }
        let axes = self.view.forwards(&self.shape).ok_or_else(|| {
            corrupt(format!("the tensor {name} is stored so that its numbers overlap"))
        })?;
        let mut numbers = Numbers::new(name, span, dtype, 0)?;
        let mut values = vec![0.0; count];
        let mut index = vec![0_usize; axes.len()];
        for _ in 0..count {
            let sum = |step: fn(&(usize, usize, usize)) -> usize| -> usize {
                index.iter().zip(&axes).map(|(index, axis)| index * step(axis)).sum()
            };
            let (from, to) = (sum(|axis| axis.1), sum(|axis| axis.2));
            numbers.skip_to(first.checked_add(from as u64).ok_or_else(outside)?)?;
            numbers.fill(&mut values[to..=to])?;
            for (index, (side, ..)) in index.iter_mut().zip(&axes).rev() {
                *index += 1;
                if *index < *side {
                    break;
                }
                *index = 0;
            }
        }
        Ok(Values::Gathered { values, taken: 0 })
    }
}
