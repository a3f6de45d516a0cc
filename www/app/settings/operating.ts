import type { DetectorInfo } from 'clipsight';
import type { Settings } from './settings.js';

/** A measured share with its 95 % interval. */
export interface Share {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/**
 * A threshold for people who can bear only so many false alarms, as
 * `clipsight eval --operating-points` measured it.
 */
export interface OperatingPoint {
  /** The false-alarm rate it was chosen for. */
  readonly budget: number;
  /** Probabilities at or above it are marked. */
  readonly threshold: number;
  readonly false_alarms: Share;
  readonly found: Share;
}

/** What was measured for one model with one calibration. */
interface Measured {
  readonly model: { readonly weights_sha256: string; readonly calibration_id: string };
  readonly points: readonly OperatingPoint[];
}

/** Of every model that ships and was measured; one may come without. */
const MEASURED: readonly Measured[] = readAll();

function readAll(): Measured[] {
  // webpack puts in what is there when it builds.
  const found = import.meta.webpackContext('../../../models', {
    recursive: true,
    regExp: /\/operating-points\.json$/,
  });
  return found.keys().map((name) => found(name) as Measured);
}

/** The thresholds that were measured for exactly this model and calibration; none for others. */
export function operatingPoints(info: DetectorInfo | undefined): readonly OperatingPoint[] {
  // Nobody has measured a head that was taught here.
  if (info?.head !== undefined) return [];
  const measured = MEASURED.find(
    ({ model }) =>
      info?.weightsSha256 === model.weights_sha256 && info.calibrationId === model.calibration_id,
  );
  return measured?.points ?? [];
}

/** The threshold of the budget the visitor chose, if it is one of the model's. */
export function chosenThreshold(
  { budget }: Settings,
  info: DetectorInfo | undefined,
): number | undefined {
  return operatingPoints(info).find((point) => point.budget === budget)?.threshold;
}

/** The threshold that holds for an image: that of the model which judged it. */
export type Thresholds = (info: DetectorInfo | undefined) => number | undefined;

/** Thresholds of the budget the visitor chose, by who judged. */
export function chosenThresholds(settings: Settings): Thresholds {
  return (info) => chosenThreshold(settings, info);
}

/**
 * The share of truly generated images among the marked ones, where `share` of all images are
 * generated (Bayes; as `positive_predictive_value` in
 * crates/clipsight-measure/src/metrics/decision.rs).
 */
export function shareRight({ found, false_alarms }: OperatingPoint, share: number): number {
  const hits = share * found.rate;
  const alarms = (1 - share) * false_alarms.rate;
  return hits / (hits + alarms);
}
