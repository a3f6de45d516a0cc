// Debian's Chromium, with WebGPU on SwiftShader or without any.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { output, root } from '../../../scripts/lib/run.mjs';

/** Where screenshots go: a person looks at them. */
export const out = path.join(root, 'tests/web/out');
mkdirSync(out, { recursive: true });

const WEBGPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-unsafe-swiftshader',
];

/** A host that is this machine and yet no secure context. */
const INSECURE = '--host-resolver-rules=MAP insecure.test 127.0.0.1';

/** @param {{ webgpu?: boolean }} options */
export async function launch({ webgpu = false } = {}) {
  const executablePath =
    process.env.CHROMIUM ?? (await output('sh', ['-c', 'command -v chromium']));
  return chromium.launch({
    executablePath,
    // The full browser's headless mode: the old one has no WebGPU.
    args: [
      '--headless=new',
      '--no-sandbox',
      INSECURE,
      ...(webgpu ? WEBGPU : ['--disable-features=WebGPU']),
    ],
    ignoreDefaultArgs: ['--headless'],
  });
}

/**
 * A page that fails the test which uses it when it logs an error or throws; `problems` lists what
 * it said.
 */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  return { page, problems, close: () => context.close() };
}
