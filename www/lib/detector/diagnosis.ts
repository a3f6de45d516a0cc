import { Deadline } from '../network/deadline.js';
import { shown } from '../network/request.js';

/** What a browser takes for a script (WHATWG MIME Sniffing, JavaScript MIME type). */
const SCRIPT = /^(text|application)\/(x-)?(ecma|java|live|j)script/i;

const HEADER = 'Cross-Origin-Embedder-Policy';

/**
 * Why a worker did not start: the browser tells the page no reason, so the script is asked for once
 * more, to look at the answer. One sentence, and what to do.
 *
 * @param blocked - what the page's policy refused meanwhile
 */
export async function whyNoWorker(
  url: URL,
  blocked: () => readonly SecurityPolicyViolationEvent[],
  signal: AbortSignal,
): Promise<string> {
  const script = `The worker script ${shown(url.href)}`;
  const policy =
    `${script} is forbidden by the page's Content-Security-Policy: allow it in worker-src` +
    (url.protocol === 'blob:' ? ' (blob:).' : '.');
  if (
    blocked().some(({ effectiveDirective }) =>
      /^(worker|child|script)-src/.test(effectiveDirective),
    )
  )
    return policy;
  const deadline = new Deadline(signal);
  try {
    const response = await fetch(url, { credentials: 'same-origin', signal: deadline.signal });
    void response.body?.cancel();
    return whyRefused(script, response);
  } catch {
    return `${script} could not be fetched. Check the connection and try again.`;
  } finally {
    deadline.end();
  }
}

function whyRefused(script: string, { ok, status, headers }: Response): string {
  const where = 'Copy worker.js of the package there, or say with the option "worker" where it is.';
  if (!ok) return `${script} is not there: the server answered ${String(status)}. ${where}`;
  const type = headers.get('Content-Type') ?? '';
  if (!SCRIPT.test(type)) {
    const served = type === '' ? 'without a Content-Type' : `as ${type}`;
    return (
      `${script} is served ${served}; browsers take text/javascript only. ` +
      `If it is not there: ${where}`
    );
  }
  const embedder = headers.get(HEADER);
  if (embedder === null && globalThis.crossOriginIsolated)
    return `${script} must be served with the header ${HEADER}: require-corp, as this page is.`;
  return (
    `${script} did not start. If this page is served with the header ${HEADER}, the script must ` +
    'be, too.'
  );
}
