import type { Provenance } from '../api/analysis.generated.js';
import { checkLimits, checkOptions } from '../api/arguments.js';
import { DetectorError, throwIfAborted, toDetectorError } from '../api/errors.js';
import type { ImageInput, ReadProvenanceOptions } from '../api/options.js';
import { resolveBuilds } from '../builds/urls.js';
import { ask } from './ask.js';
import { toBytes } from './input.js';
import { opener } from './opener.js';

/**
 * Reads what a file says of how it was made: Content Credentials (C2PA), XMP, EXIF, IPTC, and the
 * notes that generators leave. Needs no model and downloads none.
 *
 * Nothing is verified: whatever comes back is what "the file says", and that it says nothing means
 * nothing. {@link Detector.analyze} reads the same beside its verdict.
 *
 * ```ts
 * const { says, statements } = await readProvenance(file);
 * if (says === 'generated') console.log('The file says that a generative model made the picture.');
 * ```
 *
 * @throws {DetectorError} `decode`, `unsupported`, `limit`: the file; `argument`, `network`,
 * `aborted`, `internal`
 */
export async function readProvenance(
  input: ImageInput,
  options: ReadProvenanceOptions = {},
): Promise<Provenance> {
  try {
    checkOptions(options);
    const { signal } = options;
    throwIfAborted(signal);
    const limits = checkLimits(options.limits);
    const open = opener(options.worker ?? 'auto');
    const builds = resolveBuilds(options.wasm);
    const { bytes, fidelity } = await toBytes(input, limits, signal);
    if (fidelity !== 'original-bytes') {
      throw new DetectorError(
        'argument',
        'An ImageBitmap has no file that could say how it was made. Pass the file it came from.',
      );
    }
    throwIfAborted(signal);
    return await ask(open, 'provenance', { input: bytes, limits, builds }, signal);
  } catch (error) {
    throw toDetectorError(error);
  }
}
