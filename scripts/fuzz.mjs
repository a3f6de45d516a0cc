// node scripts/fuzz.mjs [--seconds N] [--target REGEX] [--go-on FOLDER]
// node scripts/fuzz.mjs --fixed [--target REGEX]
//
// Feeds every reader of foreign bytes with damaged and invented ones, N seconds each. Stable Rust:
// LLVM's coverage counters are a pass of the compiler like any other, libFuzzer a library.
//
// What is tried begins with the files of the tests and grows in target/fuzz/corpus, which the next
// run begins with. A fault ends the run; its input is in target/fuzz/faults. With --go-on the first
// input of every fault is kept in FOLDER instead, and the run goes on.
//
// With --fixed the inputs are the same at every run, so that a tree that passed passes again: what
// `npm test` does. Inputs of faults are printed, too: of a machine elsewhere only the log is left.
import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Failure, main, output, root, run, step } from './lib/run.mjs';

const FOLDER = path.join(root, 'target/fuzz');

/** Longest input: what is small is tried more often. */
const MAX_BYTES = 1 << 16;

/**
 * An input that takes longer hangs: libFuzzer ends. The fuzzers' own bound is on processor time.
 */
const HANGS_AFTER_S = 60;

/** As `HANGS_AFTER_S`, for all of a target's fixed inputs: they take some ten seconds. */
const FIXED_HANG_AFTER_S = 900;

/** What libFuzzer learns by: which edges are taken, and what values are compared. */
const INSTRUMENTED = [
  '-Cpasses=sancov-module',
  '-Cllvm-args=-sanitizer-coverage-level=4',
  '-Cllvm-args=-sanitizer-coverage-inline-8bit-counters',
  '-Cllvm-args=-sanitizer-coverage-pc-table',
  '-Cllvm-args=-sanitizer-coverage-trace-compares',
];

/**
 * Builds the fuzzers; returns the program. The one of Content Credentials, which takes minutes to
 * build, is there where it is asked for.
 */
async function buildFuzzers(target) {
  const host = (await output('rustc', ['-vV']))?.match(/^host: (.*)$/m)?.[1];
  if (host === undefined) throw new Failure('rustc does not say what it compiles for.');
  // With a target named, build scripts and macros stay as they are.
  const args = ['build', '--release', '--locked', '--target', host, '--target-dir', FOLDER];
  if (target !== '' && new RegExp(target).test('verify')) args.push('--features', 'verify');
  await run('cargo', [...args, '--manifest-path', 'fuzz/Cargo.toml'], {
    env: { CARGO_ENCODED_RUSTFLAGS: INSTRUMENTED.join('\x1f') },
  });
  return path.join(FOLDER, host, 'release/clipsight-fuzz');
}

/** Runs one target; returns how many inputs were tried, and what was found. */
async function fuzzTarget(program, target, { seconds, goOn }) {
  const [corpus, seeds, faults] = ['corpus', 'seeds', 'faults'].map((name) =>
    path.join(FOLDER, name, target),
  );
  for (const folder of [corpus, seeds, faults]) await mkdir(folder, { recursive: true });
  const env = { ...process.env, CLIPSIGHT_FUZZ: target };
  await launched(program, [], { ...env, CLIPSIGHT_FUZZ_SEEDS: seeds });
  if (goOn !== undefined) env.CLIPSIGHT_FUZZ_GO_ON = goOn;
  const start = performance.now();
  const { code, log } = await launched(
    program,
    [
      `-max_total_time=${seconds}`,
      `-max_len=${MAX_BYTES}`,
      `-timeout=${HANGS_AFTER_S}`,
      // Short inputs first: off by default where a mutator of our own stands in.
      '-len_control=100',
      '-rss_limit_mb=4096',
      '-print_final_stats=1',
      `-artifact_prefix=${faults}${path.sep}`,
      corpus,
      seeds,
    ],
    env,
  );
  const tried = Number(log.match(/number_of_executed_units: *(\d+)/)?.[1] ?? 0);
  const found = [...new Set(log.match(/^FAULT.*$|^SUMMARY: libFuzzer.*$|^ALARM.*$/gm) ?? [])];
  if (code !== 0 && goOn === undefined) {
    console.error(log.split('\n').slice(-40).join('\n'));
    const [, kept] = log.match(/Test unit written to (.*)$/m) ?? [];
    throw await failure(program, target, faults, kept === undefined ? [] : [kept]);
  }
  const took = (performance.now() - start) / 1000;
  return { tried, found, perHour: Math.round((tried / took) * 3600) };
}

/** Runs one target on the inputs that are the same at every run. */
async function fixedTarget(program, target) {
  const faults = path.join(FOLDER, 'fixed', target);
  await rm(faults, { recursive: true, force: true });
  await mkdir(faults, { recursive: true });
  const env = { ...process.env, CLIPSIGHT_FUZZ: target, CLIPSIGHT_FUZZ_FIXED: faults };
  const start = performance.now();
  const { code, out, log } = await launched(program, [], env, FIXED_HANG_AFTER_S);
  const kept = (await readdir(faults)).map((name) => path.join(faults, name));
  if (code !== 0 || kept.length > 0) {
    console.error(log.split('\n').slice(-40).join('\n'));
    if (code !== 0) console.error(`${target} ended with ${code ?? 'a signal'} on the input "now".`);
    throw await failure(program, target, faults, kept);
  }
  const tried = Number(out.trim());
  const took = (performance.now() - start) / 1000;
  return { tried, found: [], perHour: Math.round((tried / took) * 3600) };
}

/** Prints the inputs of faults, each as a command that writes the file. */
async function failure(program, target, faults, kept) {
  for (const [index, file] of kept.entries()) {
    const packed = gzipSync(await readFile(file)).toString('base64');
    console.error(
      `${path.basename(file)}:\nbase64 -d << END | gunzip > ${target}-${index}\n` +
        `${packed.replace(/.{1,100}/g, '$&\n')}END`,
    );
  }
  return new Failure(
    `The fuzzer of ${target} found a fault; its input is above, and in ` +
      `${path.relative(root, faults)}:\n` +
      `  CLIPSIGHT_FUZZ=${target} ${path.relative(root, program)} INPUT`,
  );
}

function launched(program, args, env, seconds) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(seconds !== undefined && { timeout: seconds * 1000, killSignal: 'SIGKILL' }),
    });
    let out = '';
    let log = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (log += chunk));
    child.on('error', (error) => {
      reject(new Failure(`${program} cannot be run: ${error.message}`));
    });
    child.on('close', (code) => {
      resolve({ code, out, log });
    });
  });
}

/**
 * Builds the fuzzers and runs those whose names match: so many seconds each, or on inputs that are
 * the same at every run.
 */
export async function fuzz({ seconds, fixed = false, target = '', goOn } = {}) {
  const program = await step('the fuzzers', () => buildFuzzers(target));
  if (goOn !== undefined) await mkdir(goOn, { recursive: true });
  const { out } = await launched(program, [], { ...process.env, CLIPSIGHT_FUZZ: '' });
  const names = out.trim().split(' ');
  const chosen = names.filter((name) => new RegExp(target).test(name));
  if (chosen.length === 0) throw new Failure(`No target matches; there are ${names.join(', ')}.`);
  // One for each core. What they measure is time on the processor.
  const waiting = [...chosen];
  const next = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const { tried, found, perHour } = fixed
        ? await fixedTarget(program, name)
        : await fuzzTarget(program, name, { seconds, goOn });
      // A fuzzer that runs nothing finds nothing.
      if (tried === 0) throw new Failure(`The fuzzer of ${name} tried no input.`);
      console.log(`  ${name.padEnd(12)} ${tried} inputs, ${perHour} an hour`);
      for (const fault of found) console.log(`    ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, next));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const { values } = parseArgs({
      options: {
        fixed: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '10' },
        target: { type: 'string' },
        'go-on': { type: 'string' },
      },
    });
    const seconds = Number(values.seconds);
    if (!(seconds > 0)) throw new Failure('--seconds takes a number above 0.');
    const goOn = values['go-on'] === undefined ? undefined : path.resolve(values['go-on']);
    await fuzz({ seconds, fixed: values.fixed, target: values.target, goOn });
  });
}
