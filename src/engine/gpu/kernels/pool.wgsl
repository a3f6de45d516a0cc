// Pooled tokens of several layers at once: one thread a column of a layer of an image.
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

fn mean_of(start: u32) -> f32 {
  var sum = 0.0;
  for (var token = 1u; token < call.queries; token++) { sum += input[start + token * STRIDE]; }
  return sum / f32(call.queries - 1u);
}

fn deviation_of(start: u32, mean: f32) -> f32 {
  var squares = 0.0;
  for (var token = 1u; token < call.queries; token++) {
    let centred = input[start + token * STRIDE] - mean;
    squares += centred * centred;
  }
  return sqrt(squares / f32(call.queries - 1u));
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= WIDTH) { return; }
  let layer = id.y;
  let image = id.z;
  // `stride` is a layer's length here.
  let start = layer * call.stride + image * call.queries * STRIDE + column;
  let to = image * FEATURES + call.offset + layer * POOLS * WIDTH + column;
  POOLING
}
