/**
 * What a value is, wherever it was made: objects of another realm (an iframe's, a window's that
 * `open()` gave) are no instances of this realm's classes. Getters of the standard look at the
 * object itself, and throw for any other.
 */
type Realm = typeof globalThis;

/** Whether the getter of a class takes the value for one of its own. */
function has(owner: object | undefined, property: PropertyKey, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || owner === undefined) return false;
  const getter = Object.getOwnPropertyDescriptor(owner, property);
  try {
    return getter?.get?.call(value) !== undefined;
  } catch {
    return false;
  }
}

/** Classes that workers, or Node, do not have. */
const prototype = <K extends 'HTMLImageElement' | 'ImageBitmap'>(
  name: K,
): Realm[K]['prototype'] | undefined => (globalThis as Partial<Realm>)[name]?.prototype;

export const isBlob = (value: unknown): value is Blob => has(Blob.prototype, 'size', value);

/** What Turbopack puts in place of `new URL(…, import.meta.url)` is an instance, and no URL. */
export const isUrl = (value: unknown): value is URL =>
  value instanceof URL || has(URL.prototype, 'href', value);

export const isArrayBuffer = (value: unknown): value is ArrayBuffer =>
  has(ArrayBuffer.prototype, 'byteLength', value);

export const isImageElement = (value: unknown): value is HTMLImageElement =>
  has(prototype('HTMLImageElement'), 'currentSrc', value);

export const isImageBitmap = (value: unknown): value is ImageBitmap =>
  has(prototype('ImageBitmap'), 'width', value);

/** Of all typed arrays the one prototype has the name of the class, whatever the realm. */
const TypedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const nameOf = Object.getOwnPropertyDescriptor(TypedArray, Symbol.toStringTag);

export const isUint8Array = (value: unknown): value is Uint8Array =>
  nameOf?.get?.call(value) === 'Uint8Array';

/** Bytes in memory of their own: WebAssembly and hashes take no shared memory. */
export const isBytes = (value: unknown): value is Uint8Array<ArrayBuffer> =>
  isUint8Array(value) && isArrayBuffer(value.buffer);

/** Whether a buffer's bytes have been transferred elsewhere. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0 || !isArrayBuffer(buffer)) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
