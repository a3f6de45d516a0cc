import { CheckView } from './check-view.js';
import { checkCss } from './check-style.js';
import { isUnnamedPaste, listenForDrops, listenForPastes } from './drop.js';
import { toDetectorError } from '../api/errors.js';
import { DetectorHolder } from './holder.js';
import { LocalizedElement } from './host.js';
import { spokenStatus } from './status.js';
import { AiImageResult } from './result.js';
import type { DetectorError } from '../api/errors.js';
import type { Analysis } from '../api/analysis.generated.js';
import type { Detector, DetectorInfo } from '../api/detector.js';
import type { DevicePreference, LoadProgress } from '../api/options.js';
import type { Intake } from './drop.js';
import type { Locale } from './i18n.js';
import type { LoadState } from './status.js';
import type { Strings } from './strings/index.js';

/**
 * One image of an {@link AiImageCheck}: a result or an error once it is settled, neither before.
 */
export interface CheckItem {
  readonly file: Blob;
  readonly analysis?: Analysis;
  readonly error?: DetectorError;
}

/** Events of {@link AiImageCheck}. They do not bubble: `error` would end up at `window.onerror`. */
export interface AiImageCheckEventMap {
  /** The detector is loaded. */
  ready: CustomEvent<{ readonly info: DetectorInfo }>;
  /** The detector is loading. */
  progress: CustomEvent<LoadProgress>;
  /** An image has its result. */
  analysis: CustomEvent<{
    readonly file: Blob;
    readonly analysis: Analysis;
    readonly info: DetectorInfo;
  }>;
  /** An image could not be analysed; without `file`: the detector could not be loaded. */
  error: CustomEvent<{ readonly file?: Blob; readonly error: DetectorError }>;
}

interface Item {
  readonly file: Blob;
  readonly card: AiImageResult;
  readonly abort: AbortController;
  analysis?: Analysis;
  error?: DetectorError;
}

/**
 * `<ai-image-check>`: the whole check. Images are dropped on it, picked, or pasted, and shown with
 * what is known of them. The detector is loaded when the first image comes in.
 *
 * - Attributes: `device` (`auto`, `webgpu`, `cpu`), `model` (address of a manifest), `views` (1 or
 *   5), `autoload` (load at once), `multiple`, `paste` (take images pasted anywhere in the page),
 *   `compact`, `theme` (`light`, `dark`, `auto`), `lang`; `state` is set by the element
 * - Events: {@link AiImageCheckEventMap}
 * - Slots: `label`, `hint`
 * - CSS parts: `box`, `drop`, `label`, `choose`, `hint`, `status`, `progress`, `retry`, `results`,
 *   `clear`; those of each result as `result-card`, `result-headline`, ...
 */
export class AiImageCheck extends LocalizedElement {
  static readonly observedAttributes = ['lang', 'device', 'model', 'multiple', 'compact', 'paste'];

  readonly #items = new Set<Item>();
  readonly #holder = new DetectorHolder((load) => {
    this.#loaded(load);
  });
  readonly #view: CheckView;
  readonly #intake: Intake;
  /** Ends listening for pastes. */
  #pasting: AbortController | undefined;
  #hint: 'drop' | 'paste' | undefined;

  constructor() {
    super(checkCss);
    this.#view = new CheckView({
      files: (files) => {
        this.#take(files);
      },
      retry: () => {
        this.load().catch(shown);
      },
      clear: () => {
        this.clear();
        this.#view.choose.focus();
      },
    });
    this.root.append(...this.#view.elements);
    this.#intake = {
      files: (files, how) => {
        this.#take(files, how === 'paste');
      },
      nothing: (how) => {
        this.#hint = how;
        this.invalidate();
      },
      over: (hovering) => {
        this.#view.dragging(hovering);
      },
    };
    listenForDrops(this, this.#intake);
  }

  override connectedCallback(): void {
    this.upgrade('detector');
    super.connectedCallback();
    this.#listenForPastes();
    if (this.hasAttribute('autoload')) this.load().catch(shown);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#listenForPastes();
    // An element that is only moved is connected again by then.
    queueMicrotask(() => {
      if (this.isConnected) return;
      for (const item of [...this.#items]) if (!settled(item)) this.#remove(item);
      this.#holder.release();
    });
  }

  override attributeChangedCallback(
    name: string,
    before: string | null,
    after: string | null,
  ): void {
    super.attributeChangedCallback(name, before, after);
    if (before === after) return;
    if (name === 'paste') this.#listenForPastes();
    if (name === 'device' || name === 'model') {
      this.#holder.release();
      if (this.isConnected && (this.hasAttribute('autoload') || this.#waiting().length > 0))
        this.load().catch(shown);
    }
  }

  /** Images so far, in the order they are shown. */
  get items(): readonly CheckItem[] {
    return [...this.#items].map(({ file, analysis, error }) => ({
      file,
      ...(analysis === undefined ? {} : { analysis }),
      ...(error === undefined ? {} : { error }),
    }));
  }

  /** A detector of the page's own, to be used and left alone; null: the element loads one. */
  get detector(): Detector | null {
    return this.#holder.shared ?? null;
  }
  set detector(detector: Detector | null) {
    this.#holder.shared = detector ?? undefined;
    if (detector !== null) this.#analyzeWaiting(detector);
  }

  /**
   * Loads the detector now, and once.
   *
   * @throws {DetectorError} what createDetector() throws; it is shown as well
   */
  async load(): Promise<Detector> {
    const device = this.getAttribute('device');
    const model = this.getAttribute('model');
    const detector = await this.#holder.get({
      // A device that there is not is createDetector()'s to refuse.
      ...(device === null ? {} : { device: device as DevicePreference }),
      ...(model === null ? {} : { model }),
    });
    this.#analyzeWaiting(detector);
    return detector;
  }

  /**
   * Takes images in as if they had been dropped; without `multiple` the first takes the place of
   * what is there.
   */
  check(files: Iterable<Blob>): void {
    this.#take(files);
  }

  /** Takes all images away; those that are not settled are cancelled. */
  clear(): void {
    for (const item of [...this.#items]) this.#remove(item);
    this.#hint = undefined;
    this.invalidate();
  }

  override addEventListener<K extends keyof AiImageCheckEventMap>(
    type: K,
    listener: (this: AiImageCheck, event: AiImageCheckEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: never,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  protected override render(strings: Strings, locale: Locale): void {
    this.setAttribute('state', this.#state());
    this.#view.render(
      {
        multiple: this.hasAttribute('multiple'),
        paste: this.hasAttribute('paste'),
        hint: this.#hint,
        load: this.#holder.load,
        count: this.#items.size,
      },
      strings,
      locale,
    );
    for (const { card } of this.#items) {
      card.lang = this.lang;
      card.toggleAttribute('compact', this.hasAttribute('compact'));
    }
  }

  #state(): 'idle' | 'loading' | 'working' | 'ready' | 'failed' {
    const { state } = this.#holder.load;
    return state === 'ready' && this.#waiting().length > 0 ? 'working' : state;
  }

  #take(files: Iterable<Blob>, pasted = false): void {
    const all = [...files];
    const taken = this.hasAttribute('multiple') ? all : all.slice(0, 1);
    if (taken.length === 0) return;
    if (!this.hasAttribute('multiple')) this.clear();
    this.#hint = undefined;
    const added = taken.map((file) => {
      if (!(file instanceof File)) return this.#item(file, '');
      return this.#item(
        file,
        pasted && isUnnamedPaste(file) ? this.strings.check.pasted : file.name,
      );
    });
    // The newest on top, in their own order.
    const before = [...this.#items];
    this.#items.clear();
    for (const item of [...added, ...before]) this.#items.add(item);
    this.#view.add(added.map(({ card }) => card));
    this.invalidate();
    this.load().catch(shown);
  }

  #item(file: Blob, name: string): Item {
    const card = document.createElement('ai-image-result');
    const item: Item = { file, card, abort: new AbortController() };
    card.name = name;
    card.picture = file;
    card.stage = 'loading';
    card.setAttribute('removable', '');
    card.setAttribute('frameless', '');
    card.setAttribute('exportparts', EXPORTED_PARTS);
    card.addEventListener('remove', () => {
      this.#remove(item);
      this.#view.choose.focus();
    });
    return item;
  }

  #remove(item: Item): void {
    item.abort.abort();
    this.#items.delete(item);
    this.#view.remove(item.card);
    this.invalidate();
  }

  #waiting(): Item[] {
    return [...this.#items].filter((item) => !settled(item));
  }

  #analyzeWaiting(detector: Detector): void {
    for (const item of this.#waiting()) {
      if (item.card.stage !== 'loading') continue;
      item.card.stage = 'queued';
      void this.#analyze(item, detector);
    }
    this.invalidate();
  }

  async #analyze(item: Item, detector: Detector): Promise<void> {
    const { file, card, abort } = item;
    const views = this.getAttribute('views');
    try {
      // Numbers that make no sense are analyze()'s to refuse.
      const analysis = await detector.analyze(file, {
        signal: abort.signal,
        ...(views === null ? {} : { views: Number(views) as 1 | 5 }),
      });
      const { info } = detector;
      item.analysis = analysis;
      card.analysis = analysis;
      card.info = info;
      if (this.#holder.holds(detector)) this.#holder.refresh(detector);
      this.#send('analysis', { file, analysis, info });
    } catch (thrown) {
      const error = toDetectorError(thrown);
      if (abort.signal.aborted) return;
      if (error.code === 'aborted' && !this.#holder.holds(detector)) {
        // Its detector was given up under way, for another one.
        card.stage = 'loading';
        return;
      }
      item.error = error;
      card.error = error;
      this.#send('error', { file, error });
    }
    this.#view.announce(card.announcement);
    this.invalidate();
  }

  #loaded(load: LoadState): void {
    const strings = this.strings;
    if (load.state === 'loading') this.#send('progress', load.progress);
    if (load.state === 'ready') this.#send('ready', { info: load.info });
    if (load.state === 'failed') this.#send('error', { error: load.error });
    this.#view.announce(spokenStatus(load, strings));
    this.invalidate();
  }

  #listenForPastes(): void {
    this.#pasting?.abort();
    this.#pasting = undefined;
    if (!this.isConnected || !this.hasAttribute('paste')) return;
    this.#pasting = new AbortController();
    listenForPastes(this, this.#intake, this.#pasting.signal);
  }

  #send<K extends keyof AiImageCheckEventMap>(
    type: K,
    detail: AiImageCheckEventMap[K]['detail'],
  ): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

const EXPORTED_PARTS = AiImageResult.parts.map((part) => `${part}: result-${part}`).join(', ');

function settled({ analysis, error }: Item): boolean {
  return analysis !== undefined || error !== undefined;
}

/** The element shows what goes wrong while loading, and sends it as an event. */
function shown(): void {
  // Nothing is left to be done.
}
