// Names that ESLint may take as given in scripts and tests: Node's, and the browser's inside page.evaluate().
const names = `AbortController AbortSignal Blob BroadcastChannel Buffer ClipboardEvent DataTransfer DragEvent ErrorEvent Event File
  FileReader GPUAdapter GPUDevice GPUQueue Image OffscreenCanvas PerformanceObserver Response URL URLSearchParams WebAssembly Worker clearInterval clearTimeout caches console
  createImageBitmap document fetch getComputedStyle globalThis isSecureContext location navigator performance process setInterval setTimeout
  structuredClone window self
  CSSStyleSheet CacheStorage DOMException EventSource FontFace IDBFactory MutationObserver RTCPeerConnection SharedWorker Storage WebSocket XMLHttpRequest indexedDB localStorage sessionStorage`;
export default Object.fromEntries(names.split(/\s+/).map((name) => [name, 'readonly']));
