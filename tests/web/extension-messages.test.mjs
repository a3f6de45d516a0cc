// Whatever crosses between the extension's processes, against its schemas: what is a message passes
// unchanged, and nothing else does. Needs the package's build, no browser.
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from '../../scripts/lib/run.mjs';

let extension;
before(async () => {
  const from = (name) => JSON.stringify(`./www/extension/shared/${name}.js`);
  // A file: parts of the package name others by their own address.
  const outfile = path.join(root, '.cache/tests/extension-messages.mjs');
  await build({
    stdin: {
      contents: `export * from ${from('channel')}; export * from ${from('requests')};
        export * from ${from('calls')}; export * from ${from('schema')};
        export * from ${from('errors')}; export { MAX_IMAGE_BYTES } from ${from('limits')};`,
      resolveDir: root,
    },
    bundle: true,
    outfile,
    format: 'esm',
    platform: 'node',
  });
  extension = await import(pathToFileURL(outfile));
});

const scored = {
  schemaVersion: 1,
  file: { sha256: 'a'.repeat(64), bytes: 9, format: 'jpeg', width: 640, height: 480 },
  model: {
    status: 'scored',
    probability: 0.9,
    logit: 2.2,
    grade: 'strong',
    measuredError: { rate: 0.01, low: 0.005, high: 0.02, n: 4000 },
  },
  attribution: { family: { name: 'diffusion', share: 0.8 }, generator: null },
  viewLogits: [2.2, 2, 2.1, 2.3, 2.4],
  quality: 0.7,
  evidence: [{ kind: 'note', code: 'first-frame-only' }],
  input: { fidelity: 'original-bytes', views: 5, viewsSha256: 'd'.repeat(64) },
  timings: { decodeMs: 1, encodeMs: 2, totalMs: 3 },
};
const abstained = {
  ...scored,
  model: { status: 'abstained', reason: 'too-small', probability: 0.5, logit: 0 },
};
const info = {
  modelId: 'compact',
  weightsSha256: 'b'.repeat(64),
  weightsBytes: 1e6,
  calibrationId: 'c',
  threshold: 0.5,
  views: 1,
  viewCounts: [1, 5],
  device: 'cpu',
  build: 'cpu',
  adapter: '',
  selfTest: 'fell-back',
  cache: 'off',
  fallbackReason: 'the GPU computed something else',
};
const error = { code: 'network', message: 'No.', reason: 'status', detail: '404' };
const image = new Blob(['x']);
const analyze = {
  ...{ kind: 'analyze', id: 'a-1', image, fidelity: 're-encoded' },
  ...{ device: 'auto', model: 'standard' },
};

/** Well-formed messages of every kind, and the fields that each may lack. */
const MESSAGES = [
  { sample: analyze },
  { sample: { kind: 'accepted', id: 'a-1' } },
  {
    sample: { kind: 'outcome', id: 'a-1', outcome: { analysis: scored, info, instead: 'memory' } },
    optional: [
      'outcome.instead',
      'outcome.analysis.attribution',
      'outcome.analysis.quality',
      'outcome.analysis.viewLogits',
      'outcome.analysis.input.viewsSha256',
      'outcome.info.fallbackReason',
    ],
  },
  {
    sample: {
      kind: 'job',
      job: { id: 'j', windowId: 3, name: 'a.jpg', image, outcome: { error } },
    },
    optional: ['job.image', 'job.outcome', 'job.outcome.error.reason', 'job.outcome.error.detail'],
  },
  {
    sample: { kind: 'outcome', id: 'b', outcome: { analysis: abstained, info } },
    optional: [
      'outcome.analysis.attribution',
      'outcome.analysis.quality',
      'outcome.analysis.viewLogits',
      'outcome.analysis.input.viewsSha256',
      'outcome.info.fallbackReason',
    ],
  },
];
const REQUESTS = [
  {
    sample: {
      kind: 'overlay',
      address: 'https://a.test/',
      shown: { width: 3, height: 2, exact: true },
      details: true,
    },
    optional: ['shown', 'details'],
  },
  { sample: { kind: 'panel', windowId: 1 } },
  { sample: { kind: 'forget', id: 'a' } },
  { sample: { kind: 'wake' } },
];
const CALLS = [
  { sample: { id: 1, call: 'analyze', bytes: new ArrayBuffer(8), fidelity: 'screen-capture' } },
];

/** The path of every field, and its value. */
function fields(value, prefix = '') {
  if (value === null || ![Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)))
    return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    [`${prefix}${name}`, inner],
    ...fields(inner, `${prefix}${name}.`),
  ]);
}

/** A copy in which `change` was applied to the object that has the field, as it would arrive. */
function changed(sample, field, change) {
  const copy = structuredClone(sample);
  const names = field.split('.');
  const last = names.pop();
  change(
    names.reduce((inner, name) => inner[name], copy),
    last,
  );
  return copy;
}

/** Values that are wrong in place of another one. */
function wrongFor(value, field) {
  const wrong = [{ forged: true }, undefined, true];
  if (!/(measuredError|family|generator)$/.test(field)) wrong.push(null);
  // The address is what a page says it is: any text.
  if (typeof value === 'string' && field !== 'address') wrong.push('x'.repeat(5000), 7);
  if (typeof value === 'number') wrong.push(NaN, Infinity, '1');
  if (/probability|quality|share|rate|low|high/.test(field)) wrong.push(-0.1, 1.1);
  if (/(^|\.)id$/.test(field)) wrong.push('', '<img>', '../a', 'a'.repeat(65));
  return wrong.filter((other) => other !== value && !(field === 'details' && other === true));
}

describe('messages', () => {
  const groups = () => [
    [extension.toMessage, MESSAGES],
    [(value) => extension.checked(extension.request, value), REQUESTS],
    [(value) => extension.checked(extension.call, value), CALLS],
  ];

  test('what is one passes, without a field that it may not have', () => {
    for (const [check, messages] of groups()) {
      for (const { sample } of messages) {
        const arrived = structuredClone(sample);
        assert.deepEqual(check(arrived), arrived);
        arrived.extra = 1;
        for (const [field, value] of fields(sample)) {
          if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) continue;
          const more = changed(sample, field, (object, name) => (object[name].extra = 1));
          assert.deepEqual(Object.keys(check(more)), Object.keys(sample), field);
          assert.doesNotMatch(JSON.stringify(check(more)), /extra/, field);
        }
        assert.equal('extra' in check(arrived), false);
      }
    }
  });

  test('one wrong field, and it is none', () => {
    let tried = 0;
    for (const [check, messages] of groups()) {
      for (const { sample } of messages) {
        for (const [field, value] of fields(sample)) {
          for (const wrong of wrongFor(value, field)) {
            const forged = changed(sample, field, (object, name) => (object[name] = wrong));
            assert.equal(check(forged), undefined, `${field}: ${String(wrong).slice(0, 40)}`);
            tried += 1;
          }
        }
      }
    }
    assert.ok(tried > 500, `${tried} forgeries`);
  });

  test('one field missing, and it is none, unless it may be', () => {
    for (const [check, messages] of groups()) {
      for (const { sample, optional = [] } of messages) {
        for (const [field] of fields(sample)) {
          // An item of a list may be missing.
          if (/\.\d+$/.test(field)) continue;
          const less = changed(sample, field, (object, name) => delete object[name]);
          const passed = check(less);
          if (optional.includes(field)) assert.deepEqual(passed, less, field);
          else assert.equal(passed, undefined, field);
        }
      }
    }
  });

  test('what is inherited does not count: nothing that is inherited arrives', () => {
    for (const [check, messages] of groups()) {
      for (const { sample } of messages) {
        assert.equal(check(structuredClone(Object.create(sample))), undefined);
        const own = Object.defineProperty({}, '__proto__', { value: sample, enumerable: true });
        assert.equal(check(structuredClone(own)), undefined);
      }
    }
  });

  test('too large, too many, and nothing at all', () => {
    const large = { size: extension.MAX_IMAGE_BYTES + 1 };
    const blob = new Blob([new Uint8Array(large.size)]);
    assert.equal(extension.toMessage({ ...analyze, image: blob }), undefined);
    const most = new Blob([new Uint8Array(large.size - 1)]);
    assert.equal(extension.toMessage({ ...analyze, image: most })?.image, most);
    const bytes = new ArrayBuffer(large.size);
    assert.equal(extension.checked(extension.call, { ...CALLS[0].sample, bytes }), undefined);
    const evidence = Array.from({ length: 33 }, () => scored.evidence[0]);
    const outcome = (notes) => ({
      kind: 'outcome',
      id: 'a',
      outcome: { analysis: { ...scored, evidence: notes }, info },
    });
    assert.equal(extension.toMessage(outcome(evidence)), undefined);
    assert.notEqual(extension.toMessage(outcome(evidence.slice(1))), undefined);
    for (const [check] of groups()) {
      for (const value of [undefined, null, 0, 'x', [], {}, () => 1])
        assert.equal(check(value), undefined, String(value));
    }
  });

  test('anything thrown becomes an error that its own schema accepts', () => {
    const { toWire, checked, wireError, CheckError } = extension;
    for (const thrown of [
      new CheckError('status', '404'),
      new CheckError('detector', 'x'.repeat(1000)),
      new Error('x'.repeat(1000)),
      Object.assign(new Error('no'), { code: 'limit' }),
      Object.assign(new Error('no'), { code: 'forged' }),
      new DOMException('no', 'AbortError'),
      { code: {}, message: {} },
      'text',
      undefined,
      null,
      7,
    ]) {
      const wire = toWire(thrown);
      assert.deepEqual(checked(wireError, structuredClone(wire)), wire, String(thrown));
    }
    assert.equal(toWire(Object.assign(new Error('no'), { code: 'limit' })).code, 'limit');
    assert.equal(toWire(Object.assign(new Error('no'), { code: 'forged' })).code, 'internal');
  });
});
