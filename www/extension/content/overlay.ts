/**
 * Content script of sites with overlays: asks for the grade of each image that comes into view and
 * marks it. One element without attributes, with a closed shadow root, is all that the page can see
 * of it.
 */
import { LEVELS, catalogue as shared, locale, stateIcon, tokenCss, translate } from 'clipsight/ui';
import type { Grade } from 'clipsight';
import { api } from '../shared/api.js';
import { isOneOf, isRecord } from '../shared/guards.js';
import { MAX_OVERLAYS, MIN_OVERLAY } from '../shared/limits.js';
import { readLanguage } from '../shared/settings.js';
import { catalogue } from '../shared/strings/index.js';

const STATES = [...(Object.keys(LEVELS) as Grade[]), 'abstained', 'error'] as const;

const CSS = `
:host { all: initial; position: fixed; inset: 0; pointer-events: none; z-index: 2147483647; }
button {
  position: fixed;
  display: flex;
  align-items: center;
  gap: 4px;
  max-inline-size: 15rem;
  padding: 4px;
  border: 1px solid var(--line-strong);
  border-radius: 999px;
  background: var(--surface);
  color: var(--unsure);
  font: 600 12px/16px var(--font);
  pointer-events: auto;
  cursor: pointer;
  box-shadow: var(--shadow);
}
button span { display: none; padding-inline-end: 4px; color: var(--ink); }
button:hover span, button:focus-visible span { display: inline; }
button:focus-visible { outline: 3px solid var(--accent); }
svg { inline-size: 18px; block-size: 18px; }
.line { fill: none; stroke: currentcolor; stroke-width: 1.75; stroke-linecap: round; }
.fill { fill: currentcolor; }
.weak { color: var(--weak); }
.moderate { color: var(--moderate); }
.strong { color: var(--strong); }
.very-strong { color: var(--very-strong); }
.error { color: var(--bad); }
`;

async function start(): Promise<void> {
  const own = locale(await readLanguage());
  const words = translate(shared, own);
  const { overlays } = translate(catalogue, own);
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(tokenCss(':host') + CSS);
  root.adoptedStyleSheets = [sheet];

  const marks = new Map<HTMLImageElement, HTMLButtonElement>();
  /** By address: the same picture is checked once. */
  const answers = new Map<string, Promise<string>>();
  let line: Promise<unknown> = Promise.resolve();

  const ask = (address: string): Promise<string> => {
    const known = answers.get(address);
    if (known !== undefined) return known;
    const answer = line.then(async () => {
      const reply: unknown = await api.runtime.sendMessage({ kind: 'overlay', address });
      return isRecord(reply) && typeof reply['state'] === 'string' ? reply['state'] : 'off';
    });
    // One after the other: the page's own loading comes first. A rejection says that the extension
    // is gone.
    line = answer.catch(() => undefined);
    answers.set(address, answer);
    return answer;
  };

  const mark = async (image: HTMLImageElement): Promise<void> => {
    const address = image.currentSrc;
    const { width, height } = image.getBoundingClientRect();
    if (!/^https?:/.test(address) || Math.min(width, height) < MIN_OVERLAY || marks.has(image))
      return;
    if (answers.size >= MAX_OVERLAYS && !answers.has(address)) return;
    const state = await ask(address).catch(() => 'off');
    if (state === 'off') stop();
    if (!isOneOf(state, STATES) || !host.isConnected || !image.isConnected || marks.has(image))
      return;
    const graded = state !== 'abstained' && state !== 'error';
    const headline = graded
      ? words.grade[state]
      : state === 'error'
        ? overlays.error
        : words.abstained.headline;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = state;
    button.lang = own.lang;
    button.dir = own.direction;
    button.setAttribute('aria-label', overlays.badge(headline));
    const text = document.createElement('span');
    text.textContent = headline;
    button.append(stateIcon(state), text);
    button.addEventListener('click', (event) => {
      event.stopPropagation();
      // A page cannot click it: it cannot reach into the closed root, and what scripts send is not
      // trusted.
      if (event.isTrusted)
        void api.runtime.sendMessage({ kind: 'overlay', address, details: true }).catch(stop);
    });
    marks.set(image, button);
    root.append(button);
    place();
  };

  const place = (): void => {
    for (const [image, button] of marks) {
      if (!image.isConnected) {
        button.remove();
        marks.delete(image);
        continue;
      }
      const { left, top, bottom } = image.getBoundingClientRect();
      button.hidden = bottom < 0 || top > innerHeight;
      button.style.left = `${String(Math.max(left, 0) + 6)}px`;
      button.style.top = `${String(top + 6)}px`;
    }
  };
  let placing = 0;
  const later = (): void => {
    cancelAnimationFrame(placing);
    placing = requestAnimationFrame(place);
  };

  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) void mark(target as HTMLImageElement);
      }
    },
    { threshold: 0.25 },
  );
  const watched = new WeakSet<HTMLImageElement>();
  const look = (): void => {
    for (const image of document.images) {
      if (watched.has(image)) continue;
      watched.add(image);
      if (image.complete) seen.observe(image);
      image.addEventListener('load', () => {
        // A new picture in an old element.
        marks.get(image)?.remove();
        marks.delete(image);
        seen.unobserve(image);
        seen.observe(image);
      });
    }
    later();
  };
  const changes = new MutationObserver(look);

  const hear = (message: unknown, sender: chrome.runtime.MessageSender): undefined => {
    if (sender.id === api.runtime.id && isRecord(message) && message['kind'] === 'overlay-off')
      stop();
  };
  const stop = (): void => {
    seen.disconnect();
    changes.disconnect();
    removeEventListener('scroll', later, true);
    removeEventListener('resize', later);
    host.remove();
    running.clipsightOverlay = false;
    try {
      api.runtime.onMessage.removeListener(hear);
    } catch {
      // The extension was updated or removed: there is nobody to hear any more.
    }
  };

  api.runtime.onMessage.addListener(hear);
  addEventListener('scroll', later, { capture: true, passive: true });
  addEventListener('resize', later);
  document.documentElement.append(host);
  changes.observe(document.documentElement, { childList: true, subtree: true });
  look();
}

/** In the extension's own world of this page: a second injection finds the first. */
const running = globalThis as { clipsightOverlay?: boolean };
if (running.clipsightOverlay !== true) {
  running.clipsightOverlay = true;
  void start();
}
