import { verifyProvenance } from 'clipsight';
import { toError } from '../errors.js';
import type {
  Analysis,
  AnalyzeOptions,
  AnalyzeProgress,
  Detector,
  DetectorError,
  Verification,
} from 'clipsight';
import type { Part } from './parts.js';

/** What the model may be asked of an image once it has a verdict. */
type ModelQuestion = 'explain' | 'stability';

/** What may be asked, besides: whether the file's Content Credentials are in order. */
export type Question = ModelQuestion | 'verify';

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
  /** The part of it that is judged, where that is not all of it. */
  readonly part?: Part;
  analysis?: Analysis;
  /** What became of checking its Content Credentials. */
  verification?: Verification;
  /** What is being found out about its verdict, or could not be. */
  examining?: Examining;
}

/** Views that a map takes (src/model/occlusion.rs), and deliveries (src/image/delivery). */
const VIEWS: Readonly<Record<ModelQuestion, number>> = { explain: 18, stability: 4 };

/**
 * About how many milliseconds the answer takes, going by how long the verdict took; undefined where
 * that says nothing of it.
 */
export function costOf({ input, timings }: Analysis, question: Question): number | undefined {
  if (question === 'verify') return undefined;
  const view = timings.encodeMs / input.views;
  if (question === 'explain') return VIEWS.explain * view;
  return VIEWS.stability * (timings.decodeMs + input.views * view);
}

/** Who answers, and who hears of it. */
export interface Asking {
  readonly detector: Detector;
  readonly views: AnalyzeOptions['views'];
  /** The worker's program: behind the lock nothing else may be started. */
  readonly program: URL | undefined;
  /** Has a program come that the page does not have yet; whether it is there then. */
  readonly fetchDecoder: (name: string) => Promise<boolean>;
  /** Called with every step. */
  readonly changed: () => void;
}

/**
 * Asks the detector that judged the image; the answer comes beside the verdict, which stays as it
 * is.
 */
export async function examine(item: Examined, question: Question, asking: Asking): Promise<void> {
  const { changed } = asking;
  if (item.analysis === undefined || isAsking(item)) return;
  const examining: Examining = { question, stop: new AbortController() };
  item.examining = examining;
  changed();
  try {
    if (question === 'verify') item.verification = await verify(item.file, examining, asking);
    else await askModel(item, question, examining, asking);
    delete item.examining;
  } catch (thrown) {
    const error = toError(thrown);
    if (error.code === 'aborted') delete item.examining;
    else examining.error = error;
  }
  changed();
}

async function askModel(
  item: Examined,
  question: ModelQuestion,
  examining: Examining,
  { detector, views, changed }: Asking,
): Promise<void> {
  const before = item.analysis;
  const answer = await detector.analyze(item.file, {
    [question]: true,
    ...(views === undefined ? {} : { views }),
    ...(item.part === undefined ? {} : { crop: item.part.crop }),
    signal: examining.stop.signal,
    onProgress(progress) {
      examining.progress = progress;
      changed();
    },
  });
  // Judged by another model in the meantime, or removed: then it is the answer of the past.
  if (before === undefined || item.analysis !== before) return;
  const { map, stability } = answer;
  item.analysis = {
    ...before,
    ...(map === undefined ? {} : { map }),
    ...(stability === undefined ? {} : { stability }),
  };
}

/** What checks signatures is fetched with the first one, as a decoder is with its first image. */
async function verify(
  file: File,
  { stop: { signal } }: Examining,
  { fetchDecoder, program }: Asking,
): Promise<Verification> {
  const options = { signal, ...(program === undefined ? {} : { worker: program }) };
  try {
    return await verifyProvenance(file, options);
  } catch (error) {
    if (toError(error).decoder !== 'verifier' || !(await fetchDecoder('verifier'))) throw error;
    return verifyProvenance(file, options);
  }
}

/** Whether a question is being answered. */
export function isAsking({ examining }: Examined): boolean {
  return examining !== undefined && examining.error === undefined;
}
