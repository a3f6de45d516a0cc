import { DetectorError, aborted } from './errors.js';
import type { CoreName } from './options.js';

/**
 * Whether this module is valid, i.e. whether there are relaxed dot products:
 * `(module (func (result v128) (i32x4.relaxed_dot_i8x16_i7x16_add_s (i32x4.splat (i32.const 0)) ...)))`.
 */
const RELAXED_SIMD = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00,
  0x0a, 0x13, 0x01, 0x11, 0x00, 0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0x41, 0x00, 0xfd, 0x11, 0xfd, 0x93,
  0x02, 0x0b,
]);

/** The build for a device in this browser. */
export function coreFor(device: 'webgpu' | 'cpu'): CoreName {
  if (device === 'webgpu') return 'gpu';
  return WebAssembly.validate(RELAXED_SIMD) ? 'cpu' : 'cpu-plain';
}

/** What a build is loaded from: an absolute address, its bytes, or the module that another worker compiled. */
export type CoreSource = string | Uint8Array<ArrayBuffer> | WebAssembly.Module;

/**
 * Compiles a build, while it comes in where the server sends the right type.
 *
 * @throws {DetectorError} `network`, `unsupported`, `aborted`
 */
export async function compileCore(source: CoreSource, signal?: AbortSignal): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (typeof source !== 'string') return await WebAssembly.compile(source);
    const response = await fetchCore(source, signal);
    const streams = response.headers.get('Content-Type')?.startsWith('application/wasm') === true;
    return await (streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer()));
  } catch (error) {
    if (error instanceof DetectorError) throw error;
    if (signal?.aborted === true) throw aborted(signal);
    if (error instanceof WebAssembly.CompileError) {
      throw new DetectorError(
        'unsupported',
        'The program cannot be compiled here. It arrived damaged, or this browser is too old: WebAssembly SIMD is needed.',
        { cause: error },
      );
    }
    throw unreachable(error);
  }
}

async function fetchCore(url: string, signal: AbortSignal | undefined): Promise<Response> {
  const response = await fetch(url, { credentials: 'same-origin', signal: signal ?? null });
  if (!response.ok) throw unreachable(`the server answered ${String(response.status)}`);
  return response;
}

function unreachable(cause: unknown): DetectorError {
  return new DetectorError(
    'network',
    `The program itself could not be fetched. Check the connection and try again. (${String(cause)})`,
    { cause },
  );
}
