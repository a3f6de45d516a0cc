import { absolute } from '../api/arguments.js';
import { isUrl } from '../api/brands.js';
import { DetectorError } from '../api/errors.js';
import type { DetectorOptions } from '../api/options.js';
import { ownWorkerUrl } from '../builds/urls.js';
import type { Port, PortEvents } from '../worker/rpc.js';
import { openLocal, openWorker } from './ports.js';

/**
 * How a line to who computes is opened, by the option `worker`.
 *
 * @throws {DetectorError} `argument`, `unsupported`
 */
export function opener(
  worker: NonNullable<DetectorOptions['worker']>,
): (events: PortEvents) => Port {
  if (worker === false) return openLocal;
  if (worker === 'auto') {
    const url = ownWorkerUrl();
    return (events) => openWorker(url, events);
  }
  const given: unknown = worker;
  if (!isUrl(given)) throw new DetectorError('argument', 'worker must be "auto", a URL or false.');
  const url = new URL(absolute(given, 'worker'));
  return (events) => openWorker(url, events);
}
