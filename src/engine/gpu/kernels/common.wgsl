// What every kernel starts with. `Call` says how much of a buffer one dispatch works on.
struct Call {
  rows: u32,      // rows of the output
  first: u32,     // first column of a matrix that is split over several buffers
  count: u32,     // columns start there
  modulo: u32,    // added row of output row r: (r % modulo) * stride
  stride: u32,    // rows start one input row to the next
  images: u32,
  queries: u32,   // query tokens an image
  offset: u32,    // where in the output an image's part starts
}

@group(0) @binding(0) var<uniform> call: Call;

// Two numbers in the upper halves of their f32, rounded: the range of f32, 8 bits of precision, and
// one instruction to unpack.
fn pack(low: f32, high: f32) -> u32 {
  return ((bitcast<u32>(low) + 0x8000u) >> 16u) | ((bitcast<u32>(high) + 0x8000u) & 0xffff0000u);
}

fn unpack(word: u32) -> vec2<f32> {
  // A multiplication, because SwiftShader shifts lane by lane.
  return bitcast<vec2<f32>>(vec2(word * 65536u, word & 0xffff0000u));
}
