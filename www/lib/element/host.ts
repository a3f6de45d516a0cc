import { locale, onLocaleChange, translate } from './i18n.js';
import { applyStyles } from './sheets.js';
import { catalogue } from './strings/index.js';
import type { Locale } from './i18n.js';
import type { Strings } from './strings/index.js';

// On a server there are no elements, but modules that import ours are loaded there all the same.
// It stands in for a class that is never made there.
// eslint-disable-next-line @typescript-eslint/no-extraneous-class
class NoElement {}
const ElementBase =
  (globalThis as { HTMLElement?: typeof HTMLElement }).HTMLElement ??
  (NoElement as typeof HTMLElement);

/**
 * What our elements have in common: a shadow root with our look, a language, and one rendering
 * after many changes.
 */
export abstract class LocalizedElement extends ElementBase {
  protected readonly root: ShadowRoot;
  readonly #css: string;
  #rendering = false;
  #unsubscribe: (() => void) | undefined;

  protected constructor(css: string) {
    super();
    this.root = this.attachShadow({ mode: 'open' });
    this.#css = css;
  }

  /** @internal */
  connectedCallback(): void {
    // Here, not in the constructor: an element that moves to another document loses its sheets.
    applyStyles(this.root, this.#css);
    this.#unsubscribe ??= onLocaleChange(() => {
      this.invalidate();
    });
    this.invalidate();
  }

  /** @internal */
  disconnectedCallback(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** @internal */
  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after) this.invalidate();
  }

  /**
   * Fills {@link root}.
   *
   * @internal
   */
  protected abstract render(strings: Strings, locale: Locale): void;

  /** Renders once the current turn is over. */
  protected invalidate(): void {
    if (this.#rendering || !this.isConnected) return;
    this.#rendering = true;
    queueMicrotask(() => {
      this.#rendering = false;
      if (this.isConnected) this.render(this.strings, this.locale);
    });
  }

  /** Of the element's own `lang`, else {@link setLocale}'s, else the page's, else the browser's. */
  protected get locale(): Locale {
    return locale(this.lang === '' ? undefined : this.lang, languageAround(this));
  }

  protected get strings(): Strings {
    return translate(catalogue, this.locale);
  }

  /**
   * What was set as a plain property before the element was defined goes through its setter now.
   */
  protected upgrade(...names: readonly (keyof this & string)[]): void {
    for (const name of names) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- it hides the accessor
      delete this[name];
      this[name] = value;
    }
  }
}

/**
 * The language of what is around an element, through shadow roots: `lang` is inherited there too.
 */
function languageAround(element: Element): string | undefined {
  for (let node: Node | null = element.parentNode; node !== null;) {
    if (node instanceof HTMLElement && node.lang !== '') return node.lang;
    node = node instanceof ShadowRoot ? node.host : node.parentNode;
  }
  return undefined;
}
