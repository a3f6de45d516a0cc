/**
 * Chrome's service worker, and half of Firefox's event page: hears gestures, and answers the
 * extension's own pages.
 */
import { originPattern, parse, refusal } from '../shared/addresses.js';
import { ORIGIN, api, openPanel } from '../shared/api.js';
import { forgetOverlays } from '../shared/overlay-sites.js';
import { request } from '../shared/requests.js';
import { checked } from '../shared/schema.js';
import type { Target } from './acquire.js';
import { check, forget, repeat } from './jobs.js';
import { answerOverlay } from './overlays.js';

const MENU = 'check-image';

api.runtime.onInstalled.addListener(() => {
  api.contextMenus.removeAll(() => {
    api.contextMenus.create({ id: MENU, title: api.i18n.getMessage('menu'), contexts: ['image'] });
  });
});

api.contextMenus.onClicked.addListener((info, tab) => {
  if (tab?.id === undefined) return;
  begin(tab, {
    tabId: tab.id,
    windowId: tab.windowId,
    frameId: info.frameId ?? 0,
    source: info.srcUrl,
    page: parse(tab.url ?? info.pageUrl),
    frame: parse(info.frameUrl ?? info.pageUrl),
  });
});

api.commands.onCommand.addListener((_command, tab) => {
  if (tab?.id === undefined) return;
  const page = parse(tab.url);
  begin(tab, {
    tabId: tab.id,
    windowId: tab.windowId,
    frameId: 0,
    source: undefined,
    page,
    frame: page,
  });
});

/** Runs within the gesture: panel and question come before anything is awaited. */
function begin({ windowId }: chrome.tabs.Tab, target: Target): void {
  openPanel(windowId);
  void check(target, askFor(target));
}

/**
 * Asks for the image's site where that is another one than the page's. A no is an answer: then what
 * is visible is checked. Without a gesture the browser refuses to ask, which is a no, too.
 */
function askFor({ source, page }: Target): Promise<boolean> {
  const address = parse(source);
  if (
    address === undefined ||
    refusal(address, page) !== undefined ||
    address.origin === page?.origin
  ) {
    return Promise.resolve(true);
  }
  return api.permissions.request({ origins: [originPattern(address)] }).catch(() => false);
}

// From the extension's own pages, and from overlays. Pages and other extensions cannot send here; a
// content script's page may have taken that process over, so what it says is checked.
api.runtime.onMessage.addListener(
  (received: unknown, sender, respond: (answer: unknown) => void) => {
    if (sender.id !== api.runtime.id) return undefined;
    const message = checked(request, received);
    if (message === undefined) return undefined;
    if (message.kind === 'overlay') return answerOverlay(message, sender, respond);
    if (sender.origin !== ORIGIN && !(sender.url?.startsWith(`${ORIGIN}/`) ?? false))
      return undefined;
    if (message.kind === 'panel') repeat(message.windowId);
    if (message.kind === 'forget') forget(({ id }) => id === message.id);
    if (message.kind === 'wake') respond(true);
    return undefined;
  },
);

api.windows.onRemoved.addListener((windowId) => {
  forget((job) => job.windowId === windowId);
});

// A site whose permission was taken back, here or in the browser's settings, has no overlay any
// more.
api.permissions.onRemoved.addListener(({ origins = [] }) => void forgetOverlays(origins));
