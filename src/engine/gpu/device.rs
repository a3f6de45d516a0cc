//! Opening a GPU, and knowing when not to believe it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::{Error, ErrorKind, Result};

/// An open GPU. Clones are the same device.
#[derive(Clone, Debug)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    name: Arc<str>,
    backend: &'static str,
    software: bool,
    half: bool,
    /// Set by the GPU's error callbacks. A failed dispatch or a lost device is only reported there,
    /// while reads go on returning stale memory: a result computed after such a report is not to be
    /// trusted.
    fault: Arc<AtomicBool>,
}

/// Opens the default GPU, with all of its limits.
///
/// # Errors
/// [`ErrorKind::NoGpu`] when there is none.
pub async fn open() -> Result<Gpu> {
    open_with(wgpu::InstanceDescriptor::new_without_display_handle(), wgpu::Adapter::limits).await
}

/// The same on an instance of this description, with the limits that `limits` chooses for the
/// adapter.
///
/// # Errors
/// As [`open`].
pub(super) async fn open_with(
    instance: wgpu::InstanceDescriptor,
    limits: impl Fn(&wgpu::Adapter) -> wgpu::Limits,
) -> Result<Gpu> {
    let none = |error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::NoGpu, format!("there is no usable GPU ({error}); use the CPU"))
    };
    let instance = wgpu::Instance::new(instance);
    let adapter = instance
        .request_adapter(&wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        })
        .await
        .map_err(|error| none(&error))?;
    let half = adapter.features() & wgpu::Features::SHADER_F16;
    let (device, queue) = adapter
        .request_device(&wgpu::DeviceDescriptor {
            required_features: half,
            required_limits: limits(&adapter),
            // The encoder's buffers are few and live long: blocks that are allocated ahead would
            // lie idle.
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..wgpu::DeviceDescriptor::default()
        })
        .await
        .map_err(|error| none(&error))?;
    let fault = Arc::new(AtomicBool::new(false));
    // Replaces wgpu's own handler, which panics.
    let flag = Arc::clone(&fault);
    device.on_uncaptured_error(Arc::new(move |_: wgpu::Error| flag.store(true, Ordering::Relaxed)));
    let flag = Arc::clone(&fault);
    device.set_device_lost_callback(move |_, _| flag.store(true, Ordering::Relaxed));
    let info = adapter.get_info();
    let name = [info.name, info.driver_info]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>();
    Ok(Gpu {
        device,
        queue,
        name: name.join(", ").into(),
        backend: info.backend.to_str(),
        software: info.device_type == wgpu::DeviceType::Cpu,
        half: !half.is_empty(),
        fault,
    })
}

impl Gpu {
    /// Its name by the driver or browser; empty where they give none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The interface in use, such as `vulkan`.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        self.backend
    }

    /// Whether the adapter is software, which is slower than the CPU engine.
    #[must_use]
    pub fn software(&self) -> bool {
        self.software
    }

    /// Whether kernels may compute with f16.
    #[must_use]
    pub fn half(&self) -> bool {
        self.half
    }

    /// The same GPU for kernels that compute in f32 alone: to measure what f16 brings.
    #[must_use]
    pub fn in_f32(&self) -> Self {
        Self { half: false, ..self.clone() }
    }

    /// The same, taken for hardware.
    #[cfg(test)]
    pub(super) fn as_hardware(&self) -> Self {
        Self { software: false, ..self.clone() }
    }

    /// Whether everything computed so far is to be believed.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`] once the GPU has reported an error.
    pub fn check(&self) -> Result<()> {
        if self.fault.load(Ordering::Relaxed) {
            return Err(Error::new(
                ErrorKind::DeviceLost,
                "the GPU reported an error; try again, or use the CPU",
            ));
        }
        Ok(())
    }

    pub(super) fn device(&self) -> &wgpu::Device {
        &self.device
    }

    pub(super) fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    /// Runs `create`, and adds what the GPU has to say about it to `reports`.
    pub(super) fn watch<T>(
        &self,
        reports: &mut Reports,
        create: impl FnOnce(&wgpu::Device) -> T,
    ) -> T {
        let device = self.device();
        let scopes = [
            wgpu::ErrorFilter::Validation,
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Internal,
        ]
        .map(|filter| device.push_error_scope(filter));
        let created = create(device);
        // The innermost scope goes first.
        for scope in scopes.into_iter().rev() {
            reports.0.push(Box::pin(scope.pop()));
        }
        created
    }

    /// Copies `bytes` bytes out of a buffer that can be mapped, once the work submitted so far is
    /// done.
    pub(super) async fn read(&self, buffer: &wgpu::Buffer, bytes: u64) -> Result<Vec<f32>> {
        let lost = |_| {
            Error::new(ErrorKind::DeviceLost, "the GPU does not answer; try again, or use the CPU")
        };
        let signal = Signal::default();
        let sender = signal.clone();
        buffer.map_async(wgpu::MapMode::Read, ..bytes, move |result| sender.set(result.is_ok()));
        // Browsers call back by themselves.
        #[cfg(not(target_family = "wasm"))]
        self.device().poll(wgpu::PollType::wait_indefinitely()).map_err(|_| lost(()))?;
        if !signal.await {
            return Err(lost(()));
        }
        let view = buffer.get_mapped_range(..bytes).map_err(|_| lost(()))?;
        let values = view.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        drop(view);
        buffer.unmap();
        self.check()?;
        Ok(values)
    }
}

/// What the GPU will report about buffers and kernels that have been asked for.
#[derive(Default)]
pub(super) struct Reports(Vec<Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>>);

impl std::fmt::Debug for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reports({})", self.0.len())
    }
}

impl Reports {
    /// Waits for all reports.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`] for the first that is an error.
    pub(super) async fn check(self) -> Result<()> {
        let mut first = None;
        for report in self.0 {
            // All are awaited: one that is dropped would never be taken off the device.
            first = first.or(report.await);
        }
        match first {
            None => Ok(()),
            Some(error @ wgpu::Error::OutOfMemory { .. }) => Err(Error::new(
                ErrorKind::DeviceLost,
                "the GPU has too little memory for this model; use the CPU",
            )
            .with_source(Report(error.to_string()))),
            Some(error) => {
                Err(Error::new(ErrorKind::DeviceLost, "the GPU cannot run this model; use the CPU")
                    .with_source(Report(error.to_string())))
            }
        }
    }
}

/// The text of a report, as wgpu's own error cannot leave its thread in browsers.
#[derive(Debug)]
struct Report(String);

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Report {}

/// A future that a callback completes.
#[derive(Clone, Default)]
struct Signal(Arc<Mutex<(Option<bool>, Option<Waker>)>>);

impl Signal {
    fn set(&self, value: bool) {
        let waker = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.0 = Some(value);
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Signal {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.0 {
            Some(value) => Poll::Ready(value),
            None => {
                state.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
