// Somebody else's project: the tarball of `npm pack`, installed, bundled by webpack with nothing configured, run.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import webpack from 'webpack';
import { root } from '../../scripts/lib/run.mjs';
import { launch, newPage } from './support/browser.mjs';
import { drawJpeg } from './support/images.mjs';
import { startServer } from './support/server.mjs';

const exec = promisify(execFile);
let project;
let files;
before(async () => {
  project = await mkdtemp(path.join(os.tmpdir(), 'clipsight-consumer-'));
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', project], {
    cwd: path.join(root, 'pkg'),
  });
  // Older npm answers with a list, newer ones with an object by name.
  const [packed] = Object.values(JSON.parse(stdout));
  files = packed.files.map((file) => file.path);
  await writeFile(
    path.join(project, 'package.json'),
    JSON.stringify({
      name: 'consumer',
      private: true,
      type: 'module',
      dependencies: { clipsight: `file:./${packed.filename}` },
    }),
  );
  await exec('npm', ['install', '--no-audit', '--no-fund', '--offline'], { cwd: project });
});
after(() => rm(project, { recursive: true, force: true }));

test('the tarball holds what is needed and nothing else', async () => {
  for (const needed of [
    'package.json',
    'README.md',
    'index.js',
    'index.d.ts',
    'worker.js',
    'wasm/gpu/clipsight_bg.wasm',
    'wasm/cpu-plain/clipsight_bg.wasm',
  ]) {
    assert.ok(files.includes(needed), needed);
  }
  for (const needed of ['wasm/cpu/clipsight_bg.wasm', 'models/compact/model.json', 'models/compact/index.js']) {
    assert.ok(files.includes(needed), needed);
  }
  const surplus = files.filter(
    (file) => !/^(README\.md|package\.json)$|\.(js|d\.ts|wasm|safetensors)$|model\.json$/.test(file),
  );
  assert.deepEqual(surplus, []);
  const manifest = JSON.parse(await readFile(path.join(project, 'node_modules/clipsight/package.json'), 'utf8'));
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.scripts, undefined);
});

test('publint finds nothing to say', async () => {
  const { publint } = await import('publint');
  const { messages } = await publint({ pkgDir: path.join(project, 'node_modules/clipsight'), strict: true });
  assert.deepEqual(messages, []);
});

test('its types hold in a strict TypeScript project', async () => {
  await writeFile(
    path.join(project, 'use.ts'),
    `import { createDetector, DetectorError, type Analysis, type Grade } from 'clipsight';
     export async function grade(file: File): Promise<Grade | 'cannot tell'> {
       await using detector = await createDetector({ device: 'cpu' });
       try {
         const { model }: Analysis = await detector.analyze(file);
         return model.status === 'scored' ? model.grade : 'cannot tell';
       } catch (error) {
         if (error instanceof DetectorError && error.code === 'decode') return 'cannot tell';
         throw error;
       }
     }`,
  );
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const compilerOptions = { noEmit: true, strict: true, target: 'es2022', module, moduleResolution, types: [] };
    compilerOptions.lib = ['es2022', 'dom', 'esnext.disposable'];
    await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    await exec(process.execPath, [tsc, '-p', project]).catch((error) => assert.fail(error.stdout));
  }
});

test('webpack bundles it without configuration, and the result runs', async () => {
  const dist = path.join(project, 'dist');
  await mkdir(path.join(project, 'src'), { recursive: true });
  await writeFile(
    path.join(project, 'src/index.js'),
    `import { createDetector } from 'clipsight';
     window.run = async (bytes) => {
       const detector = await createDetector({ device: 'cpu' });
       const analysis = await detector.analyze(new Uint8Array(bytes));
       await detector.dispose();
       return { info: detector.info, analysis };
     };`,
  );
  await new Promise((resolve, reject) => {
    webpack(
      { context: project, mode: 'production', output: { path: dist }, performance: { hints: false } },
      (error, stats) => {
        if (error) reject(error);
        else if (stats.hasErrors() || stats.hasWarnings()) reject(new Error(stats.toString()));
        else resolve();
      },
    );
  });
  await writeFile(
    path.join(dist, 'index.html'),
    '<!doctype html><link rel="icon" href="data:,"><script src="main.js"></script>',
  );
  const server = await startServer({ folders: { '/consumer/': dist } });
  const browser = await launch();
  try {
    const { page, problems } = await newPage(browser);
    await page.goto(`${server.url}/consumer/`);
    const { info, analysis } = await page.evaluate((bytes) => window.run(bytes), await drawJpeg(page));
    assert.equal(info.device, 'cpu');
    assert.ok(['scored', 'abstained'].includes(analysis.model.status));
    assert.deepEqual(problems, []);
    assert.ok(
      server.requests.every((file) => file.startsWith('/consumer/')),
      'only its own files',
    );
  } finally {
    await browser.close();
    await server.close();
  }
});
