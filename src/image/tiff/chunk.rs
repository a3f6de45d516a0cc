//! A strip or tile.

/// One strip or tile: where it stands in the picture.
#[derive(Clone, Copy)]
pub(super) struct Chunk {
    pub(super) left: usize,
    pub(super) top: usize,
    /// Columns and rows stored.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Columns and rows within the picture.
    pub(super) columns: usize,
    pub(super) rows: usize,
}
