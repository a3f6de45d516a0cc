// Renders the icons from the page's own: node www/extension/icons/render.mjs
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '../../../tests/web/support/browser.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const source = await readFile(path.join(folder, '../../app/icon.svg'), 'utf8');
// White on the accent colour: it must be seen on light and dark toolbars.
const glyph = /<style>.*<\/style>(.*)<\/svg>/
  .exec(source)[1]
  .replaceAll('class="a"', 'fill="#fff"');
const xmlns = 'http://www.w3.org/2000/svg';
const icon = (size) => `
<svg xmlns="${xmlns}" width="${size}" height="${size}" viewBox="0 0 40 40">
  <rect width="40" height="40" rx="9" fill="#2f3bbd"/>
  <g transform="translate(4 4)">${glyph}</g>
</svg>`;

const browser = await launch();
const page = await browser.newPage();
for (const size of [16, 32, 48, 128]) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<body style="margin:0;background:none">${icon(size)}`);
  await writeFile(
    path.join(folder, `icon-${size}.png`),
    await page.screenshot({ omitBackground: true }),
  );
}
await browser.close();
