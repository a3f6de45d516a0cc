import { MAX_IMAGE_BYTES } from '../api/limits.js';
import { h, icon, icons } from './dom.js';
import { StatusStrip } from './status.js';
import type { Locale } from './i18n.js';
import type { LoadState } from './status.js';
import type { Strings } from './strings/index.js';

/** What the person does with the element. */
interface Actions {
  readonly files: (files: readonly File[]) => void;
  readonly retry: () => void;
  readonly clear: () => void;
}

/** What is shown besides the results. */
interface Shown {
  readonly multiple: boolean;
  readonly paste: boolean;
  /** What came in without an image. */
  readonly hint: 'drop' | 'paste' | undefined;
  readonly load: LoadState;
  /** Results that are there. */
  readonly count: number;
}

/** The inside of `<ai-image-check>`: made once, its texts written as they change. */
export class CheckView {
  readonly choose = h('button', { type: 'button', class: 'button', part: 'choose' });
  readonly elements: readonly HTMLElement[];
  readonly #picker = h('input', { type: 'file', accept: 'image/*', hidden: '' });
  readonly #label = h('slot', { name: 'label' });
  readonly #invitation = h('p', { class: 'invitation' });
  readonly #formats = h('p', { class: 'fine' });
  readonly #hint = h('slot', { name: 'hint' });
  readonly #notice = h('p', { class: 'notice', role: 'alert', hidden: '' });
  readonly #status: StatusStrip;
  readonly #list = h('ul', { class: 'results', part: 'results' });
  readonly #clear = h('button', { type: 'button', class: 'button quiet', part: 'clear' });
  readonly #announcer = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #box: HTMLElement;
  #words = { rest: '', over: '' };

  constructor({ files, retry, clear }: Actions) {
    this.#status = new StatusStrip(retry);
    const drop = h(
      'div',
      { class: 'drop', part: 'drop' },
      h('div', { class: 'art' }, icon(icons.image)),
      h('div', { class: 'words' }, this.#invitation, this.#formats),
      this.choose,
      this.#picker,
    );
    this.#box = h(
      'section',
      { class: 'box', part: 'box', 'aria-labelledby': 'label' },
      h('div', { class: 'label', id: 'label', part: 'label' }, this.#label),
      drop,
      this.#notice,
      this.#status.element,
      h('p', { class: 'hint fine', part: 'hint' }, icon(icons.lock), this.#hint),
      h('div', { class: 'found' }, this.#list, this.#clear),
    );
    this.elements = [this.#box, this.#announcer];
    // The area is as good as the button for a pointer; the keyboard has the button.
    drop.addEventListener('click', (event) => {
      if (event.target !== this.#picker) this.#picker.click();
    });
    this.#picker.addEventListener('change', () => {
      files([...(this.#picker.files ?? [])]);
      // So that the same file can be picked again.
      this.#picker.value = '';
    });
    this.#clear.addEventListener('click', clear);
  }

  render({ multiple, paste, hint, load, count }: Shown, strings: Strings, locale: Locale): void {
    const { check } = strings;
    const number = multiple ? 'many' : 'one';
    for (const element of this.elements) {
      element.lang = locale.lang;
      element.dir = locale.direction;
    }
    this.#picker.multiple = multiple;
    this.#label.textContent = check.label[number];
    this.#words = {
      rest: paste ? check.dropOrPaste[number] : check.drop[number],
      over: check.over,
    };
    this.#invite();
    this.#formats.textContent = check.formats(locale.mebibytes(MAX_IMAGE_BYTES));
    this.choose.textContent = check.choose[number];
    this.#hint.textContent = check.privacy;
    this.#notice.hidden = hint === undefined;
    if (hint !== undefined) {
      const said = hint === 'drop' ? check.noFiles : check.pasteEmpty;
      this.#notice.replaceChildren(icon(icons.info), h('span', {}, said));
    }
    this.#status.render(load, strings);
    this.#list.hidden = count === 0;
    this.#list.setAttribute('aria-label', check.results);
    this.#clear.textContent = check.clear;
    this.#clear.hidden = count < 2;
    this.#box.classList.toggle('has-results', count > 0);
  }

  /** A drag hovers over the element, or no longer does. */
  dragging(hovering: boolean): void {
    this.#box.classList.toggle('dragging', hovering);
    this.#invite();
  }

  #invite(): void {
    this.#invitation.textContent = this.#box.classList.contains('dragging')
      ? this.#words.over
      : this.#words.rest;
  }

  add(cards: readonly HTMLElement[]): void {
    this.#list.prepend(...cards.map((card) => h('li', {}, card)));
  }

  remove(card: HTMLElement): void {
    card.parentElement?.remove();
  }

  /** Has a sentence read out by screen readers. */
  announce(sentence: string): void {
    // Said once: progress calls this for every chunk.
    if (sentence !== this.#announcer.textContent) this.#announcer.textContent = sentence;
  }
}
