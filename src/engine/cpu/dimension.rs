//! How rows are padded, and how their values are grouped under scales.

use super::isa::{MAX_COLUMNS, ROWS};
use super::packing::PER_WORD;
use crate::simd::QUAD;

/// At most so many values of a row share a scale, if their number can be divided so. Finer groups
/// cost a scaling of all sums each (ViT-B/16: a fifth of the time for 128, natively half for 64);
/// coarser ones let a large value coarsen the steps of more others.
const GROUP: usize = 512;

/// The same in encoders narrower than [`NARROW`]: theirs are the smaller errors that heads on many
/// layers notice. On the compact model groups of 192 change logits of role select by .066 in the
/// mean, of 64 by .050, for 4 % of the time.
const NARROW_GROUP: usize = 64;

/// Width from which an encoder is no longer narrow.
const NARROW: usize = 512;

/// Whether an encoder of this width is narrow. Narrow ones also keep the remainders of their
/// weights ([`quantized_rows`](super::quantized_rows)).
pub(super) fn is_narrow(width: usize) -> bool {
    width < NARROW
}

/// Rows are padded to a multiple of this, so that every kernel works on whole registers and
/// products write whole tiles. The same on every machine, as groups depend on it.
pub(super) const PADDING: usize = 32;

const _: () = assert!(PADDING.is_multiple_of(QUAD) && PADDING >= MAX_COLUMNS);

/// A length with its padding.
pub(super) fn padded(length: usize) -> usize {
    length.next_multiple_of(PADDING)
}

/// How the inner dimension of a product is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InnerDimension {
    /// Values per row, with padding.
    pub(super) length: usize,
    /// Values that share a scale.
    pub(super) group: usize,
}

impl InnerDimension {
    /// For rows of `length` values in an encoder of this width.
    pub(super) fn new(length: usize, width: usize) -> Self {
        let length = padded(length);
        let groups = length.div_ceil(if is_narrow(width) { NARROW_GROUP } else { GROUP });
        let even = length.is_multiple_of(groups * QUAD);
        Self { length, group: if even { length / groups } else { length } }
    }

    /// One scale for all.
    pub(super) fn whole(length: usize) -> Self {
        let length = padded(length);
        Self { length, group: length }
    }

    /// Groups per row.
    pub(super) fn groups(self) -> usize {
        self.length / self.group
    }

    /// Words of one group in a tile of activations.
    pub(super) fn tile_words(self) -> usize {
        self.group / PER_WORD * ROWS
    }
}
