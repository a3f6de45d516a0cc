import { DetectorError } from '../api/errors.js';
import { MAX_SHARD_BYTES, MAX_SHARDS } from '../api/limits.js';
import { shown } from '../network/request.js';

/** A shard, as a manifest names it. */
export interface Shard {
  readonly file: string;
  readonly bytes: number;
  /** In lower-case hex. */
  readonly sha256: string;
}

/**
 * The shards that a manifest names, so that they can be on their way before the build is there,
 * which then reads the manifest for good. A model that could say nothing of any image is refused
 * before it is fetched.
 *
 * @param address - where the manifest is, for messages
 * @throws {DetectorError} `weights-corrupt`; `unsupported`: the model is an encoder without a
 * detector's head
 */
export function shardsOf(manifest: Uint8Array, address: string): readonly Shard[] {
  const corrupt = (what: string, cause?: unknown): DetectorError =>
    new DetectorError(
      'weights-corrupt',
      `What is at ${shown(address)} is no manifest of a model: it ${what}. ` +
        'The address may be wrong.',
      { cause },
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(manifest));
  } catch (error) {
    throw corrupt('is not JSON', error);
  }
  const { shards, head }: Readonly<Record<string, unknown>> = isRecord(parsed) ? parsed : {};
  if (!Array.isArray(shards) || shards.length === 0) throw corrupt('names no shards');
  if (shards.length > MAX_SHARDS) throw corrupt(`names more than ${String(MAX_SHARDS)} shards`);
  if (isRecord(head) && head['kind'] === 'none') {
    throw new DetectorError(
      'unsupported',
      'The model is an encoder without a detection head, so it gives no verdict. Import it ' +
        'with one: clipsight import --head.',
    );
  }
  return shards.map((shard: unknown, index) => {
    if (!isShard(shard))
      throw corrupt(`gives no valid file name, length and SHA-256 for shard ${String(index)}`);
    return shard;
  });
}

function isShard(value: unknown): value is Shard {
  if (!isRecord(value)) return false;
  const { file, bytes, sha256 } = value;
  return (
    typeof file === 'string' &&
    // A name beside the manifest and nothing else.
    /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(file) &&
    Number.isSafeInteger(bytes) &&
    (bytes as number) > 0 &&
    (bytes as number) <= MAX_SHARD_BYTES &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
