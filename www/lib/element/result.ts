import { h, icon, icons } from './dom.js';
import { LocalizedElement } from './host.js';
import { resultCss } from './result-style.js';
import { outlines, partOf } from './part.js';
import { displayName } from './text.js';
import { failure, headlineOf, restOf, verdict, waiting } from './verdict.js';
import type { Analysis, Grade } from '../api/analysis.generated.js';
import type { DetectorInfo } from '../api/detector.js';
import type { Verification } from '../api/verification.generated.js';
import type { Locale } from './i18n.js';
import type { ResultError } from './verdict.js';
import type { Strings } from './strings/index.js';

export type { ResultError };

/** What a result waits for: its turn, the model, or the verdict. */
export type ResultStage = 'queued' | 'loading' | 'working';

/** What is shown: a wait, a grade, an abstention, an error. */
export type ResultState = 'waiting' | Grade | 'abstained' | 'error';

/**
 * `<ai-image-result>`: one image and what is known of it. It computes nothing: it shows what its
 * properties hold.
 *
 * - Attributes: `state` (set by the element), `compact`, `frameless`, `removable`, `theme`
 *   (`light`, `dark`, `auto`), `lang`, `heading-level` (makes the name a heading of that level)
 * - Event: `remove`, cancelable; bubbles
 * - Slots: `notes` (beside the verdict), `actions` (below it)
 * - CSS parts: {@link AiImageResult.parts}
 */
export class AiImageResult extends LocalizedElement {
  static readonly observedAttributes = ['lang', 'compact', 'removable', 'heading-level'];

  /** Its CSS parts, as an element that holds it exports them. */
  static readonly parts: readonly string[] = [
    'card',
    'picture',
    'name',
    'headline',
    'meter',
    'probability',
    'measured',
    'stability',
    'map',
    'facts',
    'provenance',
    'verification',
    'details',
    'caveats',
    'remove',
  ];

  #analysis: Analysis | null = null;
  #error: ResultError | null = null;
  #info: DetectorInfo | null = null;
  #verification: Verification | null = null;
  #name = '';
  #stage: ResultStage = 'queued';
  #picture: Blob | string | null = null;
  /** Of {@link #picture}, while it is a Blob and the element is in a document. */
  #address: string | undefined;
  /** What the frame shows. */
  #shown = '';
  readonly #overlay = { strength: 0.6 };
  readonly #image = h('img', { alt: '', loading: 'lazy', decoding: 'async' });
  readonly #frame = h('div', { class: 'picture', part: 'picture' });
  readonly #article = h('article', { class: 'card', part: 'card', 'aria-labelledby': 'name' });

  constructor() {
    super(resultCss);
    // TIFF, and whatever else is no image to the browser.
    this.#image.addEventListener('error', this.#noImage);
    this.root.append(this.#article);
  }

  override connectedCallback(): void {
    this.upgrade('analysis', 'error', 'info', 'name', 'stage', 'picture', 'verification');
    super.connectedCallback();
    this.#showPicture();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#freePicture();
  }

  /** The result; null: none yet. */
  get analysis(): Analysis | null {
    return this.#analysis;
  }
  set analysis(value: Analysis | null) {
    this.#analysis = value;
    this.invalidate();
  }

  /** Why there is no result; comes before {@link analysis}. */
  get error(): ResultError | null {
    return this.#error;
  }
  set error(value: ResultError | null) {
    this.#error = value;
    this.invalidate();
  }

  /** What computed the result. */
  get info(): DetectorInfo | null {
    return this.#info;
  }
  set info(value: DetectorInfo | null) {
    this.#info = value;
    this.invalidate();
  }

  /** What became of checking the file's Content Credentials; null: they were not checked. */
  get verification(): Verification | null {
    return this.#verification;
  }
  set verification(value: Verification | null) {
    this.#verification = value;
    this.invalidate();
  }

  /** The file's name, as it is: it is shown as text, without the characters that play tricks. */
  get name(): string {
    return this.#name;
  }
  set name(value: string) {
    this.#name = value;
    this.invalidate();
  }

  /** What is waited for while there is neither result nor error. */
  get stage(): ResultStage {
    return this.#stage;
  }
  set stage(value: ResultStage) {
    this.#stage = value;
    this.invalidate();
  }

  /** The picture: the file itself, or the address of one to show. */
  get picture(): Blob | string | null {
    return this.#picture;
  }
  set picture(value: Blob | string | null) {
    if (value === this.#picture) return;
    this.#freePicture();
    this.#picture = value;
    if (this.isConnected) this.#showPicture();
  }

  /** What the element shows. */
  get state(): ResultState {
    if (this.#error !== null) return 'error';
    if (this.#analysis === null) return 'waiting';
    const { model } = this.#analysis;
    return model.status === 'scored' ? model.grade : 'abstained';
  }

  /** The result or error as one sentence, for a live region; empty while it is waited for. */
  get announcement(): string {
    const { strings } = this;
    const file = this.#shownName(strings);
    if (this.#error !== null) {
      return strings.card.announce(file, headlineOf(this.#error, strings), this.#error.message);
    }
    if (this.#analysis === null) return '';
    return strings.card.announce(
      file,
      headlineOf(this.#analysis, strings),
      restOf(this.#analysis, strings),
    );
  }

  protected override render(strings: Strings, locale: Locale): void {
    const { state } = this;
    this.setAttribute('state', state);
    this.#showPicture();
    this.#article.lang = locale.lang;
    this.#article.dir = locale.direction;
    this.#article.setAttribute('aria-busy', String(state === 'waiting'));
    const name = this.#shownName(strings);
    const level = this.getAttribute('heading-level');
    const open = new Set(
      [...this.root.querySelectorAll('details[open]')].map(({ className }) => className),
    );
    const body = h(
      'div',
      { class: 'body' },
      h(
        'div',
        {
          class: 'file',
          part: 'name',
          id: 'name',
          title: name,
          ...(level === null ? {} : { role: 'heading', 'aria-level': level }),
        },
        // A direction of its own, in the place that the text around it gives it.
        h('bdi', {}, name),
      ),
      ...this.#content(strings, locale),
      h('slot', { name: 'actions' }),
    );
    for (const details of body.querySelectorAll('details'))
      details.open = open.has(details.className);
    this.#article.replaceChildren(
      this.#frame,
      body,
      ...(this.hasAttribute('removable') ? [this.#close(name, strings)] : []),
    );
  }

  #content(strings: Strings, locale: Locale): HTMLElement[] {
    const compact = this.hasAttribute('compact');
    if (this.#error !== null) return failure(this.#error, strings);
    if (this.#analysis === null) return waiting(strings.card[this.#stage]);
    return verdict({
      analysis: this.#analysis,
      verification: this.#verification,
      info: this.#info,
      strings,
      locale,
      compact,
      picture: this.#source(),
      overlay: this.#overlay,
    });
  }

  #shownName(strings: Strings): string {
    return this.#name === '' ? strings.card.unnamed : displayName(this.#name);
  }

  #close(name: string, strings: Strings): HTMLElement {
    const close = h(
      'button',
      { type: 'button', class: 'close', part: 'remove', 'aria-label': strings.card.remove(name) },
      icon(icons.close),
    );
    close.addEventListener('click', () => {
      this.dispatchEvent(new CustomEvent('remove', { bubbles: true, cancelable: true }));
    });
    return close;
  }

  readonly #noImage = (): void => {
    this.#frame.replaceChildren(icon(icons.image));
  };

  #showPicture(): void {
    const source = this.#source();
    // What is shown already stays: an image that is put in anew flickers.
    const { file, pictures, input } = this.#error === null ? (this.#analysis ?? {}) : {};
    const shown = JSON.stringify([source, pictures, input?.crop]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (source === undefined) {
      this.#frame.replaceChildren(icon(icons.image));
      return;
    }
    if (file !== undefined && input?.crop !== undefined) {
      const part = partOf(source, input.crop, file);
      part.addEventListener('error', this.#noImage);
      this.#frame.replaceChildren(part);
      return;
    }
    this.#image.src = source;
    const found = file === undefined || pictures === undefined ? [] : [outlines(pictures, file)];
    this.#frame.replaceChildren(this.#image, ...found);
  }

  /** The picture's address, while there is one and the element is in a document. */
  #source(): string | undefined {
    if (this.#picture === null || this.#picture === '' || !this.isConnected) return undefined;
    if (typeof this.#picture === 'string') return this.#picture;
    return (this.#address ??= URL.createObjectURL(this.#picture));
  }

  #freePicture(): void {
    this.#shown = '';
    this.#image.removeAttribute('src');
    if (this.#address !== undefined) URL.revokeObjectURL(this.#address);
    this.#address = undefined;
  }
}
