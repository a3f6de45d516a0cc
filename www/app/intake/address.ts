import { Deadline, readPieces } from 'clipsight';
import { MAX_FETCHED_BYTES } from '../limits.js';
import type { Incoming } from './entries.js';

/** Why an address gave no image. */
export type Refusal =
  | {
      readonly reason:
        'address' | 'scheme' | 'credentials' | 'unreachable' | 'slow' | 'empty' | 'cut';
    }
  | { readonly reason: 'status'; readonly status: number }
  | { readonly reason: 'large'; readonly limit: number };

/** An address that was not fetched, or gave nothing. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(`the address was refused: ${refusal.reason}`, options);
    this.refusal = refusal;
  }
}

/**
 * Reads what a person typed.
 *
 * @throws {AddressError} `address`, `scheme`, `credentials`
 */
export function parseAddress(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch (error) {
    throw new AddressError({ reason: 'address' }, { cause: error });
  }
  if (!['http:', 'https:', 'data:', 'blob:'].includes(url.protocol))
    throw new AddressError({ reason: 'scheme' });
  // A name before the host misleads, and a password has no place in a request without credentials.
  if (url.username !== '' || url.password !== '') throw new AddressError({ reason: 'credentials' });
  return url;
}

/** Whether an address can be read without any connection. */
export function isLocal({ protocol }: URL): boolean {
  return protocol === 'data:';
}

/**
 * Fetches an image: without cookies or referrer, and never more than {@link MAX_FETCHED_BYTES} of
 * it.
 *
 * @param fallbackName - what it is called where the address ends in no name
 * @throws {AddressError} why there is no image; whether a site refused or was not reached, browsers
 * do not tell
 */
export async function fetchImage(
  url: URL,
  fallbackName: string,
  signal?: AbortSignal,
): Promise<Incoming> {
  if (isLocal(url)) return incoming(new Blob([readDataUrl(url)]), fallbackName);
  const deadline = new Deadline(signal);
  let begun = false;
  try {
    const response = await fetch(url, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      mode: 'cors',
      signal: deadline.signal,
    });
    if (!response.ok) throw new AddressError({ reason: 'status', status: response.status });
    begun = true;
    return incoming(await readBody(response, deadline), nameOf(url) ?? fallbackName);
  } catch (error) {
    if (error instanceof AddressError) throw error;
    const reason = deadline.passed ? 'slow' : begun ? 'cut' : 'unreachable';
    throw new AddressError({ reason }, { cause: error });
  } finally {
    deadline.end();
  }
}

/** A server can claim any length and send without end: the bytes are counted as they come. */
async function readBody(response: Response, deadline: Deadline): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  await readPieces(response, deadline, (chunk) => {
    bytes += chunk.byteLength;
    if (bytes > MAX_FETCHED_BYTES)
      throw new AddressError({ reason: 'large', limit: MAX_FETCHED_BYTES });
    chunks.push(chunk);
  });
  if (bytes === 0) throw new AddressError({ reason: 'empty' });
  return new Blob(chunks);
}

/**
 * The bytes of a `data:` address (RFC 2397), read here: the lock's policy refuses to fetch even
 * these.
 */
function readDataUrl(url: URL): Uint8Array<ArrayBuffer> {
  const comma = url.href.indexOf(',');
  if (comma === -1) throw new AddressError({ reason: 'address' });
  try {
    const data = decodeURIComponent(url.href.slice(comma + 1));
    const binary = /;base64$/i.test(url.href.slice(0, comma)) ? atob(data) : data;
    if (binary.length === 0) throw new AddressError({ reason: 'empty' });
    if (binary.length > MAX_FETCHED_BYTES)
      throw new AddressError({ reason: 'large', limit: MAX_FETCHED_BYTES });
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch (error) {
    if (error instanceof AddressError) throw error;
    throw new AddressError({ reason: 'address' }, { cause: error });
  }
}

/** The last part of the path, as a person would read it. */
function nameOf({ pathname }: URL): string | undefined {
  const last = pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last) || undefined;
  } catch {
    return last;
  }
}

function incoming(blob: Blob, name: string): Incoming {
  return { file: new File([blob], name), name };
}
