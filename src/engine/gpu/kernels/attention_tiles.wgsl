// The part of tiles that does not depend on the width of a head: what loads and stores comes
// before, the loop over the shared keys after it.
const LOWEST: f32 = -3.0e38;
var<workgroup> keys: array<array<Operand4, QUARTERS>, KEYS>;
var<workgroup> values: array<array<Operand4, QUARTERS>, KEYS>;

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
