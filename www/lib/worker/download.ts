import { DetectorError } from '../errors.js';

/**
 * Fetches a file of known or bounded size.
 *
 * @param limit - more bytes than these are refused as soon as they come in
 * @param onBytes - called with the size of each chunk
 * @returns what came; fewer bytes than expected are the caller's to judge
 */
export async function download(url: string, limit: number, onBytes?: (bytes: number) => void): Promise<Uint8Array> {
  const name = new URL(url).pathname.split('/').at(-1) ?? url;
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin' });
  } catch (error) {
    throw unreachable(name, error);
  }
  if (!response.ok) {
    throw new DetectorError(
      'network',
      `The model file ${name} could not be fetched: the server answered ${String(response.status)}.`,
    );
  }
  if (response.body === null) return new Uint8Array();

  const bytes = new Uint8Array(limit);
  const reader = response.body.getReader();
  let length = 0;
  for (;;) {
    const chunk = await reader.read().catch((error: unknown) => {
      throw unreachable(name, error);
    });
    if (chunk.done) return bytes.subarray(0, length);
    if (length + chunk.value.byteLength > limit) {
      void reader.cancel();
      throw new DetectorError('weights-corrupt', `The model file ${name} is larger than its manifest says.`);
    }
    bytes.set(chunk.value, length);
    length += chunk.value.byteLength;
    onBytes?.(chunk.value.byteLength);
  }
}

function unreachable(name: string, cause: unknown): DetectorError {
  return new DetectorError(
    'network',
    `The model file ${name} could not be fetched. Check the connection and try again.`,
    { cause },
  );
}
