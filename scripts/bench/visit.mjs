// A browser that nobody drives: it opens one address, and the page there measures by itself and
// posts what it finds. Developer tools would keep copies of what is fetched and slow down what is
// timed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from '../lib/run.mjs';
import { acquire } from './lock.mjs';
import { memoryByKind, memoryOf, sampleMemory, sampleMemoryByKind } from './memory.mjs';

/**
 * Longest silence of a page, in milliseconds: onnxruntime-web takes half a minute for a forward on
 * SwiftShader.
 */
const PATIENCE = 300_000;

/** A folder for a browser's profile while `work` goes on. */
export async function withProfile(work) {
  const profile = await mkdtemp(path.join(tmpdir(), 'clipsight-bench-'));
  try {
    return await work(profile);
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/**
 * Opens `url` in a fresh profile of `browser`, or in the one that is given, and hands every step
 * that the page posts to `take`, until one says `done`. A step with a `turn` is answered when it is
 * this browser's turn on the machine.
 *
 * @param {{
 *   program: string,
 *   prepare?: (profile: string) => Promise<void>,
 *   args: (profile: string) => string[],
 * }} browser
 * @param {{
 *   url: string,
 *   server: object,
 *   take: (step: object, look: object) => unknown,
 *   profile?: string,
 * }} visit
 */
export async function visit(browser, { profile, ...rest }) {
  if (profile === undefined) await withProfile((fresh) => visitIn(fresh, browser, rest));
  else await visitIn(profile, browser, rest);
}

async function visitIn(profile, { program, prepare, args }, { url, server, take }) {
  await prepare?.(profile);
  // A group of its own, so that its helper processes end with it.
  const child = spawn(program, [...args(profile), url], { stdio: 'ignore', detached: true });
  const look = {
    memory: () => memoryOf(profile),
    sample: () => sampleMemory(profile),
    memoryByKind: () => memoryByKind(profile),
    sampleByKind: () => sampleMemoryByKind(profile, 50),
  };
  let release = async () => {};
  let timer;
  try {
    await new Promise((resolve, reject) => {
      const listen = () => {
        clearTimeout(timer);
        timer = setTimeout(() => reject(new Failure(`${program} has stopped answering`)), PATIENCE);
      };
      child.once('error', reject);
      child.once('exit', () => reject(new Failure(`${program} ended by itself`)));
      server.settings.onResult = async (step) => {
        clearTimeout(timer);
        try {
          if (step.turn === undefined) await take(step, look);
          else {
            await release();
            release = await acquire();
          }
        } catch (error) {
          reject(error);
        }
        if (step.done) resolve();
        else listen();
      };
      listen();
    });
  } finally {
    clearTimeout(timer);
    server.settings.onResult = undefined;
    await release();
    child.removeAllListeners('exit');
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid);
      await once(child, 'exit');
    }
  }
}
