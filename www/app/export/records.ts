import { isFlagged } from '../batch/order.js';
import { toCsv } from './csv.js';
import type { Analysis, DetectorErrorCode, DetectorInfo } from 'clipsight';
import type { Item } from '../batch/batch.js';

/** Everything that is known when results are saved. */
export interface Saving {
  readonly items: readonly Item[];
  readonly info: DetectorInfo | undefined;
  /** The threshold of the false-alarm budget, should there be one. */
  readonly threshold: number | undefined;
  readonly made: Date;
}

/** One image as it is saved. */
interface ItemRecord {
  readonly name: string;
  readonly analysis?: Analysis;
  readonly error?: { readonly code: DetectorErrorCode; readonly message: string };
  readonly flagged?: boolean;
}

/**
 * Results as JSON: what the detector said of each image, unchanged, under the model and device that
 * said it.
 */
export function toJson({ items, info, threshold, made }: Saving): string {
  const records = items
    .filter(({ analysis, error }) => analysis ?? error)
    .map((item) => toRecord(item, threshold));
  return JSON.stringify(
    { schemaVersion: 1, made: made.toISOString(), detector: info, threshold, images: records },
    null,
    1,
  );
}

function toRecord(item: Item, threshold: number | undefined): ItemRecord {
  const { name, analysis, error } = item;
  return {
    name,
    ...(analysis === undefined ? {} : { analysis }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    ...(threshold === undefined ? {} : { flagged: isFlagged(item, threshold) }),
  };
}

const COLUMNS = [
  'name',
  'outcome',
  'probability',
  'logit',
  'measured_error',
  'measured_error_low',
  'measured_error_high',
  'flagged',
  'generator',
  'quality',
  'format',
  'width',
  'height',
  'bytes',
  'sha256',
  'error_code',
  'error_message',
  'model',
  'weights_sha256',
  'calibration',
  'device',
];

/**
 * Results as a table, one image a row. Names of columns are the same in every language: programs
 * read them.
 */
export function toTable({ items, info, threshold }: Saving): string {
  const rows = items
    .filter(({ analysis, error }) => analysis ?? error)
    .map((item) => {
      const { analysis, error } = item;
      const model = analysis?.model;
      const measured = model?.status === 'scored' ? model.measuredError : null;
      return [
        item.name,
        model?.status === 'abstained' ? model.reason : item.outcome,
        model?.probability,
        model?.logit,
        measured?.rate,
        measured?.low,
        measured?.high,
        threshold === undefined ? undefined : String(isFlagged(item, threshold)),
        analysis?.attribution?.generator?.name,
        analysis?.quality,
        analysis?.file.format,
        analysis?.file.width,
        analysis?.file.height,
        analysis?.file.bytes ?? item.file.size,
        analysis?.file.sha256,
        error?.code,
        error?.message,
        info?.modelId,
        info?.weightsSha256,
        info?.calibrationId,
        info?.device,
      ];
    });
  return toCsv([COLUMNS, ...rows]);
}
