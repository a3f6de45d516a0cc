/**
 * Node: what its global scope lacks, asked for at run time. Nothing here is an import, which
 * bundlers for browsers would follow.
 */

/** The part of Node's `process` that is used here. */
interface NodeProcess {
  readonly versions?: { readonly node?: string };
  getBuiltinModule?(name: string): unknown;
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (thrown: unknown) => void): void;
}

/** The modules of Node's, and what of them is used here. */
interface NodeModules {
  'node:fs/promises': { readFile(file: URL): Promise<Uint8Array<ArrayBuffer>> };
  'node:os': { availableParallelism(): number; totalmem(): number };
  'node:worker_threads': {
    readonly Worker: new (
      script: URL,
      options: { readonly name: string; readonly execArgv: string[] },
    ) => NodeWorker;
    readonly parentPort: NodePort | null;
  };
}

/** One end of the line to a thread. */
export interface NodePort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): void;
}

/** A thread. */
export interface NodeWorker {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): void;
  on(event: 'messageerror' | 'exit', listener: () => void): void;
  on(event: 'error', listener: (error: Error & { readonly code?: string }) => void): void;
  terminate(): Promise<number>;
  ref(): void;
  unref(): void;
}

/** Node's `process`; undefined elsewhere. */
export const nodeProcess: NodeProcess | undefined = ((): NodeProcess | undefined => {
  const { process } = globalThis as { readonly process?: NodeProcess };
  return process?.versions?.node === undefined || process.getBuiltinModule === undefined
    ? undefined
    : process;
})();

/** A module of Node's; undefined elsewhere. */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] | undefined {
  return nodeProcess?.getBuiltinModule?.(name) as NodeModules[K] | undefined;
}
