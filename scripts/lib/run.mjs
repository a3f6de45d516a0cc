// Child processes and messages for the scripts. Node's own modules only: these run before `npm ci`.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** What runs at present: it ends with this program, also where that is a failure elsewhere. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill();
});

/** A failure that the user can act on: printed without a stack. */
export class Failure extends Error {}

/**
 * Runs a command in the repository with its output on ours; rejects with a Failure when it fails.
 */
export function run(command, args, { env = {}, quiet = false, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'ignore' : 'inherit', quiet ? 'ignore' : 'inherit'],
    });
    child.on('error', (error) => {
      running.delete(child);
      reject(new Failure(`${command} cannot be run: ${error.message}`));
    });
    running.add(child);
    child.on('close', (code, signal) => {
      running.delete(child);
      if (code === 0) resolve();
      else
        reject(
          new Failure(
            `${[command, ...args].join(' ')}\nended with ${signal ?? `exit status ${code}`}`,
          ),
        );
    });
  });
}

/** What a command prints, or undefined when it is not there or fails. */
export function output(command, args, { cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.on('error', () => resolve(undefined));
    child.on('close', (code) => resolve(code === 0 ? text.trim() : undefined));
  });
}

/** Does one named step and says how long it took. */
export async function step(name, work) {
  console.log(`\n▸ ${name}`);
  const start = performance.now();
  const result = await work();
  console.log(`  ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/** Runs a script's main function; a Failure ends it with its message and status 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Failure ? `\n✖ ${error.message}` : error);
    process.exit(1);
  }
}
