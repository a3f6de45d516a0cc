//! Work on many items at once, results in order, in bounded memory.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use clipsight_native::pipeline::in_order;
//! let mut squares = Vec::new();
//! in_order(&[1, 2, 3], |item| item * item, |square| {
//!     squares.push(square);
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(squares, [1, 4, 9]);
//! # Ok::<(), clipsight::Error>(())
//! ```

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};

use clipsight::{Error, ErrorKind, Result};
use indicatif::ProgressBar;

/// Items per worker that may be started before the oldest unfinished one is done: enough that a
/// slow file holds up no worker, few enough that finished results never pile up.
const AHEAD_PER_WORKER: usize = 16;

#[derive(Debug)]
struct State {
    /// The next item to start.
    next: usize,
    /// Results passed on.
    emitted: usize,
    stopped: bool,
}

/// The results of `work` over all `items`, in their order, by way of [`in_order`]; `bar` counts
/// them and is cleared.
///
/// # Errors
/// The first error of `work`, in the items' order; as [`in_order`].
pub fn all<T: Sync, R: Send>(
    items: &[T],
    bar: &ProgressBar,
    work: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let mut results = Vec::with_capacity(items.len());
    let mut failure = None;
    in_order(items, work, |result| {
        bar.inc(1);
        match result {
            Ok(result) => {
                results.push(result);
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    bar.finish_and_clear();
    failure.map_or(Ok(results), Err)
}

/// Runs `work` over all `items` on as many threads as the machine has cores, and passes the results
/// to `sink` in the items' order as soon as they are available. `sink` stops early with
/// [`ControlFlow::Break`].
///
/// Images are spread over cores rather than one image's arithmetic: every worker computes in a
/// rayon pool of its share of the cores (one, unless there are fewer items than cores), so that
/// burn's own threads do not fight over them.
///
/// # Errors
/// [`ErrorKind::Internal`] when threads cannot be started.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    sink: impl FnMut(R) -> ControlFlow<()>,
) -> Result<()> {
    let cores = cores();
    let workers = cores.min(items.len()).max(1);
    let pools = (0..workers)
        .map(|_| rayon::ThreadPoolBuilder::new().num_threads(cores / workers).build())
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| {
            Error::new(ErrorKind::Internal, "worker threads cannot be started").with_source(error)
        })?;
    spread(workers, &pools, items, work, sink);
    Ok(())
}

/// The cores that this process may use.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// As [`in_order`], on as many `threads` as the caller says, at least one, and with no pool in
/// them: for work that starts no threads. None is left when this returns, so that whoever calls it
/// again and again takes no more memory, and may fork in between.
pub fn in_order_on<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    sink: impl FnMut(R) -> ControlFlow<()>,
) {
    spread(threads.min(items.len()).max(1), &[], items, work, sink);
}

/// Runs `work` on `workers` threads, each in its pool where there is one.
fn spread<T: Sync, R: Send>(
    workers: usize,
    pools: &[rayon::ThreadPool],
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
    mut sink: impl FnMut(R) -> ControlFlow<()>,
) {
    let ahead = workers * AHEAD_PER_WORKER;
    let state = Mutex::new(State { next: 0, emitted: 0, stopped: false });
    let moved = Condvar::new();
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let start = |worker: usize| {
            let (sender, state, moved, work) = (sender.clone(), &state, &moved, &work);
            scope.spawn(move || {
                let _guard = StopOnPanic { state, moved };
                let run = || {
                    while let Some(index) = begin(state, moved, items.len(), ahead) {
                        if sender.send((index, work(&items[index]))).is_err() {
                            break;
                        }
                    }
                };
                match pools.get(worker) {
                    Some(pool) => pool.install(run),
                    None => run(),
                }
            })
        };
        let threads: Vec<_> = (0..workers).map(start).collect();
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = 0;
        'results: for (index, result) in receiver {
            early.insert(index, result);
            while let Some(result) = early.remove(&due) {
                due += 1;
                if sink(result).is_break() {
                    break 'results;
                }
            }
            lock(&state).emitted = due;
            moved.notify_all();
        }
        lock(&state).stopped = true;
        moved.notify_all();
        // Until they are gone, and their memory free for the next ones: the end of the scope waits
        // for their work alone.
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// Ends the others' work when one worker panics: they would wait for its result forever. The panic
/// itself reaches the caller.
struct StopOnPanic<'a> {
    state: &'a Mutex<State>,
    moved: &'a Condvar,
}

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.state).stopped = true;
            self.moved.notify_all();
        }
    }
}

/// The next item to work on, once it is not too far ahead.
fn begin(state: &Mutex<State>, moved: &Condvar, items: usize, ahead: usize) -> Option<usize> {
    let mut state = lock(state);
    loop {
        if state.stopped || state.next == items {
            return None;
        }
        if state.next < state.emitted + ahead {
            state.next += 1;
            return Some(state.next - 1);
        }
        state = moved.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Nothing is ever half done under the lock, so a panic elsewhere does not spoil it.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn results_come_in_order_and_nothing_runs_far_ahead() {
        let items: Vec<usize> = (0..500).collect();
        let (emitted, farthest) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut results = Vec::new();
        let work = |item: &usize| {
            farthest.fetch_max(item - emitted.load(Ordering::SeqCst).min(*item), Ordering::SeqCst);
            if item.is_multiple_of(50) {
                std::thread::sleep(std::time::Duration::from_millis(3));
            }
            item * 2
        };
        let sink = |result| {
            results.push(result);
            emitted.fetch_add(1, Ordering::SeqCst);
            ControlFlow::Continue(())
        };
        in_order(&items, work, sink).unwrap();
        assert_eq!(results, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        let workers = std::thread::available_parallelism().unwrap().get();
        assert!(farthest.load(Ordering::SeqCst) <= workers * AHEAD_PER_WORKER);
    }

    #[test]
    fn as_many_threads_work_as_the_caller_says() {
        let items: Vec<usize> = (0..64).collect();
        for threads in [0, 1, 3] {
            let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let work = |_: &usize| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(1));
                now.fetch_sub(1, Ordering::SeqCst);
            };
            in_order_on(threads, &items, work, |()| ControlFlow::Continue(()));
            assert_eq!(most.into_inner(), threads.max(1));
        }
    }

    #[test]
    #[should_panic(expected = "a bug")]
    fn a_panic_does_not_leave_the_others_waiting() {
        let items: Vec<usize> = (0..1000).collect();
        let work = |item: &usize| assert_ne!(*item, 3, "a bug");
        drop(in_order(&items, work, |()| ControlFlow::Continue(())));
    }

    #[test]
    fn a_break_ends_it() {
        let items: Vec<usize> = (0..10_000).collect();
        let begun = AtomicUsize::new(0);
        let mut seen = 0;
        let sink = |_| {
            seen += 1;
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        in_order(&items, |_| begun.fetch_add(1, Ordering::SeqCst), sink).unwrap();
        assert_eq!(seen, 3);
        assert!(begun.load(Ordering::SeqCst) < 5_000);
        in_order(&[] as &[usize], |_| (), |()| ControlFlow::Continue(())).unwrap();
    }
}
