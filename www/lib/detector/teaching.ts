import { absolute } from '../api/arguments.js';
import { isArrayBuffer, isUint8Array, isUrl } from '../api/brands.js';
import { DetectorError, throwIfAborted } from '../api/errors.js';
import { MAX_REFERENCES_BYTES, MAX_TAUGHT_HEAD_BYTES } from '../api/limits.js';
import type { Head, TeachOptions } from '../api/teach.js';
import { download } from '../model/download.js';

/**
 * A model's labelled rows. What somebody put into Cache Storage under their address is taken from
 * there: a page that has cut itself off the network gets them in no other way.
 *
 * @param known - where they are, unless the caller says otherwise
 * @throws {DetectorError} `argument`, `network`, `limit`, `aborted`
 */
export async function loadReferences(
  given: TeachOptions['references'],
  known: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (isUint8Array(given)) return given.slice();
  if (given !== undefined && typeof given !== 'string' && !isUrl(given))
    throw new DetectorError('argument', 'references must be an address, or the bytes of the file.');
  const address = given === undefined ? known : absolute(given, 'references');
  if (address === undefined) {
    throw new DetectorError(
      'argument',
      'These model files do not say where references.bin is, which teaching takes: pass its ' +
        'address or bytes as references.',
    );
  }
  const kept = await keptAt(address);
  throwIfAborted(signal);
  if (kept !== undefined) return kept;
  return download(address, { limit: MAX_REFERENCES_BYTES, what: 'references.bin', signal });
}

async function keptAt(address: string): Promise<Uint8Array | undefined> {
  const { caches } = globalThis as { readonly caches?: CacheStorage };
  try {
    const response = await caches?.match(address);
    return response?.ok === true ? new Uint8Array(await response.arrayBuffer()) : undefined;
  } catch {
    // Private windows, frames without an origin.
    return undefined;
  }
}

/**
 * A copy of the file of a head.
 *
 * @throws {DetectorError} `argument`, `limit`
 */
export function headBytes(head: Head | Uint8Array | ArrayBuffer): Uint8Array {
  const value: unknown = head;
  const file: unknown = isExporting(value) ? value.export() : value;
  if (!isUint8Array(file) && !isArrayBuffer(file)) {
    throw new DetectorError(
      'argument',
      'The head must be what teach() gave, the bytes of its file, or null.',
    );
  }
  if (file.byteLength > MAX_TAUGHT_HEAD_BYTES)
    throw new DetectorError('limit', 'The head file is too large for one.');
  return isUint8Array(file) ? file.slice() : new Uint8Array(file.slice(0));
}

function isExporting(value: unknown): value is Pick<Head, 'export'> {
  return typeof (value as Partial<Head> | null)?.export === 'function';
}
