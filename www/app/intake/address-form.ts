import { text } from '../app.js';
import { button, h, pageIcons, icon, uniqueId } from '../dom.js';
import { reloadUnlocked } from '../network/unlock.js';
import { AddressError, fetchImage, isLocal, parseAddress } from './address.js';
import type { App } from '../app.js';
import type { Incoming } from './entries.js';
import type { Refusal } from './address.js';

/** The field for an address of an image. Under the lock it offers to unlock. */
export class AddressForm {
  readonly element: HTMLFormElement;
  readonly #app: App;
  readonly #take: (image: Incoming) => void;
  readonly #input: HTMLInputElement;
  readonly #note = h('p', { class: 'fine' });
  readonly #refusal = h('p', { class: 'notice bad', hidden: '', role: 'alert' });
  readonly #submit: HTMLButtonElement;
  readonly #signal: AbortSignal;

  constructor(app: App, signal: AbortSignal, take: (image: Incoming) => void) {
    const { intake } = text();
    this.#app = app;
    this.#take = take;
    this.#signal = signal;
    const id = uniqueId('address');
    this.#note.id = uniqueId('note');
    this.#input = h('input', {
      type: 'text',
      inputmode: 'url',
      id,
      dir: 'ltr',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: 'https://',
      'aria-describedby': this.#note.id,
    });
    this.#submit = button('', () => undefined, { kind: 'secondary' });
    this.#submit.type = 'submit';
    this.element = h(
      'form',
      { class: 'address', id: uniqueId('address-form'), hidden: '' },
      h('label', { for: id }, intake.addressLabel),
      h('div', { class: 'address-row' }, this.#input, this.#submit),
      this.#note,
      this.#refusal,
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#go();
    });
    this.update();
  }

  /** Shows or hides the form; returns whether it is shown now. */
  toggle(): boolean {
    this.element.hidden = !this.element.hidden;
    if (!this.element.hidden) this.#input.focus();
    return !this.element.hidden;
  }

  fetch(address: string): void {
    this.element.hidden = false;
    this.#input.value = address;
    void this.#go();
  }

  /** Follows the lock. */
  update(): void {
    const { intake } = text();
    const locked = this.#app.lock.state !== 'open';
    this.#note.textContent = locked ? intake.addressLocked : intake.addressNote;
    this.#submit.replaceChildren(
      ...(locked ? [icon(pageIcons.unlock)] : []),
      h('span', {}, locked ? intake.unlockAndFetch : intake.fetch),
    );
  }

  async #go(): Promise<void> {
    this.#refusal.hidden = true;
    this.#submit.disabled = true;
    try {
      const url = parseAddress(this.#input.value);
      if (this.#app.lock.state !== 'open' && !isLocal(url)) {
        reloadUnlocked(url.href);
        return;
      }
      const image = await fetchImage(url, text().intake.fromAddress, this.#signal);
      this.#input.value = '';
      this.#take(image);
    } catch (error) {
      if (this.#signal.aborted) return;
      if (!(error instanceof AddressError)) throw error;
      this.#refusal.textContent = sentence(error.refusal);
      this.#refusal.hidden = false;
    } finally {
      this.#submit.disabled = false;
    }
  }
}

function sentence(refusal: Refusal): string {
  const { refused } = text().intake;
  if (refusal.reason === 'status') return refused.status(refusal.status);
  if (refusal.reason === 'large') return refused.large(refusal.limit);
  return refused[refusal.reason];
}
