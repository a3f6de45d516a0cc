//! Softmax attention of all heads, from the rows that hold queries, keys and values side by side.

use super::{Family, Groups, constants, count, push, stride};

/// Attention over the tokens of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Attention {
    pub(in super::super) tokens: usize,
    pub(in super::super) heads: usize,
    /// Width of a head.
    pub(in super::super) head: usize,
}

/// Queries of a thread in [`Family::Registers`].
const QUERIES: usize = 8;
/// Keys of a thread's tile of scores.
const KEYS: usize = 8;
/// Threads of a workgroup.
const THREADS: usize = 4;

impl Attention {
    fn width(&self) -> usize {
        self.heads * self.head
    }

    /// Scores from one query to the next in the scratch buffer that [`Family::Registers`] needs, in f32.
    pub(in super::super) fn scores(&self) -> usize {
        self.tokens.next_multiple_of(KEYS)
    }

    /// Workgroups for `queries` query tokens in each of `images` images.
    pub(in super::super) fn groups(&self, family: Family, images: usize, queries: usize) -> Groups {
        match family {
            Family::Registers => {
                [count((images * self.heads * queries.div_ceil(QUERIES)).div_ceil(THREADS)), 1, 1]
            }
            Family::Tiles => [count(queries.div_ceil(64)), count(self.heads), count(images)],
        }
    }

    pub(super) fn write(&self, family: Family, text: &mut String) {
        constants(
            text,
            &[
                ("TOKENS", self.tokens),
                ("HEADS", self.heads),
                ("HEAD", self.head),
                ("WIDTH", self.width()),
                ("STRIDE", stride(3 * self.width())),
                ("OUT_STRIDE", stride(self.width())),
                ("QUARTERS", self.head.div_ceil(4)),
            ],
        );
        #[expect(clippy::cast_precision_loss, reason = "at most 8192")]
        let scale = 1.0 / (self.head as f32).sqrt();
        push(text, format_args!("const SCALE: f32 = {scale:e};\n"));
        match family {
            Family::Registers => self.write_registers(text),
            Family::Tiles => text.push_str(include_str!("attention_tiles.wgsl")),
        }
    }

    /// A thread handles `QUERIES` queries of one head in three passes: scores into a scratch buffer, their softmax there,
    /// and the weighted sum of the values. Heads must begin at whole words, so their width must be even.
    fn write_registers(&self, text: &mut String) {
        // Words of a step of the first pass; numbers of a tile of the third.
        let words = if self.head.is_multiple_of(4) { 2 } else { 1 };
        let tile = [16, 8, 4].into_iter().find(|tile| self.head.is_multiple_of(*tile)).unwrap_or(2);
        constants(
            text,
            &[
                ("ROW", stride(3 * self.width()) / 2),
                ("PART", self.width() / 2),
                ("HEAD_WORDS", self.head / 2),
                ("SCORES", self.scores()),
            ],
        );
        push(
            text,
            format_args!(
                "
@group(0) @binding(1) var<storage, read> qkv: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<u32>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size({THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
  let tiles = (call.queries + {QUERIES}u - 1u) / {QUERIES}u;
  if (id.x >= call.images * HEADS * tiles) {{ return; }}
  let head = (id.x / tiles) % HEADS;
  let image = id.x / (tiles * HEADS);
  let first = (id.x % tiles) * {QUERIES}u;
  let keys = image * TOKENS * ROW + PART + head * HEAD_WORDS;
  let values = keys + PART;
  var top: array<f32, {QUERIES}>;
  var total: array<f32, {QUERIES}>;
"
            ),
        );
        for r in 0..QUERIES {
            push(
                text,
                format_args!(
                    "  let token{r} = min(first + {r}u, call.queries - 1u);
  let query{r} = (image * TOKENS + token{r}) * ROW + head * HEAD_WORDS;
  let scores{r} = ((image * HEADS + head) * call.queries + token{r}) * SCORES;
  top[{r}] = -3.0e38;\n"
                ),
            );
        }
        write_scores(words, text);
        write_softmax(text);
        write_mix(tile, text);
        text.push_str("}\n");
    }
}

/// First pass: the scores, and the highest of each query.
fn write_scores(words: usize, text: &mut String) {
    push(text, format_args!("  for (var key = 0u; key < TOKENS; key += {KEYS}u) {{\n"));
    for c in 0..KEYS {
        push(text, format_args!("    let key{c} = keys + min(key + {c}u, TOKENS - 1u) * ROW;\n"));
    }
    for (r, c) in grid(QUERIES, KEYS) {
        push(text, format_args!("    var sum{r}_{c} = 0.0;\n"));
    }
    push(text, format_args!("    for (var i = 0u; i < HEAD_WORDS; i += {words}u) {{\n"));
    for c in 0..KEYS {
        push(text, format_args!("      let k{c} = {};\n", numbers(words, &format!("key{c} + i"))));
    }
    for r in 0..QUERIES {
        push(text, format_args!("      let q{r} = {};\n", numbers(words, &format!("query{r} + i"))));
        for c in 0..KEYS {
            push(text, format_args!("      sum{r}_{c} += dot(k{c}, q{r});\n"));
        }
    }
    // Keys beyond the last repeat it, which changes no maximum; nothing reads their scores.
    push(text, format_args!("    }}\n    var sums: array<f32, {}>;\n", QUERIES * KEYS));
    for (r, c) in grid(QUERIES, KEYS) {
        push(text, format_args!("    sums[{}] = sum{r}_{c};\n", r * KEYS + c));
    }
    text.push_str("    var to: array<u32, ");
    push(text, format_args!("{QUERIES}> = array("));
    for r in 0..QUERIES {
        push(text, format_args!("scores{r},"));
    }
    push(
        text,
        format_args!(
            ");
    for (var r = 0u; r < {QUERIES}u; r++) {{
      for (var c = 0u; c < {KEYS}u; c++) {{
        let score = sums[r * {KEYS}u + c] * SCALE;
        scores[to[r] + key + c] = score;
        top[r] = max(top[r], score);
      }}
    }}
  }}
"
        ),
    );
}

/// Second pass: scores become weights, zero beyond the last key.
fn write_softmax(text: &mut String) {
    push(text, format_args!("  var to: array<u32, {QUERIES}> = array("));
    for r in 0..QUERIES {
        push(text, format_args!("scores{r},"));
    }
    push(
        text,
        format_args!(
            ");
  // Queries beyond the last repeat it, and its scores must become weights only once.
  for (var r = 0u; r < min({QUERIES}u, call.queries - first); r++) {{
    let highest = top[r];
    var sum = 0.0;
    for (var key = 0u; key < SCORES; key++) {{
      let weight = select(0.0, exp(scores[to[r] + key] - highest), key < TOKENS);
      scores[to[r] + key] = weight;
      sum += weight;
    }}
    total[r] = sum;
  }}
"
        ),
    );
}

/// Third pass: weighted sums of the values, `tile` numbers at a time, two keys a step.
fn write_mix(tile: usize, text: &mut String) {
    push(text, format_args!("  for (var part = 0u; part < HEAD; part += {tile}u) {{\n"));
    for (r, c) in grid(QUERIES, tile) {
        push(text, format_args!("    var mix{r}_{c} = 0.0;\n"));
    }
    text.push_str("    for (var key = 0u; key < TOKENS; key += 2u) {\n");
    for k in 0..2 {
        push(
            text,
            format_args!(
                "      let value{k} = values + min(key + {k}u, TOKENS - 1u) * ROW + part / 2u;\n"
            ),
        );
        for c in 0..tile / 2 {
            let load = numbers(1, &format!("value{k} + {c}u"));
            push(text, format_args!("      let v{k}_{c} = {load};\n"));
        }
    }
    for r in 0..QUERIES {
        for k in 0..2 {
            push(text, format_args!("      let w{r}_{k} = scores[scores{r} + key + {k}u];\n"));
        }
        for c in 0..tile {
            let part = if c % 2 == 0 { 'x' } else { 'y' };
            push(
                text,
                format_args!(
                    "      mix{r}_{c} += w{r}_0 * v0_{word}.{part} + w{r}_1 * v1_{word}.{part};\n",
                    word = c / 2
                ),
            );
        }
    }
    push(text, format_args!("    }}\n    var mixed: array<f32, {}>;\n", QUERIES * tile));
    for (r, c) in grid(QUERIES, tile) {
        push(text, format_args!("    mixed[{}] = mix{r}_{c};\n", r * tile + c));
    }
    push(
        text,
        format_args!(
            "    for (var r = 0u; r < min({QUERIES}u, call.queries - first); r++) {{
      let to = (image * call.queries + first + r) * OUT_STRIDE + head * HEAD + part;\n"
        ),
    );
    push(
        text,
        format_args!(
            "      for (var c = 0u; c < {tile}u; c += 2u) {{
        output[(to + c) / 2u] = pack(mixed[r * {tile}u + c] / total[r], mixed[r * {tile}u + c + 1u] / total[r]);
      }}\n"
        ),
    );
    text.push_str("    }\n  }\n");
}

/// The expression for the numbers in one or two words from `at` on.
fn numbers(words: usize, at: &str) -> String {
    if words == 1 {
        return format!("unpack(qkv[{at}])");
    }
    format!("vec4(unpack(qkv[{at}]), unpack(qkv[{at} + 1u]))")
}

fn grid(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |r| (0..columns).map(move |c| (r, c)))
}
