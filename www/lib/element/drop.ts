/** Where images come in: dropped on the element, or pasted into the page. */
export interface Intake {
  /** Files, in the order given. */
  readonly files: (files: readonly File[], how: 'drop' | 'paste') => void;
  /** Something came in that holds no file. */
  readonly nothing: (how: 'drop' | 'paste') => void;
  /** A drag with files hovers over the element, or no longer does. */
  readonly over: (hovering: boolean) => void;
}

/** Listens to drags over an element. */
export function listenForDrops(target: HTMLElement, { files, nothing, over }: Intake): void {
  // dragenter and dragleave fire for every element under the pointer; the target is left when all
  // are.
  let depth = 0;
  const leave = (): void => {
    depth = 0;
    over(false);
  };
  target.addEventListener('dragenter', (event) => {
    event.preventDefault();
    depth += 1;
    if (depth === 1) over(true);
  });
  target.addEventListener('dragleave', () => {
    depth -= 1;
    if (depth <= 0) leave();
  });
  target.addEventListener('dragover', (event) => {
    event.preventDefault();
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
  });
  target.addEventListener('drop', (event) => {
    event.preventDefault();
    leave();
    const dropped = [...(event.dataTransfer?.files ?? [])];
    if (dropped.length > 0) files(dropped, 'drop');
    else nothing('drop');
  });
}

/**
 * Listens to pastes anywhere in the document, but for those into a text field, until `signal`
 * aborts.
 */
export function listenForPastes(
  target: HTMLElement,
  { files, nothing }: Intake,
  signal: AbortSignal,
): void {
  target.ownerDocument.addEventListener(
    'paste',
    (event) => {
      if (event.defaultPrevented || event.composedPath().some(isEditable)) return;
      const pasted = [...(event.clipboardData?.files ?? [])];
      if (pasted.length > 0) {
        event.preventDefault();
        files(pasted, 'paste');
        // Text that was meant for nobody else.
      } else if (target.matches(':focus-within')) nothing('paste');
    },
    { signal },
  );
}

function isEditable(target: EventTarget): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'file';
  return (
    target instanceof HTMLElement &&
    (target instanceof HTMLTextAreaElement || target.isContentEditable)
  );
}

/**
 * Browsers name every picture from the clipboard "image.png"; a file that was copied keeps its own
 * name.
 */
export function isUnnamedPaste(file: File): boolean {
  return /^image\.\w+$/.test(file.name);
}
