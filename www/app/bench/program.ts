/** What the module exports (`decoders/measure`). */
interface Exports {
  readonly memory: WebAssembly.Memory;
  input(length: number): number;
  sort(): number;
  quantiser(): number;
  report(): number;
}

/** What can be asked of the module. */
export type Task = 'sort' | 'report';

/** To the worker. */
export interface Ask {
  readonly module: Uint8Array<ArrayBuffer>;
  readonly task: Task;
  readonly input: {
    readonly images?: readonly object[];
    readonly [name: string]: unknown;
  };
  /** The JPEGs among `input.images`, by their place: their quality is read from their beginning. */
  readonly jpegs: readonly (readonly [place: number, file: Blob])[];
}

/** From the worker: the module's answer, as it wrote it, or what stopped it. */
export type Told = { readonly answer: string } | { readonly stopped: string };

/**
 * The program of the worker that runs the module: figures of thousands of images take seconds. It
 * is made into text and started from memory, as the page reaches no network by then, so it refers
 * to nothing outside of itself.
 */
function program(): void {
  /** How much of a JPEG is read, until its tables are found. */
  const beginnings = [1 << 16, 1 << 20, Infinity];

  /** An instance answers once. */
  const ask = (module: WebAssembly.Module, task: keyof Exports, input: Uint8Array): string => {
    const exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    const at = exports.input(input.length);
    new Uint8Array(exports.memory.buffer, at, input.length).set(input);
    const answer = (exports[task] as () => number)();
    // Only now: memory that has grown is another buffer.
    const [json = 0, length = 0] = new Uint32Array(exports.memory.buffer, answer, 2);
    return new TextDecoder().decode(new Uint8Array(exports.memory.buffer, json, length));
  };

  const quantiser = async (module: WebAssembly.Module, file: Blob): Promise<number | null> => {
    for (const length of beginnings) {
      const begun = new Uint8Array(await file.slice(0, length).arrayBuffer());
      const { ok } = JSON.parse(ask(module, 'quantiser', begun)) as { ok: number | null };
      if (ok !== null || begun.length < length) return ok;
    }
    return null;
  };

  const answer = async ({ module: bytes, task, input, jpegs }: Ask): Promise<string> => {
    const module = await WebAssembly.compile(bytes);
    for (const [place, file] of jpegs)
      Object.assign(input.images?.[place] ?? {}, { quantiser: await quantiser(module, file) });
    return ask(module, task, new TextEncoder().encode(JSON.stringify(input)));
  };

  onmessage = ({ data }: MessageEvent<Ask>): void => {
    answer(data).then(
      (json) => {
        postMessage({ answer: json });
      },
      (error: unknown) => {
        postMessage({ stopped: String(error) });
      },
    );
  };
}

/** The program's text. */
export const PROGRAM = `(${program.toString()})();`;
