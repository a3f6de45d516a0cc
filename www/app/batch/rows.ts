import { locale, partOf, stateIcon, displayName, verdictName } from 'clipsight/ui';
import { sharedText, text } from '../app.js';
import { h, icon, icons } from '../dom.js';
import { probabilityOf } from './order.js';
import type { Item } from './batch.js';

/** One visible row of the list. It stays with its image while that is in view. */
export class Row {
  readonly element: HTMLElement;
  readonly item: Item;
  readonly #verdict = h('span', { class: 'row-verdict' });
  readonly #probability = h('span', { class: 'row-probability' });
  readonly #address: string;
  #drawn = '';

  constructor(item: Item) {
    this.item = item;
    this.#address = URL.createObjectURL(item.file);
    const picture =
      item.part === undefined
        ? h('img', { src: this.#address, alt: '', decoding: 'async' })
        : partOf(this.#address, item.part.crop, item.part.file);
    const frame = h('span', { class: 'row-picture' }, picture);
    // TIFF, and whatever else is no image to the browser.
    picture.addEventListener('error', () => {
      frame.replaceChildren(icon(icons.image));
    });
    const name = displayName(item.name);
    this.element = h(
      'div',
      { class: 'row-item', role: 'option', id: `image-${String(item.id)}` },
      frame,
      h(
        'span',
        { class: 'row-body' },
        h('bdi', { class: 'row-name', title: name }, name),
        this.#verdict,
      ),
      this.#probability,
    );
  }

  /** Frees the picture. */
  release(): void {
    URL.revokeObjectURL(this.#address);
    this.element.remove();
  }

  /** Shows the image's state. */
  update(position: number, size: number, top: number, selected: boolean, flagged: boolean): void {
    const { element, item } = this;
    element.style.transform = `translateY(${String(top)}px)`;
    element.setAttribute('aria-posinset', String(position + 1));
    element.setAttribute('aria-setsize', String(size));
    element.setAttribute('aria-selected', String(selected));
    const probability = probabilityOf(item);
    // Judged again, an image may keep its grade and have another probability.
    const drawn = [item.outcome, flagged, probability].join(' ');
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    element.dataset['state'] = item.outcome;
    element.dataset['flagged'] = String(flagged);
    this.#verdict.replaceChildren(...outcomeParts(item), ...(flagged ? [mark()] : []));
    this.#probability.textContent = probability === undefined ? '' : shortPercent(probability);
  }
}

/** What became of an image, with its sign. */
export function outcomeParts(item: Item): (Node | string)[] {
  switch (item.outcome) {
    case 'waiting':
    case 'working':
    case 'cancelled':
      return [h('span', {}, text().batch[item.outcome])];
    case 'error':
      return [stateIcon('error'), h('span', {}, errorHeadline(item))];
    case 'abstained':
    case 'weak':
    case 'moderate':
    case 'strong':
    case 'very-strong':
      return [
        stateIcon(item.outcome),
        h(
          'span',
          {},
          item.analysis === undefined ? '' : verdictName(item.analysis.model, sharedText()),
        ),
      ];
  }
}

/** What went wrong, in a few words. */
export function errorHeadline({ error }: Item): string {
  const { headline } = sharedText().error;
  const code = error?.code ?? 'internal';
  return Object.hasOwn(headline, code) ? headline[code as keyof typeof headline] : headline.other;
}

function mark(): HTMLElement {
  return h('span', { class: 'flag' }, text().batch.flagged);
}

/** A probability as narrow as a column wants it; never 0 or 100 %, which would claim certainty. */
export function shortPercent(share: number): string {
  const l = locale();
  return l.boundedPercent(
    share,
    (bound) => `> ${bound}`,
    (bound) => `< ${bound}`,
  );
}
