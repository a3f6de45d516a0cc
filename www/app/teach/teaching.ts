import { DetectorError } from 'clipsight';
import { forgetHead, keepHead, keptHead } from './store.js';
import type { Detector, Head, HeadInfo, TeachOptions } from 'clipsight';
import type { Batch } from '../batch/batch.js';
import type { DetectorLifecycle } from '../detector-lifecycle.js';
import type { Offline } from '../offline/offline.js';

/** Decoders that are files of their own, by the endings of names that they read. */
const DECODERS: Readonly<Record<string, RegExp>> = {
  avif: /\.avif$/i,
  extra: /\.(bmp|dib|tiff?)$/i,
  heic: /\.(hei[cf]|hif)$/i,
  jxl: /\.jxl$/i,
};

/** The decoders that these files need, going by their names. */
function decodersOf(files: readonly File[]): string[] {
  const needed = Object.entries(DECODERS).filter(([, names]) =>
    files.some(({ name }) => names.test(name)),
  );
  return needed.map(([name]) => name);
}

/** What teaching works on. */
export interface TeachingParts {
  readonly lifecycle: DetectorLifecycle;
  readonly offline: Offline;
  readonly batch: Batch;
}

/** Heads that the visitor teaches, keeps, and takes back. Dispatches `change`. */
export class Teaching extends EventTarget {
  readonly #parts: TeachingParts;
  #followed: Detector | undefined;
  /** The file of the head in use. */
  #file: Uint8Array | undefined;

  constructor(parts: TeachingParts) {
    super();
    this.#parts = parts;
    parts.lifecycle.addEventListener('change', () => {
      this.#follow();
    });
  }

  /** The head in use. */
  get head(): HeadInfo | undefined {
    return this.#parts.lifecycle.detector?.info.head;
  }

  /** Its file. */
  get file(): Uint8Array | undefined {
    return this.head === undefined ? undefined : this.#file;
  }

  /** Whether the model that answers can be taught. */
  get teachable(): boolean {
    return this.#parts.lifecycle.references !== undefined;
  }

  /** Whether there is a model. */
  get ready(): boolean {
    return this.#followed !== undefined && this.#followed === this.#parts.lifecycle.detector;
  }

  /** Teaches a head, which is not in use before {@link use}. */
  async teach(files: readonly File[], options: TeachOptions): Promise<Head> {
    const { lifecycle, offline } = this.#parts;
    // Under the network lock nobody else can fetch them; without the lock the package does.
    await Promise.all([
      ...decodersOf(files).map((name) => offline.decoder(name)),
      ...(lifecycle.references === undefined ? [] : [offline.references(lifecycle.references)]),
    ]);
    return this.#detector().teach(files, options);
  }

  /** Judges with a head, or its file, and keeps it; whether the next visit will find it. */
  async use(head: Head | Uint8Array): Promise<boolean> {
    const detector = this.#detector();
    const bytes = head instanceof Uint8Array ? head : head.export();
    await detector.use(bytes);
    this.#file = bytes;
    const kept = keepHead(detector.info.weightsSha256, bytes);
    this.#changed();
    return kept;
  }

  /** Judges with the model's own head again, and keeps none. */
  async undo(): Promise<void> {
    const detector = this.#detector();
    await detector.use(null);
    this.#file = undefined;
    forgetHead(detector.info.weightsSha256);
    this.#changed();
  }

  #detector(): Detector {
    const { detector } = this.#parts.lifecycle;
    if (detector !== undefined) return detector;
    throw new DetectorError('argument', 'The model is still being loaded. Wait until it is ready.');
  }

  #changed(): void {
    this.#parts.batch.judgeAnew();
    this.dispatchEvent(new Event('change'));
  }

  /** A detector gets the head that is kept for its model before it gets images. */
  #follow(): void {
    const { lifecycle, batch } = this.#parts;
    const { detector, program } = lifecycle;
    if (detector === undefined || detector === this.#followed) return;
    this.#followed = detector;
    const { weightsSha256 } = detector.info;
    const file = keptHead(weightsSha256);
    this.#file = file;
    if (file === undefined) {
      batch.use(detector, program);
      this.dispatchEvent(new Event('change'));
      return;
    }
    const begin = (): void => {
      if (this.#followed !== detector) return;
      batch.use(detector, program);
      this.dispatchEvent(new Event('change'));
    };
    // One that is damaged is of no use to any visit.
    const forget = (): void => {
      forgetHead(weightsSha256);
    };
    detector.use(file).catch(forget).then(begin, begin);
  }
}
