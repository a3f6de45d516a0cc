const PREFIX = 'clipsight.head.';

/**
 * The files of taught heads, one for each model, kept by the browser where it keeps anything. Read
 * at once: no image may be judged before.
 */
export function keptHead(weightsSha256: string): Uint8Array | undefined {
  try {
    const kept = localStorage.getItem(PREFIX + weightsSha256);
    return kept === null
      ? undefined
      : Uint8Array.from(atob(kept), (letter) => letter.charCodeAt(0));
  } catch {
    // No storage, or nothing of ours.
    return undefined;
  }
}

/** Whether the next visit will find it. */
export function keepHead(weightsSha256: string, bytes: Uint8Array): boolean {
  try {
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    localStorage.setItem(PREFIX + weightsSha256, btoa(text));
    return true;
  } catch {
    // A private window, or no room: it holds for this visit.
    return false;
  }
}

export function forgetHead(weightsSha256: string): void {
  try {
    localStorage.removeItem(PREFIX + weightsSha256);
  } catch {
    // Nothing is kept there.
  }
}
