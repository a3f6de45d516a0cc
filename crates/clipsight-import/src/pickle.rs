//! Python's pickle format as far as checkpoints use it, interpreted and never run.
//!
//! The opcodes are those that `torch.save` and TorchScript emit, in protocols 2 to 4. Modules are
//! read as dictionaries and tensors from the few calls that rebuild them; a name outside the lists
//! below ends the reading, whether it would be called or not.
//!
//! burn's own reader, the crate `pytorch-reader` 0.22.1, reads 13 of the 14 checkpoints under
//! `tests/fixtures/import`, but not TorchScript, in which OpenAI published CLIP
//! (`openai-jit/small.pt`), and does not refuse a pickle that asks for code to be run
//! (`bad/code.pth`).

use std::collections::HashMap;
use std::io::Read;

use super::corrupt;
use super::dtype::Dtype;
use clipsight::limits::MAX_IMPORT_OBJECTS;
use clipsight::{Error, Result};

/// A value; modules are dictionaries of their attributes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// `None`, other numbers and whatever else no weight is made of.
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
    /// numbers overlap, which weights never do.
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

/// Opcodes under the names of Python's `pickletools`: those that checkpoints are written with.
mod opcode {
    pub(super) const MARK: u8 = b'(';
    pub(super) const EMPTY_TUPLE: u8 = b')';
    pub(super) const STOP: u8 = b'.';
    pub(super) const BINBYTES: u8 = b'B';
    pub(super) const SHORT_BINBYTES: u8 = b'C';
    pub(super) const BINFLOAT: u8 = b'G';
    pub(super) const BININT: u8 = b'J';
    pub(super) const BININT1: u8 = b'K';
    pub(super) const BININT2: u8 = b'M';
    pub(super) const NONE: u8 = b'N';
    pub(super) const BINPERSID: u8 = b'Q';
    pub(super) const REDUCE: u8 = b'R';
    pub(super) const BINSTRING: u8 = b'T';
    pub(super) const SHORT_BINSTRING: u8 = b'U';
    pub(super) const BINUNICODE: u8 = b'X';
    pub(super) const EMPTY_LIST: u8 = b']';
    pub(super) const APPEND: u8 = b'a';
    pub(super) const BUILD: u8 = b'b';
    pub(super) const GLOBAL: u8 = b'c';
    pub(super) const APPENDS: u8 = b'e';
    pub(super) const BINGET: u8 = b'h';
    pub(super) const LONG_BINGET: u8 = b'j';
    pub(super) const LIST: u8 = b'l';
    pub(super) const BINPUT: u8 = b'q';
    pub(super) const LONG_BINPUT: u8 = b'r';
    pub(super) const SETITEM: u8 = b's';
    pub(super) const TUPLE: u8 = b't';
    pub(super) const SETITEMS: u8 = b'u';
    pub(super) const EMPTY_DICT: u8 = b'}';
    pub(super) const PROTO: u8 = 0x80;
    pub(super) const NEWOBJ: u8 = 0x81;
    pub(super) const TUPLE1: u8 = 0x85;
    pub(super) const TUPLE2: u8 = 0x86;
    pub(super) const TUPLE3: u8 = 0x87;
    pub(super) const NEWTRUE: u8 = 0x88;
    pub(super) const NEWFALSE: u8 = 0x89;
    pub(super) const LONG1: u8 = 0x8a;
    pub(super) const SHORT_BINUNICODE: u8 = 0x8c;
    pub(super) const EMPTY_SET: u8 = 0x8f;
    pub(super) const ADDITEMS: u8 = 0x90;
    pub(super) const STACK_GLOBAL: u8 = 0x93;
    pub(super) const MEMOIZE: u8 = 0x94;
    pub(super) const FRAME: u8 = 0x95;
}

/// Reads one pickle, and how many bytes each storage that it names has; `forbidden_callable` makes
/// the error for a name that is not on the lists.
pub(super) fn read(
    bytes: &mut impl Read,
    forbidden_callable: impl Fn(&str) -> Error,
) -> Result<(Value, HashMap<String, u64>)> {
    let mut machine = Machine {
        bytes,
        forbidden_callable,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        storages: HashMap::new(),
        left: MAX_IMPORT_OBJECTS,
    };
    loop {
        if let Some(value) = machine.step()? {
            return Ok((value, machine.storages));
        }
    }
}

/// Python's pickle machine: a stack of values, marks in it, and a memo of values met before.
struct Machine<'a, R, F> {
    bytes: &'a mut R,
    forbidden_callable: F,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    storages: HashMap<String, u64>,
    /// Values that may still be made.
    left: usize,
}

fn damaged(why: &str) -> Error {
    corrupt(format!("the pickle in the checkpoint is damaged: {why}"))
}

fn too_few_values() -> Error {
    damaged("it has too few values")
}

impl<R: Read, F: Fn(&str) -> Error> Machine<'_, R, F> {
    /// Executes one opcode; the value at the end.
    fn step(&mut self) -> Result<Option<Value>> {
        let [code] = self.take()?;
        match code {
            opcode::PROTO => {
                self.take::<1>()?;
            }
            // The length of what follows, which ends where it ends.
            opcode::FRAME => {
                self.take::<8>()?;
            }
            opcode::STOP => return self.pop().map(Some),
            opcode::MARK => self.marks.push(self.stack.len()),
            opcode::NONE | opcode::NEWTRUE | opcode::NEWFALSE => self.push(Value::Other)?,
            opcode::BININT1 => {
                let [value] = self.take()?;
                self.push(Value::Int(value.into()))?;
            }
            opcode::BININT2 => {
                let value = u16::from_le_bytes(self.take()?);
                self.push(Value::Int(value.into()))?;
            }
            opcode::BININT => {
                let value = i32::from_le_bytes(self.take()?);
                self.push(usize::try_from(value).map_or(Value::Other, Value::Int))?;
            }
            opcode::LONG1 => self.long()?,
            opcode::BINFLOAT => {
                self.take::<8>()?;
                self.push(Value::Other)?;
            }
            opcode::BINUNICODE
            | opcode::SHORT_BINUNICODE
            | opcode::BINSTRING
            | opcode::SHORT_BINSTRING => {
                let short = matches!(code, opcode::SHORT_BINUNICODE | opcode::SHORT_BINSTRING);
                let length = self.length(short)?;
                let text = self.take_bytes(length)?;
                // Strings of Python 2 are bytes.
                self.push(String::from_utf8(text).map_or(Value::Other, Value::Text))?;
            }
            opcode::BINBYTES | opcode::SHORT_BINBYTES => {
                let length = self.length(code == opcode::SHORT_BINBYTES)?;
                self.take_bytes(length)?;
                self.push(Value::Other)?;
            }
            opcode::GLOBAL => {
                let name = format!("{}.{}", self.line()?, self.line()?);
                self.push_name(name)?;
            }
            opcode::STACK_GLOBAL => {
                let (Value::Text(name), Value::Text(module)) = (self.pop()?, self.pop()?) else {
                    return Err(damaged("a name is not text"));
                };
                self.push_name(format!("{module}.{name}"))?;
            }
            opcode::MEMOIZE | opcode::BINPUT | opcode::LONG_BINPUT => self.memoize(code)?,
            opcode::BINGET | opcode::LONG_BINGET => self.recall(code)?,
            opcode::EMPTY_TUPLE | opcode::EMPTY_LIST | opcode::EMPTY_SET => {
                self.push(Value::Sequence(Vec::new()))?;
            }
            opcode::EMPTY_DICT => self.push(Value::Dict(Vec::new()))?,
            opcode::TUPLE | opcode::LIST => {
                let items = self.pop_to_mark()?;
                self.push(Value::Sequence(items))?;
            }
            opcode::TUPLE1 => self.tuple(1)?,
            opcode::TUPLE2 => self.tuple(2)?,
            opcode::TUPLE3 => self.tuple(3)?,
            opcode::APPEND | opcode::APPENDS | opcode::ADDITEMS => self.append(code)?,
            opcode::SETITEM => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(vec![key, value])?;
            }
            opcode::SETITEMS => {
                let items = self.pop_to_mark()?;
                self.set_items(items)?;
            }
            opcode::NEWOBJ => self.new_object()?,
            opcode::BUILD => self.build()?,
            opcode::BINPERSID => self.persistent_id()?,
            opcode::REDUCE => self.reduce()?,
            _ => return Err(damaged(&format!("PyTorch does not write the opcode {code:#04x}"))),
        }
        Ok(None)
    }

    /// A whole number of any length, of which only those that a shape could have are kept.
    fn long(&mut self) -> Result<()> {
        let [length] = self.take()?;
        let digits = self.take_bytes(length.into())?;
        let value = digits.iter().rev().try_fold(0_usize, |value, digit| {
            value.checked_mul(256).and_then(|value| value.checked_add(usize::from(*digit)))
        });
        let negative = digits.last().is_some_and(|digit| *digit > 127);
        self.push(value.filter(|_| !negative).map_or(Value::Other, Value::Int))
    }

    /// Remembers the value on top of the stack.
    fn memoize(&mut self, code: u8) -> Result<()> {
        let key = match code {
            opcode::MEMOIZE => u32::try_from(self.memo.len()).unwrap_or(u32::MAX),
            _ => self.memo_key(code == opcode::BINPUT)?,
        };
        let value =
            self.stack.last().cloned().ok_or_else(|| damaged("there is no value to remember"))?;
        self.charge(&value)?;
        self.memo.insert(key, value);
        Ok(())
    }

    /// Pushes a value that was remembered.
    fn recall(&mut self, code: u8) -> Result<()> {
        let key = self.memo_key(code == opcode::BINGET)?;
        let value = self
            .memo
            .get(&key)
            .cloned()
            .ok_or_else(|| damaged("a value that was never stored is recalled"))?;
        self.charge(&value)?;
        self.stack.push(value);
        Ok(())
    }

    fn tuple(&mut self, count: usize) -> Result<()> {
        let start = self.stack.len().checked_sub(count).ok_or_else(too_few_values)?;
        let items = self.stack.split_off(start);
        self.push(Value::Sequence(items))
    }

    fn append(&mut self, code: u8) -> Result<()> {
        let items = if code == opcode::APPEND { vec![self.pop()?] } else { self.pop_to_mark()? };
        match self.stack.last_mut() {
            Some(Value::Sequence(list)) => list.extend(items),
            _ => return Err(damaged("there is no list to add to")),
        }
        Ok(())
    }

    fn new_object(&mut self) -> Result<()> {
        let _arguments = self.pop()?;
        let Value::Name(_) = self.pop()? else {
            return Err(damaged("an object has no class"));
        };
        self.push(Value::Dict(Vec::new()))
    }

    /// Gives an object its state.
    fn build(&mut self) -> Result<()> {
        let state = self.pop()?;
        match (self.stack.last_mut(), state) {
            (Some(Value::Dict(items)), Value::Dict(state)) => items.extend(state),
            // Something other than a module keeps its state to itself.
            (Some(_), state) if !holds_weights(&state) => {}
            _ => return Err(damaged("there is no object to give a state to")),
        }
        Ok(())
    }

    /// A storage, which PyTorch writes as a persistent id.
    fn persistent_id(&mut self) -> Result<()> {
        let id = self.pop()?;
        let value = storage(&id)?;
        if let Value::Storage { key, bytes, .. } = &value
            && *self.storages.entry(key.clone()).or_insert(*bytes) != *bytes
        {
            return Err(damaged("a storage has two lengths"));
        }
        self.push(value)
    }

    fn reduce(&mut self) -> Result<()> {
        let arguments = self.pop()?;
        let (Value::Name(name), Value::Sequence(arguments)) = (self.pop()?, arguments) else {
            return Err(damaged("a call has no function"));
        };
        let value = call(&name, arguments, &self.forbidden_callable)?;
        self.push(value)
    }

    fn push_name(&mut self, name: String) -> Result<()> {
        if is_allowed(&name) {
            self.push(Value::Name(name))
        } else {
            Err((self.forbidden_callable)(&name))
        }
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
            return Err(damaged("there is no dictionary to add to"));
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
        self.stack.pop().ok_or_else(too_few_values)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        mark.map(|mark| self.stack.split_off(mark)).ok_or_else(|| damaged("it has too few marks"))
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
        String::from_utf8(line).map_err(|_| damaged("a name is not text"))
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

fn call(
    name: &str,
    arguments: Vec<Value>,
    forbidden_callable: &impl Fn(&str) -> Error,
) -> Result<Value> {
    if name == REBUILD {
        return tensor(&arguments)
            .ok_or_else(|| damaged("a tensor's shape and place are not numbers"));
    }
    if IDENTITIES.contains(&name) {
        return Ok(arguments.into_iter().next().unwrap_or(Value::Other));
    }
    match name {
        "collections.OrderedDict" if arguments.is_empty() => Ok(Value::Dict(Vec::new())),
        // What is made is not read, so no weight may go into it.
        _ if arguments.iter().any(holds_weights) => Err(forbidden_callable(name)),
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
