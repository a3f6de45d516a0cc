import type { DetectorErrorCode } from '../api/errors.js';

/** A WebAssembly instance that stopped in mid-work: it can be asked nothing any more. */
export interface Crash {
  /** What it did. Decoding reads what a stranger wrote; everything else is our own doing. */
  readonly during: 'decoding' | 'computing';
  readonly thrown: Error;
  /** What Rust said of it, in lines, the first of which names a place in the source. */
  readonly panic: string | undefined;
  readonly device: 'webgpu' | 'cpu' | undefined;
}

/** Whose fault a crash is, and what people are told: no place where the program was built. */
export function explain(crash: Crash): {
  readonly code: DetectorErrorCode;
  readonly message: string;
} {
  if (isOutOfMemory(crash)) {
    return {
      code: 'limit',
      message:
        'This device has too little memory for the image. Close other pages, or use a device ' +
        'with more memory.',
    };
  }
  if (crash.during === 'decoding') {
    return {
      code: 'decode',
      message: 'The image cannot be decoded: the file is damaged, or of an unusual kind.',
    };
  }
  return {
    code: crash.device === 'webgpu' ? 'device-lost' : 'internal',
    message: `A fault in the program stopped the analysis: ${reasonOf(crash)}`,
  };
}

/**
 * Rust panics with a message, and stops without one where it gets no memory (`unreachable` in every
 * engine's words). JavaScript's own buffers end in a RangeError, as does a stack that is too deep.
 */
function isOutOfMemory({ thrown, panic }: Crash): boolean {
  if (thrown instanceof RangeError) return !/stack/i.test(thrown.message);
  return panic === undefined && /unreachable/i.test(thrown.message);
}

/** "what happened (file.rs:12)": enough for a report. */
function reasonOf({ thrown, panic = '' }: Crash): string {
  const [, file, line, what] =
    /^panicked at (?:[^\n]*[\\/])?([^\n:\\/]+):(\d+)[^\n]*\n([^\n]*)/.exec(panic) ?? [];
  if (file === undefined || line === undefined || what === undefined) return thrown.message;
  return `${what} (${file}:${line})`;
}
