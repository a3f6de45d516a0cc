// The rows of a run, in the order in which they are measured.
import { ENCODERS } from './configurations.mjs';

const FULL = {
  firefox: { repetitions: 5 },
  cpu: { repetitions: 9, heats: 3, warmUps: 2 },
  webgpu: { repetitions: 3, heats: 1, warmUps: 0 },
};
const QUICK = {
  firefox: { repetitions: 2 },
  cpu: { repetitions: 3, heats: 1, warmUps: 1 },
  webgpu: { repetitions: 1, heats: 1, warmUps: 0 },
};

/** An encoder this large takes seconds on one core. */
const SECONDS_GMAC = 50;

/** Encoders whose starts and memory are measured, on which devices. */
const STARTS = [
  ['vit-ti-16', 'cpu'],
  ['vit-ti-16', 'webgpu'],
  ['clip-vit-b-32', 'cpu'],
];

/**
 * Fewer rounds before those that count, where each takes seconds; none where there is one graph and
 * nothing to choose.
 */
function fewer(device, encoder) {
  const { like, gmac } = ENCODERS[encoder];
  if (device === 'webgpu') return like === undefined ? {} : { heats: 0 };
  return gmac > SECONDS_GMAC ? { heats: 1, warmUps: 1 } : {};
}

/**
 * Rows `{ id, kind, encoder, device, ... }`; `kind/device/encoder` is their id.
 *
 * @param {{ only?: RegExp, quick?: boolean, firefox?: boolean }} options
 */
export function planned({ only = /./, quick = false, firefox = false }) {
  const times = quick ? QUICK : FULL;
  const rows = [];
  const add = (kind, device, encoder, more = {}) =>
    rows.push({
      id: `${kind}/${device}/${encoder}`,
      kind,
      device,
      encoder,
      ...times[device],
      ...more,
    });
  for (const device of ['cpu', 'webgpu']) {
    for (const encoder of Object.keys(ENCODERS)) {
      if (ENCODERS[encoder][device].length === 0) continue;
      add('warm', device, encoder, fewer(device, encoder));
    }
  }
  if (firefox) add('warm', 'firefox', 'clip-vit-b-32');
  for (const [encoder, device] of STARTS) {
    add('cold', device, encoder, {
      repetitions: quick || device === 'webgpu' ? 1 : 5,
      throttled: device === 'cpu' && !quick,
    });
    add('memory', device, encoder);
  }
  add('batch', 'cpu', 'vit-ti-16', { repetitions: quick ? 1 : 3 });
  return rows.filter(({ id }) => only.test(id));
}
