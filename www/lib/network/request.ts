import { DetectorError } from '../api/errors.js';
import { nodeModule } from './node.js';

/** Types by the end of a name, of what is read from disks. */
const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript',
  json: 'application/json',
  wasm: 'application/wasm',
};

/** `fetch()`; in Node also the file behind a `file:` address, which `fetch()` refuses there. */
export async function request(address: string, init: RequestInit): Promise<Response> {
  const files = address.startsWith('file:') ? nodeModule('node:fs/promises') : undefined;
  if (files === undefined) return fetch(address, init);
  try {
    const bytes = await files.readFile(new URL(address));
    init.signal?.throwIfAborted();
    const type = TYPES[address.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    return new Response(bytes, { headers: { 'Content-Type': type } });
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'ENOENT') throw error;
    return new Response(null, { status: 404 });
  }
}

/** Longest address in a message, in characters. */
const SHOWN = 160;

/** An address as messages name it: without what follows a path, and not without end. */
export function shown(address: string): string {
  const { protocol, href, origin, pathname } = new URL(address);
  if (protocol === 'data:' || protocol === 'blob:') return `${protocol}…`;
  const whole = /^https?:$/.test(protocol) ? origin + pathname : href;
  return whole.length <= SHOWN ? whole : `${whole.slice(0, SHOWN / 2)}…${whole.slice(-SHOWN / 2)}`;
}

/**
 * What is said where nobody answered. Browsers do not tell the reasons apart: no connection, the
 * page's policy, an origin that does not allow it.
 *
 * @param what - what was asked for, as in "The model file"
 */
export function unreachable(what: string, address: string, cause: unknown): DetectorError {
  const origin = (globalThis as { readonly location?: Location }).location?.origin;
  const elsewhere =
    /^https?:/.test(address) &&
    origin !== undefined &&
    origin !== 'null' &&
    new URL(address).origin !== origin;
  const policy = `the policy (Content-Security-Policy: connect-src)`;
  return new DetectorError(
    'network',
    `${what} could not be fetched from ${shown(address)}. ` +
      (elsewhere
        ? `Check the connection, ${policy}, and that the server sends Access-Control-Allow-Origin.`
        : `Check the connection and ${policy}, and try again.`),
    { cause },
  );
}

/** What is said where the server refuses. */
export function refused(what: string, address: string, { status }: Response): DetectorError {
  return new DetectorError(
    'network',
    status === 404
      ? `${what} is not at ${shown(address)} (404). Copy it there, or say where it is.`
      : `${what} could not be fetched: the server answered ${String(status)} ` +
          `for ${shown(address)}.`,
  );
}
