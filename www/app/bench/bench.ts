import { Batch } from '../batch/batch.js';
import { toError } from '../errors.js';
import { MAX_TABLE_BYTES } from '../limits.js';
import { viewsOption } from '../settings/settings.js';
import { askModule, ProblemError } from './module.js';
import type { AnalyzeOptions, DetectorError, DetectorInfo } from 'clipsight';
import type { Item } from '../batch/batch.js';
import type { DetectorLifecycle } from '../detector-lifecycle.js';
import type { Found, Incoming } from '../intake/entries.js';
import type { Passed } from '../intake/sift.js';
import type { NetworkLock } from '../network/lock.js';
import type { Offline } from '../offline/offline.js';
import type { SettingsStore } from '../settings/settings.js';
import type { Labelled, Report, Sorted } from './figures.js';
import type { FolderProblem } from './module.js';
import type { Ask } from './program.js';

/** What a bench works with. */
export interface BenchParts {
  readonly settings: SettingsStore;
  readonly lock: NetworkLock;
  readonly lifecycle: DetectorLifecycle;
  readonly offline: Offline;
}

/**
 * Where a bench stands.
 *
 * - `empty`: it waits for a folder
 * - `sorting`: what the folder holds is being found out
 * - `problem`: it cannot be measured
 * - `found`: its images are known; the measurement has not begun, or was stopped
 * - `running`: they are being judged
 * - `computing`: they are judged, figures are being made
 * - `done`
 */
export type BenchState =
  | { readonly phase: 'empty' | 'sorting' | 'found' | 'running' | 'computing' }
  | { readonly phase: 'problem'; readonly problem: FolderProblem | DetectorError }
  | { readonly phase: 'done'; readonly report: Report };

/** One image of the folder on its way to a verdict. */
export interface Row {
  readonly labelled: Labelled;
  readonly item: Item;
}

/**
 * Measures the model on a folder whose images a person has sorted by class. It goes on while its
 * dialog is closed. Dispatches `change`.
 */
export class Bench extends EventTarget {
  /** Whether its dialog is open, and takes what is dropped. */
  open = false;
  readonly #parts: BenchParts;
  readonly #batch: Batch;
  #state: BenchState = { phase: 'empty' };
  #work = new AbortController();
  #sorted: Sorted | undefined;
  #passed: readonly Passed[] = [];
  #images: readonly Incoming[] = [];
  #rows: readonly Row[] = [];
  /** Views that the measurement began with. */
  #views: AnalyzeOptions['views'];

  constructor(parts: BenchParts) {
    super();
    this.#parts = parts;
    this.#batch = new Batch((name) => parts.offline.decoder(name));
    this.#batch.addEventListener('change', () => {
      this.#progressed();
    });
    parts.lifecycle.addEventListener('change', () => {
      this.#follow();
    });
    this.#follow();
  }

  get state(): BenchState {
    return this.#state;
  }

  /** What the folder holds, once that is known. */
  get sorted(): Sorted | undefined {
    return this.#sorted;
  }

  /** Files of the folder that are no images by their names, and the like. */
  get passed(): readonly Passed[] {
    return this.#passed;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Images that are judged, those that could not be included; of how many. */
  get progress(): { readonly done: number; readonly all: number } {
    const { settled, size, rejudging } = this.#batch;
    return { done: settled - rejudging, all: size };
  }

  /** Who answers. */
  get info(): DetectorInfo | undefined {
    return this.#parts.lifecycle.detector?.info;
  }

  /** Takes a folder in place of the one before. */
  async take({ images, passed }: Found): Promise<void> {
    this.clear();
    const { signal } = this.#work;
    this.#set({ phase: 'sorting' });
    try {
      const isTable = (name: string): boolean => /\.[ct]sv$/i.test(name);
      this.#images = images.filter(({ name }) => !isTable(name));
      this.#passed = passed.filter(({ name, file }) => file === undefined || !isTable(name));
      const tables = await Promise.all(
        [...images, ...passed]
          .flatMap(({ name, file }) =>
            file !== undefined && isTable(name) ? [{ name, file }] : [],
          )
          .map(async ({ name, file }) => ({ path: name, text: await tableText(name, file) })),
      );
      const paths = this.#images.map(({ name }) => name);
      const input = { paths, tables };
      const sorted = await askModule<Sorted>(
        this.#parts,
        { task: 'sort', input, jpegs: [] },
        signal,
      );
      if (signal.aborted) return;
      this.#sorted = sorted;
      this.#set({ phase: 'found' });
    } catch (thrown) {
      this.#fail(thrown, signal);
    }
  }

  /** Begins the measurement, or goes on with it. */
  start(): void {
    if (this.#sorted === undefined || this.#state.phase !== 'found') return;
    this.#views = viewsOption(this.#parts.settings.value, this.info);
    this.#batch.setViews(this.#views);
    this.#set({ phase: 'running' });
    if (this.#rows.length === 0) {
      const incoming = this.#sorted.images.flatMap((labelled) => {
        const image = this.#images[labelled.index];
        return image === undefined ? [] : [{ labelled, image }];
      });
      const items = this.#batch.add(incoming.map(({ image }) => image));
      this.#rows = incoming.flatMap(({ labelled }, place) => {
        const item = items[place];
        return item === undefined ? [] : [{ labelled, item }];
      });
    } else {
      for (const item of this.#batch.items) this.#batch.again(item);
    }
    this.#progressed();
  }

  /** Stops the measurement; what is judged by then stays. */
  stop(): void {
    if (this.#state.phase !== 'running' && this.#state.phase !== 'computing') return;
    this.#renew();
    this.#set({ phase: 'found' });
    this.#batch.cancelAll();
  }

  /** Forgets the folder. */
  clear(): void {
    this.#renew();
    this.#sorted = undefined;
    this.#images = [];
    this.#passed = [];
    this.#rows = [];
    this.#set({ phase: 'empty' });
    this.#batch.clear();
  }

  /** What is being found out is of no use any more. */
  #renew(): void {
    this.#work.abort();
    this.#work = new AbortController();
  }

  #follow(): void {
    const { detector } = this.#parts.lifecycle;
    if (detector !== undefined) this.#batch.use(detector);
    // Another model answers from now on: its figures are others.
    const { phase } = this.#state;
    if ((phase === 'done' || phase === 'computing') && this.#batch.rejudging > 0) {
      this.#renew();
      this.#set({ phase: 'running' });
    }
    this.dispatchEvent(new Event('change'));
  }

  #progressed(): void {
    if (this.#state.phase !== 'running') return;
    const { done, all } = this.progress;
    if (this.#rows.length > 0 && done === all) void this.#compute();
    else this.dispatchEvent(new Event('change'));
  }

  async #compute(): Promise<void> {
    const { signal } = this.#work;
    this.#set({ phase: 'computing' });
    try {
      const report = await askModule<Report>(this.#parts, this.#question(), signal);
      if (!signal.aborted) this.#set({ phase: 'done', report });
    } catch (thrown) {
      this.#fail(thrown, signal);
    }
  }

  /** Everything that the report is made of. */
  #question(): Omit<Ask, 'module'> {
    const { info } = this;
    const images: object[] = [];
    const unjudged: object[] = [];
    const jpegs: (readonly [number, File])[] = [];
    for (const { labelled, item } of this.#rows) {
      const { name, generated, origin } = labelled;
      const { analysis } = item;
      // A second model that failed over an image leaves the first one's answer, which is no answer
      // of the model that is measured.
      if (analysis === undefined || item.info?.weightsSha256 !== info?.weightsSha256) {
        unjudged.push({ name, generated, code: item.error?.code ?? 'internal' });
        continue;
      }
      const { file, model } = analysis;
      if (file.format === 'jpeg') jpegs.push([images.length, item.file]);
      images.push({
        ...{ name, generated, origin, probability: model.probability },
        ...{ sha256: file.sha256, format: file.format, bytes: file.bytes },
        ...{ width: file.width, height: file.height },
        ...(model.status === 'scored' ? { grade: model.grade } : { reason: model.reason }),
      });
    }
    const views = this.#views;
    const input = {
      modelId: info?.modelId,
      weightsSha256: info?.weightsSha256,
      calibration: this.#parts.lifecycle.calibration,
      ...(views === undefined ? {} : { views }),
      images,
      unjudged,
    };
    return { task: 'report', input, jpegs };
  }

  #fail(thrown: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    const problem = thrown instanceof ProblemError ? thrown.problem : toError(thrown);
    this.#set({ phase: 'problem', problem });
  }

  #set(state: BenchState): void {
    this.#state = state;
    this.dispatchEvent(new Event('change'));
  }
}

async function tableText(name: string, file: File): Promise<string> {
  if (file.size > MAX_TABLE_BYTES) {
    const message = `it has more than ${String(MAX_TABLE_BYTES)} bytes, which is the maximum`;
    throw new ProblemError({ problem: 'table', table: name, message });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new ProblemError({ problem: 'table', table: name, message: 'it is not in UTF-8' });
  }
}
