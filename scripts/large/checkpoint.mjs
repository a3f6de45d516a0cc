// Checkpoints of the published shapes with random weights, in the forms in which they are published: an image tower as
// transformers writes it (`CLIPVisionModelWithProjection`: config.json, model.safetensors), a head of UnivFD as PyTorch
// writes it (`fc_weights.pth`). The same numbers for the same encoder, on every machine.
import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { zipSync } from 'fflate';

/** Published image towers: openai/clip-vit-base-patch32, -base-patch16, -large-patch14. */
export const ENCODERS = {
  'clip-vit-b-32': { width: 768, layers: 12, patch: 32, embedding: 512 },
  'clip-vit-b-16': { width: 768, layers: 12, patch: 16, embedding: 512 },
  'clip-vit-l-14': { width: 1024, layers: 24, patch: 14, embedding: 768 },
};

const SIDE = 224;

/** Gains, biases and the class token are as training leaves them: zeros would hide an engine that forgets to add one. */
const GAIN = { mean: 1, deviation: 0.2 };
const BIAS = { mean: 0, deviation: 0.1 };
const CLASS_TOKEN = { mean: 0, deviation: 0.5 };

const around = (deviation) => ({ mean: 0, deviation });

/** Every tensor of a tower: name, shape, and how its numbers are spread; matrices as CLIP begins with them. */
function* tensorsOf({ width, layers, patch, embedding }) {
  const model = 'vision_model';
  const tokens = (SIDE / patch) ** 2 + 1;
  const deep = Math.sqrt(1 / width / (2 * layers));
  const norm = (name) => [
    [`${name}.weight`, [width], GAIN],
    [`${name}.bias`, [width], BIAS],
  ];
  const linear = (name, rows, columns, deviation) => [
    [`${name}.weight`, [rows, columns], around(deviation)],
    [`${name}.bias`, [rows], BIAS],
  ];
  yield [`${model}.embeddings.class_embedding`, [width], CLASS_TOKEN];
  yield [
    `${model}.embeddings.patch_embedding.weight`,
    [width, 3, patch, patch],
    around(Math.sqrt(1 / (3 * patch ** 2))),
  ];
  yield [`${model}.embeddings.position_embedding.weight`, [tokens, width], around(0.02)];
  yield* norm(`${model}.pre_layrnorm`);
  for (let index = 0; index < layers; index += 1) {
    const layer = `${model}.encoder.layers.${index}`;
    for (const name of ['q_proj', 'k_proj', 'v_proj']) yield* linear(`${layer}.self_attn.${name}`, width, width, deep);
    yield* linear(`${layer}.self_attn.out_proj`, width, width, Math.sqrt(1 / width));
    yield* norm(`${layer}.layer_norm1`);
    yield* norm(`${layer}.layer_norm2`);
    yield* linear(`${layer}.mlp.fc1`, 4 * width, width, Math.sqrt(1 / (2 * width)));
    yield* linear(`${layer}.mlp.fc2`, width, 4 * width, deep);
  }
  yield* norm(`${model}.post_layernorm`);
  yield ['visual_projection.weight', [embedding, width], around(Math.sqrt(1 / width))];
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

/** Writes a tower of random weights into `folder`. */
export async function writeEncoder(encoder, folder) {
  const { width, layers, patch, embedding } = ENCODERS[encoder];
  await mkdir(folder, { recursive: true });
  const config = {
    architectures: ['CLIPVisionModelWithProjection'],
    model_type: 'clip_vision_model',
    hidden_act: 'quick_gelu',
    hidden_size: width,
    image_size: SIDE,
    intermediate_size: 4 * width,
    layer_norm_eps: 1e-5,
    num_attention_heads: width / 64,
    num_hidden_layers: layers,
    patch_size: patch,
    projection_dim: embedding,
  };
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(config, null, 2));
  const header = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const [name, shape] of tensorsOf(ENCODERS[encoder])) {
    const start = end;
    end += 4 * valuesOf(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [start, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = await open(path.join(folder, 'model.safetensors'), 'w');
  try {
    await file.write(Buffer.concat([length, padded]));
    for (const [name, shape, spread] of tensorsOf(ENCODERS[encoder])) {
      await file.write(randomValues(name, valuesOf(shape), spread));
    }
  } finally {
    await file.close();
  }
}

/** Writes a head of UnivFD for an encoder, as `torch.save` of a linear layer's state writes it. */
export async function writeUnivFd(encoder, file) {
  const { embedding } = ENCODERS[encoder];
  const tensors = [
    ['weight', [1, embedding], randomValues('fc.weight', embedding, around(2 / Math.sqrt(embedding)))],
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

/** The pickle (protocol 2) of an ordered dictionary of tensors, whose values lie in the archive's `data/`. */
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
