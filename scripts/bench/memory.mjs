// Memory of a browser: the sum over its processes, from /proc. Pages shared between processes count once (PSS), which
// matters where the GPU process and a page's hold the same buffers.
import { readFile, readdir } from 'node:fs/promises';

/** Process ids below the browser that uses `profile`, itself included. */
async function family(profile) {
  const parents = new Map();
  let first;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    parents.set(name, parent);
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(`--user-data-dir=${profile}`) && !command.includes('--type=')) first ??= name;
  }
  const belongs = (pid) => pid !== undefined && (pid === first || belongs(parents.get(pid)));
  return [...parents.keys()].filter(belongs);
}

/** Kilobytes of one process. */
async function proportional(pid) {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
}

/** Bytes held now by the browser that uses `profile`. */
export async function memoryOf(profile) {
  const each = await Promise.all((await family(profile)).map(proportional));
  return each.reduce((a, b) => a + b, 0) * 1024;
}

/** Looks again and again until `stop()`, which gives the most that was seen, in bytes. */
export function sampleMemory(profile, intervalMs = 100) {
  let peak = 0;
  let going = true;
  const sampling = (async () => {
    while (going) {
      peak = Math.max(peak, await memoryOf(profile));
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  })();
  return async function stop() {
    going = false;
    await sampling;
    return Math.max(peak, await memoryOf(profile));
  };
}
