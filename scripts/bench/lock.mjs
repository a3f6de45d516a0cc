// On a machine that several jobs share, timings are taken one at a time: BENCH_LOCK names a file
// that all of them lock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Waits for the lock, if there is one, and gives the function that lets go of it. */
export async function acquire() {
  const file = process.env.BENCH_LOCK;
  if (!file) return async () => {};
  // flock holds it for as long as cat reads.
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return async () => {
    holder.stdin.end();
    await once(holder, 'close');
  };
}

/** Runs `work` while holding the lock. */
export async function alone(work) {
  const release = await acquire();
  try {
    return await work();
  } finally {
    await release();
  }
}
