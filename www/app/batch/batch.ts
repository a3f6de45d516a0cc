import { toError } from '../errors.js';
import { examine } from './examine.js';
import { isSame, partName } from './parts.js';
import type {
  Analysis,
  AnalyzeOptions,
  Detector,
  DetectorError,
  DetectorInfo,
  Grade,
  Rectangle,
} from 'clipsight';
import type { Examined, Question } from './examine.js';
import type { Part } from './parts.js';
import type { Incoming } from '../intake/entries.js';

/** What became of an image, as filters and marks know it. */
export type Outcome = Grade | 'abstained' | 'error' | 'waiting' | 'working' | 'cancelled';

/** One image from intake to verdict. */
export interface Item extends Examined {
  readonly id: number;
  /** The file's name, or its path in the folder it came in. */
  readonly name: string;
  outcome: Outcome;
  /** Who made the analysis. */
  info?: DetectorInfo;
  error?: DetectorError;
  /** Another model is to judge it once more; until then its first result stands. */
  again?: boolean;
  /** The decoder that was fetched for it. */
  decoder?: string;
}

/** An image is done: it has a result or an error, and was not cancelled. */
export class SettledEvent extends Event {
  readonly item: Item;

  constructor(item: Item) {
    super('settled');
    this.item = item;
  }
}

/**
 * Images in the order they came in, worked off one after the other. Dispatches `change` for
 * whatever changes, and a {@link SettledEvent} for every image that is done.
 */
export class Batch extends EventTarget {
  readonly #fetchDecoder: (name: string) => Promise<boolean>;
  readonly #items = new Map<number, Item>();
  #list: readonly Item[] | undefined;
  #queue: Item[] = [];
  #nextId = 1;
  #detector: Detector | undefined;
  #program: URL | undefined;
  #views: AnalyzeOptions['views'];
  #running: AbortController | undefined;
  #settled = 0;

  /** @param fetchDecoder - has a decoder come that an image needs; whether it is there then */
  constructor(fetchDecoder: (name: string) => Promise<boolean>) {
    super();
    this.#fetchDecoder = fetchDecoder;
  }

  /** In the order they came in. The same array until images are added or removed. */
  get items(): readonly Item[] {
    this.#list ??= [...this.#items.values()];
    return this.#list;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Images with a result or an error, and those that were cancelled. */
  get settled(): number {
    return this.#settled;
  }

  /** Images with a result that another model will replace. */
  get rejudging(): number {
    return this.items.filter(({ again }) => again === true).length;
  }

  get busy(): boolean {
    return this.#settled < this.#items.size;
  }

  get(id: number): Item | undefined {
    return this.#items.get(id);
  }

  /** Adds images; they wait for a detector if there is none yet. */
  add(images: readonly Incoming[]): Item[] {
    return this.#enqueue(images);
  }

  /** Adds parts of an image, each as an image of its own, but for those that are there already. */
  addParts({ file, name, analysis }: Item, crops: readonly Rectangle[]): Item[] {
    if (analysis === undefined) return [];
    const known = this.items.filter((item) => item.file === file);
    const isNew = (crop: Rectangle): boolean =>
      !known.some(({ part }) => part !== undefined && isSame(part.crop, crop));
    return this.#enqueue(
      crops
        .filter(isNew)
        .map((crop) => ({ file, name: partName(name, crop), part: { crop, file: analysis.file } })),
    );
  }

  #enqueue(images: readonly (Incoming & { readonly part?: Part })[]): Item[] {
    const added = images.map((image): Item => {
      const { file, name, part } = image;
      const whole = { id: this.#nextId++, file, name, outcome: 'waiting' } as const;
      return part === undefined ? whole : { ...whole, part };
    });
    for (const item of added) this.#items.set(item.id, item);
    this.#list = undefined;
    this.#queue.push(...added);
    this.#changed();
    void this.#run();
    return added;
  }

  /**
   * Works with this detector from now on. What another model has judged is judged again; what the
   * detector before had begun, it begins anew.
   *
   * @param program - the worker's, for what is asked without a model
   */
  use(detector: Detector, program?: URL): void {
    if (detector === this.#detector) return;
    this.#detector = detector;
    this.#program = program;
    this.judgeAnew();
  }

  /** Judges again what the detector, or the head that it has now, has not judged. */
  judgeAnew(): void {
    const { info } = this.#detector ?? {};
    if (info === undefined) return;
    const begun: Item[] = [];
    const judged: Item[] = [];
    for (const item of this.#items.values()) {
      if (item.outcome === 'working') {
        item.outcome = 'waiting';
        begun.push(item);
      } else if (item.info !== undefined && !isSameModel(item.info, info)) {
        item.again = true;
        judged.push(item);
      }
    }
    this.#queue = [...begun, ...this.#queue.filter(({ again }) => again !== true), ...judged];
    this.#running?.abort();
    this.#changed();
    void this.#run();
  }

  /** How many views images are given that are not looked at yet. */
  setViews(views: AnalyzeOptions['views']): void {
    this.#views = views;
  }

  remove(item: Item): void {
    if (!this.#items.delete(item.id)) return;
    item.examining?.stop.abort();
    this.#list = undefined;
    if (isSettled(item)) this.#settled -= 1;
    this.#changed();
  }

  clear(): void {
    for (const { examining } of this.#items.values()) examining?.stop.abort();
    this.#items.clear();
    this.#list = undefined;
    this.#queue = [];
    this.#settled = 0;
    this.#running?.abort();
    this.#changed();
  }

  /** Takes everything back that has no result yet. */
  cancelAll(): void {
    this.#queue = [];
    for (const item of this.#items.values()) {
      delete item.again;
      if (!isSettled(item)) this.#settle(item, 'cancelled');
    }
    this.#running?.abort();
    this.#changed();
  }

  cancel(item: Item): void {
    if (isSettled(item) || !this.#items.has(item.id)) return;
    this.#settle(item, 'cancelled');
    this.#changed();
  }

  /** Puts a cancelled image back into the queue. */
  again(item: Item): void {
    if (item.outcome !== 'cancelled' || !this.#items.has(item.id)) return;
    item.outcome = 'waiting';
    this.#settled -= 1;
    this.#queue.push(item);
    this.#changed();
    void this.#run();
  }

  /** Whether the detector that there is now judged this image. */
  mayExamine({ info, again }: Item): boolean {
    const detector = this.#detector;
    if (detector === undefined || info === undefined || again === true) return false;
    return isSameModel(info, detector.info);
  }

  /** Has a question about a verdict answered. */
  examine(item: Item, question: Question): void {
    if (this.#detector === undefined || !this.mayExamine(item)) return;
    void examine(item, question, {
      detector: this.#detector,
      views: this.#views,
      program: this.#program,
      fetchDecoder: this.#fetchDecoder,
      changed: () => {
        this.#changed();
      },
    });
  }

  async #run(): Promise<void> {
    if (this.#running !== undefined) return;
    while (this.#queue.length > 0) {
      const detector = this.#detector;
      if (detector === undefined) break;
      const running = new AbortController();
      this.#running = running;
      const taken: Item[] = [];
      const options = {
        signal: running.signal,
        ...(this.#views === undefined ? {} : { views: this.#views }),
      };
      try {
        for await (const { index, result, error } of this.#judged(detector, taken, options)) {
          // Taken back, or another detector's by now.
          if (running.signal.aborted) break;
          const item = taken[index];
          if (item === undefined || (await this.#comesAgain(item, error))) continue;
          this.#finish(item, detector.info, result, error);
        }
      } catch (thrown) {
        // Cancelled; or the detector itself is gone, and then all that it had taken learn why.
        const error = toError(thrown);
        if (error.code !== 'aborted')
          for (const item of taken) this.#finish(item, detector.info, undefined, error);
      }
    }
    this.#running = undefined;
  }

  /** Whether an image waits anew, for a decoder that has come in the meantime. */
  async #comesAgain(item: Item, error: DetectorError | undefined): Promise<boolean> {
    if (error?.decoder === undefined || item.decoder === error.decoder) return false;
    item.decoder = error.decoder;
    if (!(await this.#fetchDecoder(error.decoder))) return false;
    if (item.again !== true) item.outcome = 'waiting';
    this.#queue.push(item);
    return true;
  }

  /** Results for the next images of the queue: for one part, or for all up to the next part. */
  #judged(
    detector: Detector,
    taken: Item[],
    options: AnalyzeOptions,
  ): ReturnType<Detector['analyzeAll']> {
    const crop = this.#queue[0]?.part?.crop;
    return detector.analyzeAll(
      this.#take(taken, crop),
      crop === undefined ? options : { ...options, crop },
    );
  }

  /**
   * Hands images out only as they are asked for: what is still in the queue can be taken back. All
   * that are handed out have the same part to be judged, or none.
   */
  *#take(taken: Item[], crop: Rectangle | undefined): Generator<File> {
    while (this.#queue[0]?.part?.crop === crop) {
      const item = this.#queue.shift();
      if (item === undefined) break;
      const wanted = item.outcome === 'waiting' || item.again === true;
      if (!wanted || !this.#items.has(item.id)) continue;
      if (item.outcome === 'waiting') item.outcome = 'working';
      taken.push(item);
      this.#changed();
      yield item.file;
    }
  }

  #finish(
    item: Item,
    info: DetectorInfo,
    analysis: Analysis | undefined,
    error: DetectorError | undefined,
  ): void {
    // Removed or cancelled in the meantime, or finished before the detector broke.
    if (!this.#items.has(item.id) || (isSettled(item) && item.again !== true)) return;
    const again = item.again === true;
    delete item.again;
    if (analysis !== undefined) {
      item.examining?.stop.abort();
      delete item.examining;
      item.analysis = analysis;
      item.info = info;
      const { model } = analysis;
      const outcome = model.status === 'scored' ? model.grade : 'abstained';
      if (again) item.outcome = outcome;
      else this.#settle(item, outcome);
    } else if (!again) {
      if (error !== undefined) item.error = error;
      this.#settle(item, 'error');
    }
    // A second model that fails leaves the first one's result as it is, and nothing to tell.
    if (again && analysis === undefined) {
      this.#changed();
      return;
    }
    this.dispatchEvent(new SettledEvent(item));
    this.#changed();
  }

  #settle(item: Item, outcome: Outcome): void {
    item.outcome = outcome;
    this.#settled += 1;
  }

  #changed(): void {
    this.dispatchEvent(new Event('change'));
  }
}

/** Whether both judge alike; where they run does not count. */
function isSameModel(a: DetectorInfo, b: DetectorInfo): boolean {
  const sameHead = a.head?.sha256 === b.head?.sha256;
  return sameHead && a.weightsSha256 === b.weightsSha256 && a.calibrationId === b.calibrationId;
}

function isSettled({ outcome }: Item): boolean {
  return outcome !== 'waiting' && outcome !== 'working';
}
