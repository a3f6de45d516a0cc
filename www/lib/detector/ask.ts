import { DetectorError, aborted } from '../api/errors.js';
import type { Calls, Port, PortEvents } from '../worker/rpc.js';
import { Session } from './session.js';

/** A worker for one question that needs no model: it has nothing to keep for another. */
export async function ask<K extends 'provenance' | 'verify'>(
  open: (events: PortEvents) => Port,
  call: K,
  params: Calls[K]['params'],
  signal: AbortSignal | undefined,
): Promise<Calls[K]['result']> {
  const session = new Session(open);
  const stop = (): void => {
    session.end(aborted(signal));
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await session.call(call, params);
  } finally {
    signal?.removeEventListener('abort', stop);
    session.end(new DetectorError('aborted', 'The answer is there.'));
  }
}
