/**
 * Receipts: what was found in an image and by what, as a file that another machine can check. The
 * definition stands in crates/clipsight-native/src/receipt/mod.rs, which reads them.
 *
 * @packageDocumentation
 */
import type { Analysis } from './api/analysis.generated.js';
import type { DetectorInfo } from './api/detector.js';
import { DetectorError } from './api/errors.js';
import type { BuildName } from './api/options.js';
import { VERSION } from './api/version.generated.js';
import { sha256 } from './model/hash.js';

/** Who judged: the model, and what it ran on. */
export interface ReceiptDetector {
  readonly modelId: string;
  /** SHA-256 over the model's weights, in hex. */
  readonly weightsSha256: string;
  /** Name of the calibration, which follows from all numbers in it. */
  readonly calibrationId: string;
  /** The calibration's threshold: probabilities at or above it speak for AI generation. */
  readonly threshold: number;
  /** `reference`: 32-bit floating point, on request of the command line. */
  readonly device: 'webgpu' | 'cpu' | 'reference';
  /** `native`: the command line. */
  readonly build: BuildName | 'native';
  /** The GPU's name; empty on the CPU, and where nobody says it. */
  readonly adapter: string;
}

/** What a receipt says. */
export interface Receipt {
  readonly receiptVersion: 1;
  /** The version of clipsight that wrote it. */
  readonly clipsight: string;
  /** When it was made, by the clock of that machine (RFC 3339): `2026-01-31T12:00:00.000Z`. */
  readonly time: string;
  readonly detector: ReceiptDetector;
  /** What was found, unchanged. */
  readonly analysis: Analysis;
  /** SHA-256 of the receipt's text up to the line that this stands on, in hex. */
  readonly sha256: string;
}

/** What only the caller knows. */
export interface ReceiptOptions {
  /** When the receipt is made; default: now. */
  readonly time?: Date;
}

/**
 * A receipt of an analysis, as the text of a JSON file. `clipsight verify RECEIPT IMAGE` tells
 * whether it is unaltered, and computes anew whether the image says so. Save the text as it is: the
 * hash is that of the text, so that any other layout is an alteration. `JSON.parse` makes it a
 * {@link Receipt}.
 *
 * The hash finds what changes by accident. It is no signature: who changes a receipt on purpose can
 * hash it again, which only computing anew finds.
 *
 * @param analysis - from {@link Detector.analyze}
 * @param info - {@link Detector.info} of the detector that made it
 * @throws {DetectorError} `argument`: the time is no date; `unsupported`: a page without a secure
 * context, which has no SHA-256
 */
export async function createReceipt(
  analysis: Analysis,
  info: DetectorInfo,
  { time = new Date() }: ReceiptOptions = {},
): Promise<string> {
  const { modelId, weightsSha256, calibrationId, threshold, device, build, adapter } = info;
  const receipt: Omit<Receipt, 'sha256'> = {
    receiptVersion: 1,
    clipsight: VERSION,
    time: written(time),
    detector: { modelId, weightsSha256, calibrationId, threshold, device, build, adapter },
    analysis,
  };
  const text = JSON.stringify(receipt, null, 1);
  // Without the line end and the brace that it ends in.
  const hashed = `${text.slice(0, -2)},\n`;
  const hash = await sha256(new TextEncoder().encode(hashed));
  if (hash === undefined)
    throw new DetectorError(
      'unsupported',
      'Receipts need SHA-256, which browsers have on https:// pages and on localhost only.',
    );
  return `${hashed} "sha256": "${hash}"\n}\n`;
}

function written(time: Date): string {
  try {
    return time.toISOString();
  } catch (error) {
    throw new DetectorError('argument', 'time must be a valid Date.', { cause: error });
  }
}
