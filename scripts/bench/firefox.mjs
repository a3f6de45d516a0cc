// Firefox on lavapipe: a second WebGPU implementation, on Debian. Playwright cannot drive Debian's
// Firefox, so the page measures by itself and posts what it finds.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, output } from '../lib/run.mjs';
import { installFromDebian, isDebian } from '../lib/tools.mjs';
import { ENCODERS, LEAST_COSINE, clipsightSpecs, ortSpecs } from './configurations.mjs';
import { cosine, median } from './stats.mjs';
import { visit } from './visit.mjs';
import { metaOf } from './warm.mjs';

const ENCODER = 'clip-vit-b-32';

/** Where Debian describes its software Vulkan. */
const ARCHITECTURE = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
const LAVAPIPE = `/usr/share/vulkan/icd.d/lvp_icd.${ARCHITECTURE}.json`;

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
    if (!(await isDebian()))
      throw new Failure('--firefox needs Firefox ESR and lavapipe, as Debian has them.');
    await installFromDebian('Firefox', ['firefox-esr', 'mesa-vulkan-drivers']);
  }
  return find();
}

/** Firefox for `visit`. */
export const undriven = (program) => ({
  program,
  async prepare(profile) {
    const lines = Object.entries(PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${value});\n`,
    );
    await writeFile(path.join(profile, 'user.js'), lines.join(''));
  },
  args: (profile) => ['--headless', '--no-remote', '--profile', profile],
});

/** The row of ViT-B/32 on WebGPU in Firefox, as `measureWarm` gives it. */
export async function measureFirefox(firefox, { server, images, say }, { repetitions }) {
  const meta = await metaOf(ENCODER);
  const specs = {
    ...clipsightSpecs(ENCODER, 'webgpu'),
    ...ortSpecs(ENCODER, 'webgpu', {
      normalisation: meta.preprocessing,
      graphs: ENCODERS[ENCODER].firefox,
    }),
  };
  const entries = new Map(
    Object.entries(specs).map(([name, { side, form, engine }]) => [
      name,
      { name, side, form, engine, samples: [] },
    ]),
  );
  const take = ({ name, loadMs, check, error, sample }) => {
    const entry = entries.get(name);
    if (entry === undefined) return;
    if (sample !== undefined) entry.samples.push(sample);
    else if (error !== undefined) Object.assign(entry, { valid: false, error });
    else {
      entry.loadMs = loadMs;
      entry.logitError = Math.abs(check.logit - meta.logit);
      if (check.embedding !== undefined) entry.cosine = cosine(check.embedding, meta.embedding);
      entry.valid =
        check.embedding === undefined ? entry.logitError < 0.5 : entry.cosine >= LEAST_COSINE;
    }
    say(`${name}: ${JSON.stringify(sample ?? { ...entry, samples: undefined })}`);
  };
  const plan = encodeURIComponent(JSON.stringify({ specs, repetitions, image: images[0] }));
  await visit(undriven(firefox), { url: `${server.url}/page/solo.html#${plan}`, server, take });
  for (const entry of entries.values()) {
    if (entry.samples.length === 0) continue;
    entry.verdictMs = median(entry.samples.map(({ ms }) => ms));
    entry.encodeMs = median(entry.samples.map(({ encodeMs }) => encodeMs));
  }
  return { kind: 'warm', encoder: ENCODER, device: 'firefox', entries: [...entries.values()] };
}
