//! A model on its device.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clipsight::image::{Rectangle, ViewCount};
use clipsight::model::{Fidelity, IfUnsteady, Request, Timings};
use clipsight::provenance;
use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind};
use clipsight_native::runtime::{DeviceChoice, ModelFolder, Runtime};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::batch;
use crate::failure::{Failure, caught, exception};
use crate::input::{Input, Picture, to_json};

/// A model that passed its self-test, on a device.
#[pyclass(frozen, module = "clipsight._native")]
#[derive(Debug)]
pub(crate) struct Model {
    runtime: Runtime,
}

/// What is asked of every image, as Python says it: views, explain, stability ("say", "abstain"),
/// crop (x, y, width, height), provenance.
type Asked = (Option<usize>, bool, Option<String>, Option<(u32, u32, u32, u32)>, bool);

/// The same in the core's terms.
#[derive(Clone, Copy, Debug)]
struct Analyse {
    request: Request,
    provenance: bool,
}

impl From<Asked> for Analyse {
    fn from((views, explain, stability, crop, provenance): Asked) -> Self {
        let stability = stability.map(|what| match what.as_str() {
            "abstain" => IfUnsteady::Abstain,
            _ => IfUnsteady::Say,
        });
        let crop = crop.map(|(x, y, width, height)| Rectangle { x, y, width, height });
        Self { request: Request { views, explain, stability, crop }, provenance }
    }
}

#[pymethods]
impl Model {
    /// Loads the model in a folder onto a device and tests it.
    #[new]
    fn open(py: Python<'_>, folder: PathBuf, device: &str) -> PyResult<Self> {
        let device = match device {
            "auto" => DeviceChoice::Auto,
            "gpu" => DeviceChoice::Gpu,
            _ => DeviceChoice::Cpu,
        };
        let runtime = py.detach(|| {
            caught(|| {
                let runtime = Runtime::open(&ModelFolder::find(Some(&folder)), device)?;
                runtime.detector().check_head()?;
                Ok(runtime)
            })
        });
        Ok(Self { runtime: runtime.map_err(|failure| failure.raised(py))? })
    }

    /// The device, for display.
    #[getter]
    fn device(&self) -> String {
        self.runtime.device().to_string()
    }

    /// The manifest as JSON.
    #[getter]
    fn manifest(&self, py: Python<'_>) -> PyResult<String> {
        self.runtime.detector().manifest().to_json().map_err(|error| exception(py, &error))
    }

    /// SHA-256 of the manifest, as `clipsight scan` says it.
    #[getter]
    fn sha256(&self, py: Python<'_>) -> PyResult<String> {
        Ok(sha256_hex(self.manifest(py)?.as_bytes()))
    }

    /// SHA-256 of the weights' hashes, as receipts say it.
    #[getter]
    fn weights_sha256(&self) -> String {
        self.runtime.detector().manifest().weights_sha256()
    }

    /// Number of features of a view.
    #[getter]
    fn feature_width(&self) -> usize {
        let manifest = self.runtime.detector().manifest();
        manifest.head.width(&manifest.architecture)
    }

    /// The analysis of one image as JSON.
    fn analyze(&self, py: Python<'_>, image: &Bound<'_, PyAny>, asked: Asked) -> PyResult<String> {
        let asked = self.checked(py, asked)?;
        let input = Input::of(image)?;
        let json = py.detach(|| caught(|| self.analyse(input, asked)));
        json.map_err(|failure| failure.raised(py))
    }

    /// For every image what `done` makes of its JSON, or the exception that it failed with.
    fn analyze_batch(
        &self,
        py: Python<'_>,
        images: Vec<Py<PyAny>>,
        asked: Asked,
        threads: usize,
        done: Py<PyAny>,
    ) -> PyResult<Vec<Py<PyAny>>> {
        let asked = self.checked(py, asked)?;
        let work = |input| self.analyse(input, asked);
        batch::in_order(py, &images, threads, work, |py, result| match result {
            Ok(json) => done.call1(py, (PyString::new(py, &json),)),
            Err(exception) => Ok(exception),
        })
    }

    /// For every image the features of its first view as the bytes of f32 in this machine's order,
    /// or the exception that it failed with.
    fn features(
        &self,
        py: Python<'_>,
        images: Vec<Py<PyAny>>,
        threads: usize,
    ) -> PyResult<Vec<Py<PyAny>>> {
        let work = |input: Input| input.decoded(|picture| self.features_of(&picture));
        batch::in_order(py, &images, threads, work, |py, result| match result {
            Ok(row) => Ok(PyBytes::new(py, &row).into_any().unbind()),
            Err(exception) => Ok(exception),
        })
    }
}

impl Model {
    /// The request, if the model can answer it.
    fn checked(&self, py: Python<'_>, asked: Asked) -> PyResult<Analyse> {
        let asked = Analyse::from(asked);
        self.runtime.check_views(asked.request.views).map_err(|error| exception(py, &error))?;
        Ok(asked)
    }

    fn analyse(&self, input: Input, asked: Analyse) -> Result<String, Failure> {
        let begun = Instant::now();
        let (prepared, provenance, original) = input.decoded(|picture| {
            let Picture { bytes, decoded, original } = picture;
            let detector = self.runtime.detector();
            let prepared = detector.prepare_decoded(bytes, decoded, asked.request)?;
            let read = (asked.provenance && original).then(|| provenance::read(bytes));
            Ok((prepared, read.and_then(Result::ok), original))
        })?;
        let decoded = begun.elapsed();
        let mut analysis = self.runtime.score(prepared)?;
        let total = begun.elapsed();
        analysis.provenance = provenance;
        if !original {
            analysis.input.fidelity = Fidelity::ReEncoded;
        }
        analysis.timings = Some(Timings {
            decode_ms: milliseconds(decoded),
            encode_ms: milliseconds(total.saturating_sub(decoded)),
            total_ms: milliseconds(total),
        });
        Ok(to_json(&analysis)?)
    }

    fn features_of(&self, picture: &Picture<'_>) -> Result<Vec<u8>, Failure> {
        let preprocessing = &self.runtime.detector().manifest().preprocessing;
        let views = preprocessing.views(&picture.decoded.pixels, ViewCount::One)?;
        let row = self.runtime.features(&views)?;
        if row.len() != self.feature_width() {
            let message =
                format!("{} features came in place of {}", row.len(), self.feature_width());
            return Err(Error::new(ErrorKind::Internal, message).into());
        }
        Ok(row.into_iter().flat_map(f32::to_ne_bytes).collect())
    }
}

/// In whole microseconds: further digits would be noise.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
