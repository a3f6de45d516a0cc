import { checkLimits, checkOptions } from '../api/arguments.js';
import { DetectorError, throwIfAborted } from '../api/errors.js';
import type { ImageInput, VerifyOptions } from '../api/options.js';
import type { Verification } from '../api/verification.generated.js';
import { resolveVerifier } from '../verifier/urls.js';
import type { Anchors } from '../verifier/verifier.js';
import { ask } from './ask.js';
import { toBytes } from './input.js';
import { opener } from './opener.js';

/**
 * Checks a file's Content Credentials (C2PA): whether the signature is right, whether the file is
 * what was signed, and who signed. It needs no model, and no network but for the verifier itself,
 * `verifier.wasm`, which is fetched with the first call; manifests that lie elsewhere are told of,
 * and not fetched.
 *
 * ```ts
 * const { state, summary, signer } = await verifyProvenance(file);
 * if (state === 'trusted') console.log(signer?.organisation, summary);
 * ```
 *
 * @throws {DetectorError} `decode`, `limit`, `argument`, `network`, `unsupported`, `aborted`
 */
export async function verifyProvenance(
  input: Exclude<ImageInput, ImageBitmap>,
  options: VerifyOptions = {},
): Promise<Verification> {
  checkOptions(options);
  const { signal, maxBytes } = options;
  const anchors = checkAnchors(options.anchors);
  const limits = checkLimits(maxBytes === undefined ? {} : { maxBytes });
  const verifier = resolveVerifier(options.verifier);
  const open = opener(options.worker ?? 'auto');
  throwIfAborted(signal);
  // An ImageBitmap has no file, and so nothing to check: it is encoded anew, and has none.
  const { bytes: file } = await toBytes(input, limits, signal);
  throwIfAborted(signal);
  return ask(open, 'verify', { input: file, maxBytes: limits.maxBytes, verifier, anchors }, signal);
}

/** The module looks at what is in them. */
function checkAnchors(given: unknown = {}): Anchors {
  const { signers, timeStamps } = Object(given) as Readonly<Record<string, unknown>>;
  const isText = (value: unknown): value is string | undefined =>
    value === undefined || typeof value === 'string';
  if (typeof given !== 'object' || !isText(signers) || !isText(timeStamps)) {
    throw new DetectorError(
      'argument',
      'anchors must be an object with certificates in PEM, as strings: signers, timeStamps.',
    );
  }
  return { signers: signers ?? '', timeStamps: timeStamps ?? '' };
}
