import { sharedText, text } from '../app.js';
import { openBench } from '../bench/dialog.js';
import { button, h, icon, icons, onChange, pageIcons, picker } from '../dom.js';
import { MAX_FETCHED_BYTES } from '../limits.js';
import { locale } from 'clipsight/ui';
import { AddressForm } from './address-form.js';
import { fromFiles, fromFolder } from './entries.js';
import { PassedNote } from './passed-note.js';
import type { App } from '../app.js';
import type { Found, Incoming } from './entries.js';

/** Where images come in: what a person can press, and where messages about it stand. */
export class IntakePanel {
  readonly element: HTMLElement;
  readonly #choose: HTMLButtonElement;
  readonly #hint = h('p', { class: 'notice', hidden: '', role: 'alert' });
  readonly #passed = new PassedNote();
  readonly #address: AddressForm;
  readonly #take: (images: readonly Incoming[]) => void;

  /** @param take - called with what comes in */
  constructor(app: App, signal: AbortSignal, take: (images: readonly Incoming[]) => void) {
    const { intake } = text();
    const { check } = sharedText();
    this.#take = take;
    const files = picker({ accept: ACCEPT, multiple: '' }, (picked) => {
      this.take({ images: fromFiles(picked), passed: [] });
    });
    const folder = picker({ webkitdirectory: '' }, (picked) => {
      this.take(fromFolder(picked));
    });
    this.#choose = button(intake.files, () => {
      files.click();
    });
    this.#address = new AddressForm(app, signal, (image) => {
      this.take({ images: [image], passed: [] });
    });
    const address = button(
      intake.address,
      () => {
        const open = this.#address.toggle();
        address.setAttribute('aria-expanded', String(open));
      },
      { kind: 'quiet', symbol: icon(pageIcons.link) },
    );
    address.setAttribute('aria-expanded', 'false');
    address.setAttribute('aria-controls', this.#address.element.id);
    this.element = h(
      'section',
      { class: 'drop', 'aria-labelledby': 'intake' },
      h('div', { class: 'drop-art', 'aria-hidden': 'true' }, icon(icons.image)),
      h('h2', { class: 'drop-title', id: 'intake' }, intake.drop),
      h('p', { class: 'muted drop-paste' }, intake.paste),
      h(
        'div',
        { class: 'drop-ways' },
        this.#choose,
        button(
          intake.folder,
          () => {
            folder.click();
          },
          { kind: 'quiet', symbol: icon(pageIcons.folder) },
        ),
        address,
      ),
      files,
      folder,
      this.#address.element,
      button(
        text().bench.open,
        () => {
          openBench(app);
        },
        { kind: 'link' },
      ),
      h('p', { class: 'fine drop-formats' }, check.formats(locale().bytes(MAX_FETCHED_BYTES))),
      this.#hint,
      this.#passed.element,
    );
    onChange(app.lock, signal, () => {
      this.#address.update();
    });
  }

  focus(): void {
    this.#choose.focus();
  }

  /** Fetches from this address, as if somebody had typed it. */
  fetch(address: string): void {
    this.#address.fetch(address);
  }

  /** Says that something came in that holds no image. */
  nothing(how: 'drop' | 'paste' | 'folder'): void {
    const { check } = sharedText();
    this.#hint.textContent = {
      drop: check.noFiles,
      paste: check.pasteEmpty,
      folder: text().intake.noImages,
    }[how];
    this.#hint.hidden = false;
  }

  clearHint(): void {
    this.#hint.hidden = true;
    this.#passed.show([]);
  }

  /** Takes what came in, and says what of it was passed over. */
  take({ images, passed }: Found): void {
    if (images.length === 0) this.nothing('folder');
    else this.#take(images);
    this.#passed.show(passed);
  }
}

/** Some systems do not know the newer formats for images. */
export const ACCEPT = 'image/*,.avif,.heic,.heif,.hif,.jfif,.jpe,.jxl';
