import { MIN_GRADED_SIDE } from 'clipsight';
import { outlines } from 'clipsight/ui';
import { text } from '../app.js';
import { Modal } from '../dialog.js';
import { button, eachFrame, h, uniqueId } from '../dom.js';
import { between, changed } from './parts.js';
import type { Rectangle } from 'clipsight';
import type { Part } from './parts.js';

/** What the tool is opened with. */
export interface Cropping {
  readonly picture: Blob;
  /** The picture's size, upright. */
  readonly file: Part['file'];
  /** Parts that are offered: they are outlined, and one can be taken by a click. */
  readonly offered: readonly Rectangle[];
  /** The part to begin with; default: most of the picture. */
  readonly first: Rectangle | undefined;
  /** Takes the part that was chosen. */
  readonly chosen: (part: Rectangle) => void;
}

/** A pixel of the screen counts as a click up to this far from where it began. */
const CLICK = 4;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

type Point = readonly [number, number];

/**
 * A dialog in which a part of a picture is chosen: by dragging, with a finger too, or by keys.
 */
export class CropTool {
  readonly #asked: Cropping;
  readonly #modal: Modal;
  readonly #stage = h('div', { class: 'crop-stage' });
  readonly #box: HTMLElement;
  readonly #place = h('p', { class: 'crop-place', 'aria-live': 'polite' });
  readonly #bounds: { readonly file: Part['file']; readonly least: number };
  readonly #draw = eachFrame(() => {
    this.#drawNow();
  });
  #part: Rectangle;

  constructor(asked: Cropping) {
    const { parts, settings } = text();
    const { file, picture, offered } = asked;
    this.#asked = asked;
    this.#bounds = { file, least: Math.min(MIN_GRADED_SIDE, file.width, file.height) };
    const [x, y] = [file.width / 5, file.height / 5];
    this.#part = asked.first ?? between([x, y], [file.width - x, file.height - y], this.#bounds);
    this.#modal = new Modal(parts.heading, settings.close);
    this.#modal.element.classList.add('wide');
    const help = uniqueId('crop-help');
    this.#box = h('div', {
      class: 'crop-box',
      role: 'application',
      tabindex: '0',
      'aria-label': parts.area,
      'aria-describedby': help,
    });
    const address = URL.createObjectURL(picture);
    const image = h('img', { src: address, alt: '', draggable: 'false' });
    image.addEventListener('error', () => {
      this.#modal.body.replaceChildren(h('p', { class: 'notice' }, parts.unseen));
    });
    this.#modal.element.addEventListener('close', () => {
      URL.revokeObjectURL(address);
    });
    const stage = this.#stage;
    stage.style.aspectRatio = `${String(file.width)} / ${String(file.height)}`;
    // As large as the window lets it be, whichever side is longer.
    stage.style.setProperty('--shape', String(file.width / file.height));
    stage.append(image, outlines(offered, file), this.#box);
    for (const corner of ['start', 'end']) this.#box.append(h('span', { class: corner }));
    this.#modal.body.append(
      h('p', { id: help, class: 'muted' }, parts.help),
      stage,
      this.#place,
      h(
        'div',
        { class: 'row' },
        button(parts.check, () => {
          this.#take();
        }),
        button(
          text().batch.cancel,
          () => {
            this.#modal.close();
          },
          { kind: 'quiet' },
        ),
      ),
    );
    this.#listen();
  }

  open(): void {
    this.#modal.open();
    this.#drawNow();
    this.#box.focus();
  }

  #take(): void {
    this.#modal.close();
    this.#asked.chosen(this.#part);
  }

  #listen(): void {
    this.#box.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        event.preventDefault();
        this.#take();
        return;
      }
      const arrow = ARROWS[event.key];
      if (arrow === undefined) return;
      event.preventDefault();
      const { width, height } = this.#asked.file;
      const step = event.ctrlKey ? 1 : Math.max(1, Math.round(Math.max(width, height) / 100));
      const by: Point = [arrow[0] * step, arrow[1] * step];
      this.#change(changed(this.#part, event.shiftKey ? 'resize' : 'move', by, this.#bounds));
    });
    this.#stage.addEventListener('pointerdown', (event) => {
      if (event.button === 0) this.#drag(event);
    });
  }

  /** Follows a pointer: it moves the part, pulls at its corner, or draws another. */
  #drag(event: PointerEvent): void {
    event.preventDefault();
    this.#box.focus();
    const { target, pointerId } = event;
    const began = this.#at(event);
    const before = this.#part;
    const { x, y, width, height } = before;
    const corner = target instanceof Element ? target.className : '';
    // The corner that stays where it is.
    const fixed: Point | undefined =
      corner === 'start' ? [x + width, y + height] : corner === 'end' ? [x, y] : undefined;
    const moves = target === this.#box;
    let far = false;
    const moved = (to: PointerEvent): void => {
      if (to.pointerId !== pointerId) return;
      far ||= Math.hypot(to.clientX - event.clientX, to.clientY - event.clientY) > CLICK;
      if (!far) return;
      const at = this.#at(to);
      if (moves) {
        const by: Point = [at[0] - began[0], at[1] - began[1]];
        this.#change(changed(before, 'move', by, this.#bounds));
      } else this.#change(between(fixed ?? began, at, this.#bounds));
    };
    const following = new AbortController();
    const { signal } = following;
    const ended = (up: PointerEvent): void => {
      if (up.pointerId !== pointerId) return;
      following.abort();
      const here = this.#asked.offered.find((part) => isWithin(part, began));
      if (!far && here !== undefined) this.#change(here);
    };
    this.#stage.setPointerCapture(pointerId);
    this.#stage.addEventListener('pointermove', moved, { signal });
    this.#stage.addEventListener('pointerup', ended, { signal });
    this.#stage.addEventListener('pointercancel', ended, { signal });
  }

  /** Where a pointer is, in pixels of the picture. */
  #at({ clientX, clientY }: PointerEvent): Point {
    const box = this.#stage.getBoundingClientRect();
    const { width, height } = this.#asked.file;
    return [
      ((clientX - box.left) / box.width) * width,
      ((clientY - box.top) / box.height) * height,
    ];
  }

  #change(part: Rectangle): void {
    this.#part = part;
    this.#draw();
  }

  #drawNow(): void {
    const { x, y, width, height } = this.#part;
    const { file } = this.#asked;
    const place = {
      left: x / file.width,
      top: y / file.height,
      width: width / file.width,
      height: height / file.height,
    };
    for (const [side, share] of Object.entries(place))
      this.#box.style.setProperty(side, `${String(share * 100)}%`);
    this.#place.textContent = text().parts.place(x, y, width, height);
  }
}

function isWithin({ x, y, width, height }: Rectangle, [left, top]: Point): boolean {
  return left >= x && top >= y && left < x + width && top < y + height;
}
