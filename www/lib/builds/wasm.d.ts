// Stands for the JavaScript that wasm-bindgen writes to pkg/wasm/*, so that the package compiles
// before the builds do; tests/web/types compares the two. The bundles hold it as a function
// (scripts/lib/bundles.mjs): each call gives a copy that holds an instance of its own.
declare module '*/clipsight.js' {
  // An import declaration may not be relative here.
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  type Build = import('./interface.js').Build;
  const open: () => Build;
  export default open;
}
