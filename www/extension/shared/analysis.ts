/**
 * What the sandboxed frame may answer. It decodes hostile files; should one take it over, all it
 * can do is lie about that image: nothing but values of these types comes out.
 */
import type { Analysis, DetectorInfo, Fidelity } from 'clipsight';
import * as v from 'valibot';
import { provenance } from './provenance.js';
import { line, number, schemaOf, share } from './schema.js';

/** Most notes of an analysis. */
const MAX_NOTES = 32;

/** Most views of an image. */
const MAX_VIEWS = 16;

/** Most deliveries of a stability. */
const MAX_DELIVERIES = 16;

/** Most pictures that are offered inside an image. */
const MAX_PICTURES = 64;

/** Most parts of a map, and layers or pools of its shares. */
const MAX_PARTS = 1024;

export const fidelity = schemaOf<Fidelity>()(
  v.picklist(['original-bytes', 're-encoded', 'screen-capture']),
);

const grade = v.picklist(['weak', 'moderate', 'strong', 'very-strong']);

const scored = v.object({
  status: v.literal('scored'),
  probability: share,
  logit: number,
  grade,
  measuredError: v.nullable(v.object({ rate: share, low: share, high: share, n: number })),
});

const abstained = v.object({
  status: v.literal('abstained'),
  probability: share,
  logit: number,
  reason: v.picklist(['between-grades', 'uncalibrated', 'too-small', 'no-content', 'unsteady']),
});

const maker = v.nullable(v.object({ name: line, share }));

const note = v.object({
  kind: v.literal('note'),
  code: v.picklist([
    'first-frame-only',
    'first-page-only',
    'alpha-over-white',
    'sixteen-bit-reduced',
    'cmyk-converted',
    'profile-converted',
    'hdr-tone-mapped',
    'gain-map-ignored',
    'reduced-copy-skipped',
    'end-missing',
    'scans-missing',
  ]),
});

const rectangle = v.object({ x: number, y: number, width: number, height: number });

const stability = v.object({
  deliveries: v.pipe(
    v.array(
      v.object({
        delivery: v.picklist(['jpeg', 'half', 'crop', 'gray']),
        probability: share,
        logit: number,
        grade: v.nullable(grade),
      }),
    ),
    v.maxLength(MAX_DELIVERIES),
    v.readonly(),
  ),
  unsteady: v.boolean(),
});

const map = v.object({
  region: v.object({ x: share, y: share, width: share, height: share }),
  columns: number,
  rows: number,
  parts: v.pipe(v.array(number), v.maxLength(MAX_PARTS), v.readonly()),
  logit: number,
  hiddenLogit: number,
  shares: v.exactOptional(
    v.object({
      layers: v.pipe(
        v.array(v.object({ layer: number, logit: number })),
        v.maxLength(MAX_PARTS),
        v.readonly(),
      ),
      pools: v.pipe(
        v.array(
          v.object({
            pool: v.picklist(['class', 'mean', 'std', 'mlp-input-class']),
            logit: number,
          }),
        ),
        v.maxLength(MAX_PARTS),
        v.readonly(),
      ),
    }),
  ),
});

export const analysis = schemaOf<Analysis>()(
  v.object({
    schemaVersion: v.literal(1),
    file: v.object({
      sha256: line,
      bytes: number,
      format: v.picklist(['jpeg', 'png', 'webp', 'gif', 'bmp', 'tiff', 'avif', 'heif', 'jxl']),
      width: number,
      height: number,
    }),
    model: v.variant('status', [scored, abstained]),
    viewLogits: v.exactOptional(v.pipe(v.array(number), v.maxLength(MAX_VIEWS), v.readonly())),
    attribution: v.exactOptional(v.object({ family: maker, generator: maker })),
    quality: v.exactOptional(share),
    stability: v.exactOptional(stability),
    map: v.exactOptional(map),
    pictures: v.exactOptional(v.pipe(v.array(rectangle), v.maxLength(MAX_PICTURES), v.readonly())),
    evidence: v.pipe(v.array(note), v.maxLength(MAX_NOTES), v.readonly()),
    taught: v.exactOptional(
      v.object({
        name: line,
        label: v.picklist(['ai', 'real']),
        examples: number,
        sha256: line,
      }),
    ),
    provenance: v.exactOptional(provenance),
    input: v.object({
      fidelity,
      views: number,
      viewsSha256: v.exactOptional(line),
      crop: v.exactOptional(rectangle),
    }),
    timings: v.object({ decodeMs: number, encodeMs: number, totalMs: number }),
  }),
);

const check = v.object({ images: number, rightBefore: number, rightAfter: number });

const head = v.object({
  name: line,
  modelId: line,
  weightsSha256: line,
  sha256: line,
  report: v.object({
    label: v.picklist(['ai', 'real']),
    examples: number,
    nearDuplicates: number,
    heldOut: check,
    checkAi: check,
    checkReal: check,
    checkGain: number,
    forgets: v.boolean(),
  }),
});

export const detectorInfo = schemaOf<DetectorInfo>()(
  v.object({
    modelId: line,
    weightsSha256: line,
    weightsBytes: number,
    calibrationId: line,
    threshold: share,
    views: number,
    viewCounts: v.pipe(v.array(v.picklist([1, 5])), v.maxLength(2), v.readonly()),
    device: v.picklist(['webgpu', 'cpu']),
    build: v.picklist(['gpu', 'cpu', 'cpu-i16', 'cpu-simd128']),
    adapter: line,
    selfTest: v.picklist(['passed', 'fell-back']),
    cache: v.picklist(['hit', 'stored', 'unavailable', 'off']),
    fallbackReason: v.exactOptional(line),
    head: v.exactOptional(head),
  }),
);
