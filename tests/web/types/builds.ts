// Compiles only when all cores, as wasm-bindgen wrote them, have the interface that the worker was
// compiled against.
import type { Core } from '../../../www/lib/wasm/interface.js';
import * as cpu from '../../../pkg/wasm/cpu/clipsight.js';
import * as cpuWords from '../../../pkg/wasm/cpu-words/clipsight.js';
import * as cpuPlain from '../../../pkg/wasm/cpu-plain/clipsight.js';
import * as gpu from '../../../pkg/wasm/gpu/clipsight.js';

export const cores: readonly Core[] = [cpu, cpuWords, cpuPlain, gpu];
