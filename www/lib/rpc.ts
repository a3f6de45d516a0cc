/**
 * The messages between the page's thread and the worker: every call carries an id, every answer carries its call's id.
 */
import type { DetectorErrorCode } from './errors.js';
import type { Analysis, DetectorInfo, DevicePreference, LoadProgress } from './types.js';

/** Calls the worker answers: parameters and result of each. */
export interface Calls {
  /** Opens the device, loads the model onto it and tests it. Once a worker, before anything else. */
  load: {
    params: {
      readonly manifest: string;
      readonly files: Readonly<Record<string, string>>;
      readonly device: DevicePreference;
      /** The CPU's core, as an earlier worker compiled it. */
      readonly core?: WebAssembly.Module;
    };
    result: LoadedInfo;
  };
  /** Analyses one image. One at a time: the page's side keeps the queue. */
  analyze: {
    params: { readonly input: Blob | Uint8Array; readonly views?: 1 | 5 };
    result: Analysis;
  };
}

/** What is known after loading; whether it fell back is known to the page's side only. */
export type LoadedInfo = Omit<DetectorInfo, 'selfTest' | 'fallbackReason'> & {
  /** The compiled core, for further workers. */
  readonly core: WebAssembly.Module;
};

/** An error on its way out of the worker. */
export interface WireError {
  readonly code: DetectorErrorCode;
  readonly message: string;
  /** The worker's core is unusable from now on: its GPU is lost, or it panicked. */
  readonly fatal: boolean;
}

/** Page to worker. */
export type Request = {
  [K in keyof Calls]: { readonly id: number; readonly call: K; readonly params: Calls[K]['params'] };
}[keyof Calls];

/** Worker to page. */
export type Response =
  | { readonly type: 'result'; readonly id: number; readonly result: Calls[keyof Calls]['result'] }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  | { readonly type: 'progress'; readonly progress: LoadProgress }
  /** Which device was chosen, as soon as it is: a crash while loading must be laid at the right door. */
  | { readonly type: 'device'; readonly device: 'webgpu' | 'cpu' }
  /** The core broke outside of any call, e.g. it panicked between two awaits or the GPU was lost while idle. */
  | { readonly type: 'fatal'; readonly error: WireError };
