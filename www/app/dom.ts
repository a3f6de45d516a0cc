import { h } from 'clipsight/ui';

export { h, icon, icons } from 'clipsight/ui';

/** Line icons that only the page has, as paths of 24 units. */
export const pageIcons = {
  unlock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.8-1.2',
  folder: 'M3.5 6h6l2 2.5h9V19h-17z',
  link:
    'M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 ' +
    '5.7 5.7l1-1',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4',
  history: 'M4 12a8 8 0 1 1 2.5 5.8M4 19v-4.5h4.5M12 8v4.5l3 1.8',
} as const;

/** A button that does something. */
export function button(
  text: string,
  act: () => void,
  { kind = '', symbol, label }: { kind?: string; symbol?: SVGElement; label?: string } = {},
): HTMLButtonElement {
  const element = h(
    'button',
    {
      type: 'button',
      class: `button ${kind}`.trim(),
      ...(label === undefined ? {} : { 'aria-label': label, title: label }),
    },
    symbol,
    text === '' ? undefined : h('span', {}, text),
  );
  element.addEventListener('click', act);
  return element;
}

/** A labelled choice among few. */
export function choice<T extends string>(
  label: string,
  options: readonly (readonly [value: T, text: string])[],
  chosen: T,
  act: (value: T) => void,
): { readonly element: HTMLLabelElement; readonly select: HTMLSelectElement } {
  const select = h('select', {}, ...options.map(([value, text]) => h('option', { value }, text)));
  select.value = chosen;
  select.addEventListener('change', () => {
    const found = options.find(([value]) => value === select.value);
    if (found !== undefined) act(found[0]);
  });
  return { element: h('label', { class: 'field' }, h('span', {}, label), select), select };
}

/** An invisible file input. */
export function picker(
  attributes: Readonly<Record<string, string>>,
  picked: (files: File[]) => void,
): HTMLInputElement {
  const input = h('input', { type: 'file', hidden: '', ...attributes });
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    // So that the same file can be picked again.
    input.value = '';
    if (files.length > 0 || 'webkitdirectory' in attributes) picked(files);
  });
  return input;
}

let nextId = 0;

/** An id that no other element has. */
export function uniqueId(prefix: string): string {
  nextId += 1;
  return `${prefix}-${String(nextId)}`;
}

/** Calls `act` whenever `target` dispatches `change`, until `signal` says that the view is gone. */
export function onChange(target: EventTarget, signal: AbortSignal, act: () => void): void {
  target.addEventListener('change', act, { signal });
}

/** `act`, at most once a frame however often it is called. */
export function eachFrame(act: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      act();
    });
  };
}

/**
 * `act` at once, then at most every `ms` milliseconds however often it is called, the last time
 * included.
 */
export function atMostEvery(ms: number, act: () => void): () => void {
  let next: ReturnType<typeof setTimeout> | undefined;
  let again = false;
  const run = (): void => {
    act();
    next = setTimeout(() => {
      next = undefined;
      if (!again) return;
      again = false;
      run();
    }, ms);
  };
  return () => {
    if (next === undefined) run();
    else again = true;
  };
}
