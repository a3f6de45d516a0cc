import { weightsBytes } from 'clipsight-model-standard';
import { text } from './app.js';
import { button, h, icon, icons, onChange } from './dom.js';
import { reloadForStandard } from './model-choice.js';
import type { App } from './app.js';
import type { StandardState } from './detector-lifecycle.js';

/**
 * What the page says of the standard model: that there is one, and what has become of the choice of
 * it. In the strip always, beside the results only where it can be chosen.
 */
export class StandardNote {
  readonly element: HTMLElement;
  readonly #app: App;
  readonly #place: 'strip' | 'results';
  readonly #text = h('p', { role: 'status' });
  readonly #buttons = h('div', { class: 'row' });
  #drawn = '';

  constructor(app: App, signal: AbortSignal, place: 'strip' | 'results') {
    this.#app = app;
    this.#place = place;
    this.element = h(
      'div',
      { class: `standard ${place === 'strip' ? 'in-strip' : 'beside'}` },
      h('span', { class: 'standard-sign' }, icon(icons.info)),
      this.#text,
      this.#buttons,
    );
    const update = (): void => {
      this.#update();
    };
    for (const target of [app.lifecycle, app.settings, app.batch]) onChange(target, signal, update);
    update();
  }

  /** What is shown already stays untouched, and silent. */
  #update(): void {
    const { lifecycle, batch, settings } = this.#app;
    const state = lifecycle.standard;
    const chosen = settings.value.model === 'standard';
    const drawn = [state.phase, chosen, batch.size > 0].join(' ');
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const sentence = this.#sentence(state, chosen);
    this.element.hidden = sentence === undefined;
    this.element.dataset['state'] = state.phase;
    this.#text.textContent = [
      sentence ?? '',
      ...(isOffer(state) && batch.size > 0 ? [text().standard.reload] : []),
    ].join(' ');
    this.#buttons.replaceChildren(...this.#actions(state, chosen));
    this.#buttons.hidden = this.#buttons.childElementCount === 0;
  }

  #sentence(state: StandardState, chosen: boolean): string | undefined {
    const { standard } = text();
    // Beside results it is offered once.
    if (this.#place === 'strip' && !chosen && this.#app.batch.size > 0) return undefined;
    if (this.#place === 'results')
      return isOffer(state) ? standard.beside(weightsBytes) : undefined;
    switch (state.phase) {
      case 'absent':
        return undefined;
      case 'unused':
        return standard.offer(weightsBytes);
      case 'metered':
        return chosen ? standard.metered(weightsBytes) : standard.offer(weightsBytes);
      case 'stopped':
        return chosen ? standard.stopped(weightsBytes) : standard.offer(weightsBytes);
      case 'failed':
        return chosen ? failure(state.error.code) : standard.offer(weightsBytes);
      case 'fetching':
      case 'preparing':
      case 'ready':
        return standard[state.phase];
    }
  }

  #actions(state: StandardState, chosen: boolean): HTMLElement[] {
    const { standard } = text();
    if (state.phase === 'fetching') return [button(standard.stop, state.stop, { kind: 'link' })];
    if (!isOffer(state) && state.phase !== 'failed') return [];
    const name = !chosen
      ? standard.use
      : state.phase === 'failed'
        ? standard.retry
        : standard.download;
    const use = button(
      name,
      () => {
        this.#app.settings.change({ model: 'standard' });
        reloadForStandard();
      },
      { kind: this.#place === 'strip' ? 'secondary' : 'link' },
    );
    if (!chosen || this.#place === 'results') return [use];
    const stay = button(
      standard.stay,
      () => {
        this.#app.settings.change({ model: '' });
      },
      { kind: 'link' },
    );
    return [use, stay];
  }
}

/** Whether the standard model can be had, and is not on its way. */
function isOffer({ phase }: StandardState): boolean {
  return phase === 'unused' || phase === 'metered' || phase === 'stopped';
}

function failure(code: string): string {
  const { failed } = text().standard;
  if (code === 'network' || code === 'weights-corrupt') return failed.fetch;
  return code === 'limit' ? failed.memory : failed.other;
}
