/**
 * Buffers of shards, used again: a large model would leave a page its own size in garbage, which a
 * page that then has nothing to do is given no occasion to collect.
 */
export class Buffers {
  readonly #free: ArrayBuffer[] = [];

  /** A buffer of at least so many bytes, with whatever in it. */
  take(bytes: number): ArrayBuffer {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    return this.#free.splice(at, at < 0 ? 0 : 1)[0] ?? new ArrayBuffer(bytes);
  }

  /** Takes a buffer back that nobody reads or writes any more. */
  give(buffer: ArrayBuffer): void {
    this.#free.push(buffer);
  }
}
