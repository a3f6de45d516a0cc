/** The marks on a page's images: buttons in a closed shadow root, above everything else. */
import type { Grade } from 'clipsight';
import { catalogue as shared, locale, stateIcon, tokenCss, translate } from 'clipsight/ui';
import { catalogue } from '../shared/strings/index.js';

/** What a mark says. */
export type MarkState = Grade | 'abstained' | 'error';

const CSS = `
:host { all: initial; position: fixed; inset: 0; pointer-events: none; z-index: 2147483647; }
button {
  position: fixed;
  display: flex;
  align-items: center;
  gap: 4px;
  max-inline-size: 15rem;
  padding: 4px;
  border: 1px solid var(--line-strong);
  border-radius: 999px;
  background: var(--surface);
  color: var(--unsure);
  font: 600 12px/16px var(--font);
  pointer-events: auto;
  cursor: pointer;
  box-shadow: var(--shadow);
}
button span { display: none; padding-inline-end: 4px; color: var(--ink); }
button:hover span, button:focus-visible span { display: inline; }
button:focus-visible { outline: 3px solid var(--accent); }
svg { inline-size: 18px; block-size: 18px; }
.line { fill: none; stroke: currentcolor; stroke-width: 1.75; stroke-linecap: round; }
.fill { fill: currentcolor; }
.weak { color: var(--weak); }
.moderate { color: var(--moderate); }
.strong { color: var(--strong); }
.very-strong { color: var(--very-strong); }
.error { color: var(--bad); }
`;

export class Marks {
  readonly #host = document.createElement('div');
  readonly #root = this.#host.attachShadow({ mode: 'closed' });
  readonly #buttons = new Map<HTMLImageElement, HTMLButtonElement>();
  readonly #language: ReturnType<typeof locale>;
  #frame = 0;

  /** @param language - BCP 47 tag of the language that the marks speak */
  constructor(language: string) {
    this.#language = locale(language);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(tokenCss(':host') + CSS);
    this.#root.adoptedStyleSheets = [sheet];
    document.documentElement.append(this.#host);
  }

  has(image: HTMLImageElement): boolean {
    return this.#buttons.has(image);
  }

  /** Marks an image; nothing happens once the marks are closed. `clicked`: by the visitor. */
  add(image: HTMLImageElement, state: MarkState, clicked: () => void): void {
    if (!this.#host.isConnected || !image.isConnected || this.has(image)) return;
    const { overlays } = translate(catalogue, this.#language);
    const headline = this.#headline(state);
    const button = document.createElement('button');
    button.type = 'button';
    button.className = state;
    button.lang = this.#language.lang;
    button.dir = this.#language.direction;
    button.setAttribute('aria-label', overlays.badge(headline));
    const text = document.createElement('span');
    text.textContent = headline;
    button.append(stateIcon(state), text);
    button.addEventListener('click', (event) => {
      event.stopPropagation();
      // A page cannot click it: it cannot reach into the closed root, and what scripts send is not
      // trusted.
      if (event.isTrusted) clicked();
    });
    this.#buttons.set(image, button);
    this.#root.append(button);
    this.#place();
  }

  remove(image: HTMLImageElement): void {
    this.#buttons.get(image)?.remove();
    this.#buttons.delete(image);
  }

  /** Moves the marks to where their images are, in the next frame. */
  readonly follow = (): void => {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.#place();
    });
  };

  /** Takes everything out of the page. */
  close(): void {
    this.#host.remove();
  }

  #headline(state: MarkState): string {
    const { grade, abstained } = translate(shared, this.#language);
    if (state === 'error') return translate(catalogue, this.#language).overlays.error;
    return state === 'abstained' ? abstained.headline : grade[state];
  }

  #place(): void {
    for (const [image, button] of this.#buttons) {
      if (!image.isConnected) {
        this.remove(image);
        continue;
      }
      const { left, top, bottom } = image.getBoundingClientRect();
      button.hidden = bottom < 0 || top > innerHeight;
      button.style.left = `${String(Math.max(left, 0) + 6)}px`;
      button.style.top = `${String(top + 6)}px`;
    }
  }
}
