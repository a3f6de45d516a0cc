// The part of `Family::Tiles` that does not depend on the width of a head; the loop over the shared keys is appended.
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

const LOWEST: f32 = -3.0e38;
var<workgroup> keys: array<array<vec4<f32>, QUARTERS>, KEYS>;
var<workgroup> values: array<array<vec4<f32>, QUARTERS>, KEYS>;

// Four numbers of a head's part of a row; zeros beyond the head.
fn quarter(at: u32, index: u32) -> vec4<f32> {
  let i = 4u * index;
  let four = vec4(qkv[at + i], qkv[at + i + 1u], qkv[at + i + 2u], qkv[at + i + 3u]);
  return select(vec4(0.0), four, vec4(i, i + 1u, i + 2u, i + 3u) < vec4(HEAD));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let image = group.z;
  let head = group.y;
  let mine = group.x * 64u + lane;
  let query = (image * TOKENS + min(mine, call.queries - 1u)) * STRIDE + head * HEAD;
  QUERY
  var top = LOWEST;
  var total = 0.0;
  for (var first = 0u; first < TOKENS; first += KEYS) {
    workgroupBarrier();
    for (var i = lane; i < KEYS * QUARTERS; i += 64u) {
      let row = (image * TOKENS + min(first + i / QUARTERS, TOKENS - 1u)) * STRIDE + head * HEAD;
      keys[i / QUARTERS][i % QUARTERS] = quarter(row + WIDTH, i % QUARTERS);
      values[i / QUARTERS][i % QUARTERS] = quarter(row + 2u * WIDTH, i % QUARTERS);
    }
    workgroupBarrier();
