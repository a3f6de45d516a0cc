// As www/lib/builds/wasm.d.ts, for what checks Content Credentials.
declare module '*/verifier.js' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-imports
  type VerifierBuild = import('./interface.js').VerifierBuild;
  const open: () => VerifierBuild;
  export default open;
}
