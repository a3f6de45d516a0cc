/**
 * What the worker uses of the module that checks Content Credentials (verifier/module/src/lib.rs):
 * its JavaScript, as wasm-bindgen writes it to pkg/wasm. tests/web/types compares the two.
 */
export interface VerifierBuild {
  /** Makes the instance, of a module that was compiled. */
  default(options: {
    readonly module_or_path: WebAssembly.Module;
  }): Promise<{ readonly memory: WebAssembly.Memory }>;
  /**
   * Checks a file, by the lists of the program and by authorities in PEM, for signers and for time
   * stamps. Gives JSON: `verification`, or `error` with `code` and `message`.
   */
  verify(bytes: Uint8Array, signers: string, timeStamps: string): string;
}
