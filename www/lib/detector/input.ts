import { absolute, checkFidelity, checkViews } from '../api/arguments.js';
import { DetectorError, aborted } from '../api/errors.js';
import type { Calls } from '../worker/rpc.js';
import type { Fidelity } from '../api/analysis.generated.js';
import type { AnalyzeOptions, ImageInput, ImageLimits } from '../api/options.js';

type AnalyzeParams = Calls['analyze']['params'];

/**
 * What the worker is told about one image. Bytes are copied before anything is awaited: the caller
 * keeps the buffer and may change it while the image waits for its turn.
 *
 * @throws {DetectorError} `argument`, `limit`, `network` (an `<img>` whose file cannot be fetched),
 * `aborted`
 */
export async function toParams(
  input: ImageInput,
  options: AnalyzeOptions,
  limits: Required<ImageLimits>,
): Promise<AnalyzeParams> {
  const views = checkViews(options.views);
  const given = options.fidelity === undefined ? undefined : checkFidelity(options.fidelity);
  const params = (bytes: Blob | Uint8Array, fidelity: Fidelity): AnalyzeParams => {
    checkSize(bytes instanceof Blob ? bytes.size : bytes.byteLength, limits);
    return {
      input: bytes,
      limits,
      fidelity: given ?? fidelity,
      ...(views === undefined ? {} : { views }),
    };
  };
  const value: unknown = input;
  if (value instanceof Blob) return params(value, 'original-bytes');
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    checkSize(value.byteLength, limits);
    return params(copyOf(value), 'original-bytes');
  }
  if (isInstance(value, 'HTMLImageElement'))
    return params(await fetchImage(value, limits, options), 'original-bytes');
  if (isInstance(value, 'ImageBitmap')) {
    return params(await unlessAborted(encode(value, limits), options.signal), 're-encoded');
  }
  throw new DetectorError(
    'argument',
    'The input must be a Blob, a File, an ArrayBuffer, a typed array, an <img> or an ImageBitmap.',
  );
}

function copyOf(bytes: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes.slice(0));
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
}

/** `instanceof`, for classes that workers do not have. */
function isInstance<K extends 'HTMLImageElement' | 'ImageBitmap'>(
  value: unknown,
  name: K,
): value is InstanceType<(typeof globalThis)[K]> {
  const known = (globalThis as Partial<typeof globalThis>)[name];
  return known !== undefined && value instanceof known;
}

/**
 * The file behind an `<img>`. Its pixels are no substitute: what a canvas gives back has been
 * decoded and maybe altered.
 */
async function fetchImage(
  image: HTMLImageElement,
  limits: Required<ImageLimits>,
  { signal }: AnalyzeOptions,
): Promise<Blob> {
  // Which of several sources is in use is known only after the browser has begun to load it.
  const source = image.currentSrc === '' ? image.getAttribute('src') : image.currentSrc;
  if (source === null || source === '')
    throw new DetectorError('argument', 'The <img> has no source.');
  const url = absolute(source, 'The source of the <img>');
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', signal: signal ?? null });
    if (!response.ok)
      throw new DetectorError(
        'network',
        `The server answered ${String(response.status)} for the image.`,
      );
    return await readBounded(response, limits);
  } catch (error) {
    if (error instanceof DetectorError) throw error;
    if (signal?.aborted === true) throw aborted(signal);
    throw new DetectorError(
      'network',
      new URL(url).origin === globalThis.origin
        ? "The image could not be fetched. Check the connection and the page's policy " +
            '(connect-src).'
        : "The image's server does not let this page read it, or cannot be reached. Serve the " +
            'image from this origin or with the header Access-Control-Allow-Origin, or pass its ' +
            'bytes.',
      { cause: error },
    );
  }
}

/** A body of any length, refused as soon as it is too long. */
async function readBounded(response: Response, limits: Required<ImageLimits>): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) return new Blob(chunks);
    length += chunk.value.byteLength;
    if (length > limits.maxBytes) void reader?.cancel();
    checkSize(length, limits);
    chunks.push(chunk.value);
  }
}

/** What cannot be stopped goes on, but its caller need not wait. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(aborted(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}

/** A bitmap's pixels as PNG. */
async function encode(
  bitmap: ImageBitmap,
  { maxSide, maxPixels }: Required<ImageLimits>,
): Promise<Blob> {
  const { width, height } = bitmap;
  if (width === 0)
    throw new DetectorError('argument', 'The ImageBitmap has been closed or transferred.');
  if (Math.max(width, height) > maxSide || width * height > maxPixels) {
    throw new DetectorError(
      'limit',
      `The image has too many pixels: ${String(width)} x ${String(height)}.`,
    );
  }
  try {
    const canvas = new OffscreenCanvas(width, height);
    // It takes its bitmap away: a copy, for the caller keeps theirs. A drawing context would round
    // transparent pixels.
    canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(await createImageBitmap(bitmap));
    return await canvas.convertToBlob({ type: 'image/png' });
  } catch (error) {
    throw new DetectorError(
      'unsupported',
      'This browser does not give access to the pixels of the ImageBitmap. Pass its file instead.',
      {
        cause: error,
      },
    );
  }
}

function checkSize(bytes: number, { maxBytes }: Required<ImageLimits>): void {
  if (bytes <= maxBytes) return;
  throw new DetectorError(
    'limit',
    `The file is larger than ${megabytes(bytes - 1)} MiB; the limit is ${megabytes(maxBytes)} MiB.`,
  );
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toLocaleString('en', { maximumFractionDigits: 1 });
}
