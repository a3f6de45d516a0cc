import { h, icon, icons } from './dom.js';
import { strings } from './strings.js';
import type { DetectorError, DetectorInfo, LoadProgress } from 'clipsight';

/** The strip that says how far loading is, then which device runs, or what went wrong. */
export class Status {
  readonly element = h('div', { class: 'status' });
  readonly #text = h('p', { class: 'status-text' });
  /** Only what ends a wait is read out; the bytes in between would drown everything else. */
  readonly #spoken = h('p', { class: 'visually-hidden', role: 'status' });
  #shown: DetectorInfo | undefined;
  readonly #bar = h('progress', { 'aria-label': strings.status.core });
  readonly #note = h('div', { class: 'status-note' });

  constructor() {
    this.element.append(this.#text, this.#bar, this.#note, this.#spoken);
  }

  loading({ phase, loadedBytes, totalBytes }: LoadProgress): void {
    this.element.dataset['state'] = 'loading';
    this.#note.replaceChildren();
    const text = {
      core: strings.status.core,
      weights: strings.status.weights(loadedBytes, totalBytes),
      'self-test': strings.status.selfTest,
      fallback: strings.status.fallback,
      done: strings.status.selfTest,
    }[phase];
    this.#text.textContent = text;
    this.#bar.hidden = false;
    this.#bar.setAttribute('aria-label', text);
    if (phase === 'weights' && totalBytes > 0) {
      this.#bar.max = totalBytes;
      this.#bar.value = loadedBytes;
    } else {
      this.#bar.removeAttribute('value');
    }
  }

  /** Shows where the detector runs. What is shown already stays as it is, and silent. */
  ready(info: DetectorInfo): void {
    if (this.#shown === info) return;
    this.#shown = info;
    this.element.dataset['state'] = 'ready';
    const text = strings.status.ready(info.device);
    this.#text.textContent = text;
    this.#spoken.textContent = info.selfTest === 'fell-back' ? `${text}. ${strings.status.fellBack}` : text;
    this.#bar.hidden = true;
    this.#note.replaceChildren();
    if (info.selfTest === 'fell-back') {
      this.#note.append(
        h('p', { class: 'notice' }, icon(icons.info), h('span', {}, strings.status.fellBack)),
        h(
          'details',
          {},
          h('summary', {}, strings.status.fellBackReason),
          h('p', { class: 'mono' }, info.fallbackReason ?? ''),
        ),
      );
    }
  }

  failed(error: DetectorError, retry: () => void): void {
    this.element.dataset['state'] = 'failed';
    this.#text.textContent = strings.status.failed;
    this.#bar.hidden = true;
    const again = h('button', { type: 'button', class: 'button secondary' }, strings.status.retry);
    again.addEventListener('click', retry);
    this.#note.replaceChildren(
      h(
        'div',
        { class: 'notice bad', role: 'alert' },
        icon(icons.warning),
        h('span', {}, error.message, ' ', strings.error.advice[error.code] ?? ''),
      ),
      again,
    );
  }
}
