// Checkpoints of the published shapes with random weights, in the forms in which they are
// published: an image tower or a whole CLIP as transformers writes it
// (`CLIPVisionModelWithProjection`, `CLIPModel`: config.json, model.safetensors), a head of UnivFD
// as PyTorch writes it (`fc_weights.pth`). The same numbers for the same encoder, on every machine.
import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { zipSync } from 'fflate';

/** Published towers: openai/clip-vit-base-patch32, -base-patch16, -large-patch14. */
export const ENCODERS = {
  'clip-vit-b-32': { width: 768, layers: 12, patch: 32, embedding: 512 },
  'clip-vit-b-16': { width: 768, layers: 12, patch: 16, embedding: 512 },
  'clip-vit-l-14': { width: 1024, layers: 24, patch: 14, embedding: 768 },
};

/** The text tower beside an image tower: as wide as the embedding. */
const TEXT = { layers: 12, vocabulary: 49_408, context: 77 };

const SIDE = 224;
const HEAD_WIDTH = 64;

/**
 * Gains, biases and the class token are as training leaves them: zeros would hide an engine that
 * forgets to add one.
 */
const GAIN = { mean: 1, deviation: 0.2 };
const BIAS = { mean: 0, deviation: 0.1 };
const CLASS_TOKEN = { mean: 0, deviation: 0.5 };

const around = (deviation) => ({ mean: 0, deviation });

const norm = (name, width) => [
  [`${name}.weight`, [width], GAIN],
  [`${name}.bias`, [width], BIAS],
];

const linear = (name, rows, columns, deviation) => [
  [`${name}.weight`, [rows, columns], around(deviation)],
  [`${name}.bias`, [rows], BIAS],
];

/**
 * A tensor is its name, its shape, and how its numbers are spread; matrices as CLIP begins with
 * them.
 */
function* layersOf(model, width, layers) {
  const deep = Math.sqrt(1 / width / (2 * layers));
  for (let index = 0; index < layers; index += 1) {
    const layer = `${model}.encoder.layers.${index}`;
    for (const name of ['q_proj', 'k_proj', 'v_proj'])
      yield* linear(`${layer}.self_attn.${name}`, width, width, deep);
    yield* linear(`${layer}.self_attn.out_proj`, width, width, Math.sqrt(1 / width));
    yield* norm(`${layer}.layer_norm1`, width);
    yield* norm(`${layer}.layer_norm2`, width);
    yield* linear(`${layer}.mlp.fc1`, 4 * width, width, Math.sqrt(1 / (2 * width)));
    yield* linear(`${layer}.mlp.fc2`, width, 4 * width, deep);
  }
}

function* visionTensors({ width, layers, patch, embedding }) {
  const model = 'vision_model';
  const tokens = (SIDE / patch) ** 2 + 1;
  yield [`${model}.embeddings.class_embedding`, [width], CLASS_TOKEN];
  yield [
    `${model}.embeddings.patch_embedding.weight`,
    [width, 3, patch, patch],
    around(Math.sqrt(1 / (3 * patch ** 2))),
  ];
  yield [`${model}.embeddings.position_embedding.weight`, [tokens, width], around(0.02)];
  yield* norm(`${model}.pre_layrnorm`, width);
  yield* layersOf(model, width, layers);
  yield* norm(`${model}.post_layernorm`, width);
  yield ['visual_projection.weight', [embedding, width], around(Math.sqrt(1 / width))];
}

function* textTensors(width) {
  const model = 'text_model';
  yield [`${model}.embeddings.token_embedding.weight`, [TEXT.vocabulary, width], around(0.02)];
  yield [`${model}.embeddings.position_embedding.weight`, [TEXT.context, width], around(0.01)];
  yield* layersOf(model, width, TEXT.layers);
  yield* norm(`${model}.final_layer_norm`, width);
  yield ['text_projection.weight', [width, width], around(Math.sqrt(1 / width))];
  yield ['logit_scale', [], { mean: Math.log(100), deviation: 0 }];
}

const valuesOf = (shape) => shape.reduce((product, side) => product * side, 1);

/** Evenly spread numbers by xorshift (Marsaglia 2003), seeded by the tensor's name. */
function randomValues(name, count, { mean, deviation }) {
  let state = createHash('sha256').update(name).digest().readUInt32LE() | 1;
  // Evenly between -sqrt(3) and sqrt(3) deviations, which have a deviation of one.
  const scale = (2 * Math.sqrt(3) * deviation) / 2 ** 32;
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[index] = mean + state * scale;
  }
  return Buffer.from(values.buffer);
}

function configOf({ width, layers, patch, embedding }, text) {
  const vision = {
    hidden_act: 'quick_gelu',
    hidden_size: width,
    image_size: SIDE,
    intermediate_size: 4 * width,
    layer_norm_eps: 1e-5,
    num_attention_heads: width / HEAD_WIDTH,
    num_hidden_layers: layers,
    patch_size: patch,
    projection_dim: embedding,
  };
  if (!text)
    return {
      architectures: ['CLIPVisionModelWithProjection'],
      model_type: 'clip_vision_model',
      ...vision,
    };
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    projection_dim: embedding,
    vision_config: vision,
    text_config: {
      hidden_act: 'quick_gelu',
      hidden_size: embedding,
      intermediate_size: 4 * embedding,
      layer_norm_eps: 1e-5,
      max_position_embeddings: TEXT.context,
      num_attention_heads: embedding / HEAD_WIDTH,
      num_hidden_layers: TEXT.layers,
      vocab_size: TEXT.vocabulary,
    },
  };
}

/**
 * Writes an image tower of random weights into `folder`, or with `text` a whole CLIP. Gives the
 * largest tensor's bytes.
 */
export async function writeEncoder(encoder, folder, { text = false } = {}) {
  const shape = ENCODERS[encoder];
  const tensors = [...visionTensors(shape), ...(text ? textTensors(shape.embedding) : [])];
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(configOf(shape, text), null, 2));
  const header = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const [name, sides] of tensors) {
    const start = end;
    end += 4 * valuesOf(sides);
    header[name] = { dtype: 'F32', shape: sides, data_offsets: [start, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = await open(path.join(folder, 'model.safetensors'), 'w');
  try {
    await file.write(Buffer.concat([length, padded]));
    for (const [name, sides, spread] of tensors)
      await file.write(randomValues(name, valuesOf(sides), spread));
  } finally {
    await file.close();
  }
  return Math.max(...tensors.map(([, sides]) => 4 * valuesOf(sides)));
}

/** Writes a head of UnivFD for an encoder, as `torch.save` of a linear layer's state writes it. */
export async function writeUnivFd(encoder, file) {
  const { embedding } = ENCODERS[encoder];
  const tensors = [
    [
      'weight',
      [1, embedding],
      randomValues('fc.weight', embedding, around(2 / Math.sqrt(embedding))),
    ],
    ['bias', [1], randomValues('fc.bias', 1, BIAS)],
  ];
  const archive = {
    'fc_weights/data.pkl': pickled(tensors),
    'fc_weights/byteorder': Buffer.from('little'),
    'fc_weights/version': Buffer.from('3\n'),
  };
  tensors.forEach(([, , bytes], index) => (archive[`fc_weights/data/${index}`] = bytes));
  await writeFile(file, zipSync(archive, { level: 0 }));
}

/**
 * The pickle (protocol 2) of an ordered dictionary of tensors, whose values lie in the archive's
 * `data/`.
 */
function pickled(tensors) {
  const mark = '(';
  const tuple = 't';
  const call = 'R';
  const named = (module, name) => `c${module}\n${name}\n`;
  const text = (value) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length);
    return `X${length.toString('latin1')}${value}`;
  };
  const whole = (value) => `M${String.fromCharCode(value & 255, value >> 8)}`;
  const ordered = `${named('collections', 'OrderedDict')})${call}`;
  const tensor = (shape, index) => {
    const storage =
      mark +
      text('storage') +
      named('torch', 'FloatStorage') +
      text(String(index)) +
      text('cpu') +
      whole(valuesOf(shape));
    const strides = shape.map((_, axis) => whole(valuesOf(shape.slice(axis + 1))));
    return (
      named('torch._utils', '_rebuild_tensor_v2') +
      // The storage by a persistent id, offset, shape, strides, no gradient, no hooks.
      `${mark}${storage}${tuple}Q${whole(0)}${mark}${shape.map(whole).join('')}${tuple}` +
      `${mark}${strides.join('')}${tuple}\x89${ordered}${tuple}${call}`
    );
  };
  const items = tensors.map(([name, shape], index) => text(name) + tensor(shape, index)).join('');
  return Buffer.from(`\x80\x02${ordered}${mark}${items}u.`, 'latin1');
}
