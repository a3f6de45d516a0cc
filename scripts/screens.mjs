// node scripts/screens.mjs make OUT --role ROLE [--count N]: pictures of pages (feeds, articles,
// galleries, chats, viewers, collages, and pages without a picture) that hold the labelled pictures
// of ../shared/data, with the places of the pictures in them, as Chromium knows them.
//
// node scripts/screens.mjs report OUT [--role ROLE] [--model NAME]: what `clipsight scan` finds in
// them, beside the truth; what it says of what it found, of the whole and of the original; and how
// often it offers a part of the ordinary images of the role. Needs the native program.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { Failure, main, root } from './lib/run.mjs';
import { ensureChromium } from './lib/tools.mjs';
import { LAYOUTS, compose } from './screens/pages.mjs';
import { generator } from './screens/random.mjs';
import { report } from './screens/report.mjs';
import { labelled } from './screens/sources.mjs';

/** JPEG quality of the half that is saved as such: what messengers and phones come near. */
const JPEG_QUALITY = 80;
/** A picture that is cut off by the window counts from this share on that can be seen. */
const SEEN = 0.5;

/** Where the pictures stand on the page, in pixels of its screenshot. */
async function places(page, scale, used) {
  const found = await page.evaluate(
    ({ scale, SEEN }) =>
      [...document.querySelectorAll('img[data-source]')].flatMap((image) => {
        const box = image.getBoundingClientRect();
        const [left, top] = [Math.max(0, box.left), Math.max(0, box.top)];
        const right = Math.min(innerWidth, box.right);
        const bottom = Math.min(innerHeight, box.bottom);
        const seen =
          (Math.max(0, right - left) * Math.max(0, bottom - top)) / (box.width * box.height);
        if (seen < SEEN) return [];
        const [x, y] = [Math.round(left * scale), Math.round(top * scale)];
        const width = Math.round(right * scale) - x;
        const height = Math.round(bottom * scale) - y;
        return [{ rectangle: { x, y, width, height }, source: Number(image.dataset.source) }];
      }),
    { scale, SEEN },
  );
  return found.map(({ rectangle, source }) => {
    const { file, label, content, origin } = used[source];
    return { rectangle, file, label, content, origin };
  });
}

async function make(out, role, count) {
  const sources = (await labelled(role)).map((image) => ({
    ...image,
    url: pathToFileURL(image.path).href,
  }));
  const random = generator(role.length * 7919 + count);
  await mkdir(path.join(out, 'images'), { recursive: true });
  const browser = await chromium.launch({
    executablePath: await ensureChromium(),
    args: ['--no-sandbox', '--allow-file-access-from-files'],
  });
  const screens = [];
  const names = Object.keys(LAYOUTS);
  // As many of both labels: the classes' sizes differ.
  const labels = ['ai', 'real'].map((label) => sources.filter((image) => image.label === label));
  for (let at = 0; at < count; at += 1) {
    const layout = names[at % names.length];
    // All pictures of a page have one label, so that a verdict of the whole has a truth.
    const made = compose(layout, random, labels[Math.floor(at / names.length) % 2]);
    const context = await browser.newContext({
      viewport: made.viewport,
      deviceScaleFactor: made.scale,
    });
    const page = await context.newPage();
    const address = path.join(out, 'page.html');
    await writeFile(address, made.html);
    await page.goto(pathToFileURL(address).href, { waitUntil: 'load' });
    const { format } = made;
    const extension = format === 'png' ? 'png' : 'jpg';
    const file = `images/${String(at).padStart(4, '0')}-${layout}.${extension}`;
    await page.screenshot({
      path: path.join(out, file),
      type: format,
      ...(format === 'jpeg' ? { quality: JPEG_QUALITY } : {}),
    });
    const pictures = await places(page, made.scale, made.used);
    const { dark, phone } = made;
    screens.push({ file, layout, format, dark, phone, pictures });
    await context.close();
  }
  await browser.close();
  await writeFile(path.join(out, 'screens.json'), `${JSON.stringify(screens, null, 1)}\n`);
  console.log(`${screens.length} pictures of pages in ${out}`);
}

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      role: { type: 'string', default: 'select' },
      count: { type: 'string', default: '320' },
      model: { type: 'string', default: 'compact' },
      binary: { type: 'string', default: path.join(root, 'target/release/clipsight') },
    },
  });
  const [command, out] = positionals;
  if (out === undefined || !['make', 'report'].includes(command))
    throw new Failure('usage: node scripts/screens.mjs make|report OUT [--role ROLE]');
  if (command === 'make') return make(path.resolve(out), values.role, Number(values.count));
  const screens = JSON.parse(await readFile(path.join(out, 'screens.json'), 'utf8'));
  return report(path.resolve(out), screens, values);
});
