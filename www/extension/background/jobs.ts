/** Images that were asked for in a page, on their way to a panel. */
import { keptAlive } from '../shared/api.js';
import { openChannel } from '../shared/channel.js';
import type { Job, Outcome } from '../shared/channel.js';
import { toWire } from '../shared/errors.js';
import { analyze } from '../shared/host-client.js';
import { MAX_JOBS, MAX_TEXT } from '../shared/limits.js';
import { acquire, pointedAt, visible } from './acquire.js';
import type { Picture, Target } from './acquire.js';

/**
 * The latest ones: a panel that opens late asks for them. In memory only, and gone with the
 * background.
 */
const jobs = new Map<string, Job>();
const send = openChannel();

function tell(job: Job): void {
  jobs.set(job.id, job);
  for (const id of [...jobs.keys()].slice(0, -MAX_JOBS)) jobs.delete(id);
  send({ kind: 'job', job });
}

/**
 * Checks an image of a page. `ready` is awaited before anything is fetched: the answer to what the
 * visitor is asked.
 */
export async function check(target: Target, ready: Promise<unknown>): Promise<void> {
  await keptAlive(
    (async () => {
      let job: Job = {
        id: crypto.randomUUID(),
        windowId: target.windowId,
        name: nameOf(target.source ?? ''),
      };
      tell(job);
      try {
        await ready;
        const address = target.source ?? (await pointedAt(target));
        job = { ...job, name: nameOf(address) };
        const picture = await acquire(target, address);
        job = { ...job, image: picture.image };
        tell(job);
        const outcome = await analyze(picture.image, picture.fidelity);
        const seen = isUnread(picture, outcome)
          ? await visible(target, address).catch(noPicture)
          : undefined;
        if (seen === undefined) {
          tell({ ...job, outcome });
          return;
        }
        job = { ...job, image: seen.image };
        tell({ ...job, outcome: await analyze(seen.image, seen.fidelity) });
      } catch (error) {
        tell({ ...job, outcome: { error: toWire(error) } });
      }
    })(),
  );
}

/** The browser shows it, and the detector cannot read it. */
function isUnread({ fidelity }: Picture, { error }: Outcome): boolean {
  const code = error?.code;
  const unread = code === 'decode' || code === 'unsupported' || code === 'limit';
  return unread && fidelity !== 'screen-capture';
}

const noPicture = (): undefined => undefined;

/** Sends a window's panel what it has missed. */
export function repeat(windowId: number): void {
  for (const job of jobs.values()) if (job.windowId === windowId) send({ kind: 'job', job });
}

/** The visitor took a card away, or closed a window: nothing of it stays. */
export function forget(gone: (job: Job) => boolean): void {
  for (const job of jobs.values()) if (gone(job)) jobs.delete(job.id);
}

/** A name for people: the last part of the address's path. */
export function nameOf(address: string): string {
  if (!/^https?:/.test(address)) return '';
  const { pathname, hostname } = new URL(address);
  const last = pathname.split('/').at(-1) ?? '';
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // Not every per cent sign begins an escape.
  }
  return (name === '' ? hostname : name).slice(0, MAX_TEXT);
}
