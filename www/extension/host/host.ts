/**
 * The host: Chrome's offscreen document, Firefox's event page. It reads the packaged
 * weights, hands them to a sandboxed frame, and passes pictures on to it, one at a time.
 */
import { fetchModel } from 'clipsight';
import { openChannel } from '../shared/channel.js';
import type { Message, Outcome } from '../shared/channel.js';
import type { Device } from '../shared/device.js';
import { toWire } from '../shared/errors.js';
import { HOST_IDLE_MS } from '../shared/limits.js';
import { Frame } from './frame.js';

type Analyze = Extract<Message, { kind: 'analyze' }>;

let frame: Promise<Frame> | undefined;
/** What the frame was made for. */
let running: Device | undefined;
let line: Promise<unknown> = Promise.resolve();
let idle: ReturnType<typeof setTimeout> | undefined;
const taken = new Set<string>();

async function start(device: Device): Promise<Frame> {
  running = device;
  const files = await fetchModel({ device, cache: 'none' });
  const opened = await Frame.open();
  try {
    await opened.load(files);
  } catch (error) {
    opened.close();
    throw error;
  }
  return opened;
}

/** Ends the frame: with it goes everything that it holds. */
function end(): void {
  const ended = frame;
  frame = undefined;
  ended?.then(
    (opened) => {
      opened.close();
    },
    () => undefined,
  );
}

async function analyze({ image, fidelity, device }: Analyze): Promise<Outcome> {
  try {
    if (running !== device) end();
    frame ??= start(device);
    const outcome = await (await frame).analyze(image, fidelity);
    // After a panic, or with a lost GPU, the next image gets a new frame.
    if (outcome.error?.code === 'internal' || outcome.error?.code === 'device-lost') end();
    return outcome;
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
