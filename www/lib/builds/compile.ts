import { DetectorError, aborted } from '../api/errors.js';
import type { BuildName } from '../api/options.js';
import { Deadline, tooSlow } from '../network/deadline.js';
import { refused, request, shown, unreachable } from '../network/request.js';

/**
 * The sum of four products, as a module:
 *
 * ```wat
 * (module
 *   (func (export "dot") (param i32 i32) (result i32)
 *     (i32x4.extract_lane 0
 *       (i32x4.relaxed_dot_i8x16_i7x16_add_s
 *         (i8x16.splat (local.get 0))
 *         (i8x16.splat (local.get 1))
 *         (i32x4.splat (i32.const 0))))))
 * ```
 */
const DOT = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7f, 0x01,
  0x7f, 0x03, 0x02, 0x01, 0x00, 0x07, 0x07, 0x01, 0x03, 0x64, 0x6f, 0x74, 0x00, 0x00, 0x0a, 0x16,
  0x01, 0x14, 0x00, 0x20, 0x00, 0xfd, 0x0f, 0x20, 0x01, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x11, 0xfd,
  0x93, 0x02, 0xfd, 0x1b, 0x00, 0x0b,
]);

let exact: boolean | undefined;

/**
 * Whether relaxed dot products sum 8-bit products exactly, the second factors unsigned or signed.
 * The standard leaves factors above 127 to the machine; on x86-64 without AVX-VNNI sums saturate,
 * and the instructions that stand for one are slower than plain products of 16-bit numbers.
 */
function areDotProductsExact(): boolean {
  try {
    const { dot } = new WebAssembly.Instance(new WebAssembly.Module(DOT)).exports as {
      dot: (a: number, b: number) => number;
    };
    const seen = [dot(-127, 255), dot(127, 255), dot(127, 128)].map((sum) => sum / 4).join();
    return [
      `${String(-127 * 255)},${String(127 * 255)},${String(127 * 128)}`,
      `127,-127,${String(-127 * 128)}`,
    ].includes(seen);
  } catch {
    // A page that must not compile anything. What its worker is given then needs no more than any
    // machine has.
    return false;
  }
}

/** The build for a device in this browser. */
export function buildFor(device: 'webgpu' | 'cpu'): BuildName {
  if (device === 'webgpu') return 'gpu';
  if (!WebAssembly.validate(DOT)) return 'cpu-simd128';
  exact ??= areDotProductsExact();
  return exact ? 'cpu' : 'cpu-i16';
}

/**
 * What a build is loaded from: an absolute address, its bytes, or the module that another worker
 * compiled.
 */
export type BuildSource = string | Uint8Array<ArrayBuffer> | WebAssembly.Module;

/** What a build is called in messages. */
const WHAT = 'The WebAssembly program';

/** Every WebAssembly file begins so. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** What a build takes over the wire where the server does not say it (512 KiB). */
const USUAL_BYTES = 512 * 1024;

/**
 * Compiles a build, while it comes in where the server sends the right type.
 *
 * @throws {DetectorError} `network`, `unsupported`, `aborted`
 */
export async function compileBuild(
  source: BuildSource,
  signal?: AbortSignal,
  what = WHAT,
): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source !== 'string') return WebAssembly.compile(source).catch(refuse);
  const deadline = new Deadline(signal);
  try {
    const init: RequestInit = { credentials: 'same-origin', signal: deadline.signal };
    const response = await request(source, init);
    if (!response.ok) throw refused(what, source, response);
    const { headers } = response;
    // The browser reads it, past us.
    deadline.allow(Number(headers.get('Content-Length') ?? USUAL_BYTES));
    const type = headers.get('Content-Type') ?? '';
    if (type.startsWith('application/wasm'))
      return await WebAssembly.compileStreaming(response).catch(refuse);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (MAGIC.some((byte, index) => bytes[index] !== byte)) throw noBuild(source, type);
    return await WebAssembly.compile(bytes).catch(refuse);
  } catch (error) {
    if (error instanceof DetectorError) throw error;
    if (signal?.aborted === true) throw aborted(signal);
    throw deadline.passed ? tooSlow(what) : unreachable(what, source, error);
  } finally {
    deadline.end();
  }
}

/** Why a build was not compiled; a stream that broke is not for here to explain. */
function refuse(error: unknown): never {
  if (!(error instanceof WebAssembly.CompileError)) throw error;
  // The standard has no other word for it than the message.
  const forbidden = /unsafe-eval|content.security.policy|\bCSP\b|disallowed by/i.test(
    error.message,
  );
  throw new DetectorError(
    'unsupported',
    forbidden
      ? `${WHAT} may not be compiled here: the Content-Security-Policy of the page, or the one ` +
          "that worker.js is served with, needs 'wasm-unsafe-eval' in script-src."
      : `${WHAT} cannot be compiled here: it arrived damaged, or this browser is too old. ` +
          'WebAssembly SIMD is needed.',
    { cause: error },
  );
}

/** A server that answers whatever it is asked, as those of single-page applications do. */
function noBuild(address: string, type: string): DetectorError {
  const instead = type === '' ? 'something else' : type.split(';', 1).join();
  return new DetectorError(
    'network',
    `${WHAT} is not at ${shown(address)}: the server answers with ${instead}. Copy the folder ` +
      '"wasm" of the package there, or say with the option "wasm" where it is.',
  );
}
