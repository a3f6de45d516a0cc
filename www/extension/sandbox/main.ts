/**
 * Runs in the sandboxed frame: no extension API, no network (`connect-src 'none'`), an origin of
 * its own. It gets the weights and pictures as bytes, decodes, judges, and answers with plain
 * values.
 */
import { createDetector } from 'clipsight';
import type { Detector } from 'clipsight';
import { CONNECT, READY, call } from '../shared/calls.js';
import type { Call } from '../shared/calls.js';
import { toWire } from '../shared/errors.js';
import { checked } from '../shared/schema.js';

let detector: Detector | undefined;

async function answer(asked: Call): Promise<unknown> {
  if (asked.call === 'load') {
    const { files: model, decoders } = asked;
    detector ??= await createDetector({ model, decoders, worker: false });
    return { info: detector.info };
  }
  if (detector === undefined) throw new Error('analyze came before load');
  const analysis = await detector.analyze(asked.bytes, { fidelity: asked.fidelity });
  return { analysis, info: detector.info };
}

function connect(port: MessagePort): void {
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    const asked = checked(call, data);
    if (asked === undefined) return;
    answer(asked).then(
      (result) => {
        port.postMessage({ id: asked.id, answer: result });
      },
      (error: unknown) => {
        port.postMessage({ id: asked.id, answer: { error: toWire(error) } });
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
