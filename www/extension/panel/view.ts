/**
 * What side panel and popup have in common: images that come in, and the list of what is known of
 * them.
 */
// Not clipsight/element: with the element that checks by itself comes the detector, which has no
// place in a panel.
import { AiImageResult } from 'clipsight/element/result';
import { createReceipt } from 'clipsight/receipt';
import { applyLocale, applyTokens, h, locale, saveAs, setLocale, translate } from 'clipsight/ui';
import type { Job, Outcome } from '../shared/channel.js';
import { CheckError, toWire } from '../shared/errors.js';
import type { WireError } from '../shared/errors.js';
import { analyze } from '../shared/host-client.js';
import { MAX_CARDS, MAX_IMAGE_BYTES } from '../shared/limits.js';
import { readLanguage } from '../shared/settings.js';
import { catalogue } from '../shared/strings/index.js';
import type { Strings } from '../shared/strings/index.js';

customElements.define('ai-image-result', AiImageResult);

/** Look and language, on the whole document. */
export async function prepare(): Promise<Strings> {
  applyTokens(document);
  setLocale(await readLanguage());
  applyLocale(document);
  return translate(catalogue, locale());
}

/** The cards of a view, the newest first. */
export class Cards {
  readonly list = h('div', { class: 'cards' });
  /** Read out by screen readers as each result comes in. */
  readonly announcer = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #cards = new Map<string, AiImageResult>();
  readonly #strings: Strings;
  readonly #level: string;
  readonly #changed: (count: number) => void;
  readonly #removed: ((id: string) => void) | undefined;

  constructor(
    strings: Strings,
    {
      level,
      changed,
      removed,
    }: { level: 2 | 3; changed: (count: number) => void; removed?: (id: string) => void },
  ) {
    this.#strings = strings;
    this.#level = String(level);
    this.#changed = changed;
    this.#removed = removed;
  }

  /** Shows what a job has come to. */
  show({ id, name, image, outcome }: Omit<Job, 'windowId'>): void {
    const card = this.#cards.get(id) ?? this.#add(id);
    card.name = name === '' ? this.#strings.image : name;
    if (image !== undefined) card.picture = image;
    card.stage = image === undefined ? 'queued' : 'working';
    if (outcome !== undefined) this.#finish(card, outcome);
  }

  /** Checks a file of the visitor's own. */
  async check(file: File): Promise<void> {
    const id = crypto.randomUUID();
    this.show({ id, name: file.name, image: file });
    const tooLarge = file.size > MAX_IMAGE_BYTES;
    const outcome = tooLarge
      ? { error: toWire(new CheckError('too-large')) }
      : await analyze(file, 'original-bytes');
    // Taken away in the meantime: its result is nobody's.
    const card = this.#cards.get(id);
    if (card !== undefined) this.#finish(card, outcome);
  }

  clear(): void {
    for (const id of [...this.#cards.keys()]) this.#remove(id);
  }

  #add(id: string): AiImageResult {
    const card = new AiImageResult();
    card.setAttribute('removable', '');
    card.setAttribute('heading-level', this.#level);
    card.addEventListener('remove', () => {
      this.#remove(id);
    });
    this.#cards.set(id, card);
    this.list.prepend(card);
    const [oldest] = this.#cards.keys();
    if (this.#cards.size > MAX_CARDS && oldest !== undefined) this.#remove(oldest);
    this.#changed(this.#cards.size);
    return card;
  }

  #remove(id: string): void {
    this.#cards.get(id)?.remove();
    this.#cards.delete(id);
    this.#removed?.(id);
    this.#changed(this.#cards.size);
  }

  #finish(card: AiImageResult, outcome: Outcome): void {
    if (outcome.error === undefined) {
      card.info = outcome.info;
      card.analysis = outcome.analysis;
      if (outcome.instead !== undefined) {
        const sentence = this.#strings.instead[outcome.instead];
        card.append(h('p', { slot: 'notes', class: 'fine' }, sentence));
      }
      // Of a job that is told twice there is one.
      card.querySelector('[slot=actions]')?.remove();
      card.append(this.#receipt(outcome));
    } else {
      card.error = { code: outcome.error.code, message: this.#explain(outcome.error) };
    }
    this.announcer.textContent = card.announcement;
  }

  /** The button that saves what another machine can check. */
  #receipt({ analysis, info }: Exclude<Outcome, { readonly error: WireError }>): HTMLElement {
    const button = h(
      'button',
      { type: 'button', slot: 'actions', class: 'button quiet' },
      this.#strings.receipt,
    );
    button.addEventListener('click', () => {
      const name = `clipsight-receipt-${analysis.file.sha256.slice(0, 12)}.json`;
      void createReceipt(analysis, info).then((text) => {
        saveAs(name, 'application/json', text);
      });
    });
    return button;
  }

  #explain({ reason, detail = '', message }: WireError): string {
    return reason === undefined ? message : this.#strings.reason[reason](detail);
  }
}

/**
 * Takes images from drops, pastes and the file chooser, and has them checked; `hint` says what
 * brought none.
 */
export function takeImages(
  strings: Strings,
  cards: Cards,
): {
  readonly button: HTMLButtonElement;
  readonly picker: HTMLInputElement;
  readonly hint: HTMLElement;
} {
  const hint = h('p', { class: 'notice', role: 'alert', hidden: '' });
  const files = (chosen: readonly File[]): void => {
    hint.hidden = true;
    for (const file of chosen) void cards.check(file);
  };
  const picker = h('input', { type: 'file', accept: 'image/*', multiple: '', hidden: '' });
  picker.addEventListener('change', () => {
    files([...(picker.files ?? [])]);
    picker.value = '';
  });
  const button = h('button', { type: 'button', class: 'button' }, strings.choose);
  button.addEventListener('click', () => {
    picker.click();
  });
  const over = (hovering: boolean): void => {
    document.body.classList.toggle('over', hovering);
  };
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    over(true);
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) over(false);
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    over(false);
    take(event.dataTransfer);
  });
  document.addEventListener('paste', (event) => {
    take(event.clipboardData);
  });
  const take = (transfer: DataTransfer | null): void => {
    const found = [...(transfer?.files ?? [])];
    // Browsers call every pasted picture "image.png".
    const named = found.map((file) =>
      /^image\.\w+$/.test(file.name) ? new File([file], strings.pasted) : file,
    );
    if (named.length > 0) files(named);
    else {
      hint.textContent = strings.noFiles;
      hint.hidden = false;
    }
  };
  return { button, picker, hint };
}
