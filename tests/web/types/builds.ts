// Compiles only when every WebAssembly build, as wasm-bindgen wrote it, has the interface that the
// worker was compiled against.
import type { Build } from '../../../www/lib/builds/interface.js';
import type { VerifierBuild } from '../../../www/lib/verifier/interface.js';
import * as cpu from '../../../pkg/wasm/cpu/clipsight.js';
import * as cpuI16 from '../../../pkg/wasm/cpu-i16/clipsight.js';
import * as cpuSimd128 from '../../../pkg/wasm/cpu-simd128/clipsight.js';
import * as gpu from '../../../pkg/wasm/gpu/clipsight.js';
import * as verifierBuild from '../../../pkg/wasm/verifier/verifier.js';

export const builds: readonly Build[] = [cpu, cpuI16, cpuSimd128, gpu];
export const verifier: VerifierBuild = verifierBuild;
