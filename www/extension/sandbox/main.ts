/**
 * Runs in the sandboxed frame: no extension API, no network (`connect-src 'none'`), an origin of
 * its own. It gets the weights and pictures as bytes, decodes, judges, and answers with plain
 * values.
 */
import { createDetector } from 'clipsight';
import type { Detector } from 'clipsight';
import { FIDELITIES } from '../shared/analysis.js';
import { toWire } from '../shared/errors.js';
import { CONNECT, READY } from '../shared/calls.js';
import type { Call } from '../shared/calls.js';
import { isNumber, isOneOf, isRecord } from '../shared/guards.js';
import { MAX_IMAGE_BYTES } from '../shared/limits.js';

let detector: Detector | undefined;

async function answer(call: Call): Promise<unknown> {
  if (call.call === 'load') {
    detector ??= await createDetector({ model: call.files, worker: false });
    return { info: detector.info };
  }
  if (detector === undefined) throw new Error('analyze came before load');
  const analysis = await detector.analyze(call.bytes, { fidelity: call.fidelity });
  return { analysis, info: detector.info };
}

function isCall(value: unknown): value is Call {
  if (!isRecord(value)) return false;
  if (value['call'] === 'load') return isRecord(value['files']);
  const { call, bytes, fidelity } = value;
  return (
    call === 'analyze' &&
    bytes instanceof ArrayBuffer &&
    bytes.byteLength <= MAX_IMAGE_BYTES &&
    isOneOf(fidelity, FIDELITIES)
  );
}

function connect(port: MessagePort): void {
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    const id = isRecord(data) ? data['id'] : undefined;
    if (!isNumber(id) || !isCall(data)) return;
    answer(data).then(
      (result) => {
        port.postMessage({ id, answer: result });
      },
      (error: unknown) => {
        port.postMessage({ id, answer: { error: toWire(error) } });
      },
    );
  };
  port.postMessage(READY);
}

/**
 * The extension's origin: this document's address has it, although the document's own origin is
 * opaque.
 */
const HOST = `${location.protocol}//${location.host}`;

// One port, from the page that holds this frame. Whoever else sends something is not heard.
const receive = ({ data, source, origin, ports }: MessageEvent<unknown>): void => {
  const [port] = ports;
  if (source !== window.parent || origin !== HOST || data !== CONNECT || port === undefined) return;
  removeEventListener('message', receive);
  connect(port);
};
addEventListener('message', receive);
