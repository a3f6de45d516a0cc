import type { Analysis, Evidence } from '../api/analysis.generated.js';
import { DetectorError, toDetectorError } from '../api/errors.js';
import type { DetectorErrorCode } from '../api/errors.js';
import type { ImageLimits } from '../api/options.js';

/**
 * The decoders that are WebAssembly modules of their own, by the names that the core gives: `extra`
 * reads TIFF and BMP, and other files whose colour profile is made of tables.
 */
export const DECODERS = ['avif', 'extra', 'heic', 'jxl'] as const;

/** One of {@link DECODERS}. */
export type DecoderName = (typeof DECODERS)[number];

/** The largest picture that is decoded, in pixels. */
type Bounds = Pick<Required<ImageLimits>, 'maxSide' | 'maxPixels'>;

/** What a decoder is loaded from: an absolute address, its bytes, or the compiled module. */
export type DecoderSource = string | Uint8Array<ArrayBuffer> | WebAssembly.Module;

/** What a picture's samples are, before colour conversion, orientation and alpha. */
export interface Picture {
  readonly format: Analysis['file']['format'];
  readonly width: number;
  readonly height: number;
  readonly layout: (typeof LAYOUTS)[number];
  readonly bits: 8 | 16;
  /** Whether colours are multiplied by alpha. */
  readonly premultiplied: boolean;
  /** EXIF's, 1 to 8. */
  readonly orientation: number;
  /** Code points of ITU-T H.273, where there is no profile. */
  readonly cicp?: { readonly primaries: number; readonly transfer: number };
  readonly notes: readonly (typeof NOTES)[number][];
}

/** What a decoder gives: what the build's `prepareDecoded` takes. */
export interface Decoded {
  readonly picture: Picture;
  /** Interleaved, rows from the top, without padding; 16 bits in this machine's byte order. */
  readonly samples: Uint8Array;
  readonly icc: Uint8Array | undefined;
}

/** What a decoder may tell, as `decoders/interface` numbers it. */
const NOTES = [
  'first-frame-only',
  'gain-map-ignored',
  'first-page-only',
  'alpha-over-white',
  'sixteen-bit-reduced',
  'cmyk-converted',
  'profile-converted',
  'reduced-copy-skipped',
  'end-missing',
] as const satisfies readonly Evidence['code'][];

const LAYOUTS = ['gray', 'gray-alpha', 'rgb', 'rgba', 'cmyk'] as const;

/** What the decoder's report begins with. */
const FAILURES: readonly (DetectorErrorCode | undefined)[] = [
  undefined,
  'decode',
  'unsupported',
  'limit',
];

/** What a decoder module exports: `decoders/interface` says what the report holds. */
interface Decoder {
  readonly memory: WebAssembly.Memory;
  input(length: number): number;
  decode(side: number, pixels: number): number;
}

/** Numbers of a report. */
const REPORT_LENGTH = 16;

/** Pages that a module with memory to spare can still take. */
const SPARE_PAGES = 16;

/** Whether this is the name of a decoder. */
export function isDecoderName(name: unknown): name is DecoderName {
  return DECODERS.some((known) => known === name);
}

/**
 * The decoders, each compiled when the first file of its format comes. Every file gets an instance
 * of its own: one that it breaks is of no use, and what one took goes as a whole.
 */
export class Decoders {
  readonly #sources: Readonly<Partial<Record<DecoderName, DecoderSource>>>;
  readonly #compile: (source: DecoderSource) => Promise<WebAssembly.Module>;
  readonly #modules = new Map<DecoderName, Promise<WebAssembly.Module>>();

  /**
   * @param sources - what would need another one is `unsupported`
   * @param compile - fetches, where it has to, and compiles; its errors go to the caller
   */
  constructor(
    sources: Readonly<Partial<Record<DecoderName, DecoderSource>>>,
    compile: (source: DecoderSource) => Promise<WebAssembly.Module>,
  ) {
    this.#sources = sources;
    this.#compile = compile;
  }

  /**
   * Decodes a file, whose picture must be no larger.
   *
   * @throws {DetectorError} `decode`, `unsupported`, `limit`, and what `compile` throws
   */
  async decode(
    name: DecoderName,
    format: Picture['format'],
    bytes: Uint8Array,
    bounds: Bounds,
  ): Promise<Decoded> {
    return decodeWith(await this.#module(name), format, bytes, bounds);
  }

  async #module(name: DecoderName): Promise<WebAssembly.Module> {
    const known = this.#modules.get(name);
    if (known !== undefined) return known;
    const source = this.#sources[name];
    if (source === undefined) {
      throw new DetectorError(
        'unsupported',
        'This kind of image cannot be read here. Save it as PNG or JPEG and try again.',
      );
    }
    const module = this.#compile(source);
    this.#modules.set(name, module);
    // What did not arrive is asked for again with the next file.
    module.catch(() => this.#modules.delete(name));
    return module;
  }
}

/** Decodes a file with a fresh instance; what it gives lies in that instance's memory. */
function decodeWith(
  module: WebAssembly.Module,
  format: Picture['format'],
  bytes: Uint8Array,
  { maxSide, maxPixels }: Bounds,
): Decoded {
  let decoder: Decoder | undefined;
  try {
    // Instances of so small a module may be made on any thread.
    decoder = new WebAssembly.Instance(module, {}).exports as unknown as Decoder;
    const input = decoder.input(bytes.byteLength);
    new Uint8Array(decoder.memory.buffer, input, bytes.byteLength).set(bytes);
    const report = decoder.decode(maxSide, maxPixels);
    // Only now: memory that has grown is another buffer.
    return readReport(decoder.memory.buffer, report, format);
  } catch (error) {
    if (error instanceof DetectorError) throw error;
    if (isOutOfMemory(error, decoder?.memory)) {
      throw new DetectorError('limit', 'Decoding the image takes more memory than there is.', {
        cause: error,
      });
    }
    throw new DetectorError(
      'decode',
      'The image is damaged in a way its decoder cannot handle. Try to get the file again.',
      { cause: error },
    );
  }
}

function readReport(buffer: ArrayBuffer, at: number, format: Picture['format']): Decoded {
  const report = new Uint32Array(buffer, at, REPORT_LENGTH);
  const number = (index: number): number => report[index] ?? 0;
  const bytes = (index: number): Uint8Array =>
    new Uint8Array(buffer, number(index), number(index + 1));
  const failure = FAILURES[number(0)];
  if (failure !== undefined) {
    const message = new TextDecoder().decode(bytes(1));
    throw toDetectorError(Object.assign(new Error(message), { code: failure }));
  }
  const layout = LAYOUTS[number(5)];
  if (layout === undefined) throw new RangeError(`layout ${String(number(5))}`);
  const notes = NOTES.filter((_, bit) => (number(15) & (1 << bit)) !== 0);
  const [primaries, transfer] = [number(13), number(14)];
  return {
    picture: {
      format,
      width: number(3),
      height: number(4),
      layout,
      bits: number(6) === 16 ? 16 : 8,
      premultiplied: number(9) !== 0,
      orientation: number(10),
      ...(primaries === 0 ? {} : { cicp: { primaries, transfer } }),
      notes,
    },
    samples: bytes(7),
    icc: number(12) === 0 ? undefined : bytes(11),
  };
}

/**
 * Whether a module stopped for want of memory. It does so without a word: its memory is asked
 * whether it can grow.
 */
export function isOutOfMemory(error: unknown, memory: WebAssembly.Memory | undefined): boolean {
  if (!(error instanceof WebAssembly.RuntimeError)) {
    // From `new WebAssembly.Instance`: there was none to begin with.
    return error instanceof RangeError && memory === undefined;
  }
  try {
    memory?.grow(SPARE_PAGES);
    return false;
  } catch (refused) {
    return refused instanceof RangeError;
  }
}
