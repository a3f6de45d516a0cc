//! The wasm-bindgen boundary: conversion only, no decisions.
//!
//! The builds of this crate share this interface, one with the feature `webgpu`, the others with
//! `cpu`; the package's worker loads the one it needs. Everything thrown is a JavaScript `Error`
//! with a string property `code`, the [`ErrorKind`](crate::ErrorKind)'s, and where another decoder may
//! read an image, its name as `decoder`.
#![deny(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Float32Array, Function, Promise, Reflect, Uint8Array, Uint16Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::WorkerGlobalScope;

use crate::engine::Answer;
use crate::image::{Cicp, Format, Header, Layout, Note, Rectangle, SampleData, Samples, probe};
use crate::limits::{MAX_DECODE_ALLOCATION, MAX_IMAGE_BYTES};
use crate::model::{Detector, Encoded, IfUnsteady, Manifest, Request, Timings, Watch};
use crate::provenance::{self, Provenance};
use crate::teach::{Example, Label, References, Report, TaughtHead};
use crate::weights::Shard;
use crate::{Error, ErrorKind, Result};

type JsResult<T> = std::result::Result<T, JsValue>;

thread_local! {
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs when the module is instantiated.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        // With a stack while developing; the console of a page that embeds the package belongs to
        // that page.
        if cfg!(debug_assertions) {
            console_error_panic_hook::hook(panic);
        }
        PANIC.set(Some(panic.to_string()));
    }));
}

/// The message of a panic, which JavaScript sees only as `unreachable`. Nothing else may be called
/// after a panic.
#[wasm_bindgen(js_name = panicMessage)]
#[must_use]
pub fn panic_message() -> Option<String> {
    PANIC.take()
}

/// What `rounds` times the inner loop of the 8-bit products multiplies on registers alone: timed by
/// the caller, the core's peak.
#[cfg(all(feature = "bench", feature = "cpu"))]
#[wasm_bindgen(js_name = peakInt8Macs)]
#[must_use]
pub fn peak_int8_macs(rounds: u32) -> f64 {
    crate::engine::cpu::peak_int8_macs(rounds) as f64
}

/// What this build computes with.
#[cfg(feature = "webgpu")]
type Engine = crate::engine::Gpu;
/// What this build computes with.
#[cfg(not(feature = "webgpu"))]
type Engine = crate::engine::Cpu;

/// A device to compute on.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Device(Engine);

#[wasm_bindgen]
impl Device {
    /// `webgpu` or `cpu`.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn backend(&self) -> String {
        if cfg!(feature = "webgpu") { "webgpu" } else { "cpu" }.to_owned()
    }

    /// The browser's name for the GPU; empty on the CPU and where the browser reports none.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn adapter(&self) -> String {
        #[cfg(feature = "webgpu")]
        return self.0.name().to_owned();
        #[cfg(not(feature = "webgpu"))]
        String::new()
    }
}

/// Opens this build's device.
///
/// # Errors
/// `no-gpu` when the browser offers no usable GPU.
#[wasm_bindgen(js_name = openDevice)]
#[cfg(feature = "webgpu")]
pub async fn open_device() -> JsResult<Device> {
    crate::engine::gpu::open().await.map(Device).map_err(thrown)
}

/// Opens this build's device.
#[wasm_bindgen(js_name = openDevice)]
#[cfg(not(feature = "webgpu"))]
#[expect(clippy::unused_async, reason = "the same interface as the GPU's")]
pub async fn open_device() -> Device {
    Device(crate::engine::Cpu)
}

/// Loads a model, shard by shard.
#[wasm_bindgen]
#[derive(Debug)]
pub struct ModelLoader(crate::model::ModelLoader);

#[wasm_bindgen]
impl ModelLoader {
    /// A loader for the model whose `model.json` has these bytes.
    ///
    /// # Errors
    /// `weights-corrupt`, `limit`, `unsupported`, `device-lost`.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &[u8], device: &Device) -> JsResult<ModelLoader> {
        let manifest = Manifest::from_json(manifest).map_err(thrown)?;
        crate::model::ModelLoader::new(manifest, &device.0).map(Self).map_err(thrown)
    }

    /// `{ file, bytes, sha256 }[]`, in the order in which they are best loaded.
    ///
    /// # Errors
    /// `internal`.
    #[wasm_bindgen(getter)]
    pub fn shards(&self) -> JsResult<JsValue> {
        to_js::<[Shard]>(&self.0.manifest().shards)
    }

    /// Takes the bytes of shard `index`: checks their hash, passes their tensors to the device.
    /// `sha256` is the result of `crypto.subtle` for exactly these bytes, in lower-case hex;
    /// without it the hash is computed here, which takes longer.
    ///
    /// # Errors
    /// `weights-corrupt`, `argument`, `device-lost`.
    #[wasm_bindgen(js_name = pushShard)]
    pub fn push_shard(
        &mut self,
        index: usize,
        bytes: &[u8],
        sha256: Option<String>,
    ) -> JsResult<()> {
        let pushed = match sha256 {
            Some(sha256) => self.0.push_hashed_shard(index, bytes, &sha256),
            None => self.0.push_shard(index, bytes),
        };
        pushed.map_err(thrown)
    }

    /// The model; consumes the loader.
    ///
    /// # Errors
    /// `weights-corrupt` when a shard or tensor is missing; `device-lost` when the device cannot
    /// hold the model.
    pub async fn finish(self) -> JsResult<Model> {
        let detector = self.0.finish().await.and_then(Detector::new).map_err(thrown)?;
        Ok(Model(Rc::new(detector)))
    }
}

/// A loaded model.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Model(Rc<Detector>);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelInfo {
    model_id: String,
    weights_sha256: String,
    calibration_id: String,
    threshold: f64,
    views: usize,
    view_counts: Vec<usize>,
}

#[derive(Serialize)]
struct SelfTest {
    passed: bool,
    logit: f32,
    expected: f32,
    tolerance: f32,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct AnalyzeOptions {
    provenance: bool,
    views: Option<usize>,
    explain: bool,
    stability: Option<IfUnsteady>,
    crop: Option<Rectangle>,
    max_side: Option<u32>,
    max_pixels: Option<u64>,
}

/// What is taught, and by which name.
#[derive(Deserialize)]
struct TeachOptions {
    label: Label,
    name: String,
}

/// A taught head, as far as JavaScript sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HeadInfo<'a> {
    name: &'a str,
    model_id: &'a str,
    weights_sha256: &'a str,
    sha256: &'a str,
    report: HeadReport<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HeadReport<'a> {
    #[serde(flatten)]
    report: &'a Report,
    check_gain: f64,
    forgets: bool,
}

#[wasm_bindgen]
impl Model {
    /// `{ modelId, weightsSha256, calibrationId, threshold, views, viewCounts }`; `viewCounts` are
    /// the numbers of views that [`analyze`](Self::analyze) takes.
    ///
    /// # Errors
    /// `internal`.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> JsResult<JsValue> {
        let manifest = self.0.manifest();
        to_js(&ModelInfo {
            model_id: manifest.id.clone(),
            weights_sha256: manifest.weights_sha256(),
            calibration_id: manifest.calibration.id().map_err(thrown)?,
            threshold: manifest.calibration.threshold,
            views: manifest.calibration.default_views(),
            view_counts: manifest
                .calibration
                .by_views
                .iter()
                .map(|by_views| by_views.views)
                .collect(),
        })
    }

    /// Computes the known answer: `{ passed, logit, expected, tolerance }`.
    ///
    /// # Errors
    /// `device-lost`.
    #[wasm_bindgen(js_name = selfTest)]
    pub async fn self_test(&self) -> JsResult<JsValue> {
        let detector = Rc::clone(&self.0);
        let result = detector.self_test().await.map_err(thrown)?;
        let crate::model::SelfTestResult { passed, logit, expected, tolerance } = result;
        to_js(&SelfTest { passed, logit, expected, tolerance })
    }

    /// Decodes the bytes of an image file and cuts its views; `options` is `{ views?: 1 | 5,
    /// provenance?: boolean, explain?: boolean, stability?: 'say' | 'abstain', maxSide?,
    /// maxPixels?, crop?: { x, y, width, height } }`: whether to read what the file says of how it
    /// was made, what else to find out, bounds in pixels that are tighter than the built-in ones,
    /// and the part to judge. At once: what stops the instance in here is the file's doing.
    ///
    /// # Errors
    /// `decode`, `unsupported`, `limit`, `argument`.
    pub fn prepare(&self, bytes: &Uint8Array, options: JsValue) -> JsResult<Prepared> {
        let prepare = |options: AnalyzeOptions, bytes: &[u8]| {
            options.check(|| probe(bytes))?;
            self.0.prepare(bytes, options.request())
        };
        prepared(bytes, options, prepare).map_err(thrown)
    }

    /// As `prepare`, for a picture that a decoder outside of this module read from these bytes.
    /// `picture` is `{ format, width, height, layout: 'gray' | 'gray-alpha' | 'rgb' | 'rgba',
    /// bits: 8 | 16, premultiplied, orientation, cicp?: { primaries, transfer }, notes }`,
    /// `samples` its interleaved rows, 16 bits in the byte order of this machine, `icc` the
    /// embedded profile.
    ///
    /// # Errors
    /// `decode`, `limit`, `argument`.
    #[wasm_bindgen(js_name = prepareDecoded)]
    pub fn prepare_decoded(
        &self,
        bytes: &Uint8Array,
        picture: JsValue,
        samples: &Uint8Array,
        icc: Option<Vec<u8>>,
        options: JsValue,
    ) -> JsResult<Prepared> {
        let prepare = |options: AnalyzeOptions, bytes: &[u8]| {
            let picture: Picture = from_js(picture, "the picture is")?;
            options.check(|| Ok(picture.header()))?;
            let decoded = picture.samples(samples, icc)?.into_decoded()?;
            self.0.prepare_decoded(bytes, decoded, options.request())
        };
        prepared(bytes, options, prepare).map_err(thrown)
    }

    /// Scores a decoded image, which is used up. `watch(done, total)` is called after every batch
    /// of views; what it returns is awaited, and `false` ends the analysis.
    ///
    /// # Errors
    /// `device-lost`, `aborted`.
    pub async fn score(&self, image: Prepared, watch: Option<Function>) -> JsResult<JsValue> {
        let detector = Rc::clone(&self.0);
        let Prepared { encoded, provenance, start, decoded } = image;
        let waited = now();
        let analysis = match watch {
            Some(watch) => detector.score_watched(encoded, &Watcher(watch)).await,
            None => detector.score(encoded).await,
        };
        let mut analysis = analysis.map_err(thrown)?;
        let end = now();
        analysis.provenance = provenance;
        analysis.timings = Some(Timings {
            decode_ms: decoded - start,
            encode_ms: end - waited,
            total_ms: decoded - start + end - waited,
        });
        to_js(&analysis)
    }
}

#[wasm_bindgen]
impl Model {
    /// A decoded image, which is used up, as an example to [`teach`](Self::teach) with: numbers
    /// that only this model understands.
    ///
    /// # Errors
    /// `argument` for an image that there is nothing to learn from; `device-lost`.
    pub async fn example(&self, image: Prepared) -> JsResult<Float32Array> {
        let detector = Rc::clone(&self.0);
        let Example { logit, mut features } =
            detector.example(&image.encoded).await.map_err(thrown)?;
        features.push(logit);
        Ok(Float32Array::from(features.as_slice()))
    }

    /// The file of a head that is fitted to `count` examples, one after the other in `examples`;
    /// `options` is `{ label: 'ai' | 'real', name }`, `references` the model's labelled rows.
    ///
    /// # Errors
    /// `argument` for too few different examples; `weights-corrupt` for damaged references.
    pub fn teach(
        &self,
        references: &[u8],
        examples: &[f32],
        count: usize,
        options: JsValue,
    ) -> JsResult<Vec<u8>> {
        let taught = || {
            let TeachOptions { label, name } = from_js(options, "the options are")?;
            let width = examples.len() / count.max(1);
            let examples = examples.chunks(width.max(1)).map(|row| match row.split_last() {
                Some((logit, features)) => Example { logit: *logit, features: features.to_vec() },
                None => Example { logit: f32::NAN, features: Vec::new() },
            });
            let examples: Vec<_> = examples.collect();
            let references = References::from_bytes(references)?;
            self.0.teach(&references, &examples, label, &name)?.to_bytes()
        };
        taught().map_err(thrown)
    }

    /// What the file of a taught head says: `{ name, modelId, weightsSha256, sha256, report }`.
    ///
    /// # Errors
    /// `weights-corrupt` for a damaged or altered file; `argument` when it is for another model.
    #[wasm_bindgen(js_name = readHead)]
    pub fn read_head(&self, bytes: &[u8]) -> JsResult<JsValue> {
        let head = TaughtHead::from_bytes(bytes).map_err(thrown)?;
        self.0.check_taught(&head).map_err(thrown)?;
        let report = head.report();
        to_js(&HeadInfo {
            name: head.name(),
            model_id: head.model_id(),
            weights_sha256: head.weights_sha256(),
            sha256: head.sha256(),
            report: HeadReport {
                report,
                check_gain: report.check_gain(),
                forgets: report.forgets(),
            },
        })
    }

    /// Judges with the taught head in this file from now on; without one, with the shipped head.
    /// Not while an image is scored.
    ///
    /// # Errors
    /// As [`read_head`](Self::read_head).
    #[wasm_bindgen(js_name = useHead)]
    pub fn use_head(&mut self, bytes: Option<Vec<u8>>) -> JsResult<()> {
        let used = || {
            let head = bytes.map(|bytes| TaughtHead::from_bytes(&bytes)).transpose()?;
            let busy = || Error::new(ErrorKind::Internal, "the model is at work");
            Rc::get_mut(&mut self.0).ok_or_else(busy)?.use_head(head)
        };
        used().map_err(thrown)
    }
}

/// A decoded image, cut into views.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Prepared {
    encoded: Encoded,
    provenance: Option<Provenance>,
    start: f64,
    decoded: f64,
}

/// The name of the format of a file that starts with these bytes, as in an analysis; nothing for
/// one that is not known.
#[wasm_bindgen(js_name = probeFormat)]
#[must_use]
pub fn probe_format(bytes: &[u8]) -> Option<String> {
    let format = serde_json::to_value(Format::of(bytes)?).ok()?;
    format.as_str().map(str::to_owned)
}

/// What a file says of how it was made, as `Provenance` of the schema; needs no model.
///
/// # Errors
/// `decode`, `unsupported`, `limit`.
#[wasm_bindgen(js_name = readProvenance)]
pub fn read_provenance(bytes: &Uint8Array) -> JsResult<JsValue> {
    let read = || provenance::read(&copied(bytes)?);
    to_js(&read().map_err(thrown)?)
}

impl AnalyzeOptions {
    /// What is asked for.
    fn request(&self) -> Request {
        let Self { views, explain, stability, crop, .. } = *self;
        Request { views, explain, stability, crop }
    }

    /// Checks the caller's own bounds, where there are any.
    fn check(&self, header: impl FnOnce() -> Result<Header>) -> Result<()> {
        if self.max_side.is_none() && self.max_pixels.is_none() {
            return Ok(());
        }
        let (side, pixels) = (self.max_side.unwrap_or(u32::MAX), self.max_pixels);
        header()?.check_within(side, pixels.unwrap_or(u64::MAX))
    }
}

/// JavaScript's function that is told how far an analysis is.
struct Watcher(Function);

impl Watch for Watcher {
    fn step(&self, done: usize, total: usize) -> Answer<'_, ()> {
        Box::pin(async move {
            let answer = self.0.call2(&JsValue::NULL, &JsValue::from(done), &JsValue::from(total));
            // A watcher that throws wants no more of it either.
            let goes_on = match answer {
                Ok(answer) => JsFuture::from(Promise::resolve(&answer)).await,
                Err(thrown) => Err(thrown),
            };
            if goes_on.is_ok_and(|goes_on| goes_on != JsValue::FALSE) {
                return Ok(());
            }
            Err(Error::new(ErrorKind::Aborted, "the analysis was ended by its caller"))
        })
    }
}

/// A picture from another decoder, but for its samples.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Picture {
    format: Format,
    width: u32,
    height: u32,
    layout: Layout,
    bits: u8,
    premultiplied: bool,
    orientation: u8,
    cicp: Option<Cicp>,
    notes: Vec<Note>,
}

impl Picture {
    fn header(&self) -> Header {
        let Self { format, width, height, bits, .. } = *self;
        Header { format, width, height, bits }
    }

    /// The picture with its samples.
    fn samples(self, samples: &Uint8Array, icc: Option<Vec<u8>>) -> Result<Samples> {
        let Self { format, width, height, layout, bits, premultiplied, orientation, cicp, notes } =
            self;
        let count = u64::from(width) * u64::from(height) * layout.channels() as u64;
        if u64::from(samples.length()) != count * u64::from(bits / 8)
            || u64::from(samples.length()) > MAX_DECODE_ALLOCATION
        {
            let message = "the picture has more or fewer samples than its size takes";
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let data = if bits == 16 {
            let mut wide = vec![0; samples.length() as usize / 2];
            let view = Uint16Array::new_with_byte_offset_and_length(
                &samples.buffer(),
                samples.byte_offset(),
                samples.length() / 2,
            );
            view.copy_to(&mut wide);
            SampleData::U16(wide)
        } else {
            SampleData::U8(samples.to_vec())
        };
        Ok(Samples {
            format,
            width,
            height,
            layout,
            data,
            premultiplied,
            orientation,
            icc,
            cicp,
            notes,
        })
    }
}

/// Copies the bytes into this module and prepares what they hold.
fn prepared(
    bytes: &Uint8Array,
    options: JsValue,
    prepare: impl FnOnce(AnalyzeOptions, &[u8]) -> Result<Encoded>,
) -> Result<Prepared> {
    let bytes = copied(bytes)?;
    let options = if options.is_undefined() || options.is_null() {
        AnalyzeOptions::default()
    } else {
        from_js(options, "the options are")?
    };
    let start = now();
    let wanted = options.provenance;
    let encoded = prepare(options, &bytes)?;
    let decoded = now();
    // Cannot fail for what was decoded.
    let provenance = if wanted { provenance::read(&bytes).ok() } else { None };
    Ok(Prepared { encoded, provenance, start, decoded })
}

/// A file's bytes in this module's memory, which never shrinks: the length is checked before.
fn copied(bytes: &Uint8Array) -> Result<Vec<u8>> {
    if bytes.length() as usize > MAX_IMAGE_BYTES {
        let message = format!("the file is larger than {} MiB, the maximum", MAX_IMAGE_BYTES >> 20);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(bytes.to_vec())
}

/// A value from JavaScript. `subject` begins the message for an invalid one.
fn from_js<T: for<'de> Deserialize<'de>>(value: JsValue, subject: &str) -> Result<T> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| Error::new(ErrorKind::Argument, format!("{subject} invalid: {error}")))
}

/// Milliseconds on the worker's monotonic clock; zero if it has none.
fn now() -> f64 {
    js_sys::global()
        .unchecked_into::<WorkerGlobalScope>()
        .performance()
        .map_or(0.0, |clock| clock.now())
}

fn to_js<T: Serialize + ?Sized>(value: &T) -> JsResult<JsValue> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).map_err(|error| {
        thrown(Error::new(
            ErrorKind::Internal,
            format!("a result cannot be passed to JavaScript: {error}"),
        ))
    })
}

/// The error as JavaScript sees it.
#[expect(clippy::needless_pass_by_value, reason = "used in map_err")]
fn thrown(error: Error) -> JsValue {
    let thrown = js_sys::Error::new(error.message());
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(&thrown, &"code".into(), &error.kind().code().into());
    if let Some(decoder) = error.decoder() {
        let _ = Reflect::set(&thrown, &"decoder".into(), &decoder.into());
    }
    thrown.into()
}
