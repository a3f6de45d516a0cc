// Throughput: many images from bytes to verdict, each side in its own way and with all cores that
// it can use.
import { availableParallelism } from 'node:os';
import { withPage } from './browser.mjs';
import { clipsightSpecs, ortSpecs } from './configurations.mjs';
import { alone } from './lock.mjs';
import { median } from './stats.mjs';
import { metaOf, openBench } from './warm.mjs';

/**
 * @param {{ encoder: string, device: string, graph: string, repetitions: number }} row
 */
export async function measureBatch(row, { chromium, server, images, say }) {
  const { encoder, device, graph, repetitions } = row;
  const { preprocessing } = await metaOf(encoder);
  // onnxruntime-web starts threads on isolated pages only.
  server.settings.isolated = true;
  const result = await withPage(
    { executablePath: chromium, webgpu: device === 'webgpu' },
    async (page) => {
      const bench = await openBench(page, { server, images });
      const specs = { ...clipsightSpecs(encoder, device) };
      for (const threads of new Set([1, availableParallelism()])) {
        for (const batched of [false, true]) {
          const found = ortSpecs(encoder, device, {
            normalisation: preprocessing,
            threads,
            graphs: [graph],
          });
          const [name, spec] = Object.entries(found)[0];
          specs[`${name}, ${threads} threads, ${batched ? 'all at once' : 'one by one'}`] = {
            ...spec,
            batched,
          };
        }
      }
      const entries = [];
      for (const [name, spec] of Object.entries(specs)) {
        const entry = {
          name,
          side: spec.side,
          form: spec.form,
          threads: spec.threads,
          samples: [],
        };
        await bench('start', name, spec);
        await alone(() => bench('batch', name));
        entries.push(entry);
      }
      for (let round = 0; round < repetitions; round += 1) {
        for (const { name, samples } of entries)
          samples.push((await alone(() => bench('batch', name))).ms);
      }
      for (const entry of entries) {
        entry.imagesPerSecond = (images.length / median(entry.samples)) * 1000;
        say(`${entry.name}: ${entry.imagesPerSecond.toFixed(2)} images/s`);
      }
      return { kind: 'batch', encoder, device, images: images.length, entries };
    },
  );
  server.settings.isolated = false;
  return result;
}
