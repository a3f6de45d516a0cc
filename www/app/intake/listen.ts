import { fromDrop } from './entries.js';
import type { Found } from './entries.js';

/** What came in by a drop or a paste anywhere on the page. */
export interface Intake {
  readonly take: (found: Found) => void;
  /** Something came in that holds no file. */
  readonly nothing: (how: 'drop' | 'paste') => void;
  /** A drag with files hovers over the page, or no longer does. */
  readonly over: (hovering: boolean) => void;
  /** What a pasted picture is called: browsers call every one "image.png". */
  readonly pastedName: () => string;
}

/** Listens on the whole document. */
export function listen({ take, nothing, over, pastedName }: Intake): void {
  // dragenter and dragleave fire for every element under the pointer; the page is left when all
  // are.
  let depth = 0;
  const leave = (): void => {
    depth = 0;
    over(false);
  };
  document.addEventListener('dragenter', (event) => {
    event.preventDefault();
    depth += 1;
    if (depth === 1) over(true);
  });
  document.addEventListener('dragleave', () => {
    depth -= 1;
    if (depth <= 0) leave();
  });
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    leave();
    if (event.dataTransfer === null) return;
    void fromDrop(event.dataTransfer).then((found) => {
      if (found.images.length + found.passed.length > 0) take(found);
      else nothing('drop');
    });
  });
  document.addEventListener('paste', (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length === 0) {
      // Text that is pasted into a field is meant for it.
      if (!(event.target instanceof HTMLInputElement)) nothing('paste');
      return;
    }
    event.preventDefault();
    const images = pasted.map((file) => ({
      file,
      name: /^image\.\w+$/.test(file.name) ? pastedName() : file.name,
    }));
    take({ images, passed: [] });
  });
}
