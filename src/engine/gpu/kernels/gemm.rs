//! Matrix products: input rows times a stored matrix `[columns, depth]`, then bias, activation and
//! an added row.

use super::{Family, Groups, RowFormat, constants, count, push, stride};
use crate::clip::Activation;

/// How a matrix is stored on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum WeightFormat {
    /// In f32.
    F32,
    /// In f16.
    F16,
    /// Codes of 8 bits, four per word.
    Q8,
    /// Codes of 4 bits, eight per word: the lower half of each byte is one of the first four
    /// columns, the upper half one of the last four.
    Q4,
}

impl WeightFormat {
    /// Whether codes stand for the numbers, with one scale per block.
    fn scaled(self) -> bool {
        matches!(self, Self::Q8 | Self::Q4)
    }
}

/// A product and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Gemm {
    pub(in super::super) columns: usize,
    pub(in super::super) depth: usize,
    pub(in super::super) format: WeightFormat,
    pub(in super::super) bias: bool,
    pub(in super::super) activation: Option<Activation>,
    /// Whether f32 rows are added to the result.
    pub(in super::super) residual: bool,
    pub(in super::super) output: RowFormat,
    /// Side of a workgroup's tile ([`Family::Tiles`]): 32 or 64.
    pub(in super::super) tile: usize,
}

/// Rows of a thread's tile in [`Family::Registers`]. On SwiftShader the loads of a step cost (rows
/// plus columns), the products rows x columns; 10 x 8 is the largest tile whose code still fits the
/// instruction cache.
const ROWS: usize = 10;
/// Columns of a thread's tile.
const COLUMNS: usize = 8;
/// Threads of a workgroup.
const THREADS: usize = 16;
/// The parts of a vector.
const PARTS: [&str; 4] = ["x", "y", "z", "w"];

impl Gemm {
    pub(super) fn write(&self, family: Family, text: &mut String) {
        constants(
            text,
            &[
                ("COLUMNS", self.columns),
                ("DEPTH", stride(self.depth)),
                ("OUT_STRIDE", stride(self.columns)),
                ("BLOCKS", stride(self.depth) / 32),
                ("SCALE_WORDS", (stride(self.depth) / 32).div_ceil(2)),
            ],
        );
        text.push_str(include_str!("activations.wgsl"));
        let matrix = if self.format == WeightFormat::F32 { "vec4<f32>" } else { "vec4<u32>" };
        push(
            text,
            format_args!("@group(0) @binding(2) var<storage, read> codes: array<{matrix}>;\n"),
        );
        if self.format.scaled() {
            text.push_str("@group(0) @binding(3) var<storage, read> scales: array<vec4<u32>>;\n");
        }
        if self.bias {
            text.push_str("@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;\n");
        }
        if self.residual {
            text.push_str("@group(0) @binding(5) var<storage, read> residual: array<vec4<f32>>;\n");
        }
        let output = match self.output {
            RowFormat::F32 => "vec4<f32>",
            RowFormat::Packed => "vec2<u32>",
            RowFormat::Half => "Operand4",
        };
        push(
            text,
            format_args!(
                "@group(0) @binding(6) var<storage, read_write> output: array<{output}>;\n"
            ),
        );
        self.write_decoding(text);
        self.write_finish(text);
        match family {
            Family::Registers => write_registers(self, text),
            Family::Tiles | Family::HalfTiles => write_tiles(self, text),
        }
    }

    /// What turns codes into weights. Matrices hold four columns side by side, so that one load
    /// brings a square: of each of four columns the same four weights, its `quarter`.
    fn write_decoding(&self, text: &mut String) {
        // The codes are moved to the top of their words, where sign extension comes free; the scale
        // makes up for it.
        let (mask, factor) = match self.format {
            WeightFormat::F32 => return,
            WeightFormat::F16 => {
                text.push_str(
                    "
fn halves(words: vec2<u32>) -> vec4<f32> {
  return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}
",
                );
                return;
            }
            WeightFormat::Q8 => ("0xff000000u", "5.9604644775390625e-8"),
            WeightFormat::Q4 => ("0xf0000000u", "3.7252902984619140625e-9"),
        };
        push(
            text,
            format_args!(
                "
fn decode(codes: u32, scale: f32) -> vec4<f32> {{
  let moved = vec4(codes) * vec4(16777216u, 65536u, 256u, 1u);
  return vec4<f32>(bitcast<vec4<i32>>(moved & vec4({mask}))) * scale;
}}

fn scales_of(pairs: vec4<u32>, block: u32) -> vec4<f32> {{
  let halves = select(pairs, pairs >> vec4(16u), (block & 1u) == 1u);
  return {factor} * vec4(unpack2x16float(halves.x).x, unpack2x16float(halves.y).x,
    unpack2x16float(halves.z).x, unpack2x16float(halves.w).x);
}}
"
            ),
        );
    }

    /// Loads the codes of square `square` at `quarter` into `name`, with `keyword` before each
    /// assignment.
    fn write_codes(&self, keyword: &str, name: &str, square: &str, text: &mut String) {
        match self.format {
            WeightFormat::F32 => {
                for i in 0..4 {
                    push(
                        text,
                        format_args!(
                            "      {keyword}{name}_{i} = codes[({square} * (DEPTH / 4u) + quarter) \
                             * 4u + {i}u];\n"
                        ),
                    );
                }
            }
            WeightFormat::F16 => {
                for i in 0..2 {
                    push(
                        text,
                        format_args!(
                            "      {keyword}{name}_words{i} = codes[({square} * (DEPTH / 4u) + \
                             quarter) * 2u + {i}u];\n"
                        ),
                    );
                }
            }
            WeightFormat::Q8 | WeightFormat::Q4 => {
                let words = if self.format == WeightFormat::Q8 { 1 } else { 2 };
                push(
                    text,
                    format_args!(
                        "      {keyword}{name} = codes[{square} * (DEPTH / {}u) + quarter / \
                         {words}u];\n",
                        4 * words
                    ),
                );
            }
        }
    }

    /// Loads the scales of square `square` in block `block` and its neighbour into `name`.
    fn write_pairs(&self, keyword: &str, name: &str, square: &str, block: &str, text: &mut String) {
        if self.format.scaled() {
            let at = format!("{square} * SCALE_WORDS + {block} / 2u");
            push(text, format_args!("      {keyword}{name} = scales[{at}];\n"));
        }
    }

    /// Declares the weights that the codes `name` at `quarter` stand for, as `name` followed by
    /// `_0` to `_3`.
    fn write_square(&self, name: &str, scales: &str, quarter: &str, text: &mut String) {
        let half = match self.format {
            WeightFormat::F32 => return,
            WeightFormat::F16 => {
                for i in 0..4 {
                    let half = if i % 2 == 0 { "xy" } else { "zw" };
                    push(
                        text,
                        format_args!(
                            "      let {name}_{i} = halves({name}_words{}.{half});\n",
                            i / 2
                        ),
                    );
                }
                return;
            }
            WeightFormat::Q8 => String::new(),
            WeightFormat::Q4 => format!(" * select(16u, 1u, ({quarter} & 1u) == 1u)"),
        };
        push(text, format_args!("      let {name}_codes = {name}{half};\n"));
        for (i, part) in PARTS.iter().enumerate() {
            push(
                text,
                format_args!(
                    "      let {name}_{i} = decode({name}_codes.{part}, {scales}.{part});\n"
                ),
            );
        }
    }

    /// `finish(row, column, sums)`: what is done with four sums of a row.
    fn write_finish(&self, text: &mut String) {
        text.push_str(
            "\nfn finish(row: u32, column: u32, sums: vec4<f32>) {\n  var value = sums;\n",
        );
        if self.bias {
            text.push_str("  value += bias[(call.first + column) / 4u];\n");
        }
        if let Some(activation) = self.activation {
            let name = match activation {
                Activation::QuickGelu => "quick_gelu",
                Activation::Gelu => "gelu",
            };
            push(text, format_args!("  value = {name}(value);\n"));
        }
        if self.residual {
            text.push_str(
                "  value += residual[((row % call.modulo) * call.stride * OUT_STRIDE + call.first \
                 + column) / 4u];\n",
            );
        }
        let stored = match self.output {
            RowFormat::F32 => "value",
            RowFormat::Packed => "vec2(pack(value.x, value.y), pack(value.z, value.w))",
            RowFormat::Half => "operand4(value)",
        };
        push(
            text,
            format_args!(
                "  output[(row * OUT_STRIDE + call.first + column) / 4u] = {stored};\n}}\n"
            ),
        );
    }

    /// Workgroups for a result `[rows, columns]`.
    pub(in super::super) fn groups(&self, family: Family, rows: usize, columns: usize) -> Groups {
        match family {
            Family::Registers => {
                [count(columns.div_ceil(COLUMNS * THREADS)), count(rows.div_ceil(ROWS)), 1]
            }
            Family::Tiles | Family::HalfTiles => {
                [count(columns.div_ceil(self.tile)), count(rows.div_ceil(self.tile)), 1]
            }
        }
    }
}

/// One thread computes `ROWS` x `COLUMNS`, four columns of the matrix at a time.
///
/// The loops are unrolled here, as SwiftShader keeps arrays in memory; the sums of a step are one
/// `dot` each, which chains them in a register.
fn write_registers(gemm: &Gemm, text: &mut String) {
    push(
        text,
        format_args!(
            "
@group(0) @binding(1) var<storage, read> input: array<vec2<u32>>;

@compute @workgroup_size({THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {{
  let column = (group.x * {THREADS}u + local.x) * {COLUMNS}u;
  let row = group.y * {ROWS}u;
  if (column >= call.count) {{ return; }}
"
        ),
    );
    for r in 0..ROWS {
        push(
            text,
            format_args!("  let start{r} = min(row + {r}u, call.rows - 1u) * (DEPTH / 4u);\n"),
        );
    }
    for s in 0..COLUMNS / 4 {
        push(
            text,
            format_args!("  let square{s} = min(column / 4u + {s}u, (call.count - 1u) / 4u);\n"),
        );
    }
    for (r, c) in tile() {
        push(text, format_args!("  var sum{r}_{c} = 0.0;\n"));
    }
    text.push_str("  for (var block = 0u; block < BLOCKS; block++) {\n");
    for s in 0..COLUMNS / 4 {
        gemm.write_pairs("let ", &format!("pairs{s}"), &format!("square{s}"), "block", text);
        if gemm.format.scaled() {
            push(text, format_args!("    let scales{s} = scales_of(pairs{s}, block);\n"));
        }
    }
    text.push_str("    for (var quarter = block * 8u; quarter < block * 8u + 8u; quarter++) {\n");
    for s in 0..COLUMNS / 4 {
        gemm.write_codes("let ", &format!("w{s}"), &format!("square{s}"), text);
        gemm.write_square(&format!("w{s}"), &format!("scales{s}"), "quarter", text);
    }
    for r in 0..ROWS {
        push(
            text,
            format_args!(
                "      let words{r} = input[start{r} + quarter];
      let row{r} = vec4(unpack(words{r}.x), unpack(words{r}.y));\n"
            ),
        );
        for c in 0..COLUMNS {
            // The weights first: SwiftShader writes a factor from memory back before it multiplies
            // by the other.
            push(text, format_args!("      sum{r}_{c} += dot(w{}_{}, row{r});\n", c / 4, c % 4));
        }
    }
    // The rest is written once, in a loop over an array, to keep the code small.
    push(
        text,
        format_args!("    }}\n  }}\n  var sums: array<vec4<f32>, {}>;\n", ROWS * COLUMNS / 4),
    );
    for r in 0..ROWS {
        for c in (0..COLUMNS).step_by(4) {
            push(
                text,
                format_args!(
                    "  sums[{}] = vec4(sum{r}_{c}, sum{r}_{}, sum{r}_{}, sum{r}_{});\n",
                    (r * COLUMNS + c) / 4,
                    c + 1,
                    c + 2,
                    c + 3
                ),
            );
        }
    }
    push(
        text,
        format_args!(
            "  for (var r = 0u; r < min({ROWS}u, call.rows - row); r++) {{
    for (var c = 0u; c < {}u; c++) {{ finish(row + r, column + 4u * c, sums[r * {}u + c]); }}
  }}
}}
",
            COLUMNS / 4,
            COLUMNS / 4
        ),
    );
}

fn tile() -> impl Iterator<Item = (usize, usize)> {
    (0..ROWS).flat_map(|r| (0..COLUMNS).map(move |c| (r, c)))
}

/// A workgroup of 64 threads computes a tile of `edge` x `edge`, a thread 1 or 4 squares of 4 x 4
/// of it.
///
/// Each thread brings one square of 4 x 4 of either operand into workgroup memory, transposed, so
/// that the products read whole vectors; this fixes the depth of a step.
fn write_tiles(gemm: &Gemm, text: &mut String) {
    let edge = gemm.tile;
    let squares = edge / 32;
    let depth = 1024 / edge;
    constants(text, &[("EDGE", edge / 4), ("SLICES", depth / 4)]);
    push(
        text,
        format_args!(
            "
@group(0) @binding(1) var<storage, read> input: array<Operand4>;

var<workgroup> left: array<Operand4, {depth}u * EDGE>;
var<workgroup> right: array<Operand4, {depth}u * EDGE>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {{
  let slice = lane % SLICES;
  let four = lane / SLICES;
  let x = lane % 8u;
  let y = lane / 8u;
  let first_row = group.y * {edge}u;
  let first_column = group.x * {edge}u;
"
        ),
    );
    for i in 0..4 {
        push(
            text,
            format_args!("  let row{i} = min(first_row + 4u * four + {i}u, call.rows - 1u);\n"),
        );
    }
    text.push_str("  let square = min(first_column / 4u + four, (call.count - 1u) / 4u);\n");
    for (r, c) in sums(squares) {
        push(text, format_args!("  var sum{r}_{c} = vec4(0.0);\n"));
    }
    text.push_str("  var quarter = slice;\n");
    write_tile_loads(gemm, "var ", text);
    push(
        text,
        format_args!("  for (var start = 0u; start < DEPTH / 4u; start += {}u) {{\n", depth / 4),
    );
    write_tile_exchange(gemm, text);
    // The next step's loads are under way while this one is computed; the last step's are not used.
    push(text, format_args!("    quarter = min(quarter + {}u, DEPTH / 4u - 1u);\n", depth / 4));
    write_tile_loads(gemm, "", text);
    write_tile_products(squares, depth, text);
    text.push_str("  }\n");
    write_tile_results(squares, text);
    text.push_str("}\n");
}

/// The sums of a thread that computes `squares` x `squares` squares: rows, and vectors of a row.
fn sums(squares: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..4 * squares).flat_map(move |r| (0..squares).map(move |c| (r, c)))
}

/// What a thread loads for a step: a square of either operand, with `keyword` before each
/// assignment.
fn write_tile_loads(gemm: &Gemm, keyword: &str, text: &mut String) {
    for i in 0..4 {
        push(text, format_args!("    {keyword}a{i} = input[row{i} * (DEPTH / 4u) + quarter];\n"));
    }
    gemm.write_codes(keyword, "b", "square", text);
    gemm.write_pairs(keyword, "pairs", "square", "(quarter / 8u)", text);
}

/// Puts the squares that were loaded into workgroup memory.
fn write_tile_exchange(gemm: &Gemm, text: &mut String) {
    if gemm.format.scaled() {
        text.push_str("    let scale = scales_of(pairs, quarter / 8u);\n");
    }
    gemm.write_square("b", "scale", "quarter", text);
    text.push_str("    workgroupBarrier();\n");
    for (k, part) in PARTS.iter().enumerate() {
        push(
            text,
            format_args!(
                "    left[(4u * slice + {k}u) * EDGE + four] = Operand4(a0.{part}, a1.{part}, \
                 a2.{part}, a3.{part});
    right[(4u * slice + {k}u) * EDGE + four] = operand4(vec4(b_0.{part}, b_1.{part}, b_2.{part}, \
    b_3.{part}));\n"
            ),
        );
    }
}

/// The products of a step of `depth`.
fn write_tile_products(squares: usize, depth: usize, text: &mut String) {
    push(
        text,
        format_args!("    workgroupBarrier();\n    for (var k = 0u; k < {depth}u; k++) {{\n"),
    );
    for s in 0..squares {
        push(
            text,
            format_args!(
                "      let l{s} = vec4<f32>(left[k * EDGE + {}u + y]);
      let r{s} = vec4<f32>(right[k * EDGE + {}u + x]);\n",
                8 * s,
                8 * s
            ),
        );
    }
    for (r, c) in sums(squares) {
        push(text, format_args!("      sum{r}_{c} += l{}[{}] * r{c};\n", r / 4, r % 4));
    }
    text.push_str("    }\n");
}

/// Finishes the sums that lie within the result.
fn write_tile_results(squares: usize, text: &mut String) {
    for (r, c) in sums(squares) {
        // Sum r stands in row r % 4 of the thread's square r / 4, whose squares lie 32 rows apart.
        push(
            text,
            format_args!(
                "  if (first_row + {r0}u + 4u * y < call.rows && first_column + {c0}u + 4u * x < \
                 call.count) {{
    finish(first_row + {r0}u + 4u * y, first_column + {c0}u + 4u * x, sum{r}_{c});
  }}\n",
                r0 = 32 * (r / 4) + r % 4,
                c0 = 32 * c
            ),
        );
    }
}
