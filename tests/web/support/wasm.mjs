// WebAssembly builds with less memory than they may have, a limit that the engine itself keeps, and
// builds with a decoder that panics.

const MEMORY_SECTION = 5;

/** Reads an unsigned LEB128 number; returns it and where the next byte is. */
function readNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function writeNumber(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}

/**
 * A build whose memory grows to so many pages of 64 KiB and no further.
 *
 * @param {Uint8Array} bytes
 * @param {number} most
 */
export function limitMemory(bytes, most) {
  // Past the magic number and the version.
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at];
    const [length, begin] = readNumber(bytes, at + 1);
    const end = begin + length;
    if (id === MEMORY_SECTION) {
      // One memory, flags, the least, and the most where bit 0 of the flags is set.
      const [count, flagsAt] = readNumber(bytes, begin);
      const [flags, leastAt] = readNumber(bytes, flagsAt);
      const [least] = readNumber(bytes, leastAt);
      if (count !== 1 || flags > 1) throw new Error('The memory section is not as expected.');
      if (least > most) throw new Error(`The build starts with ${least} pages.`);
      const body = [writeNumber(1), Buffer.from([1]), writeNumber(least), writeNumber(most)];
      const section = Buffer.concat(body);
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([MEMORY_SECTION]),
        writeNumber(section.length),
        section,
        bytes.subarray(end),
      ]);
    }
    at = end;
  }
  throw new Error('The build has no memory of its own.');
}

/** Where VP8's coefficients lie in a block (RFC 6386, section 13): a table of the WebP decoder. */
const VP8_ZIGZAG = Buffer.from([0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15]);

/**
 * A build whose decoder of lossy WebP panics, as decoders do that trust a number in a file: one of
 * its tables points past the end. All else works.
 *
 * @param {Uint8Array} bytes
 */
export function breakWebpDecoder(bytes) {
  const at = bytes.indexOf(VP8_ZIGZAG);
  if (at === -1 || bytes.includes(VP8_ZIGZAG, at + 1)) throw new Error('Where is the table?');
  const broken = Buffer.from(bytes);
  broken.fill(255, at, at + VP8_ZIGZAG.length);
  return broken;
}
