// Stands for the file that wasm-bindgen writes to pkg/wasm/cpu, so that the package compiles before
// the core does.
import type { Core, Device, Model, ModelLoader as Loader } from '../interface.js';
export type { Device, Model };
declare const init: Core['default'];
export default init;
export declare const panicMessage: Core['panicMessage'];
export declare const openDevice: Core['openDevice'];
export declare const ModelLoader: new (manifest: Uint8Array, device: Device) => Loader;
