// What measured rows say: the best of each side, and their ratio.
import { ENCODERS } from './configurations.mjs';
import { planned } from './plan.mjs';

/** The valid entry of a side with the lowest `measure`. */
export function fastest(entries, side, measure = ({ verdictMs }) => verdictMs) {
  const running = entries.filter(
    (entry) => entry.side === side && entry.valid !== false && measure(entry) !== undefined,
  );
  return running.sort((a, b) => measure(a) - measure(b))[0];
}

/** Goals of issue 4: highest ratio of clipsight to onnxruntime-web's best. */
const GOALS = {
  'encode/webgpu/clip-vit-b-32': 0.2,
  'encode/firefox/clip-vit-b-32': 0.8,
  'encode/webgpu/clip-vit-b-16': 0.35,
  'encode/webgpu/vit-ti-16': 0.35,
  'encode/cpu/clip-vit-b-32': 0.55,
  'encode/cpu/clip-vit-b-16': 0.65,
  'encode/cpu/clip-vit-l-14': 0.65,
  'encode/cpu/vit-ti-16': 0.6,
  'engine/cpu/vit-ti-16': 0.15,
  'engine/webgpu/vit-ti-16': 0.36,
  'cold/cpu/vit-ti-16': 0.5,
  'memory/cpu/clip-vit-b-32': 0.6,
};

/** Least share of the core's 8-bit peak that the compact model should reach on the CPU. */
export const PEAK_SHARE_GOAL = 0.45;

const DEVICES = { cpu: 'CPU, one worker', webgpu: 'WebGPU', firefox: 'WebGPU, Firefox' };

/** What each kind of row is compared by: id, label, unit, the entry's number (lower is better). */
const COMPARISONS = {
  warm: [
    { id: 'encode', label: 'encoder', unit: 'ms', measure: ({ encodeMs }) => encodeMs },
    { id: 'verdict', label: 'bytes to verdict', unit: 'ms', measure: ({ verdictMs }) => verdictMs },
  ],
  cold: [
    {
      id: 'cold',
      label: 'cold start to first verdict',
      unit: 'ms',
      measure: ({ verdictMs }) => verdictMs,
    },
    {
      id: 'cold-50',
      label: 'the same at 50 Mbit/s',
      unit: 'ms',
      measure: ({ throttledVerdictMs }) => throttledVerdictMs,
    },
    {
      id: 'engine',
      label: 'engine, brotli',
      unit: 'kB',
      measure: ({ wire }) => wire.engine.brotli / 1000,
    },
    {
      id: 'weights',
      label: 'weights, brotli',
      unit: 'kB',
      measure: ({ wire }) => wire.weights.brotli / 1000,
    },
  ],
  memory: [
    { id: 'memory', label: 'peak memory', unit: 'MB', measure: ({ peakBytes }) => peakBytes / 1e6 },
  ],
  batch: [
    {
      id: 'batch',
      label: 'batch, per image',
      unit: 'ms',
      measure: ({ imagesPerSecond }) => 1000 / imagesPerSecond,
    },
  ],
};

/** One line per comparison: `{ id, encoder, what, unit, ours, theirs, form, ratio, goal }`. */
export function comparisons(rows) {
  return rows.flatMap(({ kind, encoder, device, entries }) =>
    COMPARISONS[kind].flatMap(({ id, label, unit, measure }) => {
      const [ours, theirs] = ['clipsight', 'ort'].map((side) => fastest(entries, side, measure));
      if (ours === undefined || theirs === undefined) return [];
      const key = `${id}/${device}/${encoder}`;
      return [
        {
          id: key,
          encoder: ENCODERS[encoder].title,
          device: DEVICES[device],
          what: label,
          unit,
          ours: measure(ours),
          ourForm: ours.name,
          theirs: measure(theirs),
          form: theirs.name,
          ratio: measure(ours) / measure(theirs),
          goal: GOALS[key],
        },
      ];
    }),
  );
}

/**
 * Share of the core's 8-bit peak that the encoder reached: `{ encoder, gmacs, peak, share }` of
 * every row on the CPU.
 */
export function peakShares(rows) {
  return rows
    .filter(({ kind, peakInt8 }) => kind === 'warm' && peakInt8 !== undefined)
    .flatMap(({ encoder, entries, peakInt8 }) => {
      const { gmac, title } = ENCODERS[encoder];
      const best = fastest(entries, 'clipsight', ({ encodeMs }) => encodeMs);
      if (best === undefined) return [];
      const gmacs = (gmac / best.encodeMs) * 1000;
      const goal = encoder === 'vit-ti-16' ? PEAK_SHARE_GOAL : undefined;
      return [{ encoder: title, gmacs, peak: peakInt8, share: gmacs / peakInt8, goal }];
    });
}

/**
 * Goals of issue 4 for embeddings (lowest mean cosine to f32) and verdicts (largest share that
 * flips).
 */
const LEAST_COSINES = { q8: 0.999, q4: 0.99 };
const MOST_FLIPS = 0.005;

/** What `clipsight bench precision` measured beside the goals: `{ what, value, goal, met }`. */
export function precisionGoals({ embeddings, verdicts }) {
  const rows = Object.entries(embeddings).map(([storage, { mean, lowest }]) => ({
    what: `cosine of embeddings, ${storage}: mean (lowest)`,
    value: `${mean.toFixed(5)} (${lowest.toFixed(5)})`,
    goal: `mean >= ${LEAST_COSINES[storage]}`,
    met: mean >= LEAST_COSINES[storage],
  }));
  const flips = verdicts.flips / verdicts.images;
  rows.push({
    what: 'verdicts on the other side of the threshold, q8',
    value: `${verdicts.flips} of ${verdicts.images}, ${(flips * 100).toFixed(2)} %`,
    goal: `<= ${MOST_FLIPS * 100} %`,
    met: flips <= MOST_FLIPS,
  });
  return rows;
}

/** A row's name. */
export const idOf = ({ kind, device, encoder }) => `${kind}/${device}/${encoder}`;

/**
 * The run `latest` with all that `part` measured in the place of what it had. Rows that were
 * measured before say when and at which commit.
 */
export function updated({ rows = [], date, versions, ...latest }, part) {
  const rowsById = new Map(
    rows.map((row) => [idOf(row), { measured: { date, commit: versions.commit }, ...row }]),
  );
  for (const row of part.rows) rowsById.set(idOf(row), row);
  const order = planned({ firefox: true }).map(idOf);
  const sorted = [...rowsById.values()].sort(
    (a, b) => order.indexOf(idOf(a)) - order.indexOf(idOf(b)),
  );
  return { ...latest, ...part, rows: sorted };
}
