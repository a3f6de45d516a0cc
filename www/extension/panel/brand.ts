import { h } from 'clipsight/ui';

/** The head of panel and popup. */
export function brand(privacy: string): HTMLElement {
  return h(
    'header',
    { class: 'masthead' },
    h(
      'h1',
      { class: 'brand' },
      h('img', { src: 'icons/icon-48.png', alt: '', width: '24', height: '24' }),
      'clipsight',
    ),
    h('p', { class: 'fine' }, privacy),
  );
}
