// Chromium with a profile of its own, as if never used before: driven by Playwright, or left to
// itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const WEBGPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-unsafe-swiftshader',
];

/** The full browser's headless mode: the old one has no WebGPU. */
const flags = (webgpu) => [
  '--headless=new',
  '--no-sandbox',
  ...(webgpu ? WEBGPU : ['--disable-features=WebGPU']),
];

/** What a fresh profile would otherwise ask or fetch. */
const QUIET = [
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-sync',
];

/** Memory is told exactly, and garbage can be collected before it is. */
const PRECISE = ['--enable-precise-memory-info', '--js-flags=--expose-gc'];

/** Launches it, gives a page to `work`, and leaves nothing behind. */
export async function withPage({ executablePath, webgpu }, work) {
  const profile = await mkdtemp(path.join(tmpdir(), 'clipsight-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: flags(webgpu),
    ignoreDefaultArgs: ['--headless'],
  });
  try {
    const [page] = context.pages();
    // A SwiftShader forward may take minutes.
    page.setDefaultTimeout(600_000);
    return await work(page);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Chromium for `visit`. */
export function undriven({ executablePath, webgpu, precise = false }) {
  return {
    program: executablePath,
    args: (profile) => [
      ...flags(webgpu),
      ...QUIET,
      ...(precise ? PRECISE : []),
      `--user-data-dir=${profile}`,
    ],
  };
}
