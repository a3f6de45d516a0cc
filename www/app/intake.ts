import { strings } from './strings.js';

/** Where images come in: dropped anywhere on the page, picked, or pasted. */
export interface Intake {
  /** Image files, in the order given. */
  readonly files: (files: readonly File[]) => void;
  /** Something came in that holds no file; the sentence says what to do. */
  readonly nothing: (message: string) => void;
  /** A drag with files hovers over the page, or no longer does. */
  readonly over: (hovering: boolean) => void;
}

/** Listens on the whole document. */
export function listen({ files, nothing, over }: Intake): void {
  // dragenter and dragleave fire for every element under the pointer; the page is left when all are.
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
    const dropped = [...(event.dataTransfer?.files ?? [])];
    if (dropped.length > 0) files(dropped);
    else nothing(strings.drop.noFiles);
  });
  document.addEventListener('paste', (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length === 0) {
      nothing(strings.drop.pasteEmpty);
      return;
    }
    event.preventDefault();
    files(pasted.map(named));
  });
}

/** Browsers call every pasted picture "image.png". */
function named(file: File): File {
  return /^image\.\w+$/.test(file.name) ? new File([file], strings.results.pasted, { type: file.type }) : file;
}
