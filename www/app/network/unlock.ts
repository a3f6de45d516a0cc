/**
 * How a page that is loaded anew knows that it was asked to stay unlocked: for this load of this
 * tab only.
 */

const KEY = 'clipsight.unlocked';

/** Loads the page anew, without the lock; `address`: what to fetch then. */
export function reloadUnlocked(address = ''): void {
  sessionStorage.setItem(KEY, address);
  location.reload();
}

/**
 * What the last load left: undefined when the page is to be locked, else the address to fetch,
 * which may be empty.
 */
export function takeUnlocked(): string | undefined {
  try {
    const address = sessionStorage.getItem(KEY) ?? undefined;
    sessionStorage.removeItem(KEY);
    return address;
  } catch {
    // Without storage there is no unlocking.
    return undefined;
  }
}
