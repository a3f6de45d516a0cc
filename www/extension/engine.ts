/** Asking the engine, from wherever in the extension. */
import { api, offscreen } from './api.js';
import type { Fidelity } from './analysis.js';
import { openChannel } from './channel.js';
import type { Outcome } from './channel.js';
import { AcquireError, toWire } from './errors.js';
import { ACCEPT_MS, ENGINE_MS } from './limits.js';
import { readDevice } from './settings.js';

interface Waiting {
  readonly accepted: () => void;
  readonly done: (outcome: Outcome) => void;
}

const waiting = new Map<string, Waiting>();
let send: ReturnType<typeof openChannel> | undefined;

/** Analyses an image; never rejects. */
export async function analyze(image: Blob, fidelity: Fidelity): Promise<Outcome> {
  send ??= openChannel((message) => {
    if (message.kind === 'accepted') waiting.get(message.id)?.accepted();
    if (message.kind === 'outcome') waiting.get(message.id)?.done(message.outcome);
  });
  const id = crypto.randomUUID();
  const device = await readDevice();
  let heard = false;
  let hear = (): void => undefined;
  const hearing = new Promise<void>((resolve) => {
    hear = resolve;
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const answer = new Promise<Outcome>((resolve, reject) => {
    waiting.set(id, {
      accepted() {
        heard = true;
        hear();
      },
      done: resolve,
    });
    timer = setTimeout(() => {
      reject(new AcquireError('engine', 'no answer'));
    }, 2 * ENGINE_MS);
  });
  try {
    for (let attempt = 0; attempt < 5 && !heard; attempt += 1) {
      await ensureEngine();
      send({ kind: 'analyze', id, image, fidelity, device });
      const soon = new Promise((resolve) => setTimeout(resolve, ACCEPT_MS));
      await Promise.race([soon, hearing]);
    }
    if (!heard) throw new AcquireError('engine', 'did not start');
    return await answer;
  } catch (error) {
    // Whatever comes later is nobody's.
    answer.catch(() => undefined);
    return { error: toWire(error) };
  } finally {
    clearTimeout(timer);
    waiting.delete(id);
  }
}

/** Chrome: the offscreen document. Firefox: the event page, which a message wakes. */
async function ensureEngine(): Promise<void> {
  if (offscreen === undefined) {
    await api.runtime.sendMessage({ kind: 'wake' }).catch(() => undefined);
    return;
  }
  const contexts = await api.runtime.getContexts({ contextTypes: ['OFFSCREEN_DOCUMENT' as chrome.runtime.ContextType] });
  if (contexts.length > 0) return;
  await offscreen
    .createDocument({
      url: 'offscreen.html',
      reasons: ['IFRAME_SCRIPTING' as chrome.offscreen.Reason],
      justification: 'Holds the sandboxed frame in which images are analysed on this device.',
    })
    // Another page of the extension was quicker: there may be one only.
    .catch(() => undefined);
}
