// Many images: the list stays small, the page answers, everything can be found, cancelled and taken
// along.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, out } from './support/browser.mjs';
import { scanNatively, sceneFile, scenePath, scenes } from './support/images.mjs';
import { allSettled, FILES, openPage, states, TEXT, VERDICTS } from './support/page.mjs';
import { startServer } from './support/server.mjs';

let browser;
let server;
before(async () => {
  server = await startServer();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** Longest that the page may not answer, in milliseconds. */
const LONG_TASK = 50;

/**
 * Tasks of the page's thread, the longest first: in milliseconds of CPU, as a machine that does
 * other things as well stretches what a clock shows.
 */
function longTasks({ traceEvents }) {
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && /RunTask$/.test(name) && threads.has(`${pid} ${tid}`),
  );
  assert.ok(tasks.length > 500, 'the trace holds the tasks');
  return tasks.map(({ tdur = 0 }) => Math.round(tdur / 1000)).sort((a, b) => b - a);
}

/** Lets the page take `count` images of few distinct contents, as if they had been dropped. */
const drop = (page, jpegs, count) =>
  page.evaluate(
    ([contents, many]) => {
      const parts = contents.map((bytes) => new Uint8Array(bytes));
      const transfer = new DataTransfer();
      for (let at = 0; at < many; at += 1)
        transfer.items.add(
          new File([parts[at % parts.length]], `image-${String(at).padStart(5, '0')}.jpg`, {
            type: 'image/jpeg',
          }),
        );
      window.began = performance.now();
      document.dispatchEvent(
        new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }),
      );
    },
    [jpegs.map((bytes) => [...bytes]), count],
  );

test('500 images: the page answers all the while, the list holds few rows', async (t) => {
  const { page, problems, jpeg, close } = await openPage(browser, server);
  t.after(close);
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await drop(page, [jpeg, jpeg.subarray(0, 200)], 500);
  await page.waitForFunction(() => document.querySelectorAll('.row-item').length > 0);
  const rows = await page.evaluate(() => document.querySelectorAll('.row-item').length);
  assert.ok(rows < 40, `${rows} rows`);
  // A person scrolls through it and sorts meanwhile.
  for (let step = 0; step < 10; step += 1) {
    await page.evaluate((top) => (document.querySelector('.list').scrollTop = top), step * 3000);
    await page.waitForTimeout(50);
  }
  await page.selectOption('.toolbar label:has-text("Sort by") select', 'probability');
  await allSettled(page);
  assert.match(await page.textContent('.count'), /500 of 500 done/);
  assert.match(
    await page.textContent('[aria-live=polite]'),
    /500 images checked, 250 could not be read/,
  );
  assert.ok((await page.evaluate(() => document.querySelectorAll('.row-item').length)) < 40);
  const long = longTasks(JSON.parse((await browser.stopTracing()).toString()));
  t.diagnostic(`longest tasks of the page's thread, ms of CPU: ${long.slice(0, 5).join(', ')}`);
  // One is the drop itself, in which this test makes its 500 files.
  // Time of the CPU still grows when others use the caches: measured, 57 ms beside two compilers.
  assert.deepEqual(
    long.slice(1).filter((ms) => ms > 2 * LONG_TASK),
    [],
  );
  await page.click('button:has-text("Clear all")');
  await page.waitForSelector('.results', { state: 'hidden' });
  assert.deepEqual(problems, []);
});

test('20,000 images wait; all are cancelled at once', async (t) => {
  const { page, problems, jpeg, close } = await openPage(browser, server);
  t.after(close);
  await drop(page, [jpeg], 20_000);
  await page.waitForFunction(() => document.querySelectorAll('.row-item').length > 0);
  await page.focus('.list');
  await page.keyboard.press('End');
  await page.waitForSelector('.row-item:has-text("image-19999.jpg")');
  assert.ok((await page.evaluate(() => document.querySelectorAll('.row-item').length)) < 40);
  await page.click('ai-image-result button:has-text("Cancel")');
  await page.waitForSelector('.row-item[aria-selected=true][data-state=cancelled]');
  await page.click('.results > header button:has-text("Cancel")');
  await allSettled(page);
  assert.match(await page.textContent('.count'), /20,000 of 20,000 done/);
  await page.selectOption('.toolbar label:has-text("Show") select', 'cancelled');
  await page.waitForFunction(() =>
    /[\d,]+ of 20,000 shown/.test(document.querySelector('.count').textContent),
  );
  // One of them after all.
  await page.click('.row-item >> nth=0');
  await page.click('ai-image-result button:has-text("after all")');
  await allSettled(page);
  assert.deepEqual(problems, []);
});

test('every verdict: as the native program says, and in the order asked for', async (t) => {
  const { page, problems, close } = await openPage(browser, server);
  t.after(close);
  const given = await Promise.all(scenes.map(sceneFile));
  await page.setInputFiles(FILES, [...given, TEXT]);
  await allSettled(page);
  const native = (await scanNatively(scenes.map(scenePath))).map((result) =>
    result.status === 'scored' ? result.grade : result.status,
  );
  assert.deepEqual([...new Set(native)].sort(), [...VERDICTS].sort());
  // All rows of so short a list are there once it is scrolled through; the states come in the
  // list's order.
  const collect = async () => {
    const found = new Map();
    for (const top of [0, 500, 5000]) {
      await page.evaluate((to) => (document.querySelector('.list').scrollTop = to), top);
      await page.waitForTimeout(100);
      for (const row of await page.$$eval('.row-item', (rows) =>
        rows.map((element) => [
          Number(element.getAttribute('aria-posinset')),
          element.querySelector('.row-name').textContent,
          element.dataset.state,
          Number.parseFloat(
            element.querySelector('.row-probability').textContent.replace(/[^\d]/g, '') || '-1',
          ),
        ]),
      ))
        found.set(row[0], row.slice(1));
    }
    return [...found.entries()].sort(([a], [b]) => a - b).map(([, row]) => row);
  };
  const added = await collect();
  assert.deepEqual(
    added.map(([name]) => name),
    [...given.map(({ name }) => name), 'notes.jpg'],
  );
  assert.deepEqual(
    added.slice(0, -1).map(([, state]) => state),
    native,
  );
  const sort = (value) => page.selectOption('.toolbar label:has-text("Sort by") select', value);
  const show = (value) => page.selectOption('.toolbar label:has-text("Show") select', value);
  await sort('probability');
  const probabilities = (await collect()).map(([, , probability]) => probability);
  assert.deepEqual(
    probabilities,
    [...probabilities].sort((a, b) => b - a),
  );
  await sort('name');
  const byName = (await collect()).map(([name]) => name);
  assert.deepEqual(byName, [...byName].sort(new Intl.Collator('en-US', { numeric: true }).compare));
  await sort('grade');
  assert.equal((await collect()).at(-1)[1], 'error');
  // The list is drawn anew in the next frame: what is waited for is the row itself, not that
  // there is one.
  const onlyRow = (name) =>
    page.waitForFunction((only) => {
      const rows = [...document.querySelectorAll('.row-item .row-name')];
      return rows.length === 1 && rows[0].textContent === only;
    }, name);
  await show('error');
  await onlyRow('notes.jpg');
  await show('all');
  await page.fill('.toolbar input[type=search]', given[3].name.slice(0, 8).toUpperCase());
  await onlyRow(given[3].name);
  await page.fill('.toolbar input[type=search]', 'nothing at all');
  await page.waitForSelector('.nothing:not([hidden])');
  assert.deepEqual(problems, []);
});

test('what is saved: JSON and CSV as they should be, formulas made harmless, a report with hashes', async (t) => {
  const { page, problems, jpeg, close } = await openPage(browser, server, {
    acceptDownloads: true,
  });
  t.after(close);
  const hostile = [
    '=HYPERLINK("http://evil","x").jpg',
    '+1.jpg',
    '-2.jpg',
    '@sum.jpg',
    '\tx.jpg',
    'a,"b".jpg',
  ];
  await page.evaluate(
    ([bytes, given]) => {
      const transfer = new DataTransfer();
      for (const name of given)
        transfer.items.add(new File([new Uint8Array(bytes)], name, { type: 'image/jpeg' }));
      transfer.items.add(new File(['no image'], 'bad.jpg'));
      document.dispatchEvent(
        new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }),
      );
    },
    [[...jpeg], hostile],
  );
  await allSettled(page);
  const save = async (name) => {
    await page.click('.menu summary');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click(`.menu button:has-text("${name}")`),
    ]);
    return {
      name: download.suggestedFilename(),
      text: await readFile(await download.path(), 'utf8'),
    };
  };
  const json = await save('JSON');
  assert.equal(json.name, 'clipsight.json');
  const { schemaVersion, detector, images } = JSON.parse(json.text);
  assert.equal(schemaVersion, 1);
  assert.equal(detector.device, 'cpu');
  assert.deepEqual(
    images.map(({ name }) => name),
    [...hostile, 'bad.jpg'],
  );
  assert.match(images[0].analysis.file.sha256, /^[0-9a-f]{64}$/);
  assert.equal(images.at(-1).error.code, 'decode');

  const csv = await save('CSV');
  const lines = csv.text
    .replace(/^\ufeff/, '')
    .trim()
    .split('\r\n');
  assert.equal(lines.length, 1 + images.length);
  assert.match(lines[0], /^name,outcome,probability,/);
  for (const line of lines.slice(1)) assert.doesNotMatch(line, /^"?[=+\-@\t]/);
  assert.ok(lines[1].startsWith(`"'=HYPERLINK(""http://evil"",""x"").jpg",`));
  assert.ok(lines[6].startsWith('"a,""b"".jpg",'));
  const logit = images[0].analysis.model.logit;
  assert.ok(lines[1].includes(`,${logit},`), 'numbers stay numbers');

  await page.click('.menu summary');
  await page.click('.menu button:has-text("Report")');
  await page.waitForSelector('.report button:has-text("Print"):not([disabled])');
  const report = await page.textContent('.report');
  assert.ok(report.includes(images[0].analysis.file.sha256));
  assert.ok(report.includes(detector.weightsSha256));
  assert.ok(await page.isHidden('.page'));
  await page.emulateMedia({ media: 'print' });
  assert.ok(await page.isHidden('.report button'));
  await page.screenshot({ path: path.join(out, 'page-report.png'), fullPage: true });
  await page.emulateMedia({ media: 'screen' });
  await page.click('.report button:has-text("Close")');
  assert.ok(await page.isVisible('.page'));
  assert.ok(VERDICTS.includes((await states(page))[0]));
  assert.deepEqual(problems, []);
});
