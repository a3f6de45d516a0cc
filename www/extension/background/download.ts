import { refusal } from '../shared/addresses.js';
import { CheckError } from '../shared/errors.js';
import { DOWNLOAD_MS, MAX_IMAGE_BYTES, STALL_MS } from '../shared/limits.js';

/**
 * Fetches a picture: without cookies, without a referrer, into no cache, up to 64 MiB.
 *
 * @param page - the page that shows it
 * @throws {CheckError} `scheme`, `private`, `status`, `unreachable`, `stalled`, `too-large`,
 *   `empty`
 */
export async function download(address: URL, page: URL | undefined): Promise<Blob> {
  check(address, page);
  const abort = new AbortController();
  const stop = (): void => {
    abort.abort();
  };
  const whole = setTimeout(stop, DOWNLOAD_MS);
  let stall = setTimeout(stop, STALL_MS);
  try {
    const response = await fetch(address, {
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal: abort.signal,
    });
    // A redirect is followed by the browser, without credentials; what lies behind it is read only
    // where that is allowed.
    check(new URL(response.url), page);
    if (!response.ok) throw new CheckError('status', String(response.status));
    if (Number(response.headers.get('Content-Length')) > MAX_IMAGE_BYTES)
      throw new CheckError('too-large');
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    const reader = response.body?.getReader();
    for (;;) {
      const chunk = await reader?.read();
      if (chunk?.value === undefined) break;
      clearTimeout(stall);
      stall = setTimeout(stop, STALL_MS);
      length += chunk.value.byteLength;
      if (length > MAX_IMAGE_BYTES) throw new CheckError('too-large');
      chunks.push(chunk.value);
    }
    if (length === 0) throw new CheckError('empty');
    return new Blob(chunks);
  } catch (error) {
    const stalled = abort.signal.aborted;
    stop();
    if (error instanceof CheckError) throw error;
    throw new CheckError(stalled ? 'stalled' : 'unreachable', address.host, { cause: error });
  } finally {
    clearTimeout(whole);
    clearTimeout(stall);
  }
}

function check(address: URL, page: URL | undefined): void {
  const reason = refusal(address, page);
  if (reason !== undefined) throw new CheckError(reason, address.host);
}
