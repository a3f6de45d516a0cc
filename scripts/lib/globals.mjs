// Names that ESLint may take as given in scripts and tests: Node's, and the browser's inside page.evaluate().
const names = `AbortController AbortSignal Blob BroadcastChannel Buffer ClipboardEvent DataTransfer DragEvent ErrorEvent Event File
  GPUAdapter GPUDevice GPUQueue Response URL URLSearchParams Worker clearTimeout console createImageBitmap document fetch
  getComputedStyle globalThis navigator performance process setTimeout structuredClone window self`;
export default Object.fromEntries(names.split(/\s+/).map((name) => [name, 'readonly']));
