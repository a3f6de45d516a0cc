/**
 * Checks of what the sandboxed frame answers. It decodes hostile files; should one take it over,
 * all it can do is lie about that image: nothing but values of these types comes out.
 */
import type { Analysis, DetectorInfo, Grade } from 'clipsight';
import { isNumber, isOneOf, isRecord, isText } from './guards.js';

export const FIDELITIES = ['original-bytes', 're-encoded', 'screen-capture'] as const;
export type Fidelity = (typeof FIDELITIES)[number];

const GRADES: readonly Grade[] = ['weak', 'moderate', 'strong', 'very-strong'];
const REASONS = ['between-grades', 'uncalibrated', 'too-small', 'no-content'] as const;
const FORMATS: readonly Analysis['file']['format'][] = [
  'jpeg',
  'png',
  'webp',
  'gif',
  'bmp',
  'tiff',
];

/** Longest text of an analysis, and most notes. */
const MAX_WORD = 300;
const MAX_NOTES = 32;

const isWord = (value: unknown): boolean => isText(value, MAX_WORD);
const isShare = (value: unknown): boolean => isNumber(value) && value >= 0 && value <= 1;
const isOptional = (value: unknown, check: (value: unknown) => boolean): boolean =>
  value === undefined || check(value);

function isVerdict(model: unknown): boolean {
  if (!isRecord(model)) return false;
  if (model['status'] === 'abstained') {
    return (
      isOneOf(model['reason'], REASONS) &&
      isOptional(model['probability'], isShare) &&
      isOptional(model['logit'], isNumber)
    );
  }
  const error = model['measuredError'];
  return (
    model['status'] === 'scored' &&
    isShare(model['probability']) &&
    isNumber(model['logit']) &&
    isOneOf(model['grade'], GRADES) &&
    (error === null ||
      (isRecord(error) &&
        [error['rate'], error['low'], error['high']].every(isShare) &&
        isNumber(error['n'])))
  );
}

const isMaker = (value: unknown): boolean =>
  value === null || (isRecord(value) && isWord(value['name']) && isShare(value['share']));

/** Whether it is an analysis with every field that is shown. */
export function isAnalysis(value: unknown): value is Analysis {
  if (!isRecord(value)) return false;
  const { schemaVersion, file, model, attribution, quality, evidence, input, timings } =
    value as Partial<Record<keyof Analysis, unknown>>;
  return (
    schemaVersion === 1 &&
    isRecord(file) &&
    isWord(file['sha256']) &&
    [file['bytes'], file['width'], file['height']].every(isNumber) &&
    isOneOf(file['format'], FORMATS) &&
    isVerdict(model) &&
    isOptional(
      attribution,
      (maker) => isRecord(maker) && isMaker(maker['family']) && isMaker(maker['generator']),
    ) &&
    isOptional(quality, isShare) &&
    Array.isArray(evidence) &&
    evidence.length <= MAX_NOTES &&
    evidence.every((note) => isRecord(note) && isWord(note['kind']) && isWord(note['code'])) &&
    isRecord(input) &&
    isOneOf(input['fidelity'], FIDELITIES) &&
    isRecord(timings) &&
    [timings['decodeMs'], timings['encodeMs'], timings['totalMs']].every(isNumber)
  );
}

/** Whether it is a detector's description. */
export function isInfo(value: unknown): value is DetectorInfo {
  return (
    isRecord(value) &&
    ['modelId', 'weightsSha256', 'calibrationId', 'adapter'].every((name) => isWord(value[name])) &&
    isNumber(value['weightsBytes']) &&
    isOneOf(value['device'], ['webgpu', 'cpu']) &&
    isOneOf(value['selfTest'], ['passed', 'fell-back']) &&
    isOptional(value['fallbackReason'], isWord)
  );
}
