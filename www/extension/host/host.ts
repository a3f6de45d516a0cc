/**
 * The host: Chrome's offscreen document, Firefox's event page. It reads the packaged
 * weights, hands them to a sandboxed frame, and passes pictures on to it, one at a time.
 */
import { fetchDecoders, fetchModel } from 'clipsight';
import standard from 'clipsight-model-standard';
import { openChannel } from '../shared/channel.js';
import type { Message, Outcome } from '../shared/channel.js';
import type { Device } from '../shared/device.js';
import { toWire } from '../shared/errors.js';
import { HOST_IDLE_MS } from '../shared/limits.js';
import type { Instead, Model } from '../shared/model.js';
import { Frame } from './frame.js';

type Analyze = Extract<Message, { kind: 'analyze' }>;

/** What a frame is made for. */
interface Wanted {
  readonly device: Device;
  readonly model: Model;
}

/** A frame that answers; `instead`: with the compact model, as the wanted one does not run here. */
interface Answering {
  readonly frame: Frame;
  readonly instead?: Instead;
}

let answering: Promise<Answering> | undefined;
let running: Wanted | undefined;
let line: Promise<unknown> = Promise.resolve();
let idle: ReturnType<typeof setTimeout> | undefined;
const taken = new Set<string>();

async function start(wanted: Wanted): Promise<Answering> {
  running = wanted;
  if (wanted.model === 'compact') return { frame: await open(wanted) };
  try {
    return { frame: await open(wanted) };
  } catch (error) {
    const frame = await open({ ...wanted, model: 'compact' });
    return { frame, instead: toWire(error).code === 'limit' ? 'memory' : 'other' };
  }
}

async function open({ device, model }: Wanted): Promise<Frame> {
  // Both models' files are the extension's own: nothing is downloaded.
  const source = model === 'standard' ? { model: standard } : {};
  const [files, decoders] = await Promise.all([
    fetchModel({ ...source, device, cache: 'none' }),
    fetchDecoders(),
  ]);
  const opened = await Frame.open();
  try {
    await opened.load(files, decoders);
  } catch (error) {
    opened.close();
    throw error;
  }
  return opened;
}

/** Ends the frame: with it goes everything that it holds. */
function end(): void {
  const ended = answering;
  answering = undefined;
  ended?.then(
    ({ frame }) => {
      frame.close();
    },
    () => undefined,
  );
}

async function analyze({ image, fidelity, device, model }: Analyze): Promise<Outcome> {
  try {
    if (running?.device !== device || running.model !== model) end();
    answering ??= start({ device, model });
    const { frame, instead } = await answering;
    const outcome = await frame.analyze(image, fidelity);
    // After a panic, or with a lost GPU, the next image gets a new frame.
    if (outcome.error?.code === 'internal' || outcome.error?.code === 'device-lost') end();
    return outcome.error === undefined && instead !== undefined ? { ...outcome, instead } : outcome;
  } catch (error) {
    end();
    return { error: toWire(error) };
  }
}

/** @param idled - called when there has been nothing to do for a while */
export function host(idled: () => void): void {
  const send = openChannel((message) => {
    if (message.kind !== 'analyze') return;
    send({ kind: 'accepted', id: message.id });
    // Who did not hear that asks again.
    if (taken.has(message.id)) return;
    taken.add(message.id);
    clearTimeout(idle);
    line = line.then(async () => {
      const outcome = await analyze(message);
      taken.delete(message.id);
      send({ kind: 'outcome', id: message.id, outcome });
      if (taken.size > 0) return;
      idle = setTimeout(() => {
        end();
        idled();
      }, HOST_IDLE_MS);
    });
  });
}
