/**
 * Messages between the extension's own pages and its background. They go over a BroadcastChannel:
 * it reaches documents of the extension's origin only (no page, no other extension, not the
 * sandboxed frame, whose origin is opaque), and carries pictures as Blobs, i.e. by reference. What
 * arrives is checked all the same.
 */
import * as v from 'valibot';
import { analysis, detectorInfo, fidelity } from './analysis.js';
import { DEVICES } from './device.js';
import { wireError } from './errors.js';
import { INSTEAD, MODELS } from './model.js';
import { checked, id, number, picture, text } from './schema.js';

/** How an analysis ended. */
export const outcome = v.union([
  v.object({
    analysis,
    info: detectorInfo,
    /** The compact model judged, as the chosen one does not run here. */
    instead: v.exactOptional(v.picklist(INSTEAD)),
    error: v.exactOptional(v.never()),
  }),
  v.object({ error: wireError, analysis: v.exactOptional(v.never()) }),
]);
export type Outcome = Readonly<v.InferOutput<typeof outcome>>;

/** One image on its way, as a panel shows it. */
const job = v.object({
  id,
  /**
   * The window whose panel shows it: what was looked at in a private window is shown in no other.
   */
  windowId: number,
  name: text,
  image: v.exactOptional(picture),
  outcome: v.exactOptional(outcome),
});
export type Job = Readonly<v.InferOutput<typeof job>>;

const message = v.variant('kind', [
  /** To the host: analyse an image. */
  v.object({
    kind: v.literal('analyze'),
    id,
    image: picture,
    fidelity,
    device: v.picklist(DEVICES),
    model: v.picklist(MODELS),
  }),
  /** From the host: it has heard. */
  v.object({ kind: v.literal('accepted'), id }),
  /** From the host. */
  v.object({ kind: v.literal('outcome'), id, outcome }),
  /** From the background to panels: what a job has come to. */
  v.object({ kind: v.literal('job'), job }),
]);
export type Message = Readonly<v.InferOutput<typeof message>>;

const NAME = 'clipsight';

/** Opens the channel; returns how to send. */
export function openChannel(receive?: (message: Message) => void): (message: Message) => void {
  const channel = new BroadcastChannel(NAME);
  if (receive !== undefined) {
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const received = toMessage(data);
      if (received !== undefined) receive(received);
    });
  }
  return (sent) => {
    channel.postMessage(sent);
  };
}

/** The checked copy of what came over the channel; undefined for anything but a message. */
export function toMessage(value: unknown): Message | undefined {
  return checked(message, value);
}
