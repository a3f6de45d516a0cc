// On a machine that several jobs share, timings are taken one at a time: BENCH_LOCK names a file that all of them lock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs `work` while holding the lock, if there is one. */
export async function alone(work) {
  const file = process.env.BENCH_LOCK;
  if (!file) return work();
  // flock holds it for as long as cat reads.
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await once(holder, 'close');
  }
}
