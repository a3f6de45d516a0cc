import { h } from '../dom.js';

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
