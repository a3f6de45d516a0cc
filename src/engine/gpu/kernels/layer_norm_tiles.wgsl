// Layer norm, one workgroup a row; the output and how it is stored are appended.
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;

var<workgroup> partial: array<f32, 64>;

fn sum_of_all(value: f32, lane: u32) -> f32 {
  partial[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  let sum = partial[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  let start = row * call.stride * STRIDE;
  var sum = 0.0;
  for (var i = lane; i < WIDTH; i += 64u) { sum += input[start + i]; }
  let mean = sum_of_all(sum, lane) / f32(WIDTH);
  var squares = 0.0;
  for (var i = lane; i < WIDTH; i += 64u) {
    let centred = input[start + i] - mean;
    squares += centred * centred;
  }
  let inverse = inverseSqrt(sum_of_all(squares, lane) / f32(WIDTH) + EPSILON);
  for (var i = lane; i < WIDTH; i += 64u) {
    store(row * STRIDE + i, (input[start + i] - mean) * inverse * gain[i] + shift[i]);
  }
}
