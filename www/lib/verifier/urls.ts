/** The verifier's file, by address: a literal, as those of the builds (`builds/urls.ts`). */
import { DetectorError } from '../api/errors.js';
import { isModule, resolveSource } from '../builds/urls.js';

/** Where the package has it. Fetched when the first file is to be verified. */
const verifierUrl: URL | undefined = isModule
  ? new URL('./wasm/verifier/verifier.wasm', import.meta.url)
  : undefined;

/**
 * Where the verifier is: an absolute address, or the bytes that were given.
 *
 * @throws {DetectorError} `argument`, `unsupported`
 * @internal
 */
export function resolveVerifier(
  source: string | URL | ArrayBuffer | Uint8Array | undefined,
): string | Uint8Array<ArrayBuffer> {
  const found = source ?? verifierUrl;
  if (found === undefined) {
    throw new DetectorError(
      'unsupported',
      'clipsight finds its files by import.meta.url, which this bundle has left empty: bundle it ' +
        'as an ES module (with esbuild: --format=esm), or say with the option "verifier" where ' +
        'verifier.wasm is.',
    );
  }
  return resolveSource(found, 'verifier');
}
