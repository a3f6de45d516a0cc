// What nobody of ours would send, invented from a fixed seed: to the worker itself, and as
// arguments of the package's functions. In Node, whose worker is the browsers' file; forged
// messages that are telling have their own test in browsers, package-hostile.test.mjs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { root } from '../../scripts/lib/run.mjs';
import { scenePath } from './support/images.mjs';

const SEED = 20261130;
const MESSAGES = 3000;
const CALLS = 600;

/** A minimal standard generator (Park and Miller). */
function randomness(seed) {
  let state = seed;
  const next = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const below = (end) => Math.floor(next() * end);
  return { below, pick: (list) => list[below(list.length)], chance: (p) => next() < p };
}

const isBytes = (value) => value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
const isImage = (value) => value instanceof Blob || isBytes(value);
const isText = (value) => typeof value === 'string';
const isOneOf =
  (...values) =>
  (value) =>
    values.includes(value);
const isObject = (value) => typeof value === 'object' && value !== null;
const isWasm = (value) =>
  isObject(value) && Object.values(value).every((file) => isText(file) || isBytes(file));
const isCrop = (crop) =>
  crop === undefined ||
  (isObject(crop) &&
    ['x', 'y', 'width', 'height'].every((side) => Number.isSafeInteger(crop[side])) &&
    Math.min(crop.x, crop.y) >= 0 &&
    Math.min(crop.width, crop.height) > 0 &&
    Math.max(crop.x, crop.y, crop.width, crop.height) <= 16384);

/** What each call takes, by the documentation of the messages: www/lib/worker/rpc.ts. */
const LIMITS = {
  'limits.maxBytes': Number.isSafeInteger,
  'limits.maxSide': Number.isSafeInteger,
  'limits.maxPixels': Number.isSafeInteger,
};
const TAKES = {
  analyze: {
    input: isImage,
    ...LIMITS,
    fidelity: isOneOf('original-bytes', 're-encoded', 'screen-capture'),
    views: isOneOf(undefined, 1, 5),
    explain: isOneOf(undefined, true, false),
    stability: isOneOf(undefined, 'say', 'abstain'),
    provenance: isOneOf(true, false),
    crop: isCrop,
  },
  provenance: { input: isImage, ...LIMITS, builds: isWasm },
  verify: {
    input: isImage,
    maxBytes: Number.isSafeInteger,
    verifier: (value) => isText(value) || isBytes(value),
    anchors: isObject,
    'anchors.signers': (value) => value === undefined || isText(value),
    'anchors.timeStamps': (value) => value === undefined || isText(value),
  },
  load: {
    'model.shards': (value) =>
      Array.isArray(value) && value.every((shard) => shard instanceof Blob),
    'model.manifest': isBytes,
    builds: isWasm,
    decoders: isWasm,
    device: isOneOf('auto', 'webgpu', 'cpu'),
    module: (value) => value === undefined || value instanceof WebAssembly.Module,
  },
};

/** Of every kind that crosses between threads. */
const VALUES = [
  ...[undefined, null, true, false, 0, 1, 5, -1, 0.5, NaN, -Infinity, 2 ** 53, 1e308, 10n],
  ...['', 'x', '1', 'say', 'cpu', 'original-bytes', '__proto__', 'x'.repeat(1 << 16), '\uD800'],
  ...[[], [[]], [1, 2], {}, { length: 3 }, { x: 0, y: 0, width: 1, height: 1 }],
  ...[new Date(0), /x/, new Map([['x', 1]]), new Set([1]), new Error('x')],
  ...[new ArrayBuffer(8), new Uint8Array(0), new Uint8Array(64), new Float64Array(2)],
  ...[new Uint8Array(new SharedArrayBuffer(8)), new DataView(new ArrayBuffer(4))],
  ...[new Blob([]), new Blob(['GIF89a']), JSON.parse('{"__proto__": {"id": 1}}')],
];

const at = (value, place) =>
  place.split('.').reduce((part, name) => (isObject(part) ? part[name] : undefined), value);

/** A copy in which one place holds another value, or is not there any more. */
function changed(message, place, value, gone) {
  const [name, ...rest] = place.split('.');
  if (!isObject(message)) return message;
  const copy = { ...message };
  if (rest.length > 0) copy[name] = changed(copy[name], rest.join('.'), value, gone);
  else if (gone) delete copy[name];
  else copy[name] = value;
  return copy;
}

let clipsight;
let picture;
let files;
before(async () => {
  clipsight = await import(pathToFileURL(path.join(root, 'pkg/index.js')));
  picture = new Uint8Array(await readFile(scenePath('portrait.jpg')));
  files = await clipsight.fetchModel({ device: 'cpu', cache: 'none' });
});

describe('the worker', () => {
  let worker;
  const answers = [];
  const broken = [];
  const answerTo = async (id) => {
    for (;;) {
      const answer = answers.find((each) => each.id === id && each.type !== 'step');
      if (answer !== undefined) return answer;
      assert.deepEqual(broken, []);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const sound = () => {
    const limits = { maxBytes: 1e6, maxSide: 4096, maxPixels: 1e7 };
    const analyze = { input: picture, limits, fidelity: 'original-bytes', provenance: true };
    return {
      analyze,
      provenance: { input: picture, limits, builds: {} },
      verify: { input: picture, maxBytes: 1e6, verifier: new Uint8Array(8), anchors: {} },
      load: { model: files, builds: files.cores, decoders: {}, device: 'cpu' },
    };
  };

  before(async () => {
    worker = new Worker(clipsight.workerUrl);
    worker.on('message', (answer) => answers.push(answer));
    worker.on('error', (error) => broken.push(error));
    worker.on('exit', (code) => broken.push(`it ended with ${code}`));
    worker.postMessage({ id: 0, call: 'load', params: sound().load });
    assert.equal((await answerTo(0)).type, 'result');
  });
  after(async () => {
    worker.removeAllListeners('exit');
    await worker.terminate();
  });

  test(`answers what is a call once, and nothing else: ${MESSAGES} messages`, async (t) => {
    const random = randomness(SEED);
    const codes = {};
    const expected = new Set();
    let id = 1;
    worker.postMessage({ id, call: 'analyze', params: sound().analyze });
    const { result: first } = await answerTo(id);
    assert.ok(['scored', 'abstained'].includes(first.model.status));
    for (let sent = 0; sent < MESSAGES; sent += 1) {
      const call = random.pick(Object.keys(TAKES));
      // A small input: what is tried is the message.
      const input = random.pick([new Uint8Array(3), new Blob(['GIF89a'])]);
      let params = call === 'load' ? sound().load : { ...sound()[call], input };
      const places = Object.keys(TAKES[call]);
      for (let times = random.below(3); times > 0; times -= 1) {
        const place = random.pick(places);
        params = changed(params, place, random.pick(VALUES), random.chance(0.2));
      }
      id += 1;
      const message = { id, call, params };
      const isCall = places.every((place) => TAKES[call][place](at(params, place)));
      if (isCall) expected.add(id);
      if (random.chance(0.1)) worker.postMessage({ call: 'cancel', id: random.pick(VALUES) });
      if (random.chance(0.1)) worker.postMessage(random.pick(VALUES));
      if (random.chance(0.1)) worker.postMessage({ ...message, id: random.pick(['', 0.5, NaN]) });
      worker.postMessage(message);
      // Whatever it has to say, it says before it answers what comes later.
      if (sent % 50 === 49 && expected.size > 0) await answerTo(Math.max(...expected));
    }
    id += 1;
    worker.postMessage({ id, call: 'analyze', params: sound().analyze });
    const { result: last } = await answerTo(id);
    assert.deepEqual(last.model, first.model, 'the same verdict as before');

    const given = answers.filter((answer) => answer.type === 'result' || answer.type === 'error');
    const counts = new Map();
    for (const answer of given) counts.set(answer.id, (counts.get(answer.id) ?? 0) + 1);
    const wrong = [...expected].filter((each) => counts.get(each) !== 1);
    assert.deepEqual(wrong, [], 'calls without an answer, or with two');
    const unasked = [...counts.keys()].filter((each) => !expected.has(each));
    assert.deepEqual(unasked, [0, 1, id], 'answers to what is no call');
    for (const { type, error } of given) {
      codes[error?.code ?? type] = (codes[error?.code ?? type] ?? 0) + 1;
      assert.notEqual(error?.fatal, true, error?.message);
      // Whoever loads twice is a program of ours.
      if (error?.code === 'internal') assert.match(error.message, /load was called twice/);
    }
    assert.deepEqual(
      answers.filter(({ type }) => type === 'fatal'),
      [],
    );
    assert.deepEqual(broken, []);
    t.diagnostic(`${expected.size} calls: ${JSON.stringify(codes)}`);
  });
});

describe('the functions of the package', () => {
  /** What came of a call: an error of the package's, which blames the caller, or a result. */
  const outcome = async (work) => {
    try {
      await work();
      return 'a result';
    } catch (error) {
      assert.equal(error?.name, 'DetectorError', error?.stack ?? String(error));
      assert.notEqual(error.code, 'internal', error.stack);
      return error.code;
    }
  };
  const values = [...VALUES, Symbol('x'), () => 1, new URL('about:blank'), Object.create(null)];

  test(`end in a result or an error with a code: ${CALLS} calls`, async (t) => {
    const random = randomness(SEED);
    const detector = await clipsight.createDetector({ model: files, worker: false });
    const limits = { maxBytes: 1e6, maxSide: 4096, maxPixels: 1e7 };
    const codes = {};
    for (let done = 0; done < CALLS; done += 1) {
      let options = { limits, fidelity: 're-encoded', views: 1, worker: false };
      const places = [
        'limits',
        ...Object.keys(LIMITS),
        'fidelity',
        'views',
        'provenance',
        'worker',
      ];
      places.push('explain', 'stability', 'crop', 'signal', 'onProgress', 'anchors', 'name');
      for (let times = random.below(3); times > 0; times -= 1)
        options = changed(options, random.pick(places), random.pick(values), random.chance(0.2));
      if (random.chance(0.05)) options = random.pick(values);
      const input = random.chance(0.5) ? new Uint8Array(9) : random.pick(values);
      const work = random.pick([
        () => detector.analyze(input, options),
        () => clipsight.readProvenance(input, options),
        () => clipsight.verifyProvenance(input, options),
        () => clipsight.createDetector({ model: input, ...options }),
      ]);
      const code = await outcome(work);
      codes[code] = (codes[code] ?? 0) + 1;
    }
    const model = (await detector.analyze(picture)).model;
    assert.ok(['scored', 'abstained'].includes(model.status));
    await detector.dispose();
    assert.ok(codes.argument > CALLS / 4, JSON.stringify(codes));
    t.diagnostic(JSON.stringify(codes));
  });
});
