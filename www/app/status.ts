import { loadAdvice, locale } from 'clipsight/ui';
import { sharedText } from './app.js';
import { button, h, icon, icons, onChange } from './dom.js';
import type { App } from './app.js';
import type { DetectorInfo, LoadProgress } from 'clipsight';
import type { LifecycleState } from './detector-lifecycle.js';

/** The strip that says how far loading is, then which device runs, or what went wrong. */
export class Status {
  readonly element = h('div', { class: 'status' });
  readonly #app: App;
  readonly #text = h('p', { class: 'status-text' });
  /** Only what ends a wait is read out; the bytes in between would drown everything else. */
  readonly #spoken = h('p', { class: 'visually-hidden', role: 'status' });
  readonly #bar = h('progress', { max: '1' });
  readonly #note = h('div', { class: 'status-note' });
  #shown: DetectorInfo | undefined;

  constructor(app: App, signal: AbortSignal) {
    this.#app = app;
    this.element.append(this.#text, this.#bar, this.#note, this.#spoken);
    const update = (): void => {
      this.#update(app.lifecycle.state);
    };
    onChange(app.lifecycle, signal, update);
    // The device may have changed under way, and then the page says so.
    onChange(app.batch, signal, () => {
      if (app.lifecycle.state.phase === 'ready') update();
    });
    update();
  }

  #update(state: LifecycleState): void {
    this.element.dataset['state'] = state.phase;
    this.#bar.hidden = state.phase !== 'loading';
    if (state.phase === 'loading') this.#loading(state.progress);
    else if (state.phase === 'ready') this.#ready(state.detector.info);
    else this.#failed(state.error);
  }

  #loading({ phase, loadedBytes, totalBytes }: LoadProgress): void {
    this.#shown = undefined;
    this.#note.replaceChildren();
    const { status } = sharedText();
    const text = {
      core: status.core,
      weights: status.weights(loadedBytes, totalBytes),
      'self-test': status.selfTest,
      fallback: status.fallback,
      done: status.selfTest,
    }[phase];
    this.#text.textContent = text;
    this.#bar.setAttribute('aria-label', text);
    if (phase === 'weights' && totalBytes > 0) this.#bar.value = loadedBytes / totalBytes;
    else this.#bar.removeAttribute('value');
  }

  /** What is shown already stays as it is, and silent. */
  #ready(info: DetectorInfo): void {
    if (this.#shown === info) return;
    this.#shown = info;
    const { status } = sharedText();
    const text = status.ready[info.device];
    this.#text.textContent = text;
    const fellBack = info.selfTest === 'fell-back';
    // The page's own model is kept with the page, if anything is.
    const notStored = info.cache === 'unavailable' && !this.#app.lifecycle.staysHere;
    this.#spoken.textContent = [
      text,
      ...(fellBack ? [status.fellBack] : []),
      ...(notStored ? [status.notStored] : []),
    ].join('. ');
    this.#note.replaceChildren();
    if (notStored)
      this.#note.append(
        h('p', { class: 'notice' }, icon(icons.info), h('span', {}, status.notStored)),
      );
    if (!fellBack) return;
    this.#note.append(
      h('p', { class: 'notice' }, icon(icons.info), h('span', {}, status.fellBack)),
      h(
        'details',
        {},
        h('summary', {}, sharedText().details.summary),
        h('p', { class: 'mono', lang: 'en', dir: 'ltr' }, info.fallbackReason ?? ''),
      ),
    );
  }

  #failed(error: Extract<LifecycleState, { phase: 'failed' }>['error']): void {
    const { status } = sharedText();
    this.#text.textContent = status.failed;
    // The package's messages are English.
    const message = h('span', { lang: 'en', dir: 'ltr' }, error.message);
    this.#note.replaceChildren(
      h(
        'div',
        { class: 'notice bad', role: 'alert' },
        icon(icons.warning),
        h(
          'span',
          {},
          ...(locale().language === 'en' ? [message, ' '] : []),
          loadAdvice(error.code, sharedText()),
        ),
      ),
      button(status.retry, () => void this.#app.lifecycle.start(), { kind: 'secondary' }),
    );
  }
}
