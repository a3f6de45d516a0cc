import { DetectorError } from '../api/errors.js';
import type { DevicePreference } from '../api/options.js';

/**
 * Names under which browsers show adapters that compute on the CPU. WebGPU on them is many times
 * slower than the CPU build, and `isFallbackAdapter` is not set everywhere.
 */
const SOFTWARE_ADAPTER = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

/**
 * Decides where to run, before any build is fetched: only the one that is needed comes over the
 * wire.
 */
export async function chooseDevice(preference: DevicePreference): Promise<'webgpu' | 'cpu'> {
  if (preference === 'cpu') return 'cpu';
  const adapter = await requestAdapter();
  if (preference === 'webgpu') {
    if (adapter === null) {
      throw new DetectorError(
        'no-gpu',
        'This browser offers no WebGPU adapter. Use the CPU instead.',
      );
    }
    return 'webgpu';
  }
  return adapter === null || isSoftware(adapter) ? 'cpu' : 'webgpu';
}

/**
 * Calls `lost` when a GPU device that is opened from now on stops working, for whatever reason.
 * Returns what ends the watch over devices still to be opened.
 */
export function watchDevices(lost: (message: string) => void): () => void {
  // The build opens its device inside WebAssembly and hands it out to nobody, so it is met on its
  // way there.
  const { prototype } = GPUAdapter;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its adapter below
  const { requestDevice } = prototype;
  prototype.requestDevice = async function (
    this: GPUAdapter,
    descriptor?: GPUDeviceDescriptor,
  ): Promise<GPUDevice> {
    const device = await requestDevice.call(this, descriptor);
    void device.lost.then(({ reason, message }) => {
      lost(
        message === ''
          ? `The GPU device was lost (${reason}).`
          : `The GPU device was lost: ${message}`,
      );
    });
    return device;
  };
  return () => {
    prototype.requestDevice = requestDevice;
  };
}

async function requestAdapter(): Promise<GPUAdapter | null> {
  // Absent in browsers without WebGPU and on pages without a secure context.
  // Node before 21 has no navigator either.
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: GPU } };
  const gpu = navigator?.gpu;
  try {
    return (await gpu?.requestAdapter()) ?? null;
  } catch {
    return null;
  }
}

function isSoftware(adapter: GPUAdapter): boolean {
  // Chromium before 136 has the flag on the adapter itself, and GPUAdapterInfo came after WebGPU.
  const { info, isFallbackAdapter } = adapter as {
    info?: GPUAdapterInfo;
    isFallbackAdapter?: boolean;
  };
  if (isFallbackAdapter === true || info?.isFallbackAdapter === true) return true;
  return SOFTWARE_ADAPTER.test(
    [info?.vendor, info?.architecture, info?.device, info?.description].join(' '),
  );
}
