// How many 8-bit products one core of this machine can sum in a second, in this browser: the
// ceiling of any engine that runs on one core. Loops of dot products on so many independent sums
// that latency does not count: relaxed ones of bytes, and those of 16-bit numbers, which are faster
// where engines make several instructions of a relaxed one.

const SUMS = 12;
/** Dot products a turn of the loop: enough that the loop itself costs nothing. */
const PER_TURN = 96;
/**
 * What adds products to a sum, given code that gets the first factors and the sum, and how many.
 * The sum is the second factors too: products of what does not change would be moved out of the
 * loop.
 */
const MEANS = [
  // i32x4.relaxed_dot_i8x16_i7x16_add_s
  { products: 16, code: (left, sum) => [...left, ...sum, ...sum, 0xfd, 0x93, 0x02] },
  // i32x4.dot_i16x8_s, i32x4.add
  {
    products: 8,
    code: (left, sum) => [...left, ...sum, 0xfd, 0xba, 0x01, ...sum, 0xfd, 0xae, 0x01],
  },
];

const unsigned = (value) =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)];
const section = (id, bytes) => [id, ...unsigned(bytes.length), ...bytes];

/** `run(turns: i32)`, which returns a sum of the sums so that nothing may be left out. */
function moduleBytes(dot) {
  const [get, set, local] = [0x20, 0x21, (index) => unsigned(index)];
  // Local 0 is the number of turns; the sums follow, then the first factors.
  const left = SUMS + 1;
  const constant = (byte) => [0xfd, 0x0c, ...new Array(16).fill(byte)];
  const body = [
    ...[...constant(3), set, ...local(left)],
    ...[0x03, 0x40],
    ...Array.from({ length: PER_TURN }, (_, index) => {
      const sum = 1 + (index % SUMS);
      return [...dot([get, ...local(left)], [get, ...local(sum)]), set, ...local(sum)];
    }).flat(),
    // turns -= 1; again unless nought.
    ...[get, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b],
    ...[get, 1],
    // i32x4.add, then lane 0.
    ...Array.from({ length: SUMS - 1 }, (_, index) => [
      get,
      ...local(2 + index),
      0xfd,
      0xae,
      0x01,
    ]).flat(),
    ...[0xfd, 0x1b, 0, 0x0b],
  ];
  const code = [1, ...unsigned(SUMS + 1), 0x7b, ...body];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

/** Products a second, in thousand millions, by whatever is fastest here. */
export async function peakInt8() {
  const turns = 200_000;
  const rates = [];
  for (const { products, code } of MEANS) {
    const bytes = moduleBytes(code);
    if (!WebAssembly.validate(bytes)) continue;
    const { run } = (await WebAssembly.instantiate(bytes)).instance.exports;
    for (let round = 0; round < 5; round += 1) {
      const start = performance.now();
      run(turns);
      rates.push((turns * PER_TURN * products) / (performance.now() - start) / 1e6);
    }
  }
  return Math.max(...rates);
}
