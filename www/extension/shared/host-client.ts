/** Asks the host, which holds the detector, from wherever in the extension. */
import type { Fidelity } from 'clipsight';
import { api, offscreen } from './api.js';
import { openChannel } from './channel.js';
import type { Outcome } from './channel.js';
import { CheckError, toWire } from './errors.js';
import { ACCEPT_MS, ANALYSIS_MS } from './limits.js';
import type { BackgroundRequest } from './requests.js';
import { readDevice, readModel } from './settings.js';

interface Waiting {
  readonly accepted: (yes: true) => void;
  readonly done: (outcome: Outcome) => void;
}

/** How often a host that does not answer is started. */
const ATTEMPTS = 5;

const waiting = new Map<string, Waiting>();
let send: ReturnType<typeof openChannel> | undefined;

/** Analyses an image; never rejects. */
export async function analyze(image: Blob, fidelity: Fidelity): Promise<Outcome> {
  send ??= openChannel((message) => {
    if (message.kind === 'accepted') waiting.get(message.id)?.accepted(true);
    if (message.kind === 'outcome') waiting.get(message.id)?.done(message.outcome);
  });
  const id = crypto.randomUUID();
  const [device, model] = await Promise.all([readDevice(), readModel()]);
  const accepted = Promise.withResolvers<true>();
  const done = Promise.withResolvers<Outcome>();
  waiting.set(id, { accepted: accepted.resolve, done: done.resolve });
  const late = new CheckError('detector', 'no response');
  const timer = setTimeout(done.resolve, 2 * ANALYSIS_MS, { error: toWire(late) });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await ensureHost();
      send({ kind: 'analyze', id, image, fidelity, device, model });
      if (await Promise.race([accepted.promise, after(ACCEPT_MS)])) return await done.promise;
    }
    throw new CheckError('detector', 'did not start');
  } catch (error) {
    return { error: toWire(error) };
  } finally {
    clearTimeout(timer);
    waiting.delete(id);
  }
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(resolve, ms, false));
}

/** Chrome: the offscreen document. Firefox: the event page, which a message wakes. */
async function ensureHost(): Promise<void> {
  if (offscreen === undefined) {
    await api.runtime.sendMessage<BackgroundRequest>({ kind: 'wake' }).catch(() => undefined);
    return;
  }
  const contexts = await api.runtime.getContexts({
    contextTypes: ['OFFSCREEN_DOCUMENT'],
  });
  if (contexts.length > 0) return;
  await offscreen
    .createDocument({
      url: 'offscreen.html',
      reasons: ['IFRAME_SCRIPTING'],
      justification: 'Holds the sandboxed frame in which images are analysed on this device.',
    })
    // Another page of the extension was quicker: there may be one only.
    .catch(() => undefined);
}
