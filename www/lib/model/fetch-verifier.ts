import { MAX_BUILD_BYTES } from '../api/limits.js';
import { resolveVerifier } from '../verifier/urls.js';
import { download } from './download.js';

/**
 * The bytes of what checks Content Credentials, for `verifyProvenance(input, { verifier })` where
 * nothing can be fetched any more: a frame without a network, say.
 *
 * @throws {DetectorError} `network`, `unsupported`
 */
export async function fetchVerifier(): Promise<Uint8Array<ArrayBuffer>> {
  const source = resolveVerifier(undefined);
  return typeof source === 'string'
    ? download(source, { limit: MAX_BUILD_BYTES, what: 'What checks Content Credentials' })
    : source;
}
