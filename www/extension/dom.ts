type Child = Node | string | undefined;

/** Makes an element. Text always becomes a text node, so nothing a page says is ever read as markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** The head of panel and popup. */
export function brand(privacy: string): HTMLElement {
  return h(
    'header',
    { class: 'masthead' },
    h('h1', { class: 'brand' }, h('img', { src: 'icons/icon-48.png', alt: '', width: '24', height: '24' }), 'clipsight'),
    h('p', { class: 'fine' }, privacy),
  );
}
