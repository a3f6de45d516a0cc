// Names that ESLint may take as given in scripts and tests: Node's, and the browser's inside page.evaluate().
const names = `AbortController AbortSignal Blob BroadcastChannel Buffer ClipboardEvent DataTransfer DragEvent ErrorEvent Event
  EventSource File FileReader GPUAdapter GPUDevice GPUQueue Image MessageChannel MutationObserver OffscreenCanvas
  PerformanceObserver RTCPeerConnection Response URL URLSearchParams WebAssembly WebSocket Worker XMLHttpRequest
  addEventListener caches chrome clearInterval clearTimeout console createImageBitmap document fetch getComputedStyle
  globalThis isSecureContext location navigator parent performance process self setInterval setTimeout structuredClone
  window`;
export default Object.fromEntries(names.split(/\s+/).map((name) => [name, 'readonly']));
