import { toError } from '../errors.js';
import type { Analysis, AnalyzeOptions, AnalyzeProgress, Detector, DetectorError } from 'clipsight';

/** What may be asked of an image once it has a verdict. */
export type Question = 'explain' | 'stability';

/** One question on its way. */
export interface Examining {
  readonly question: Question;
  readonly stop: AbortController;
  progress?: AnalyzeProgress;
  error?: DetectorError;
}

/** What is asked about: an image with its verdict. */
export interface Examined {
  readonly file: File;
  analysis?: Analysis;
  /** What is being found out about its verdict, or could not be. */
  examining?: Examining;
}

/** Views that a map takes (src/model/occlusion.rs), and deliveries (src/image/delivery). */
const VIEWS: Readonly<Record<Question, number>> = { explain: 18, stability: 4 };

/** About how many milliseconds the answer takes, going by how long the verdict took. */
export function costOf({ input, timings }: Analysis, question: Question): number {
  const view = timings.encodeMs / input.views;
  if (question === 'explain') return VIEWS.explain * view;
  return VIEWS.stability * (timings.decodeMs + input.views * view);
}

/** Who answers, and who hears of it. */
export interface Asking {
  readonly detector: Detector;
  readonly views: AnalyzeOptions['views'];
  /** Called with every step. */
  readonly changed: () => void;
}

/**
 * Asks the detector that judged the image; the answer comes beside the verdict, which stays as it
 * is.
 */
export async function examine(
  item: Examined,
  question: Question,
  { detector, views, changed }: Asking,
): Promise<void> {
  const before = item.analysis;
  if (before === undefined || isAsking(item)) return;
  const examining: Examining = { question, stop: new AbortController() };
  item.examining = examining;
  changed();
  try {
    const answer = await detector.analyze(item.file, {
      [question]: true,
      ...(views === undefined ? {} : { views }),
      signal: examining.stop.signal,
      onProgress(progress) {
        examining.progress = progress;
        changed();
      },
    });
    // Judged by another model in the meantime, or removed: then it is the answer of the past.
    if (item.analysis === before) {
      const { map, stability } = answer;
      item.analysis = {
        ...before,
        ...(map === undefined ? {} : { map }),
        ...(stability === undefined ? {} : { stability }),
      };
    }
    delete item.examining;
  } catch (thrown) {
    const error = toError(thrown);
    if (error.code === 'aborted') delete item.examining;
    else examining.error = error;
  }
  changed();
}

/** Whether a question is being answered. */
export function isAsking({ examining }: Examined): boolean {
  return examining !== undefined && examining.error === undefined;
}
