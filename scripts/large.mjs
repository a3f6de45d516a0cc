// node scripts/large.mjs [--only REGEX]: imported models of the published shapes (B/32, B/16, L/14;
// q8, q4) with random weights in Chromium, on the CPU and on WebGPU (SwiftShader, so its times say
// nothing of a GPU): loading over a local connection and from the cache, memory, milliseconds a
// view, and how far logits are from the native program's. Needs a build and the native program.
import { parseArgs } from 'node:util';
import { median } from './bench/stats.mjs';
import { ENCODERS } from './large/checkpoint.mjs';
import { FOLDERS, measureVisits } from './large/measure.mjs';
import { nameOf, natively, prepareImages, prepareModel } from './large/models.mjs';
import { Failure, main } from './lib/run.mjs';
import { ensureChromium } from './lib/tools.mjs';

const IMAGES = 3;
/** SwiftShader takes a minute for a forward of L/14. */
const IMAGES_ON_SWIFTSHADER = 1;

/**
 * On WebGPU only as the package does it by itself: what the page does besides is the same on both.
 */
const WAYS = [
  ['cpu', 'addresses'],
  ['cpu', 'files'],
  ['webgpu', 'addresses'],
];

const mib = (bytes) => Math.round(bytes / 2 ** 20);

function report({ name, device, way, visits: [first, second], native }) {
  const { weightsBytes, cache } = first.info;
  if (first.info.device !== device)
    throw new Failure(`${name}: ran on ${first.info.device}: ${first.info.fallbackReason}`);
  const logits = second.results.map(({ logit }) => logit);
  const away = Math.max(...logits.map((logit, index) => Math.abs(logit - native[index].logit)));
  const row = {
    model: name,
    device,
    way,
    'weights MB': (weightsBytes / 1e6).toFixed(1),
    'load s': (first.loadMs / 1000).toFixed(1),
    'cached s': (second.loadMs / 1000).toFixed(1),
    cache: `${cache}, ${second.info.cache}`,
    'page peak MiB': Math.max(mib(first.peak.page), mib(second.peak.page)),
    'page settled MiB': mib(second.settled.page),
    'empty page MiB': mib(first.empty.page),
    'browser peak MiB': Math.max(mib(first.peak.all), mib(second.peak.all)),
    'empty browser MiB': mib(first.empty.all),
    'ms a view': Math.round(median(second.results.map(({ encodeMs }) => encodeMs))),
    logits: logits.map((logit) => logit.toFixed(3)).join(' '),
    'from native': away.toFixed(4),
  };
  console.log(JSON.stringify(row));
  return row;
}

await main(async () => {
  const { only = '' } = parseArgs({ options: { only: { type: 'string' } } }).values;
  const chromium = await ensureChromium();
  const { startServer } = await import('../tests/web/support/server.mjs');
  const server = await startServer({ folders: FOLDERS });
  const images = await prepareImages(IMAGES);
  const rows = [];
  try {
    for (const encoder of Object.keys(ENCODERS)) {
      for (const storage of ['q8', 'q4']) {
        const name = nameOf(encoder, storage);
        const ways = WAYS.filter((way) => new RegExp(only).test([name, ...way].join(' ')));
        if (ways.length === 0) continue;
        await prepareModel(encoder, storage);
        const native = await natively(name, images);
        for (const [device, way] of ways) {
          const some = device === 'cpu' ? images : images.slice(0, IMAGES_ON_SWIFTSHADER);
          const visits = await measureVisits({ chromium, server, name, device, way, images: some });
          rows.push(report({ name, device, way, native, visits }));
        }
      }
    }
  } finally {
    await server.close();
  }
  if (rows.length === 0) throw new Failure(`nothing is called ${only}`);
  console.table(rows);
});
