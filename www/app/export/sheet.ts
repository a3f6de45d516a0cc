import { sharedText, text } from '../app.js';
import { button, h } from '../dom.js';

/**
 * Shows a document in place of the page, to be printed or put into a PDF. Returns the button that
 * prints it.
 */
export function openSheet(
  title: string,
  back: string,
  ...content: readonly HTMLElement[]
): HTMLButtonElement {
  const before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  const print = button(text().export.print, () => {
    window.print();
  });
  const close = (): void => {
    document.body.classList.remove('reporting');
    sheet.remove();
    before?.focus();
  };
  // The page's own is hidden meanwhile.
  const sheet = h(
    'main',
    { class: 'report', 'aria-labelledby': 'report' },
    h('div', { class: 'row no-print' }, print, button(back, close, { kind: 'secondary' })),
    h('h1', { id: 'report', tabindex: '-1' }, title),
    ...content,
  );
  document.body.classList.add('reporting');
  document.body.append(sheet);
  sheet.querySelector('h1')?.focus();
  return print;
}

/** Terms and what they are. */
export function factList(rows: readonly (readonly [term: string, value: string])[]): HTMLElement {
  return h(
    'dl',
    {},
    ...rows.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))),
  );
}

/** What a verdict can and cannot tell. */
export function caveats(): HTMLElement {
  const { caveats: strings } = sharedText();
  return h(
    'section',
    {},
    h('h2', {}, strings.summary),
    ...strings.points.map((point) => h('p', {}, h('strong', {}, point.title), '. ', point.text)),
  );
}
