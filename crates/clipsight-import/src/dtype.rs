//! Types of numbers.

/// How a checkpoint stores numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    /// Counters and position numbers, which no weight is made of.
    Other,
}

impl Dtype {
    /// Bytes of one number; 0 where it is never read.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Other => 0,
        }
    }
}
