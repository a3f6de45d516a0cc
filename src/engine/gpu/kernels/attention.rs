//! Softmax attention of all heads, from the rows that hold queries, keys and values side by side.

use super::{Family, Groups, MAX_WORKGROUP_BYTES, RowFormat, constants, count, push, stride};

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
/// Keys that a thread of [`Family::Tiles`] takes at once.
const STEP: usize = 8;

/// Loads of [`Family::Tiles`] where heads begin and end at whole vectors.
const LOAD_QUARTERS: &str = "
@group(0) @binding(1) var<storage, read> qkv: array<Operand4>;
@group(0) @binding(2) var<storage, read_write> output: array<Operand4>;

fn quarter(at: u32, index: u32) -> Operand4 { return qkv[at / 4u + index]; }
";

/// Its loads where they do not: four numbers of a head's part of a row, zeros beyond the head.
const LOAD_NUMBERS: &str = "
@group(0) @binding(1) var<storage, read> qkv: array<Operand>;
@group(0) @binding(2) var<storage, read_write> output: array<Operand>;

fn quarter(at: u32, index: u32) -> Operand4 {
  let i = 4u * index;
  let four = Operand4(qkv[at + i], qkv[at + i + 1u], qkv[at + i + 2u], qkv[at + i + 3u]);
  return select(Operand4(), four, vec4(i, i + 1u, i + 2u, i + 3u) < vec4(HEAD));
}
";

impl Attention {
    fn width(&self) -> usize {
        self.heads * self.head
    }

    /// Scores from one query to the next in the scratch buffer that [`Family::Registers`] needs, in
    /// f32.
    pub(in super::super) fn scores(&self) -> usize {
        self.tokens.next_multiple_of(KEYS)
    }

    /// Workgroups for `queries` query tokens in each of `images` images.
    pub(in super::super) fn groups(&self, family: Family, images: usize, queries: usize) -> Groups {
        match family {
            Family::Registers => {
                [count((images * self.heads * queries.div_ceil(QUERIES)).div_ceil(THREADS)), 1, 1]
            }
            Family::Tiles | Family::HalfTiles => {
                [count(queries.div_ceil(64)), count(self.heads), count(images)]
            }
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
            Family::Tiles | Family::HalfTiles => self.write_tiles(family.operand(), text),
        }
    }

    /// A thread handles `QUERIES` queries of one head in three passes: scores into a scratch
    /// buffer, their softmax there, and the weighted sum of the values. Heads must begin at whole
    /// words, so their width must be even.
    fn write_registers(&self, text: &mut String) {
        // Numbers that one load brings; numbers of a tile of the third pass.
        let load = if self.head.is_multiple_of(4) { 4 } else { 2 };
        let tile = [8, 4].into_iter().find(|tile| self.head.is_multiple_of(*tile)).unwrap_or(2);
        constants(
            text,
            &[
                ("ROW", stride(3 * self.width()) / load),
                ("PART", self.width() / load),
                ("HEAD_LOADS", self.head / load),
                ("LOAD", load),
                ("SCORES", self.scores() / 2),
            ],
        );
        text.push_str(if load == 4 {
            "alias Words = vec2<u32>;
alias Numbers = vec4<f32>;
fn numbers(words: Words) -> Numbers { return vec4(unpack(words.x), unpack(words.y)); }\n"
        } else {
            "alias Words = u32;
alias Numbers = vec2<f32>;
fn numbers(words: Words) -> Numbers { return unpack(words); }\n"
        });
        push(
            text,
            format_args!(
                "
@group(0) @binding(1) var<storage, read> qkv: array<Words>;
@group(0) @binding(2) var<storage, read_write> output: array<u32>;
@group(0) @binding(3) var<storage, read_write> scores: array<vec2<f32>>;

@compute @workgroup_size({THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
  let tiles = (call.queries + {QUERIES}u - 1u) / {QUERIES}u;
  if (id.x >= call.images * HEADS * tiles) {{ return; }}
  let head = (id.x / tiles) % HEADS;
  let image = id.x / (tiles * HEADS);
  let first = (id.x % tiles) * {QUERIES}u;
  let keys = image * TOKENS * ROW + PART + head * HEAD_LOADS;
  let values = keys + PART;
  var top: array<f32, {QUERIES}>;
  var total: array<f32, {QUERIES}>;
  var rows: array<u32, {QUERIES}>;
"
            ),
        );
        for r in 0..QUERIES {
            push(
                text,
                format_args!(
                    "  let token{r} = min(first + {r}u, call.queries - 1u);
  let query{r} = (image * TOKENS + token{r}) * ROW + head * HEAD_LOADS;
  let scores{r} = ((image * HEADS + head) * call.queries + token{r}) * SCORES;
  top[{r}] = -3.0e38;
  rows[{r}] = scores{r};\n"
                ),
            );
        }
        write_scores(text);
        write_softmax(text);
        write_mix(load, tile, text);
        text.push_str("}\n");
    }
}

impl Attention {
    /// One pass over the keys (Milakov and Gimelshein 2018, arXiv 1805.02867): a thread holds one
    /// query and its running result in registers, a workgroup shares tiles of keys and values.
    /// Unrolled here, as not every driver's compiler keeps arrays in registers.
    fn write_tiles(&self, operand: RowFormat, text: &mut String) {
        let quarters = self.head.div_ceil(4);
        let row = if operand == RowFormat::Half { 8 } else { 16 } * quarters;
        let shared = (MAX_WORKGROUP_BYTES / (2 * row)).clamp(STEP, 32) / STEP * STEP;
        constants(text, &[("KEYS", shared)]);
        let whole = self.head.is_multiple_of(4);
        text.push_str(if whole { LOAD_QUARTERS } else { LOAD_NUMBERS });
        let mut body = String::new();
        for i in 0..quarters {
            push(
                &mut body,
                format_args!(
                    "  let query{i} = vec4<f32>(quarter(query, {i}u)) * SCALE;
  var mix{i} = vec4(0.0);\n"
                ),
            );
        }
        text.push_str(&include_str!("attention_tiles.wgsl").replace("QUERY", body.trim_start()));
        push(text, format_args!("    for (var at = 0u; at < KEYS; at += {STEP}u) {{\n"));
        for k in 0..STEP {
            let products: Vec<_> = (0..quarters)
                .map(|i| format!("dot(query{i}, vec4<f32>(keys[at + {k}u][{i}]))"))
                .collect();
            push(
                text,
                format_args!(
                    "      let score{k} = select(LOWEST, {}, first + at + {k}u < TOKENS);\n",
                    products.join(" + ")
                ),
            );
        }
        let scores: String = (0..STEP).fold("top".into(), |all, k| format!("max({all}, score{k})"));
        push(
            text,
            format_args!(
                "      let highest = {scores};\n      let fade = exp(top - highest);\n      top = \
                 highest;\n"
            ),
        );
        for k in 0..STEP {
            push(text, format_args!("      let weight{k} = exp(score{k} - highest);\n"));
        }
        let weights: Vec<_> = (0..STEP).map(|k| format!("weight{k}")).collect();
        push(text, format_args!("      total = total * fade + {};\n", weights.join(" + ")));
        for i in 0..quarters {
            let values: Vec<_> = (0..STEP)
                .map(|k| format!("weight{k} * vec4<f32>(values[at + {k}u][{i}])"))
                .collect();
            push(text, format_args!("      mix{i} = mix{i} * fade + {};\n", values.join(" + ")));
        }
        text.push_str("    }\n  }\n  if (mine >= call.queries) { return; }\n");
        text.push_str("  let to = (image * call.queries + mine) * OUT_STRIDE + head * HEAD;\n");
        if whole {
            for i in 0..quarters {
                push(text, format_args!("  output[to / 4u + {i}u] = operand4(mix{i} / total);\n"));
            }
        } else {
            for column in 0..self.head {
                let part = ["x", "y", "z", "w"][column % 4];
                let at = column / 4;
                push(
                    text,
                    format_args!("  output[to + {column}u] = operand(mix{at}.{part} / total);\n"),
                );
            }
        }
        text.push_str("}\n");
    }
}

/// First pass: the scores, and the highest of each query.
fn write_scores(text: &mut String) {
    push(text, format_args!("  for (var key = 0u; key < TOKENS; key += {KEYS}u) {{\n"));
    for c in 0..KEYS {
        push(text, format_args!("    let key{c} = keys + min(key + {c}u, TOKENS - 1u) * ROW;\n"));
    }
    for (r, c) in grid(QUERIES, KEYS) {
        push(text, format_args!("    var sum{r}_{c} = 0.0;\n"));
    }
    text.push_str("    for (var i = 0u; i < HEAD_LOADS; i++) {\n");
    for c in 0..KEYS {
        push(text, format_args!("      let k{c} = numbers(qkv[key{c} + i]);\n"));
    }
    for r in 0..QUERIES {
        push(text, format_args!("      let q{r} = numbers(qkv[query{r} + i]);\n"));
        for c in 0..KEYS {
            push(text, format_args!("      sum{r}_{c} += dot(k{c}, q{r});\n"));
        }
    }
    // Keys beyond the last repeat it, which changes no maximum; nothing reads their scores.
    push(text, format_args!("    }}\n    var sums: array<vec2<f32>, {}>;\n", QUERIES * KEYS / 2));
    for (r, c) in grid(QUERIES, KEYS / 2) {
        let at = r * KEYS / 2 + c;
        push(
            text,
            format_args!("    sums[{at}] = vec2(sum{r}_{}, sum{r}_{});\n", 2 * c, 2 * c + 1),
        );
    }
    push(
        text,
        format_args!(
            "    for (var r = 0u; r < {QUERIES}u; r++) {{
      for (var c = 0u; c < {half}u; c++) {{
        let pair = sums[r * {half}u + c] * SCALE;
        scores[rows[r] + key / 2u + c] = pair;
        top[r] = max(top[r], max(pair.x, pair.y));
      }}
    }}
  }}
",
            half = KEYS / 2
        ),
    );
}

/// Second pass: scores become weights, zero beyond the last key.
fn write_softmax(text: &mut String) {
    push(
        text,
        format_args!(
            "  // Queries beyond the last repeat it, and its scores must become weights only once.
  for (var r = 0u; r < min({QUERIES}u, call.queries - first); r++) {{
    let highest = top[r];
    var sum = 0.0;
    for (var pair = 0u; pair < SCORES; pair++) {{
      let there = vec2(2u * pair, 2u * pair + 1u) < vec2(TOKENS);
      let weights = select(vec2(0.0), exp(scores[rows[r] + pair] - highest), there);
      scores[rows[r] + pair] = weights;
      sum += weights.x + weights.y;
    }}
    total[r] = sum;
  }}
"
        ),
    );
}

/// Third pass: weighted sums of the values, `tile` numbers at a time, two keys a step; a load
/// brings `load` numbers.
fn write_mix(load: usize, tile: usize, text: &mut String) {
    push(text, format_args!("  for (var part = 0u; part < HEAD; part += {tile}u) {{\n"));
    for (r, c) in grid(QUERIES, tile) {
        push(text, format_args!("    var mix{r}_{c} = 0.0;\n"));
    }
    text.push_str("    for (var pair = 0u; pair < (TOKENS + 1u) / 2u; pair++) {\n");
    for k in 0..2 {
        push(
            text,
            format_args!(
                "      let value{k} = values + min(2u * pair + {k}u, TOKENS - 1u) * ROW + part / \
                 LOAD;\n"
            ),
        );
        for c in 0..tile / load {
            push(text, format_args!("      let v{k}_{c} = numbers(qkv[value{k} + {c}u]);\n"));
        }
    }
    for r in 0..QUERIES {
        push(text, format_args!("      let w{r} = scores[scores{r} + pair];\n"));
        for c in 0..tile {
            let (vector, part) = (c / load, ["x", "y", "z", "w"][c % load]);
            push(
                text,
                format_args!(
                    "      mix{r}_{c} += w{r}.x * v0_{vector}.{part} + w{r}.y * \
                     v1_{vector}.{part};\n"
                ),
            );
        }
    }
    push(text, format_args!("    }}\n    var mixed: array<vec2<f32>, {}>;\n", QUERIES * tile / 2));
    for (r, c) in grid(QUERIES, tile / 2) {
        let at = r * tile / 2 + c;
        push(
            text,
            format_args!("    mixed[{at}] = vec2(mix{r}_{}, mix{r}_{});\n", 2 * c, 2 * c + 1),
        );
    }
    push(
        text,
        format_args!(
            "    for (var r = 0u; r < min({QUERIES}u, call.queries - first); r++) {{
      let to = ((image * call.queries + first + r) * OUT_STRIDE + head * HEAD + part) / 2u;
      for (var c = 0u; c < {half}u; c++) {{
        let pair = mixed[r * {half}u + c] / total[r];
        output[to + c] = pack(pair.x, pair.y);
      }}
    }}
  }}
",
            half = tile / 2
        ),
    );
}

fn grid(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |r| (0..columns).map(move |c| (r, c)))
}
