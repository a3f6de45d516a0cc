//! The core as an extension module of Python, `clipsight._native`.
//!
//! A thin boundary that decides nothing: arguments become values of the core, results leave as the
//! JSON that every part of clipsight writes, and errors as the exceptions of
//! `clipsight/_errors.py`. What people call is written in Python, in `clipsight/`, and documented
//! there.

mod batch;
mod failure;
mod input;
mod model;
mod pixels;

use pyo3::prelude::*;

/// The core of clipsight: no public interface.
#[pymodule]
mod _native {
    use clipsight_native::faults;
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::model::Model;

    /// What a file says of how it was made, as JSON.
    #[pyfunction]
    fn read_provenance(py: Python<'_>, image: &Bound<'_, PyAny>) -> PyResult<String> {
        crate::input::provenance(py, image)
    }

    /// The cores that this process may use.
    #[pyfunction]
    fn cores() -> usize {
        clipsight_native::pipeline::cores()
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        faults::install();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
