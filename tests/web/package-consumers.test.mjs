// Somebody else's project: the tarballs of `npm pack`, installed, bundled as the README says, run.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../../scripts/lib/run.mjs';
import { launch, newPage } from './support/browser.mjs';
import { scanNatively, scenePath } from './support/images.mjs';
import { standard } from './support/models.mjs';
import { startServer } from './support/server.mjs';

const exec = promisify(execFile);
let folder;
let tarball;
let files;
let model;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-consumers-'));
  ({ tarball, files } = await pack('pkg'));
  model = await pack('pkg-standard');
  await install(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

/** Packs a package as `npm publish` would. */
async function pack(name) {
  const { stdout } = await exec('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: path.join(root, name),
  });
  // Older npm answers with a list, newer ones with an object by name.
  const [packed] = Object.values(JSON.parse(stdout));
  return {
    files: packed.files.map((file) => file.path),
    tarball: path.join(folder, packed.filename),
  };
}

/** Installs the tarballs into a project, and nothing else. */
async function install(project) {
  const dependencies = {
    clipsight: `file:${tarball}`,
    'clipsight-model-standard': `file:${model.tarball}`,
  };
  await writeFile(
    path.join(project, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies }),
  );
  await exec('npm', ['install', '--no-audit', '--no-fund', '--offline'], { cwd: project });
}

describe('the tarball', () => {
  test('holds what is needed and nothing else', async () => {
    for (const needed of [
      ...[
        'package.json',
        'README.md',
        'index.js',
        'index.d.ts',
        'worker.js',
        'worker.d.ts',
        'schema.json',
        'receipt.schema.json',
        'LICENSE-MIT',
        'LICENSE-APACHE',
        'THIRD-PARTY-NOTICES.txt',
      ],
      ...['gpu', 'cpu', 'cpu-i16', 'cpu-simd128'].map((name) => `wasm/${name}/clipsight_bg.wasm`),
      ...['models/compact/model.json', 'models/compact/references.bin'],
      ...['compact.js', 'element/index.js'],
    ]) {
      assert.ok(files.includes(needed), needed);
    }
    const surplus = files.filter(
      (file) =>
        !/^(README\.md|package\.json|(receipt\.)?schema\.json|LICENSE-\w+|THIRD-PARTY-NOTICES\.txt)$/.test(
          file,
        ) && !/\.(js|d\.ts|wasm|safetensors)$|(model\.json|references\.bin)$/.test(file),
    );
    assert.deepEqual(surplus, []);
    const manifest = JSON.parse(
      await readFile(path.join(folder, 'node_modules/clipsight/package.json'), 'utf8'),
    );
    assert.equal(manifest.dependencies, undefined);
    assert.equal(manifest.scripts, undefined);
  });

  test('has a worker in one file that imports nothing', async () => {
    const { build } = await import('esbuild');
    const entry = path.join(folder, 'node_modules/clipsight/worker.js');
    // As a classic script, which has neither imports nor an `import.meta`: esbuild warns of both.
    const { metafile, warnings } = await build({
      entryPoints: [entry],
      bundle: true,
      format: 'iife',
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    assert.deepEqual(warnings, []);
    const [[, { imports, bytes }], ...others] = Object.entries(metafile.inputs);
    assert.deepEqual([imports, others], [[], []]);
    assert.ok(bytes > 10_000);
  });

  test('publint finds nothing to say', async () => {
    const { publint } = await import('publint');
    const { messages } = await publint({
      pkgDir: path.join(folder, 'node_modules/clipsight'),
      strict: true,
    });
    assert.deepEqual(messages, []);
  });

  test("arethetypeswrong finds every entry's types right", async () => {
    const { checkPackage, createPackageFromTarballData } = await import('@arethetypeswrong/core');
    const { problems, types, entrypoints } = await checkPackage(
      createPackageFromTarballData(await readFile(tarball)),
      {
        excludeEntrypoints: [/schema\.json$/, './package.json', /^\.\/(wasm|models)\//],
      },
    );
    assert.equal(types.kind, 'included');
    assert.deepEqual(Object.keys(entrypoints).sort(), [
      '.',
      './element',
      './element/result',
      './receipt',
      './ui',
      './worker',
    ]);
    // Node before 22.12 and `moduleResolution: node10` cannot load ES modules' subpaths: the
    // package is for browsers.
    const ours = problems.filter(
      ({ kind, resolutionKind }) => !(kind === 'CJSResolvesToESM' || resolutionKind === 'node10'),
    );
    assert.deepEqual(ours, []);
  });

  test('its types hold in a strict TypeScript project', async () => {
    await writeFile(
      path.join(folder, 'use.ts'),
      `import standard, { weightsBytes } from 'clipsight-model-standard';
       import { createDetector, DetectorError, fetchModel, isModelCached, type Analysis, type Grade, type ModelFiles, type ModelSource } from 'clipsight';
       const source: ModelSource = standard;
       export const toDownload = async (): Promise<number> =>
         (await isModelCached({ model: source })) ? 0 : weightsBytes;
       export const key: string = standard.name;
       export async function grade(image: File | HTMLImageElement | ImageBitmap): Promise<Grade | 'cannot tell'> {
         const model: ModelFiles = await fetchModel({ device: 'cpu', signal: AbortSignal.timeout(10_000) });
         await using detector = await createDetector({ model, limits: { maxBytes: 1_000_000 } });
         try {
           const { model }: Analysis = await detector.analyze(image, { fidelity: 'screen-capture' });
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
      const compilerOptions = {
        noEmit: true,
        strict: true,
        target: 'es2022',
        module,
        moduleResolution,
        types: [],
      };
      compilerOptions.lib = ['es2022', 'dom', 'esnext.disposable'];
      await writeFile(
        path.join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['use.ts'] }),
      );
      await exec(process.execPath, [tsc, '-p', folder]).catch((error) => assert.fail(error.stdout));
    }
  });
});

describe("the standard model's tarball", () => {
  const installed = () => path.join(folder, 'node_modules/clipsight-model-standard');

  test('holds the weights, what names them, the model card and the licence, nothing else', async () => {
    assert.deepEqual(
      model.files.toSorted(),
      [
        ...['LICENSE', 'README.md', 'index.d.ts', 'index.js', 'package.json'],
        ...['model.json', 'references.bin', ...standard.shards].map((name) => `weights/${name}`),
      ].toSorted(),
    );
    const description = JSON.parse(await readFile(path.join(installed(), 'package.json'), 'utf8'));
    const core = JSON.parse(await readFile(path.join(root, 'pkg/package.json'), 'utf8'));
    assert.equal(description.version, core.version);
    assert.equal(description.license, 'MIT');
    assert.match(await readFile(path.join(installed(), 'LICENSE'), 'utf8'), /2021 OpenAI/);
    assert.ok((await readFile(path.join(installed(), 'README.md'), 'utf8')).includes(standard.id));
  });

  test('publint and arethetypeswrong find nothing to say', async () => {
    const { publint } = await import('publint');
    const { messages } = await publint({ pkgDir: installed(), strict: true });
    assert.deepEqual(messages, []);
    const { checkPackage, createPackageFromTarballData } = await import('@arethetypeswrong/core');
    const { problems, types } = await checkPackage(
      createPackageFromTarballData(await readFile(model.tarball)),
      { excludeEntrypoints: ['./package.json', /^\.\/weights\//] },
    );
    assert.equal(types.kind, 'included');
    const ours = problems.filter(
      ({ kind, resolutionKind }) => !(kind === 'CJSResolvesToESM' || resolutionKind === 'node10'),
    );
    assert.deepEqual(ours, []);
  });
});

describe('projects', () => {
  const image = scenePath('portrait.jpg');

  for (const name of ['webpack', 'esbuild', 'rollup', 'server', 'plain']) {
    test(`${name}: builds without a warning, runs, and says what the native program says`, async () => {
      const project = path.join(folder, name);
      await cp(path.join(root, 'tests/web/consumers', name), project, { recursive: true });
      await install(project);
      // The bundler is this repository's.
      const tools = path.join(root, 'node_modules');
      const tool = { plain: undefined, server: 'webpack' }[name] ?? name;
      if (name !== 'plain')
        await symlink(path.join(tools, tool), path.join(project, 'node_modules', tool));
      const { stderr } = await exec(process.execPath, ['build.mjs'], { cwd: project });
      assert.equal(stderr, '');
      if (name === 'server') {
        // What the server renders, before any browser comes in.
        const page = path.join(project, 'server/page.cjs');
        const script = `console.log(require(${JSON.stringify(page)}).render())`;
        const { stdout } = await exec(process.execPath, ['-e', script]);
        assert.equal(stdout.trim(), '<main>function string</main>');
      }
      const server = await startServer({ folders: { '/consumer/': path.join(project, 'dist') } });
      const browser = await launch();
      try {
        const { page, problems } = await newPage(browser);
        await page.goto(`${server.url}/consumer/`);
        const bytes = [...(await readFile(image))];
        for (const chosen of ['compact', 'standard']) {
          const [expected] = await scanNatively([image], { model: `models/${chosen}` });
          const { info, analysis } = await page.evaluate(
            (given) => window.check(...given),
            [bytes, chosen],
          );
          assert.equal(info.device, 'cpu');
          assert.equal(analysis.file.sha256, expected.sha256);
          assert.equal(analysis.model.status, expected.status);
          assert.equal(analysis.model.grade, expected.grade ?? undefined);
          assert.ok(
            Math.abs(analysis.model.logit - expected.logit) < 1e-3,
            `${analysis.model.logit}, natively ${expected.logit}`,
          );
        }
        assert.equal(await page.evaluate(() => window.weightsBytes), standard.bytes);
        assert.deepEqual(problems, []);
        const outside = server.requests.filter((file) => !file.startsWith('/consumer/'));
        assert.deepEqual(outside, [], 'only its own files');
      } finally {
        await browser.close();
        await server.close();
      }
    });
  }
});

/**
 * Largest difference in logits where there is no relaxed SIMD, as in Node 20: without fused
 * products some activations are rounded to the next code.
 */
const UNFUSED = 0.1;

describe('in Node', () => {
  const image = scenePath('portrait.jpg');
  let project;
  before(async () => {
    project = path.join(folder, 'node');
    await cp(path.join(root, 'tests/web/consumers/node'), project, { recursive: true });
    await install(project);
  });

  for (const worker of ['auto', 'false']) {
    test(`worker: ${worker}: says what the native program says, and ends by itself`, async () => {
      const [expected] = await scanNatively([image]);
      const { stdout, stderr } = await exec(process.execPath, ['index.mjs', image, worker], {
        cwd: project,
        timeout: 60_000,
      });
      assert.equal(stderr, '');
      const { info, items } = JSON.parse(stdout);
      assert.deepEqual([info.device, info.selfTest, info.cache], ['cpu', 'passed', 'unavailable']);
      assert.equal(items.length, 12);
      assert.equal(items[2], 'decode');
      for (const model of items.filter((_, index) => index !== 2)) {
        assert.equal(model.grade, expected.grade);
        assert.ok(Math.abs(model.logit - expected.logit) < UNFUSED, `${model.logit}`);
      }
    });
  }

  describe('a CommonJS bundle', () => {
    let bundle;
    before(async () => {
      const { build } = await import('esbuild');
      bundle = path.join(project, 'bundle.cjs');
      await build({
        entryPoints: [path.join(project, 'bundled.mjs')],
        bundle: true,
        platform: 'node',
        format: 'cjs',
        outfile: bundle,
        logLevel: 'silent',
      });
    });
    const inBundle = async (code) => {
      const script = `const bundle = require(${JSON.stringify(bundle)});
        const { pathToFileURL } = require('node:url');
        const at = (name) => pathToFileURL(require('node:path').join(
          ${JSON.stringify(path.join(project, 'node_modules/clipsight'))}, name));
        const said = (promise) => promise.then(
          () => 'loaded', ({ name, code, message }) => [name, code, message].join(' '));
        (async () => { ${code} })().then((value) => console.log(JSON.stringify(value)));`;
      const { stdout } = await exec(process.execPath, ['-e', script], { timeout: 60_000 });
      return JSON.parse(stdout);
    };

    test('is loaded without a word, and says what is missing when it is used', async () => {
      const seen = await inBundle(`return [
        await said(bundle.createDetector()),
        await said(bundle.fetchModel()),
        await said(bundle.createDetector({ worker: false, model: bundle.standard })),
      ];`);
      for (const message of seen)
        assert.match(message, /^DetectorError unsupported .*ES module.*option "/);
    });

    test('works where it is told where the files are', async () => {
      const status = await inBundle(`
        const builds = ['gpu', 'cpu', 'cpu-i16', 'cpu-simd128'].map(
          (name) => [name, at('wasm/' + name + '/clipsight_bg.wasm')]);
        const detector = await bundle.createDetector({
          worker: at('worker.js'),
          wasm: Object.fromEntries(builds),
          model: at('models/compact/model.json'),
        });
        const image = await require('node:fs/promises').readFile(${JSON.stringify(image)});
        return (await detector.analyze(image)).model.status;`);
      assert.equal(status, 'scored');
    });
  });

  test('what is missing is named', async () => {
    const script = `import { createDetector } from 'clipsight';
      const said = (promise) => promise.then(
        () => 'loaded', ({ code, message }) => code + ': ' + message);
      const nowhere = (name) => new URL('nowhere/' + name, import.meta.url);
      console.log(JSON.stringify([
        await said(createDetector({ worker: nowhere('worker.js') })),
        await said(createDetector({ model: nowhere('model.json') })),
        await said(createDetector({ device: 'webgpu' })),
      ]));`;
    await writeFile(path.join(project, 'missing.mjs'), script);
    const { stdout } = await exec(process.execPath, ['missing.mjs'], {
      cwd: project,
      timeout: 60_000,
    });
    const [worker, model, gpu] = JSON.parse(stdout);
    assert.match(worker, /^network: .*nowhere\/worker\.js.*option "worker"/);
    assert.match(model, /^network: .*nowhere\/model\.json \(404\)/);
    assert.match(gpu, /^no-gpu: /);
  });
});
