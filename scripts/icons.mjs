// node scripts/icons.mjs: the page's icons as PNG, out of www/app/icon.svg, drawn by Chromium.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { main, root } from './lib/run.mjs';
import { ensureChromium, ensureNodeModules } from './lib/tools.mjs';

/**
 * `share` is the picture's share of the icon: launchers cut up to a fifth off each side of maskable
 * icons.
 */
const ICONS = [
  { name: 'icon-192', size: 192, share: 0.8, radius: 0.22 },
  { name: 'icon-512', size: 512, share: 0.8, radius: 0.22 },
  { name: 'maskable-512', size: 512, share: 0.56, radius: 0 },
  // Apple's are not transparent, and rounded by the system.
  { name: 'apple-touch-180', size: 180, share: 0.66, radius: 0 },
];

await main(async () => {
  await ensureNodeModules();
  const { chromium } = await import('playwright-core');
  const svg = await readFile(path.join(root, 'www/app/icon.svg'), 'utf8');
  const browser = await chromium.launch({
    executablePath: await ensureChromium(),
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    for (const { name, size, share, radius } of ICONS) {
      await page.setViewportSize({ width: size, height: size });
      await page.setContent(
        `<style>
           html, body { margin: 0; background: transparent }
           div { width: ${size}px; height: ${size}px; background: #eceefc;
                 border-radius: ${size * radius}px; display: grid; place-items: center }
           svg { width: ${size * share}px }
         </style><div>${svg}</div>`,
      );
      const png = await page.screenshot({ omitBackground: true });
      await writeFile(path.join(root, 'www/app/icons', `${name}.png`), png);
    }
  } finally {
    await browser.close();
  }
});
