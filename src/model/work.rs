//! How far an analysis is.

use super::request::Watch;
use crate::Result;

/// Counts the views that an analysis scores, and tells who watches.
pub(super) struct Work<'a> {
    watch: &'a dyn Watch,
    done: usize,
    total: usize,
}

impl<'a> Work<'a> {
    pub(super) fn new(watch: &'a dyn Watch, total: usize) -> Self {
        Self { watch, done: 0, total }
    }

    /// There is more to do than was known.
    pub(super) fn grows(&mut self, views: usize) {
        self.total += views;
    }

    /// So many more are done.
    ///
    /// # Errors
    /// What the watcher ends the analysis with.
    pub(super) async fn did(&mut self, views: usize) -> Result<()> {
        self.done += views;
        self.watch.step(self.done, self.total).await
    }
}
