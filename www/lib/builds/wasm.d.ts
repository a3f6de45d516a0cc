// Stands for the JavaScript that wasm-bindgen writes to pkg/wasm/*, so that the package compiles
// before the builds do; tests/web/types compares the two.
declare module '*/clipsight.js' {
  // An import declaration may not be relative here.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  type Build = import('./interface.js').Build;
  const init: Build['default'];
  export default init;
  export const panicMessage: Build['panicMessage'];
  export const openDevice: Build['openDevice'];
  export const ModelLoader: Build['ModelLoader'];
}
