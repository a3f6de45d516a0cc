// Names that ESLint may take as given in scripts and tests: Node's, and the browser's inside
// page.evaluate().
const names = `AbortController AbortSignal addEventListener Blob BroadcastChannel Buffer caches CacheStorage chrome
  clearInterval clearTimeout ClipboardEvent console createImageBitmap CSSStyleSheet DataTransfer document
  DOMException DragEvent ErrorEvent Event EventSource fetch File FileReader FontFace getComputedStyle globalThis
  GPUAdapter GPUDevice GPUQueue IDBFactory Image indexedDB isSecureContext localStorage location MessageChannel
  MutationObserver navigator OffscreenCanvas parent performance PerformanceObserver process Response
  RTCPeerConnection self sessionStorage setInterval setTimeout SharedWorker Storage structuredClone URL
  URLSearchParams WebAssembly WebSocket window Worker XMLHttpRequest`;
export default Object.fromEntries(names.split(/\s+/).map((name) => [name, 'readonly']));
