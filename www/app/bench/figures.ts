/**
 * What the module answers, as far as the page shows it; crates/clipsight-measure says what it
 * means. Shares have 95 % intervals.
 */
import type { Grade } from 'clipsight';
import type { OperatingPoint, Share } from '../settings/operating.js';

export type { OperatingPoint, Share } from '../settings/operating.js';

/** The two ends of an interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Why an image of the folder is not measured. */
export type LeftOutReason = 'unlabelled' | 'missing' | 'unknown-label' | 'repeated';

/** A labelled image. */
export interface Labelled {
  /** Its place in the list of paths that was given. */
  readonly index: number;
  readonly name: string;
  readonly generated: boolean;
  readonly origin: string;
}

/** A folder's images by class. */
export interface Sorted {
  readonly source:
    | {
        readonly by: 'folders';
        readonly generated: readonly string[];
        readonly real: readonly string[];
      }
    | { readonly by: 'table'; readonly table: string };
  readonly images: readonly Labelled[];
  readonly passed: readonly { readonly name: string; readonly reason: LeftOutReason }[];
}

/** What a bootstrap drew. */
export type Drawn = 'origins' | 'images';

/** A report, as `clipsight eval --json` writes it of a folder. */
export interface Report {
  readonly model: {
    readonly id: string;
    readonly weights_sha256: string;
    readonly calibration_id: string;
  };
  readonly data: {
    readonly manifest_sha256: string;
    readonly short_sides: readonly [number, number, number];
  };
  readonly figures: {
    readonly generated: number;
    readonly real: number;
    readonly auc: number;
    readonly auc_interval: Interval | null;
    readonly threshold: number;
    readonly balanced_accuracy: number;
    readonly balanced_accuracy_interval: Interval | null;
    readonly recall: Share;
    readonly specificity: Share;
    readonly abstained: { readonly generated: number; readonly real: number };
    readonly grades: readonly {
      readonly grade: Grade;
      readonly generated: number;
      readonly real: number;
      readonly error: Share | null;
    }[];
  };
  readonly curves: {
    readonly roc: readonly {
      readonly false_positive_rate: number;
      readonly true_positive_rate: number;
    }[];
  };
  readonly confounds?: {
    readonly stored: number;
    readonly stored_with_length: number;
    readonly stored_interval?: Interval;
    readonly passed: boolean;
  };
  readonly folder: {
    /** Images of each class that it takes. */
    readonly least: { readonly intervals: number; readonly confounds: number };
    readonly drawn: { readonly generated: Drawn; readonly real: Drawn };
    readonly points: readonly OperatingPoint[];
    readonly repeated: number;
    readonly mistakes: readonly Mistake[];
    readonly unjudged: readonly {
      readonly name: string;
      readonly generated: boolean;
      readonly code: string;
    }[];
  };
}

/** An image that was decided wrongly. */
export interface Mistake {
  readonly name: string;
  readonly generated: boolean;
  readonly probability: number;
}
