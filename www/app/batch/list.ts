import { text } from '../app.js';
import { eachFrame, h } from '../dom.js';
import { OVERSCAN, ROW_HEIGHT } from '../limits.js';
import { Row } from './rows.js';
import type { Item } from './batch.js';

/** What the list tells. */
export interface ListEvents {
  readonly selected: (item: Item) => void;
  readonly remove: (item: Item) => void;
}

/**
 * A list box of any number of images, of which only the rows in view exist. Arrow keys, Home, End
 * and Page keys choose, Delete takes away; the focus stays on the box (WAI-ARIA's list box pattern
 * with `aria-activedescendant`).
 */
export class ImageList {
  readonly element = h('div', {
    class: 'list',
    role: 'listbox',
    tabindex: '0',
    'aria-label': text().batch.list,
  });
  readonly #events: ListEvents;
  readonly #sizer = h('div', { class: 'list-sizer', role: 'presentation' });
  readonly #rows = new Map<number, Row>();
  readonly #draw = eachFrame(() => {
    this.#drawNow();
  });
  #items: readonly Item[] = [];
  #selected: Item | undefined;
  #flagged: (item: Item) => boolean = () => false;

  constructor(events: ListEvents, signal: AbortSignal) {
    this.#events = events;
    this.element.append(this.#sizer);
    this.element.addEventListener('scroll', this.#draw, { passive: true });
    this.element.addEventListener('click', ({ target }) => {
      const found = target instanceof Element ? target.closest('[role=option]') : null;
      const row = [...this.#rows.values()].find(({ element }) => element === found);
      if (row !== undefined) this.#choose(row.item);
    });
    this.element.addEventListener('keydown', (event) => {
      if (this.#key(event.key)) event.preventDefault();
    });
    const resized = new ResizeObserver(this.#draw);
    resized.observe(this.element);
    signal.addEventListener('abort', () => {
      resized.disconnect();
      for (const row of this.#rows.values()) row.release();
    });
  }

  /** Shows these images, in this order. */
  show(items: readonly Item[], selected: Item | undefined, flagged: (item: Item) => boolean): void {
    this.#items = items;
    this.#selected = selected;
    this.#flagged = flagged;
    this.#draw();
  }

  /** Scrolls an image into view. */
  reveal(item: Item): void {
    const index = this.#items.indexOf(item);
    if (index === -1) return;
    const top = index * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight)
      this.element.scrollTop = top + ROW_HEIGHT - clientHeight;
  }

  #drawNow(): void {
    const { scrollTop, clientHeight } = this.element;
    this.#sizer.style.height = `${String(this.#items.length * ROW_HEIGHT)}px`;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - OVERSCAN);
    const last = Math.min(
      this.#items.length,
      Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + OVERSCAN,
    );
    const visible = this.#items.slice(first, last);
    const wanted = new Set(visible.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      row.release();
      this.#rows.delete(id);
    }
    let before: Element | null = null;
    for (const [offset, item] of visible.entries()) {
      const row = this.#rows.get(item.id) ?? new Row(item);
      this.#rows.set(item.id, row);
      const index = first + offset;
      row.update(
        index,
        this.#items.length,
        index * ROW_HEIGHT,
        item === this.#selected,
        this.#flagged(item),
      );
      // In the order in which they are seen, for those who read the page in order.
      const expected: Element | null =
        before === null ? this.#sizer.firstElementChild : before.nextElementSibling;
      if (row.element !== expected) this.#sizer.insertBefore(row.element, expected);
      before = row.element;
    }
    const active = this.#selected === undefined ? undefined : this.#rows.get(this.#selected.id);
    if (active === undefined) this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', active.element.id);
  }

  #key(key: string): boolean {
    const at = this.#selected === undefined ? -1 : this.#items.indexOf(this.#selected);
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_HEIGHT) - 1);
    const to = {
      ArrowDown: at + 1,
      ArrowUp: Math.max(0, at - 1),
      Home: 0,
      End: this.#items.length - 1,
      PageDown: at + page,
      PageUp: at - page,
    }[key];
    if (to !== undefined) {
      const item = this.#items[Math.min(this.#items.length - 1, Math.max(0, to))];
      if (item !== undefined) this.#choose(item);
      return true;
    }
    if (key === 'Delete' && this.#selected !== undefined) {
      this.#events.remove(this.#selected);
      return true;
    }
    return false;
  }

  #choose(item: Item): void {
    this.#selected = item;
    this.#events.selected(item);
    this.reveal(item);
    // At once, not with the next frame: whoever asks right after the key press, as assistive
    // technology does, must be told the new image.
    this.#drawNow();
  }
}
