// Memory of a browser, from /proc. Pages shared between processes count once (PSS), which matters
// where the GPU process and a page's hold the same buffers.
import { readFile, readdir } from 'node:fs/promises';

/**
 * Process ids below the browser that uses `profile`, itself included, and whether each shows pages.
 */
async function family(profile) {
  const processes = new Map();
  let first;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    processes.set(pid, { parent, isPage: command.includes('--type=renderer') });
    if (command.includes(`--user-data-dir=${profile}`) && !command.includes('--type='))
      first ??= pid;
  }
  const belongs = (pid) =>
    pid !== undefined && (pid === first || belongs(processes.get(pid)?.parent));
  return [...processes]
    .filter(([pid]) => belongs(pid))
    .map(([pid, { isPage }]) => ({ pid, isPage }));
}

/** Kilobytes of one process. */
async function proportional(pid) {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
}

/**
 * Bytes held now by the browser that uses `profile`: `all` of its processes, and the `page`, the
 * process that shows it and runs its workers. Chromium keeps others of this kind ready, so the
 * largest is taken; what a page has on the GPU is elsewhere.
 */
export async function memoryByKind(profile) {
  const each = await Promise.all(
    (await family(profile)).map(async ({ pid, isPage }) => ({
      isPage,
      bytes: 1024 * (await proportional(pid)),
    })),
  );
  return {
    all: each.reduce((sum, { bytes }) => sum + bytes, 0),
    page: Math.max(0, ...each.filter(({ isPage }) => isPage).map(({ bytes }) => bytes)),
  };
}

/** Bytes held now by the browser that uses `profile`. */
export async function memoryOf(profile) {
  return (await memoryByKind(profile)).all;
}

/** Looks again and again until `stop()`, which gives the most that was seen of each, in bytes. */
export function sampleMemoryByKind(profile, intervalMs = 100) {
  const peak = { all: 0, page: 0 };
  let going = true;
  const look = async () => {
    const { all, page } = await memoryByKind(profile);
    peak.all = Math.max(peak.all, all);
    peak.page = Math.max(peak.page, page);
  };
  const sampling = (async () => {
    while (going) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, intervalMs));
    }
  })();
  return async function stop() {
    going = false;
    await sampling;
    await look();
    return peak;
  };
}

/** Looks again and again until `stop()`, which gives the most that was seen, in bytes. */
export function sampleMemory(profile, intervalMs = 100) {
  const stop = sampleMemoryByKind(profile, intervalMs);
  return async () => (await stop()).all;
}
