// A Chromium with a profile of its own, as if never used before, and what its processes hold in memory.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { memoryOf, sampleMemory } from './memory.mjs';

const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-unsafe-swiftshader'];
/** Memory is told exactly, and garbage can be collected before it is. */
const PRECISE = ['--enable-precise-memory-info', '--js-flags=--expose-gc'];

/** Launches it, gives a page to `work`, and leaves nothing behind. */
export async function withPage({ executablePath, webgpu, args = [] }, work) {
  const profile = await mkdtemp(path.join(tmpdir(), 'clipsight-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    // The full browser's headless mode: the old one has no WebGPU.
    args: ['--headless=new', '--no-sandbox', ...(webgpu ? WEBGPU : ['--disable-features=WebGPU']), ...PRECISE, ...args],
    ignoreDefaultArgs: ['--headless'],
  });
  try {
    const [page] = context.pages();
    // A SwiftShader forward may take minutes.
    page.setDefaultTimeout(600_000);
    return await work(page, { memory: () => memoryOf(profile), sample: () => sampleMemory(profile) });
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
