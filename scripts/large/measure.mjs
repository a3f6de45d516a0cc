// Memory and time of visits with a large model, in a browser that nobody drives.
import path from 'node:path';
import { undriven } from '../bench/browser.mjs';
import { visit, withProfile } from '../bench/visit.mjs';
import { Failure, root } from '../lib/run.mjs';
import { FOLDER } from './models.mjs';

/** What a server must show for the visits. */
export const FOLDERS = { '/large/': FOLDER, '/large-page/': path.join(root, 'scripts/large') };

/**
 * Two visits with one profile: the first fills the cache, the second finds it full. Of each:
 * `loadMs`, `info`, `results`, and memory in bytes (`page`, `all`) of an `empty` page, at its
 * `peak`, and `settled` after the last result.
 *
 * @param {{
 *   chromium: string,
 *   server: object,
 *   name: string,
 *   device: 'cpu' | 'webgpu',
 *   way: 'addresses' | 'files',
 *   images: string[],
 * }} what
 */
export function measureVisits({ chromium, server, name, device, way, images }) {
  const task = {
    model: `/large/${name}/model.json`,
    device,
    way,
    images: images.map((image) => `/large/images/${image}`),
  };
  const url = `${server.url}/large-page/page.html#${encodeURIComponent(JSON.stringify(task))}`;
  const browser = undriven({ executablePath: chromium, webgpu: device === 'webgpu' });
  return withProfile(async (profile) => {
    const visits = [];
    for (let round = 0; round < 2; round += 1) {
      const seen = {};
      let stop;
      const take = async ({ at, error, done, ...step }, look) => {
        if (error !== undefined) throw new Failure(`${name} on ${device}: ${error}`);
        if (at === 'start') {
          seen.empty = await look.memoryByKind();
          stop = look.sampleByKind();
        }
        if (done) {
          seen.settled = await look.memoryByKind();
          seen.peak = await stop();
        }
        Object.assign(seen, step);
      };
      await visit(browser, { url, server, take, profile });
      visits.push(seen);
    }
    return visits;
  });
}
