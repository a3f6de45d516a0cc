/** The extension API: both browsers have promises under one of these names. */
const { browser } = globalThis as { readonly browser?: typeof chrome };
export const api: typeof chrome = browser ?? chrome;

/** What only Firefox has, and what only Chrome has. */
interface Differing {
  readonly sidebarAction?: { open(): Promise<void> };
  readonly sidePanel?: typeof chrome.sidePanel;
  readonly offscreen?: typeof chrome.offscreen;
}
const differing = api as unknown as Differing;

/** Chrome's document without a window; Firefox has an event page instead. */
export const { offscreen } = differing;

/** The extension's own origin. */
export const ORIGIN = api.runtime.getURL('').replace(/\/$/, '');

/**
 * Opens side panel or sidebar. To be called in a gesture, before anything is awaited; without a
 * gesture nothing happens.
 */
export function openPanel(windowId: number): void {
  const opened = differing.sidePanel?.open({ windowId }) ?? differing.sidebarAction?.open();
  opened?.catch(() => undefined);
}

/**
 * Keeps the background from being stopped while `work` goes on: it counts as idle while it waits
 * for anything but the API.
 */
export async function keptAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => void api.runtime.getPlatformInfo(), 15_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
