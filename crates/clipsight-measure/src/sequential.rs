//! What [`fit`](crate::fit) uses of rayon, on the one thread that there is.

/// Pieces of a slice.
pub(crate) trait ParallelSlice<T> {
    /// The same pieces as rayon's.
    fn par_chunks(&self, size: usize) -> std::slice::Chunks<'_, T>;
}

impl<T> ParallelSlice<T> for [T] {
    fn par_chunks(&self, size: usize) -> std::slice::Chunks<'_, T> {
        self.chunks(size)
    }
}

/// What rayon's iterators have besides the standard library's.
pub(crate) trait ParallelIterator: Iterator + Sized {
    /// [`Iterator::flat_map`].
    fn flat_map_iter<I: IntoIterator>(
        self,
        map: impl FnMut(Self::Item) -> I,
    ) -> impl Iterator<Item = I::Item> {
        self.flat_map(map)
    }
}

impl<I: Iterator> ParallelIterator for I {}
