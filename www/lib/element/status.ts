import { h, icon, icons } from './dom.js';
import type { DetectorError, DetectorErrorCode } from '../api/errors.js';
import type { DetectorInfo } from '../api/detector.js';
import type { LoadProgress } from '../api/options.js';
import type { ResultError } from './verdict.js';
import type { Strings } from './strings/index.js';

/** How far the detector is. */
export type LoadState =
  | { readonly state: 'idle' }
  | { readonly state: 'loading'; readonly progress: LoadProgress }
  | { readonly state: 'ready'; readonly info: DetectorInfo }
  | { readonly state: 'failed'; readonly error: DetectorError };

/** What one step of loading is called. */
export function loadingText(
  { phase, loadedBytes, totalBytes }: LoadProgress,
  { status }: Strings,
): string {
  switch (phase) {
    case 'core':
      return status.core;
    case 'weights':
      return status.weights(loadedBytes, totalBytes);
    case 'self-test':
    case 'done':
      return status.selfTest;
    case 'fallback':
      return status.fallback;
  }
}

/** What to do when loading ended with an error: advice for images is none for models. */
export function loadAdvice(code: DetectorErrorCode, { status, error }: Strings): string {
  return code === 'unsupported' || code === 'limit' ? status.unsuitable : error.advice[code];
}

/** What a screen reader hears of a state: what ends a wait, not the bytes in between. */
export function spokenStatus(load: LoadState, strings: Strings): string {
  const { status } = strings;
  if (load.state === 'ready') {
    const { device, selfTest, cache } = load.info;
    return [
      status.ready[device],
      ...(selfTest === 'fell-back' ? [status.fellBack] : []),
      ...(cache === 'unavailable' ? [status.notStored] : []),
    ].join('. ');
  }
  if (load.state === 'failed')
    return `${status.failed} ${load.error.message} ${loadAdvice(load.error.code, strings)}`;
  return load.state === 'loading' ? status.core : '';
}

/** The strip that says how far loading is, then which device runs, or what went wrong. */
export class StatusStrip {
  readonly element = h('div', { class: 'status', part: 'status' });
  readonly #text = h('p', { class: 'status-text' });
  readonly #bar = h('progress', { part: 'progress' });
  readonly #note = h('div', { class: 'status-note' });
  readonly #retry: () => void;

  /** @param retry - called when the person wants to load once more */
  constructor(retry: () => void) {
    this.#retry = retry;
    this.element.append(this.#text, this.#bar, this.#note);
  }

  render(load: LoadState, strings: Strings): void {
    this.element.hidden = load.state === 'idle';
    this.element.dataset['state'] = load.state;
    this.#bar.hidden = load.state !== 'loading';
    this.#note.replaceChildren();
    if (load.state === 'loading') this.#loading(load.progress, strings);
    else if (load.state === 'ready') this.#ready(load.info, strings);
    else if (load.state === 'failed') this.#failed(load.error, strings);
  }

  #loading(progress: LoadProgress, strings: Strings): void {
    const { phase, loadedBytes, totalBytes } = progress;
    this.#text.textContent = loadingText(progress, strings);
    // The bytes are in its value; its name stays the same, or every chunk would be read out.
    this.#bar.setAttribute('aria-label', strings.status.loading);
    if (phase === 'weights' && totalBytes > 0) {
      this.#bar.max = totalBytes;
      this.#bar.value = loadedBytes;
    } else {
      this.#bar.removeAttribute('value');
    }
  }

  #ready({ device, selfTest, fallbackReason, cache }: DetectorInfo, { status }: Strings): void {
    this.#text.textContent = status.ready[device];
    if (cache === 'unavailable') {
      this.#note.append(
        h('p', { class: 'notice' }, icon(icons.info), h('span', {}, status.notStored)),
      );
    }
    if (selfTest !== 'fell-back') return;
    const details = h('details', {}, h('summary', {}, status.fellBackReason));
    details.append(h('p', { class: 'mono' }, h('bdi', { lang: 'en' }, fallbackReason ?? '')));
    this.#note.append(
      h('p', { class: 'notice' }, icon(icons.info), h('span', {}, status.fellBack)),
      details,
    );
  }

  #failed({ code, message }: ResultError, strings: Strings): void {
    this.#text.textContent = strings.status.failed;
    const again = h(
      'button',
      { type: 'button', class: 'button secondary', part: 'retry' },
      strings.status.retry,
    );
    again.addEventListener('click', this.#retry);
    const said = h('bdi', { lang: 'en' }, message);
    this.#note.append(
      h(
        'p',
        { class: 'notice bad' },
        icon(icons.warning),
        h('span', {}, said, h('br'), loadAdvice(code, strings)),
      ),
      again,
    );
  }
}
