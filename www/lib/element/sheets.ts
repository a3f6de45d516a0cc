import { baseCss } from './base.js';
import { tokenCss } from './tokens.js';

const made = new WeakMap<Document, Map<string, CSSStyleSheet>>();

/**
 * The same text is parsed once a document; a constructed sheet is nothing that a policy
 * `style-src 'self'` forbids.
 */
function sheet(document: Document, css: string): CSSStyleSheet {
  const sheets = made.get(document) ?? new Map<string, CSSStyleSheet>();
  made.set(document, sheets);
  let known = sheets.get(css);
  if (known === undefined) {
    // A sheet belongs to the document whose window made it.
    const view = document.defaultView ?? globalThis;
    known = new view.CSSStyleSheet();
    known.replaceSync(css);
    sheets.set(css, known);
  }
  return known;
}

const hostCss = tokenCss(':host');
const rootCss = tokenCss(':root');

/** Gives a shadow root the tokens, the common rules and its own. */
export function applyStyles(root: ShadowRoot, css: string): void {
  root.adoptedStyleSheets = [hostCss, baseCss, css].map((text) => sheet(root.ownerDocument, text));
}

/**
 * Gives a document the tokens (on `:root`, `data-theme="light"` or `"dark"` chooses) and the common
 * rules. Whatever rules the document has of its own win.
 */
export function applyTokens(document: Document): void {
  const ours = [rootCss, baseCss].map((text) => sheet(document, text));
  const others = document.adoptedStyleSheets.filter((other) => !ours.includes(other));
  document.adoptedStyleSheets = [...ours, ...others];
}
