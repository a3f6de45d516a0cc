import { DetectorError, aborted } from '../api/errors.js';
import type { BuildName } from '../api/options.js';

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

/**
 * Compiles a build, while it comes in where the server sends the right type.
 *
 * @throws {DetectorError} `network`, `unsupported`, `aborted`
 */
export async function compileBuild(
  source: BuildSource,
  signal?: AbortSignal,
): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (typeof source !== 'string') return await WebAssembly.compile(source);
    const response = await fetchBuild(source, signal);
    const streams = response.headers.get('Content-Type')?.startsWith('application/wasm') === true;
    return await (streams
      ? WebAssembly.compileStreaming(response)
      : WebAssembly.compile(await response.arrayBuffer()));
  } catch (error) {
    if (error instanceof DetectorError) throw error;
    if (signal?.aborted === true) throw aborted(signal);
    if (error instanceof WebAssembly.CompileError) {
      throw new DetectorError(
        'unsupported',
        'The program cannot be compiled here: it arrived damaged, or this browser is too old. ' +
          'WebAssembly SIMD is needed.',
        { cause: error },
      );
    }
    throw unreachable(error);
  }
}

async function fetchBuild(url: string, signal: AbortSignal | undefined): Promise<Response> {
  const response = await fetch(url, { credentials: 'same-origin', signal: signal ?? null });
  if (!response.ok) throw unreachable(`the server answered ${String(response.status)}`);
  return response;
}

/** What is said of a build, or of its JavaScript, that did not arrive. @internal */
export function unreachable(cause: unknown): DetectorError {
  return new DetectorError(
    'network',
    `The program could not be fetched. Check the connection and try again. (${String(cause)})`,
    { cause },
  );
}
