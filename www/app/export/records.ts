import { isFlagged } from '../batch/order.js';
import { toCsv } from './csv.js';
import type { Analysis, DetectorErrorCode, DetectorInfo } from 'clipsight';
import type { Item } from '../batch/batch.js';
import type { Thresholds } from '../settings/operating.js';

/** Everything that is known when results are saved. */
export interface Saving {
  readonly items: readonly Item[];
  /** Who answers now; an image may have been judged by another model before. */
  readonly info: DetectorInfo | undefined;
  /** The threshold of the false-alarm budget, should there be one. */
  readonly threshold: number | undefined;
  readonly thresholds: Thresholds;
  readonly made: Date;
}

/** One image as it is saved. */
interface ItemRecord {
  readonly name: string;
  readonly analysis?: Analysis;
  readonly error?: { readonly code: DetectorErrorCode; readonly message: string };
  readonly flagged?: boolean;
  /** Who judged it, where that is not the detector of the whole. */
  readonly detector?: DetectorInfo;
}

/**
 * Results as JSON: what the detector said of each image, unchanged, under the model and device that
 * said it.
 */
export function toJson(saving: Saving): string {
  const { items, info, threshold, made } = saving;
  const records = items
    .filter(({ analysis, error }) => analysis ?? error)
    .map((item) => toRecord(item, saving));
  return JSON.stringify(
    { schemaVersion: 1, made: made.toISOString(), detector: info, threshold, images: records },
    null,
    1,
  );
}

function toRecord(item: Item, { info, thresholds }: Saving): ItemRecord {
  const { name, analysis, error } = item;
  const known = thresholds(item.info) !== undefined;
  return {
    name,
    ...(analysis === undefined ? {} : { analysis }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    ...(known ? { flagged: isFlagged(item, thresholds) } : {}),
    ...(item.info === undefined || item.info === info ? {} : { detector: item.info }),
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
  'crop',
  'taught_head',
];

/**
 * Results as a table, one image a row. Names of columns are the same in every language: programs
 * read them.
 */
export function toTable({ items, info: current, thresholds }: Saving): string {
  const rows = items
    .filter(({ analysis, error }) => analysis ?? error)
    .map((item) => {
      const { analysis, error, info = current } = item;
      const crop = item.part?.crop;
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
        thresholds(info) === undefined ? undefined : String(isFlagged(item, thresholds)),
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
        crop === undefined
          ? undefined
          : `${String(crop.x)},${String(crop.y)},${String(crop.width)}x${String(crop.height)}`,
        analysis?.taught?.sha256,
      ];
    });
  return toCsv([COLUMNS, ...rows]);
}
