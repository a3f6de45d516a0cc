import points from '../../../models/compact/operating-points.json';
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

/** The thresholds that were measured for exactly this model and calibration; none for others. */
export function operatingPoints(info: DetectorInfo | undefined): readonly OperatingPoint[] {
  const { model } = points;
  const same =
    info?.weightsSha256 === model.weights_sha256 && info.calibrationId === model.calibration_id;
  return same ? points.points : [];
}

/** The threshold of the budget the visitor chose, if it is one of the model's. */
export function chosenThreshold(
  { budget }: Settings,
  info: DetectorInfo | undefined,
): number | undefined {
  return operatingPoints(info).find((point) => point.budget === budget)?.threshold;
}

/**
 * The share of truly generated images among the marked ones, where `share` of all images are
 * generated (Bayes; as `positive_predictive_value` in
 * crates/clipsight-lab/src/metrics/decision.rs).
 */
export function shareRight({ found, false_alarms }: OperatingPoint, share: number): number {
  const hits = share * found.rate;
  const alarms = (1 - share) * false_alarms.rate;
  return hits / (hits + alarms);
}
