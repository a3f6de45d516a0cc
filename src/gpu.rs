//! The GPU through burn-wgpu: WebGPU in browsers, Vulkan, Metal or DX12 natively.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;

use crate::{Error, ErrorKind, Result};

/// Set by the GPU's error callbacks. A failed shader or a lost device is only reported there, while reads go on
/// returning stale memory: a result computed after such a report is not to be trusted.
static FAULT: AtomicBool = AtomicBool::new(false);

/// An open GPU.
#[derive(Debug)]
pub struct Gpu {
    /// Where models are put.
    pub device: Device,
    /// What the driver or browser calls it; empty where it says nothing.
    pub name: String,
    /// The interface in use, such as `vulkan`.
    pub backend: &'static str,
    /// Whether the CPU only plays a GPU, which is slower than the CPU's own path.
    pub software: bool,
}

/// Opens the default GPU.
///
/// # Errors
/// [`ErrorKind::NoGpu`] when there is none.
pub async fn open() -> Result<Gpu> {
    let (device, setup) = Device::wgpu_options().init_with_setup_async().await.map_err(|error| {
        Error::new(ErrorKind::NoGpu, format!("there is no usable GPU ({error}); use the CPU"))
    })?;
    // Replaces wgpu's own handler, which panics.
    setup.device.on_uncaptured_error(Arc::new(|_: wgpu::Error| FAULT.store(true, Ordering::Relaxed)));
    setup.device.set_device_lost_callback(|_, _| FAULT.store(true, Ordering::Relaxed));
    let info = setup.adapter.get_info();
    let name = [info.name, info.driver_info].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    Ok(Gpu {
        device,
        name: name.join(", "),
        backend: info.backend.to_str(),
        software: info.device_type == wgpu::DeviceType::Cpu,
    })
}

/// Whether everything computed so far is to be believed.
///
/// # Errors
/// [`ErrorKind::DeviceLost`] once the GPU has reported an error.
pub fn check() -> Result<()> {
    if FAULT.load(Ordering::Relaxed) {
        return Err(Error::new(
            ErrorKind::DeviceLost,
            "the GPU reported an error; try again, or use the CPU",
        ));
    }
    Ok(())
}
