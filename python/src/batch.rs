//! Many items on many threads, in order, with the interpreter free meanwhile.

use std::ops::ControlFlow;

use clipsight_native::pipeline::in_order_on;
use pyo3::prelude::*;

use crate::failure::{Failure, caught};
use crate::input::Input;

/// Works on every item; `done` is called with each result in order, or with the exception of its
/// item, and returns what stands for it in the list. Between results signals are looked at, so that
/// Ctrl-C ends it.
///
/// # Errors
/// What `done` or a signal's handler raises.
pub(crate) fn in_order<R: Send>(
    py: Python<'_>,
    items: &[Py<PyAny>],
    threads: usize,
    work: impl Fn(Input) -> Result<R, Failure> + Sync,
    done: impl Fn(Python<'_>, Result<R, Py<PyAny>>) -> PyResult<Py<PyAny>> + Sync,
) -> PyResult<Vec<Py<PyAny>>> {
    let one = |item: &Py<PyAny>| {
        caught(|| {
            let input = Python::attach(|py| Input::of(item.bind(py)))?;
            work(input)
        })
    };
    py.detach(|| {
        let mut results = Vec::with_capacity(items.len());
        let mut raised = None;
        in_order_on(threads, items, one, |result| {
            let taken = Python::attach(|py| {
                py.check_signals()?;
                let result = result.map_err(|failure| failure.raised(py).into_value(py).into_any());
                done(py, result)
            });
            match taken {
                Ok(value) => {
                    results.push(value);
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    raised = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        raised.map_or(Ok(results), Err)
    })
}
