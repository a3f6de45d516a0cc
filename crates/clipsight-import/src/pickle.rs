//! Python's pickle as far as checkpoints are written in it, interpreted and never run.
//!
//! The opcodes are those that `torch.save` and TorchScript emit, in protocols 2 to 4. Modules are
//! read as dictionaries and tensors from the few calls that rebuild them; a name outside the lists
//! below ends the reading, whether it would be called or not.

use std::collections::HashMap;
use std::io::Read;

use super::corrupt;
use super::dtype::Dtype;
use clipsight::limits::MAX_IMPORT_OBJECTS;
use clipsight::{Error, Result};

/// A value; modules are dictionaries of their attributes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// `None`, numbers and what else no weight is made of.
    Other,
    /// A non-negative number.
    Int(usize),
    Text(String),
    Sequence(Vec<Value>),
    Dict(Vec<(String, Value)>),
    /// A class or function, by its full name.
    Name(String),
    Storage {
        dtype: Dtype,
        key: String,
        bytes: u64,
    },
    Tensor {
        shape: Vec<usize>,
        view: StoredView,
    },
}

/// A tensor's values in their storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredView {
    pub(super) dtype: Dtype,
    /// The storage's key.
    pub(super) storage: String,
    /// Numbers before the first.
    pub(super) offset: usize,
    /// Numbers from one index of each axis to the next.
    pub(super) strides: Vec<usize>,
}

impl StoredView {
    /// Whether the values lie one after the other.
    pub(super) fn is_contiguous(&self, shape: &[usize]) -> bool {
        let mut step = 1_usize;
        shape.iter().zip(&self.strides).rev().all(|(side, stride)| {
            let fits = *side == 1 || *stride == step;
            step = step.saturating_mul(*side);
            fits
        })
    }

    /// The axes of more than one index, as sides, strides, and steps in row-major order, those
    /// first whose numbers lie farthest apart: in this order a view is read forwards. `None` when
    /// numbers lie in one another's place, which no weights' do.
    pub(super) fn forwards(&self, shape: &[usize]) -> Option<Vec<(usize, usize, usize)>> {
        let mut step = 1_usize;
        let mut axes = Vec::with_capacity(shape.len());
        for (side, stride) in shape.iter().zip(&self.strides).rev() {
            if *side != 1 {
                axes.push((*side, *stride, step));
            }
            step = step.checked_mul(*side)?;
        }
        axes.sort_by_key(|(_, stride, _)| std::cmp::Reverse(*stride));
        let mut reach = 0_usize;
        for (side, stride, _) in axes.iter().rev() {
            if *stride <= reach {
                return None;
            }
            reach = side.checked_sub(1)?.checked_mul(*stride)?.checked_add(reach)?;
        }
        Some(axes)
    }
}

/// Reads one pickle, and how many bytes each storage that it names has; `code` makes the error of a
/// name that could only be meant to be called.
pub(super) fn read(
    bytes: &mut impl Read,
    code: impl Fn(&str) -> Error,
) -> Result<(Value, HashMap<String, u64>)> {
    let mut machine = Machine {
        bytes,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        storages: HashMap::new(),
        left: MAX_IMPORT_OBJECTS,
    };
    loop {
        if let Some(value) = machine.step(&code)? {
            return Ok((value, machine.storages));
        }
    }
}

struct Machine<'a, R> {
    bytes: &'a mut R,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    storages: HashMap<String, u64>,
    /// Values that may still be made.
    left: usize,
}

fn damaged(why: &str) -> Error {
    corrupt(format!("the checkpoint's description is damaged: {why}"))
}

impl<R: Read> Machine<'_, R> {
    /// One opcode; the value at the end.
    fn step(&mut self, code: &impl Fn(&str) -> Error) -> Result<Option<Value>> {
        let [opcode] = self.take()?;
        match opcode {
            0x80 => {
                self.take::<1>()?;
            }
            // The length of what follows, which ends where it ends.
            0x95 => {
                self.take::<8>()?;
            }
            b'.' => return self.pop().map(Some),
            b'(' => self.marks.push(self.stack.len()),
            b'N' | 0x88 | 0x89 => self.push(Value::Other)?,
            b'K' => {
                let [value] = self.take()?;
                self.push(Value::Int(value.into()))?;
            }
            b'M' => {
                let value = u16::from_le_bytes(self.take()?);
                self.push(Value::Int(value.into()))?;
            }
            b'J' => {
                let value = i32::from_le_bytes(self.take()?);
                self.push(usize::try_from(value).map_or(Value::Other, Value::Int))?;
            }
            0x8a => {
                let [length] = self.take()?;
                let digits = self.take_bytes(length.into())?;
                let value = digits.iter().rev().try_fold(0_usize, |value, digit| {
                    value.checked_mul(256).and_then(|value| value.checked_add(usize::from(*digit)))
                });
                let negative = digits.last().is_some_and(|digit| *digit > 127);
                self.push(value.filter(|_| !negative).map_or(Value::Other, Value::Int))?;
            }
            b'G' => {
                self.take::<8>()?;
                self.push(Value::Other)?;
            }
            b'X' | 0x8c | b'T' | b'U' => {
                let length = self.length(matches!(opcode, 0x8c | b'U'))?;
                let text = self.take_bytes(length)?;
                // Strings of Python 2 are bytes.
                self.push(String::from_utf8(text).map_or(Value::Other, Value::Text))?;
            }
            b'B' | b'C' => {
                let length = self.length(opcode == b'C')?;
                self.take_bytes(length)?;
                self.push(Value::Other)?;
            }
            b'c' => {
                let name = format!("{}.{}", self.line()?, self.line()?);
                self.push_name(name, code)?;
            }
            0x93 => {
                let (Value::Text(name), Value::Text(module)) = (self.pop()?, self.pop()?) else {
                    return Err(damaged("a name is no text"));
                };
                self.push_name(format!("{module}.{name}"), code)?;
            }
            b'q' | b'r' | 0x94 => {
                let key = match opcode {
                    0x94 => u32::try_from(self.memo.len()).unwrap_or(u32::MAX),
                    _ => self.memo_key(opcode == b'q')?,
                };
                let value =
                    self.stack.last().cloned().ok_or_else(|| damaged("nothing to remember"))?;
                self.charge(&value)?;
                self.memo.insert(key, value);
            }
            b'h' | b'j' => {
                let key = self.memo_key(opcode == b'h')?;
                let value =
                    self.memo.get(&key).cloned().ok_or_else(|| damaged("nothing remembered"))?;
                self.charge(&value)?;
                self.stack.push(value);
            }
            b')' | b']' | 0x8f => self.push(Value::Sequence(Vec::new()))?,
            b'}' => self.push(Value::Dict(Vec::new()))?,
            b't' | b'l' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Sequence(items))?;
            }
            0x85..=0x87 => {
                let count = usize::from(opcode - 0x84);
                let start =
                    self.stack.len().checked_sub(count).ok_or_else(|| damaged("too few values"))?;
                let items = self.stack.split_off(start);
                self.push(Value::Sequence(items))?;
            }
            b'a' | b'e' | 0x90 => {
                let items = if opcode != b'a' { self.pop_to_mark()? } else { vec![self.pop()?] };
                match self.stack.last_mut() {
                    Some(Value::Sequence(list)) => list.extend(items),
                    _ => return Err(damaged("no list to add to")),
                }
            }
            b's' | b'u' => {
                let items = if opcode == b'u' {
                    self.pop_to_mark()?
                } else {
                    let value = self.pop()?;
                    vec![self.pop()?, value]
                };
                self.set_items(items)?;
            }
            0x81 => {
                let _arguments = self.pop()?;
                let Value::Name(_) = self.pop()? else {
                    return Err(damaged("no class to make an object of"));
                };
                self.push(Value::Dict(Vec::new()))?;
            }
            b'b' => {
                let state = self.pop()?;
                match (self.stack.last_mut(), state) {
                    (Some(Value::Dict(items)), Value::Dict(state)) => items.extend(state),
                    // Something other than a module keeps a state of its own.
                    (Some(_), state) if !holds_weights(&state) => {}
                    _ => return Err(damaged("no object to build")),
                }
            }
            b'Q' => {
                let id = self.pop()?;
                let value = storage(&id)?;
                if let Value::Storage { key, bytes, .. } = &value
                    && *self.storages.entry(key.clone()).or_insert(*bytes) != *bytes
                {
                    return Err(damaged("a storage has two lengths"));
                }
                self.push(value)?;
            }
            b'R' => {
                let arguments = self.pop()?;
                let (Value::Name(name), Value::Sequence(arguments)) = (self.pop()?, arguments)
                else {
                    return Err(damaged("a call of nothing"));
                };
                let value = call(&name, arguments, code)?;
                self.push(value)?;
            }
            _ => {
                return Err(damaged(&format!(
                    "the opcode {opcode:#04x} is none that PyTorch writes"
                )));
            }
        }
        Ok(None)
    }

    fn push_name(&mut self, name: String, code: &impl Fn(&str) -> Error) -> Result<()> {
        if is_allowed(&name) { self.push(Value::Name(name)) } else { Err(code(&name)) }
    }

    fn length(&mut self, short: bool) -> Result<usize> {
        if short {
            self.take::<1>().map(|[length]| length.into())
        } else {
            self.take().map(|length| u32::from_le_bytes(length) as usize)
        }
    }

    fn set_items(&mut self, items: Vec<Value>) -> Result<()> {
        let Some(Value::Dict(dict)) = self.stack.last_mut() else {
            return Err(damaged("no dictionary to add to"));
        };
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            match key {
                Value::Text(key) => dict.push((key, value)),
                // Numbers as keys occur in constants, never in modules.
                _ => dict.push((String::new(), Value::Other)),
            }
        }
        Ok(())
    }

    fn push(&mut self, value: Value) -> Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| damaged("it has too many parts"))?;
        self.stack.push(value);
        Ok(())
    }

    /// Counts a copy, so that copies of copies end.
    fn charge(&mut self, value: &Value) -> Result<()> {
        fn parts(value: &Value) -> usize {
            match value {
                Value::Sequence(items) => 1 + items.iter().map(parts).sum::<usize>(),
                Value::Dict(items) => {
                    1 + items.iter().map(|(_, value)| parts(value)).sum::<usize>()
                }
                _ => 1,
            }
        }
        self.left =
            self.left.checked_sub(parts(value)).ok_or_else(|| damaged("it has too many parts"))?;
        Ok(())
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().ok_or_else(|| damaged("too few values"))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        mark.map(|mark| self.stack.split_off(mark)).ok_or_else(|| damaged("no mark"))
    }

    fn memo_key(&mut self, short: bool) -> Result<u32> {
        if short {
            self.take::<1>().map(|[key]| key.into())
        } else {
            self.take().map(u32::from_le_bytes)
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.bytes.read_exact(&mut bytes).map_err(|_| damaged("it ends too early"))?;
        Ok(bytes)
    }

    fn take_bytes(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self.bytes.by_ref().take(length as u64).read_to_end(&mut bytes);
        if read.is_ok_and(|read| read == length) {
            Ok(bytes)
        } else {
            Err(damaged("it ends too early"))
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        loop {
            match self.take()? {
                [b'\n'] => break,
                [byte] => line.push(byte),
            }
        }
        String::from_utf8(line).map_err(|_| damaged("a name is no text"))
    }
}

/// Calls that give back the list or tensor that they are given.
const IDENTITIES: [&str; 6] = [
    "torch.jit._pickle.build_intlist",
    "torch.jit._pickle.build_tensorlist",
    "torch.jit._pickle.build_doublelist",
    "torch.jit._pickle.build_boollist",
    "torch.jit._pickle.restore_type_tag",
    "torch._utils._rebuild_parameter",
];

/// Names that occur beside weights: training arguments, random states, numbers, sizes. What they
/// would make is left out.
const HARMLESS: [&str; 8] = [
    "numpy.",
    "argparse.Namespace",
    "_codecs.encode",
    "collections.defaultdict",
    "pathlib.",
    "builtins.set",
    "__builtin__.set",
    "torch.Size",
];

const REBUILD: &str = "torch._utils._rebuild_tensor_v2";

fn is_allowed(name: &str) -> bool {
    let storage = name
        .strip_prefix("torch.")
        .is_some_and(|name| name.ends_with("Storage") && !name.contains('.'));
    let dtype = ["torch.float", "torch.bfloat", "torch.int", "torch.uint", "torch.bool"];
    name.starts_with("__torch__.")
        || HARMLESS.iter().chain(&dtype).any(|harmless| name.starts_with(harmless))
        || storage
        || name == REBUILD
        || ["collections.OrderedDict", "torch.device"].contains(&name)
        || IDENTITIES.contains(&name)
}

fn call(name: &str, arguments: Vec<Value>, code: &impl Fn(&str) -> Error) -> Result<Value> {
    if name == REBUILD {
        return tensor(&arguments)
            .ok_or_else(|| damaged("a tensor's shape and place are no numbers"));
    }
    if IDENTITIES.contains(&name) {
        return Ok(arguments.into_iter().next().unwrap_or(Value::Other));
    }
    match name {
        "collections.OrderedDict" if arguments.is_empty() => Ok(Value::Dict(Vec::new())),
        // What is made is not read, so no weight may go into it.
        _ if arguments.iter().any(holds_weights) => Err(code(name)),
        _ => Ok(Value::Other),
    }
}

fn holds_weights(value: &Value) -> bool {
    match value {
        Value::Storage { .. } | Value::Tensor { .. } => true,
        Value::Sequence(items) => items.iter().any(holds_weights),
        Value::Dict(items) => items.iter().any(|(_, value)| holds_weights(value)),
        _ => false,
    }
}

/// `_rebuild_tensor_v2(storage, offset, shape, strides, ...)`.
fn tensor(arguments: &[Value]) -> Option<Value> {
    let numbers = |value: &Value| match value {
        Value::Sequence(items) => items
            .iter()
            .map(|item| match item {
                Value::Int(value) => Some(*value),
                _ => None,
            })
            .collect::<Option<Vec<usize>>>(),
        _ => None,
    };
    let [Value::Storage { dtype, key, .. }, Value::Int(offset), shape, strides, ..] = arguments
    else {
        return None;
    };
    let (shape, strides) = (numbers(shape)?, numbers(strides)?);
    let view = StoredView { dtype: *dtype, storage: key.clone(), offset: *offset, strides };
    (shape.len() == view.strides.len()).then_some(Value::Tensor { shape, view })
}

/// `('storage', class, key, location, numbers)`.
fn storage(id: &Value) -> Result<Value> {
    let Value::Sequence(parts) = id else { return Err(damaged("a storage without a description")) };
    let [Value::Text(kind), Value::Name(class), Value::Text(key), _, Value::Int(count), ..] =
        parts.as_slice()
    else {
        return Err(damaged("a storage without a description"));
    };
    // A key is a member's name in `data/`.
    if kind != "storage" || key.contains(['/', '\\']) {
        return Err(damaged("a storage of an unknown kind"));
    }
    let (dtype, size) = match class.as_str() {
        "torch.DoubleStorage" => (Dtype::F64, 8),
        "torch.FloatStorage" => (Dtype::F32, 4),
        "torch.HalfStorage" => (Dtype::F16, 2),
        "torch.BFloat16Storage" => (Dtype::Bf16, 2),
        "torch.LongStorage" => (Dtype::Other, 8),
        "torch.IntStorage" => (Dtype::Other, 4),
        "torch.ShortStorage" => (Dtype::Other, 2),
        "torch.CharStorage" | "torch.ByteStorage" | "torch.BoolStorage" => (Dtype::Other, 1),
        other => {
            return Err(damaged(&format!("it stores numbers as {other}, which no encoder does")));
        }
    };
    let bytes =
        (*count as u64).checked_mul(size).ok_or_else(|| damaged("a storage is too large"))?;
    Ok(Value::Storage { dtype, key: key.clone(), bytes })
}
