import {
  absolute,
  checkExplain,
  checkFidelity,
  checkProvenance,
  checkStability,
  checkViews,
} from '../api/arguments.js';
import { isArrayBuffer, isBlob, isDetached, isImageBitmap, isImageElement } from '../api/brands.js';
import { DetectorError, aborted } from '../api/errors.js';
import { Deadline, readPieces, tooSlow } from '../network/deadline.js';
import type { Calls } from '../worker/rpc.js';
import type { Fidelity } from '../api/analysis.generated.js';
import type { AnalyzeOptions, ImageInput, ImageLimits } from '../api/options.js';

type AnalyzeParams = Calls['analyze']['params'];

/** An image's bytes, and how faithful they are to its file. */
interface Given {
  readonly bytes: Blob | Uint8Array;
  readonly fidelity: Fidelity;
}

/**
 * What the worker is told about one image.
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
  const explain = checkExplain(options.explain);
  const stability = checkStability(options.stability);
  const known = options.fidelity === undefined ? undefined : checkFidelity(options.fidelity);
  const provenance = checkProvenance(options.provenance);
  const { bytes, fidelity: found } = await toBytes(input, limits, options.signal);
  const fidelity = known ?? found;
  return {
    input: bytes,
    limits,
    fidelity,
    // What was encoded anew says nothing of its file.
    provenance: provenance === 'read' && fidelity === 'original-bytes',
    ...(views === undefined ? {} : { views }),
    ...(explain ? { explain } : {}),
    ...(stability === undefined ? {} : { stability }),
  };
}

/**
 * The bytes of an image. They are copied before anything is awaited: the caller keeps the buffer
 * and may change it while the image waits for its turn.
 *
 * @throws {DetectorError} `argument`, `limit`, `network` (an `<img>` whose file cannot be fetched),
 * `aborted`
 */
export async function toBytes(
  input: ImageInput,
  limits: Required<ImageLimits>,
  signal: AbortSignal | undefined,
): Promise<Given> {
  const given = (bytes: Blob | Uint8Array, fidelity: Fidelity): Given => {
    checkSize(bytes instanceof Blob ? bytes.size : bytes.byteLength, limits);
    return { bytes, fidelity };
  };
  const value: unknown = input;
  if (isBlob(value)) return given(ownBlob(value), 'original-bytes');
  if (isArrayBuffer(value) || ArrayBuffer.isView(value))
    return given(copyOf(value, limits), 'original-bytes');
  if (isImageElement(value))
    return given(await fetchImage(value, limits, signal), 'original-bytes');
  if (isImageBitmap(value)) {
    return given(await unlessAborted(encode(value, limits), signal), 're-encoded');
  }
  throw new DetectorError(
    'argument',
    'The input must be a Blob, a File, an ArrayBuffer, a typed array, an <img> or an ImageBitmap.',
  );
}

/**
 * A Blob of this realm, on the same bytes: one of an iframe's may end with the iframe. Node clones
 * no File.
 */
function ownBlob(blob: Blob): Blob {
  return Object.getPrototypeOf(blob) === Blob.prototype ? blob : new Blob([blob]);
}

/** @throws {DetectorError} `argument`: the bytes have been transferred elsewhere; `limit` */
function copyOf(bytes: ArrayBuffer | ArrayBufferView, limits: Required<ImageLimits>): Uint8Array {
  const buffer = ArrayBuffer.isView(bytes) ? bytes.buffer : bytes;
  if (isDetached(buffer)) {
    throw new DetectorError(
      'argument',
      'The buffer is empty: its bytes have been transferred elsewhere. ' +
        'Pass a copy, or the buffer before it is transferred.',
    );
  }
  const { byteOffset = 0, byteLength } = bytes as Partial<ArrayBufferView> & { byteLength: number };
  checkSize(byteLength, limits);
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

/**
 * The file behind an `<img>`. Its pixels are no substitute: what a canvas gives back has been
 * decoded and maybe altered.
 */
async function fetchImage(
  image: HTMLImageElement,
  limits: Required<ImageLimits>,
  signal: AbortSignal | undefined,
): Promise<Blob> {
  // Which of several sources is in use is known only after the browser has begun to load it.
  const source = image.currentSrc === '' ? image.getAttribute('src') : image.currentSrc;
  if (source === null || source === '')
    throw new DetectorError('argument', 'The <img> has no source.');
  const url = absolute(source, 'The source of the <img>');
  try {
    return await fetchBytes(url, 'default', limits, signal);
  } catch (error) {
    // The browser may have shown the image without asking for CORS, and kept an answer without its
    // headers, which then is given here.
    if (error instanceof DetectorError || !/^https?:/.test(url)) throw toNetworkError(url, error);
    return await fetchBytes(url, 'reload', limits, signal).catch((again: unknown) => {
      throw toNetworkError(url, again);
    });
  }
}

/** Refused as soon as it is too long. */
async function fetchBytes(
  url: string,
  cache: RequestCache,
  limits: Required<ImageLimits>,
  signal: AbortSignal | undefined,
): Promise<Blob> {
  const deadline = new Deadline(signal);
  try {
    const init: RequestInit = { credentials: 'same-origin', cache, signal: deadline.signal };
    const response = await fetch(url, init);
    if (!response.ok)
      throw new DetectorError(
        'network',
        `The server answered ${String(response.status)} for the image.`,
      );
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    await readPieces(response, deadline, (piece) => {
      length += piece.byteLength;
      checkSize(length, limits);
      pieces.push(piece);
    });
    return new Blob(pieces);
  } catch (error) {
    if (signal?.aborted === true) throw aborted(signal);
    throw deadline.passed ? tooSlow('The image') : error;
  } finally {
    deadline.end();
  }
}

function toNetworkError(url: string, error: unknown): DetectorError {
  if (error instanceof DetectorError) return error;
  return new DetectorError(
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
