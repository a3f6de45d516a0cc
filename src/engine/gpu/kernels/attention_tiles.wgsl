// Softmax attention in one pass over the keys (Milakov and Gimelshein 2018, arXiv 1805.02867): a thread holds one query
// and its running result, a workgroup shares tiles of keys and values.
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

const KEYS: u32 = 16u;
var<workgroup> keys: array<array<vec4<f32>, QUARTERS>, KEYS>;
var<workgroup> values: array<array<vec4<f32>, QUARTERS>, KEYS>;

// Four numbers of a head's part of a row; zeros beyond the head.
fn quarter(at: u32, index: u32) -> vec4<f32> {
  var four = vec4(0.0);
  for (var i = 0u; i < 4u; i++) {
    if (4u * index + i < HEAD) { four[i] = qkv[at + 4u * index + i]; }
  }
  return four;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let image = group.z;
  let head = group.y;
  let mine = group.x * 64u + lane;
  let token = min(mine, call.queries - 1u);
  var query: array<vec4<f32>, QUARTERS>;
  var result: array<vec4<f32>, QUARTERS>;
  for (var i = 0u; i < QUARTERS; i++) {
    query[i] = quarter((image * TOKENS + token) * STRIDE + head * HEAD, i) * SCALE;
    result[i] = vec4(0.0);
  }
  var top = -3.0e38;
  var total = 0.0;
  for (var first = 0u; first < TOKENS; first += KEYS) {
    workgroupBarrier();
    for (var i = lane; i < KEYS * QUARTERS; i += 64u) {
      let row = (image * TOKENS + min(first + i / QUARTERS, TOKENS - 1u)) * STRIDE + head * HEAD;
      keys[i / QUARTERS][i % QUARTERS] = quarter(row + WIDTH, i % QUARTERS);
      values[i / QUARTERS][i % QUARTERS] = quarter(row + 2u * WIDTH, i % QUARTERS);
    }
    workgroupBarrier();
    let here = min(KEYS, TOKENS - first);
    var scores: array<f32, KEYS>;
    var highest = top;
    for (var key = 0u; key < here; key++) {
      var score = 0.0;
      for (var i = 0u; i < QUARTERS; i++) { score += dot(query[i], keys[key][i]); }
      scores[key] = score;
      highest = max(highest, score);
    }
    let fade = exp(top - highest);
    top = highest;
    total *= fade;
    for (var i = 0u; i < QUARTERS; i++) { result[i] *= fade; }
    for (var key = 0u; key < here; key++) {
      let weight = exp(scores[key] - top);
      total += weight;
      for (var i = 0u; i < QUARTERS; i++) { result[i] += weight * values[key][i]; }
    }
  }
  if (mine < call.queries) {
    let to = (image * call.queries + mine) * OUT_STRIDE + head * HEAD;
    for (var i = 0u; i < HEAD; i++) { output[to + i] = result[i / 4u][i % 4u] / total; }
  }
}
