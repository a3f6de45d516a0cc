// Layer norm, one thread a row: no barrier, which CPU adapters would pay for with a switch of
// contexts.
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= call.rows) { return; }
  let start = row * call.stride * STRIDE;
  var sum = 0.0;
  for (var i = 0u; i < WIDTH; i++) { sum += input[start + i]; }
  let near = sum / f32(WIDTH);
  // A sum one by one loses a digit or two where a row lies far from zero: what it lost is left in
  // the second sum.
  var rest = 0.0;
  var squares = 0.0;
  for (var i = 0u; i < WIDTH; i++) {
    let centred = input[start + i] - near;
    rest += centred;
    squares += centred * centred;
  }
  rest /= f32(WIDTH);
  let mean = near + rest;
  let inverse = inverseSqrt(max(squares / f32(WIDTH) - rest * rest, 0.0) + EPSILON);
  for (var i = 0u; i < WIDTH; i += 2u) {
    let low = (input[start + i] - mean) * inverse * gain[i] + shift[i];
    // The vectors are padded with zeros, so that an odd width leaves a zero behind it.
    let high = (input[start + i + 1u] - mean) * inverse * gain[i + 1u] + shift[i + 1u];
    if (PACKED) {
      output[(row * STRIDE + i) / 2u] = pack(low, high);
    } else {
      output[row * STRIDE + i] = bitcast<u32>(low);
      output[row * STRIDE + i + 1u] = bitcast<u32>(high);
    }
  }
}
