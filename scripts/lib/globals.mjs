// Names that ESLint may take as given in scripts and tests: Node's, and the browser's inside page.evaluate().
const names = `AbortController AbortSignal Blob BroadcastChannel Buffer ClipboardEvent DataTransfer DragEvent ErrorEvent Event File
  EventSource GPUAdapter GPUDevice GPUQueue Image MessageChannel MutationObserver RTCPeerConnection WebSocket XMLHttpRequest addEventListener OffscreenCanvas PerformanceObserver Response URL URLSearchParams WebAssembly Worker chrome clearInterval clearTimeout console
  createImageBitmap document fetch getComputedStyle globalThis location navigator performance process setInterval setTimeout
  parent structuredClone window self`;
export default Object.fromEntries(names.split(/\s+/).map((name) => [name, 'readonly']));
