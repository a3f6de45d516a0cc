// Folders, picked and dropped: which files are taken by their names, which are passed over, and
// that the page says so, in every language. Screenshots in tests/web/out.
import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, out } from './support/browser.mjs';
import { scenePath } from './support/images.mjs';
import { allSettled, FILES, names, openPage } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const FOLDER = 'input[webkitdirectory]';

/** Names that images have; what is in them does not matter here. */
const TAKEN = [
  ...['a.jpg', 'b.JPEG', 'c.jpe', 'd.jfif', 'e.pjpeg', 'f.jpg_large', 'g.HIF', 'h.heic'],
  ...['i.heif', 'j.avif', 'k.jxl', 'l.png', 'm.webp', 'n.gif', 'o.bmp', 'p.tif', 'q.TIFF'],
  'sub/r.jpg',
];
const PASSED = {
  other: ['notes.txt', 'clip.mp4', 'jpg', 'sub/archive.zip'],
  hidden: ['._a.jpg', '.hidden.png', '.cache/x.jpg'],
  system: ['Thumbs.db', '.thumbnails/a.jpg', '@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg', '.DS_Store'],
};
const LANGUAGES = ['en', 'de', 'es', 'zh', 'ar'];

let browser;
let server;
let folder;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-holiday-'));
  for (const name of [...TAKEN, ...Object.values(PASSED).flat()]) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    if (/\.(jpe?g|jpe|jfif|pjpeg|jpg_large)$/i.test(name))
      await copyFile(scenePath('portrait.jpg'), file);
    else await writeFile(file, 'something');
  }
  browser = await launch();
  server = await startServer();
});
after(async () => {
  await browser?.close();
  await server?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const base = () => path.basename(folder);

/** What the note says: its summary, and each reason's label and names. */
const note = (page) =>
  page.evaluate(() => {
    const element = document.querySelector('.passed');
    if (element.parentElement.hidden) return undefined;
    return {
      summary: element.querySelector('summary').textContent,
      reasons: [...element.querySelectorAll('li')].map((item) => ({
        label: item.querySelector('span').textContent,
        names: [...item.querySelectorAll('bdi')].map((name) => name.textContent).sort(),
      })),
    };
  });

const within = (list) => list.map((name) => `${base()}/${name}`).sort();

async function assertPassed(page) {
  const all = Object.values(PASSED).flat().length;
  const { summary, reasons } = await note(page);
  assert.equal(summary, `${all} files were passed over`);
  assert.deepEqual(
    reasons.map(({ label }) => label),
    [
      `Not images, judging by their names: ${PASSED.other.length}`,
      `Hidden: ${PASSED.hidden.length}`,
      `Thumbnails and settings that systems keep: ${PASSED.system.length}`,
    ],
  );
  assert.deepEqual(
    reasons.map((reason) => reason.names),
    Object.values(PASSED).map(within),
  );
}

/** All rows: those outside of the view do not exist until one scrolls to them. */
async function assertTaken(page) {
  const listed = await page.evaluate(async () => {
    const found = new Set();
    const list = document.querySelector('.list');
    for (let top = 0; top < list.scrollHeight; top += 200) {
      list.scrollTop = top;
      await new Promise((resolve) => setTimeout(resolve, 50));
      for (const row of list.querySelectorAll('.row-name')) found.add(row.textContent);
    }
    return [...found].sort();
  });
  assert.deepEqual(listed, within(TAKEN));
}

/** A real drag of what lies on the disk. */
async function drop(page, files) {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'])
    await client.send('Input.dispatchDragEvent', { type, x: 500, y: 300, data });
}

describe('a folder', () => {
  test('picked: images by their names are taken, the others named with the reason', async () => {
    const { page, problems, close } = await openPage(browser, server);
    await page.setInputFiles(FOLDER, folder);
    await page.waitForSelector('.passed');
    await assertPassed(page);
    await allSettled(page);
    await assertTaken(page);
    // Chosen one by one nothing is passed over, and the note goes.
    await page.setInputFiles(FILES, path.join(folder, 'notes.txt'));
    assert.equal(await note(page), undefined);
    assert.deepEqual(problems, []);
    await close();
  });

  test('dropped: the same', async () => {
    const { page, problems, close } = await openPage(browser, server);
    await drop(page, [folder]);
    await page.waitForFunction(() => document.querySelectorAll('.passed li').length === 3);
    await assertPassed(page);
    await allSettled(page);
    await assertTaken(page);
    assert.deepEqual(problems, []);
    await close();
  });

  test('dropped beside a file: the file was chosen, whatever its name', async () => {
    const { page, close } = await openPage(browser, server);
    const sub = path.join(folder, 'sub');
    await drop(page, [sub, path.join(folder, 'notes.txt')]);
    await allSettled(page);
    assert.deepEqual((await names(page)).toSorted(), ['notes.txt', 'sub/r.jpg']);
    assert.deepEqual((await note(page)).reasons, [
      { label: 'Not images, judging by their names: 1', names: ['sub/archive.zip'] },
    ]);
    await close();
  });

  test('without an image: said, and what there is instead', async () => {
    const empty = await mkdtemp(path.join(os.tmpdir(), 'clipsight-none-'));
    await writeFile(path.join(empty, 'letter.odt'), 'x');
    const { page, close } = await openPage(browser, server);
    await page.setInputFiles(FOLDER, empty);
    await page.waitForSelector('.notice[role=alert]:not([hidden])');
    assert.equal((await note(page)).summary, 'One file was passed over');
    await close();
    await rm(empty, { recursive: true });
  });

  test('a folder in it that cannot be read: named, and the others are taken', async (t) => {
    if (process.getuid?.() === 0) {
      // Whoever may read everything cannot be refused by the file system.
      const { page, close } = await openPage(browser, server, {
        setUp: (opened) =>
          opened.addInitScript(() => {
            const refuse = (event) => {
              // Its class has no name that is the same everywhere.
              const folders = Object.getPrototypeOf(event.dataTransfer.items[0].webkitGetAsEntry());
              const { createReader } = folders;
              folders.createReader = function () {
                const readEntries = (_, reject) =>
                  reject(new DOMException('no', 'NotReadableError'));
                return this.name === 'sub' ? { readEntries } : createReader.call(this);
              };
            };
            addEventListener('drop', refuse, { capture: true, once: true });
          }),
      });
      t.after(close);
      await drop(page, [folder]);
      await allSettled(page);
      const { reasons } = await note(page);
      assert.deepEqual(reasons.at(-1), {
        label: 'Could not be opened: 1',
        names: [`${base()}/sub`],
      });
      return;
    }
    const sub = path.join(folder, 'sub');
    await chmod(sub, 0o000);
    t.after(() => chmod(sub, 0o755));
    const { page, close } = await openPage(browser, server);
    t.after(close);
    await drop(page, [folder]);
    await allSettled(page);
    assert.equal((await note(page)).reasons.at(-1).label, 'Could not be opened: 1');
  });
});

for (const language of LANGUAGES) {
  test(`what was passed over, in ${language}`, async () => {
    const { page, problems, close } = await openPage(browser, server, {
      settings: { language },
      viewport: { width: 900, height: 900 },
    });
    await page.setInputFiles(FOLDER, folder);
    await page.waitForSelector('.passed');
    await allSettled(page);
    const { summary, reasons } = await note(page);
    assert.match(summary, /\d|[\u0660-\u0669]/u);
    assert.equal(reasons.length, 3);
    await page.click('.passed summary');
    await page.locator('.intake').screenshot({ path: path.join(out, `folder-${language}.png`) });
    const { width } = await page.evaluate(() => ({
      width: document.documentElement.scrollWidth - innerWidth,
    }));
    assert.ok(width <= 0, `${width} px too wide`);
    assert.deepEqual(problems, []);
    await close();
  });
}
