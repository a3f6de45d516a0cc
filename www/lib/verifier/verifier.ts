import { DetectorError, toDetectorError } from '../api/errors.js';
import type { Verification } from '../api/verification.generated.js';
import { isOutOfMemory } from '../decoders/decoders.js';
import type { DecoderSource } from '../decoders/decoders.js';
import type { VerifierBuild } from './interface.js';

/** Authorities to trust besides the lists, in PEM. */
export interface Anchors {
  readonly signers?: string;
  readonly timeStamps?: string;
}

/** What the module says. */
type Answer =
  | { readonly verification: Verification; readonly error?: undefined }
  | { readonly error: { readonly code: string; readonly message: string } };

/**
 * What checks Content Credentials, compiled when the first file is to be checked. Every file gets
 * an instance of its own: one that it breaks is of no use, and what one took goes as a whole.
 */
export class Verifier {
  readonly #source: DecoderSource;
  readonly #compile: (source: DecoderSource) => Promise<WebAssembly.Module>;
  readonly #open: () => VerifierBuild | Promise<VerifierBuild>;
  #module: Promise<WebAssembly.Module> | undefined;

  /**
   * @param compile - fetches, where it has to, and compiles; its errors go to the caller
   * @param open - a copy of the module's JavaScript
   */
  constructor(
    source: DecoderSource,
    compile: (source: DecoderSource) => Promise<WebAssembly.Module>,
    open: () => VerifierBuild | Promise<VerifierBuild>,
  ) {
    this.#source = source;
    this.#compile = compile;
    this.#open = open;
  }

  /**
   * Checks a file.
   *
   * @throws {DetectorError} `decode`, `limit`, `argument`, and what `compile` throws
   */
  async verify(bytes: Uint8Array, anchors: Anchors = {}): Promise<Verification> {
    const module = await this.#compiled();
    const build = await this.#open();
    let memory: WebAssembly.Memory | undefined;
    try {
      ({ memory } = await build.default({ module_or_path: module }));
      return read(build.verify(bytes, anchors.signers ?? '', anchors.timeStamps ?? ''));
    } catch (error) {
      if (error instanceof DetectorError) throw error;
      throw isOutOfMemory(error, memory)
        ? new DetectorError(
            'limit',
            'Checking the Content Credentials takes more memory than there is.',
            { cause: error },
          )
        : new DetectorError(
            'decode',
            'The file is damaged in a way that the reader of Content Credentials cannot handle. ' +
              'Try to get the file again.',
            { cause: error },
          );
    }
  }

  #compiled(): Promise<WebAssembly.Module> {
    if (this.#module !== undefined) return this.#module;
    const module = this.#compile(this.#source);
    this.#module = module;
    // What did not arrive is asked for again with the next file.
    module.catch(() => (this.#module = undefined));
    return module;
  }
}

function read(answer: string): Verification {
  const said = JSON.parse(answer) as Answer;
  if (said.error === undefined) return said.verification;
  const { code, message } = said.error;
  throw toDetectorError(Object.assign(new Error(message), { code }));
}
