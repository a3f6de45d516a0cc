/**
 * Content script of sites with overlays: asks for the grade of each image that comes into view and
 * marks it. One element without attributes, with a closed shadow root, is all that the page can see
 * of it.
 */
import type { Grade } from 'clipsight';
import { LEVELS } from 'clipsight/ui';
import { api } from '../shared/api.js';
import { MAX_OVERLAYS, MIN_OVERLAY } from '../shared/limits.js';
import type { BackgroundRequest, OverlayRequest, ShownSize } from '../shared/requests.js';
import { readLanguage } from '../shared/settings.js';
import { Marks } from './marks.js';
import type { MarkState } from './marks.js';

const STATES: readonly MarkState[] = [...(Object.keys(LEVELS) as Grade[]), 'abstained', 'error'];

function ask(request: OverlayRequest): Promise<unknown> {
  return api.runtime.sendMessage<BackgroundRequest>(request);
}

/** Grades of images by address: the same picture is checked once. */
class Answers {
  readonly #known = new Map<string, Promise<string>>();
  #line: Promise<unknown> = Promise.resolve();

  /** Whether one more address may be asked for. */
  hasRoomFor(address: string): boolean {
    return this.#known.size < MAX_OVERLAYS || this.#known.has(address);
  }

  /**
   * What a mark says; other words for no mark, `off` for no mark on this page any more. A rejection
   * says that the extension is gone.
   */
  of(address: string, shown: ShownSize): Promise<string> {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const answer = this.#line.then(async () => {
      const reply = await ask({ kind: 'overlay', address, shown });
      const { state } = Object(reply) as { state?: unknown };
      return typeof state === 'string' ? state : 'off';
    });
    // One after the other: the page's own loading comes first.
    this.#line = answer.catch(() => undefined);
    this.#known.set(address, answer);
    return answer;
  }
}

class Overlay {
  readonly #marks: Marks;
  readonly #answers = new Answers();
  readonly #watched = new WeakSet<HTMLImageElement>();
  readonly #changes = new MutationObserver(() => {
    this.#look();
  });
  readonly #seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) void this.#mark(target as HTMLImageElement);
      }
    },
    { threshold: 0.25 },
  );

  constructor(language: string) {
    this.#marks = new Marks(language);
    api.runtime.onMessage.addListener(this.#hear);
    addEventListener('scroll', this.#marks.follow, { capture: true, passive: true });
    addEventListener('resize', this.#marks.follow);
    this.#changes.observe(document.documentElement, { childList: true, subtree: true });
    this.#look();
  }

  /** Watches the images that are new in the document. */
  #look(): void {
    for (const image of document.images) {
      if (this.#watched.has(image)) continue;
      this.#watched.add(image);
      if (image.complete) this.#seen.observe(image);
      image.addEventListener('load', () => {
        // A new picture in an old element.
        this.#marks.remove(image);
        this.#seen.unobserve(image);
        this.#seen.observe(image);
      });
    }
    this.#marks.follow();
  }

  /** Has an image checked that has come into view. */
  async #mark(image: HTMLImageElement): Promise<void> {
    const address = image.currentSrc;
    const { width, height } = image.getBoundingClientRect();
    if (!/^https?:/.test(address) || Math.min(width, height) < MIN_OVERLAY) return;
    if (this.#marks.has(image) || !this.#answers.hasRoomFor(address)) return;
    const { naturalWidth, naturalHeight, srcset, parentElement } = image;
    const exact = srcset === '' && !(parentElement instanceof HTMLPictureElement);
    const shown = { width: naturalWidth, height: naturalHeight, exact };
    const answer = await this.#answers.of(address, shown).catch(() => 'off');
    if (answer === 'off') this.#stop();
    const state = STATES.find((known) => known === answer);
    if (state === undefined) return;
    this.#marks.add(image, state, () => {
      ask({ kind: 'overlay', address, details: true }).catch(() => {
        this.#stop();
      });
    });
  }

  readonly #hear = (message: unknown, sender: chrome.runtime.MessageSender): undefined => {
    const { kind } = Object(message) as { kind?: unknown };
    if (sender.id === api.runtime.id && kind === 'overlay-off') this.#stop();
  };

  #stop(): void {
    this.#seen.disconnect();
    this.#changes.disconnect();
    removeEventListener('scroll', this.#marks.follow, true);
    removeEventListener('resize', this.#marks.follow);
    this.#marks.close();
    running.clipsightOverlay = false;
    try {
      api.runtime.onMessage.removeListener(this.#hear);
    } catch {
      // The extension was updated or removed: there is nobody to hear any more.
    }
  }
}

/** In the extension's own world of this page: a second injection finds the first. */
const running = globalThis as { clipsightOverlay?: boolean };
if (running.clipsightOverlay !== true) {
  running.clipsightOverlay = true;
  void readLanguage().then((language) => new Overlay(language));
}
