// Firefox on lavapipe: a second WebGPU implementation, on Debian. Playwright cannot drive Debian's Firefox, so the page
// measures by itself and posts what it finds.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure, output } from '../lib/run.mjs';
import { installFromDebian, isDebian } from '../lib/tools.mjs';
import { ENCODERS, LEAST_COSINE, clipsightSpecs, ortSpecs } from './configurations.mjs';
import { acquire } from './lock.mjs';
import { cosine, median } from './stats.mjs';
import { metaOf } from './warm.mjs';

const ENCODER = 'clip-vit-b-32';

/** Where Debian describes its software Vulkan. */
const LAVAPIPE = `/usr/share/vulkan/icd.d/lvp_icd.${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch]}.json`;

/** Longest silence of the page, in milliseconds. */
const PATIENCE = 180_000;

const PREFERENCES = {
  'dom.webgpu.enabled': true,
  'dom.webgpu.workers.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  'browser.shell.checkDefaultBrowser': false,
  'browser.aboutwelcome.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.normandy.enabled': false,
};

/** Debian's Firefox and its software Vulkan; installed where they are missing. */
export async function ensureFirefox() {
  const find = () => output('sh', ['-c', 'command -v firefox-esr']);
  const there = (await find()) && existsSync(LAVAPIPE);
  if (!there) {
    if (!(await isDebian())) throw new Failure('--firefox needs Firefox ESR and lavapipe, as Debian has them.');
    await installFromDebian('Firefox', ['firefox-esr', 'mesa-vulkan-drivers']);
  }
  return find();
}

/** The row of ViT-B/32 on WebGPU in Firefox, as `measureWarm` gives it. */
export async function measureFirefox(firefox, { server, images, say }, { repetitions }) {
  const meta = await metaOf(ENCODER);
  const specs = {
    ...clipsightSpecs(ENCODER, 'webgpu'),
    ...ortSpecs(ENCODER, 'webgpu', { normalisation: meta.preprocessing, graphs: ENCODERS[ENCODER].firefox }),
  };
  const entries = new Map(
    Object.entries(specs).map(([name, { side, form, engine }]) => [name, { name, side, form, engine, samples: [] }]),
  );
  const take = ({ name, loadMs, check, error, sample }) => {
    const entry = entries.get(name);
    if (sample !== undefined) entry.samples.push(sample);
    else if (error !== undefined) Object.assign(entry, { valid: false, error });
    else {
      entry.loadMs = loadMs;
      entry.logitError = Math.abs(check.logit - meta.logit);
      if (check.embedding !== undefined) entry.cosine = cosine(check.embedding, meta.embedding);
      entry.valid = check.embedding === undefined ? entry.logitError < 0.5 : entry.cosine >= LEAST_COSINE;
    }
    say(`${name}: ${JSON.stringify(sample ?? { ...entry, samples: undefined })}`);
  };
  const plan = encodeURIComponent(JSON.stringify({ specs, repetitions, image: images[0] }));
  await browse(firefox, `${server.url}/page/solo.html#${plan}`, server, take);
  for (const entry of entries.values()) {
    if (entry.samples.length === 0) continue;
    entry.verdictMs = median(entry.samples.map(({ ms }) => ms));
    entry.encodeMs = median(entry.samples.map(({ encodeMs }) => encodeMs));
  }
  return { kind: 'warm', encoder: ENCODER, device: 'firefox', entries: [...entries.values()] };
}

/** Opens an address and hands every step to `take` until the page says that it is done. */
async function browse(firefox, url, server, take) {
  const profile = await mkdtemp(path.join(tmpdir(), 'clipsight-bench-'));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${value});\n`);
  await writeFile(path.join(profile, 'user.js'), lines.join(''));
  // A group of its own, so that its helper processes end with it.
  const child = spawn(firefox, ['--headless', '--no-remote', '--profile', profile, url], {
    stdio: 'ignore',
    detached: true,
  });
  let release = async () => {};
  try {
    await new Promise((resolve, reject) => {
      let timer;
      const wait = () => {
        clearTimeout(timer);
        timer = setTimeout(() => reject(new Failure('Firefox has stopped answering')), PATIENCE);
      };
      server.settings.onResult = async (step) => {
        wait();
        if (step.done) {
          clearTimeout(timer);
          resolve();
        } else if (step.turn === undefined) take(step);
        else {
          await release();
          release = await acquire();
        }
      };
      wait();
    });
  } finally {
    server.settings.onResult = undefined;
    await release();
    process.kill(-child.pid);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
