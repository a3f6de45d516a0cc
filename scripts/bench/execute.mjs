// Measures the rows of a plan.
import { measureBatch } from './batch.mjs';
import { measureCold, measureMemory } from './cold.mjs';
import { ENCODERS, clipsightSpecs, ortSpecs } from './configurations.mjs';
import { ensureFirefox, measureFirefox } from './firefox.mjs';
import { fastest } from './results.mjs';
import { measureWarm, metaOf } from './warm.mjs';

/**
 * The form of onnxruntime-web that was fastest warm, in this run or, where that was not measured,
 * an earlier one.
 */
function bestGraph(results, earlier, encoder, device) {
  for (const known of [results, earlier]) {
    const warm = known.find(
      (row) => row.kind === 'warm' && row.encoder === encoder && row.device === device,
    );
    const best = warm && fastest(warm.entries, 'ort');
    if (best !== undefined) return best.form;
  }
  return ENCODERS[encoder][device][0];
}

/**
 * Measures one row; `results` are those of the rows before it, `earlier` those of the run before.
 */
export async function execute(row, { results, earlier, ...context }) {
  const { kind, encoder, device } = row;
  if (device === 'firefox') return measureFirefox(await ensureFirefox(), context, row);
  const { like } = ENCODERS[encoder];
  const best = (of) => bestGraph(results, earlier, of, device);
  if (kind === 'warm') {
    // A graph's rank among its kind is the same for a larger encoder of that kind.
    return measureWarm(
      like === undefined || device === 'cpu' ? row : { ...row, graphs: [best(like)] },
      context,
    );
  }
  const graph = best(encoder);
  if (kind === 'batch') return measureBatch({ ...row, graph }, context);
  const { preprocessing } = await metaOf(encoder);
  const engines = device === 'cpu' ? ['wasm'] : ['webgpu', 'jspi'];
  const specs = {
    ...clipsightSpecs(encoder, device),
    ...ortSpecs(encoder, device, { normalisation: preprocessing, graphs: [graph], engines }),
  };
  return (kind === 'cold' ? measureCold : measureMemory)({ ...row, specs }, context);
}
