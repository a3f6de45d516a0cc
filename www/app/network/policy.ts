/**
 * Content Security Policies of the page. They only ever add up: what one forbids, no later one
 * allows, and a worker started from a `blob:` URL takes those over that stand when it is started.
 */

/**
 * What the page may do once everything is loaded: run what runs, show what is in memory, start
 * workers from memory. No source in it names a server.
 */
const LOCKED = [
  "default-src 'none'",
  "connect-src 'none'",
  // WebAssembly is compiled in the worker, which takes this over.
  "script-src 'wasm-unsafe-eval'",
  'worker-src blob:',
  'img-src blob: data:',
  "style-src 'none'",
  "font-src 'none'",
  "media-src 'none'",
  "object-src 'none'",
  "frame-src 'none'",
  "manifest-src 'none'",
  "form-action 'none'",
  "base-uri 'none'",
].join('; ');

/**
 * What a page that loads may do besides: as the document says. Without it the document's own policy
 * would admit prefetching.
 */
const LOADING = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "manifest-src 'self'",
].join('; ');

/** Forbids the document whatever the policy does not allow; for good. */
export function restrict(policy: string): void {
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = policy;
  document.head.append(meta);
}

/**
 * While loading the page connects to its own server only, and to what a model of somebody else's
 * needs: hosts of models send their visitors on to others, which cannot be named beforehand.
 *
 * @param model - address of the model's manifest, where it is not the page's own
 */
export function restrictLoading(model: URL | undefined): void {
  const connect = `connect-src 'self'${model === undefined ? '' : ` https: ${model.origin}`}`;
  restrict(`${connect}; ${LOADING}`);
}

/** Cuts page and later workers off the network. */
export function restrictAll(): void {
  restrict(LOCKED);
  removeWebRtc();
}

/**
 * No policy covers WebRTC (the directive `webrtc` is implemented nowhere), so its entrances are
 * removed. A script that already runs on the page could get others, from a new frame: that is why
 * pixels are in the worker only, where there are none.
 */
function removeWebRtc(): void {
  for (const name of [
    'RTCPeerConnection',
    'webkitRTCPeerConnection',
    'RTCDataChannel',
    'WebTransport',
  ]) {
    if (name in window)
      Object.defineProperty(window, name, {
        value: undefined,
        configurable: false,
        writable: false,
      });
  }
}
