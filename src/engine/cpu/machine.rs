//! Which instruction set serves.

use super::isa::{self, Isa};

/// An instruction set of this machine.
#[derive(Clone, Copy, Debug)]
pub(super) enum Machine {
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(isa::Avx512Vnni),
    #[cfg(target_arch = "x86_64")]
    AvxVnni(isa::AvxVnni),
    #[cfg(target_arch = "x86_64")]
    Avx2(isa::Avx2),
    #[cfg(target_arch = "aarch64")]
    DotProduct(isa::DotProduct),
    #[cfg(target_arch = "wasm32")]
    Wasm(isa::Wasm),
    #[cfg(any(test, not(target_arch = "wasm32")))]
    Portable(isa::Portable),
}

/// Evaluates an expression with the machine's instruction set as a value of its own type.
macro_rules! with_isa {
    ($machine:expr, $isa:ident => $body:expr) => {
        match $machine {
            #[cfg(target_arch = "x86_64")]
            $crate::engine::cpu::machine::Machine::Avx512Vnni($isa) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::engine::cpu::machine::Machine::AvxVnni($isa) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::engine::cpu::machine::Machine::Avx2($isa) => $body,
            #[cfg(target_arch = "aarch64")]
            $crate::engine::cpu::machine::Machine::DotProduct($isa) => $body,
            #[cfg(target_arch = "wasm32")]
            $crate::engine::cpu::machine::Machine::Wasm($isa) => $body,
            #[cfg(any(test, not(target_arch = "wasm32")))]
            $crate::engine::cpu::machine::Machine::Portable($isa) => $body,
        }
    };
}
pub(super) use with_isa;

impl Machine {
    /// All that this machine has, the fastest first.
    pub(super) fn all() -> Vec<Self> {
        [
            #[cfg(target_arch = "x86_64")]
            isa::Avx512Vnni::detect().map(Self::Avx512Vnni),
            #[cfg(target_arch = "x86_64")]
            isa::AvxVnni::detect().map(Self::AvxVnni),
            #[cfg(target_arch = "x86_64")]
            isa::Avx2::detect().map(Self::Avx2),
            #[cfg(target_arch = "aarch64")]
            isa::DotProduct::detect().map(Self::DotProduct),
            #[cfg(target_arch = "wasm32")]
            Some(Self::Wasm(isa::Wasm::detect())),
            #[cfg(any(test, not(target_arch = "wasm32")))]
            Some(Self::Portable(isa::Portable)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The fastest.
    pub(super) fn best() -> Self {
        Self::all()[0]
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        with_isa!(self, isa => isa.name())
    }

    /// Columns of a tile.
    pub(super) fn columns(self) -> usize {
        fn columns<I: Isa>(_: I) -> usize {
            I::COLUMNS
        }
        with_isa!(self, isa => columns(isa))
    }

    /// See [`isa::effective_zero`].
    pub(super) fn effective_zero(self, zero: i32) -> i32 {
        with_isa!(self, isa => isa::effective_zero(isa, zero))
    }
}
