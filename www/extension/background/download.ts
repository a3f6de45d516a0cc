import { Deadline, readPieces } from 'clipsight';
import { refusal } from '../shared/addresses.js';
import { CheckError } from '../shared/errors.js';
import { MAX_IMAGE_BYTES } from '../shared/limits.js';

/**
 * Fetches a picture: without cookies, without a referrer, into no cache, up to 64 MiB.
 *
 * @param page - the page that shows it
 * @throws {CheckError} `scheme`, `private`, `status`, `unreachable`, `stalled`, `too-large`,
 *   `empty`
 */
export async function download(address: URL, page: URL | undefined): Promise<Blob> {
  check(address, page);
  const deadline = new Deadline();
  try {
    const response = await fetch(address, {
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal: deadline.signal,
    });
    // A redirect is followed by the browser, without credentials; what lies behind it is read only
    // where that is allowed.
    check(new URL(response.url), page);
    if (!response.ok) throw new CheckError('status', String(response.status));
    if (Number(response.headers.get('Content-Length')) > MAX_IMAGE_BYTES)
      throw new CheckError('too-large');
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    await readPieces(response, deadline, (chunk) => {
      length += chunk.byteLength;
      if (length > MAX_IMAGE_BYTES) throw new CheckError('too-large');
      chunks.push(chunk);
    });
    if (length === 0) throw new CheckError('empty');
    return new Blob(chunks);
  } catch (error) {
    if (error instanceof CheckError) throw error;
    const reason = deadline.passed ? 'stalled' : 'unreachable';
    throw new CheckError(reason, address.host, { cause: error });
  } finally {
    deadline.end();
  }
}

function check(address: URL, page: URL | undefined): void {
  const reason = refusal(address, page);
  if (reason !== undefined) throw new CheckError(reason, address.host);
}
