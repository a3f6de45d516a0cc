// The bench: a folder sorted by class, measured on the page as `clipsight eval` measures it.
// Screenshots in tests/web/out. Needs the native program with `--features lab`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../../scripts/lib/run.mjs';
import { violations } from './support/axe.mjs';
import { launch, out } from './support/browser.mjs';
import { drawJpeg, scenePath } from './support/images.mjs';
import { SLOW, openPage } from './support/page.mjs';
import { startServer } from './support/server.mjs';

const FOLDER = 'dialog.bench input[webkitdirectory]';

let browser;
let server;
let folder;
before(async () => {
  server = await startServer();
  browser = await launch();
  folder = await mkdtemp(path.join(os.tmpdir(), 'clipsight-bench-'));
  const { page, close } = await openPage(browser, server, { ready: false });
  const drawn = (seed) => drawJpeg(page, seed).then((bytes) => Buffer.from(bytes));
  const files = {};
  // Enough of each for intervals, all of a kind: their files tell nothing.
  for (let seed = 1; seed <= 24; seed += 1) {
    const generator = seed % 2 === 0 ? 'flux' : 'sd';
    files[`sorted/fake/${generator}/${seed}.jpg`] = await drawn(seed);
    files[`sorted/real/${seed}.jpg`] = await drawn(100 + seed);
  }
  for (const name of ['portrait', 'forest', 'dragon'])
    files[`sorted/real/${name}.jpg`] = await readFile(scenePath(`${name}.jpg`));
  files['sorted/fake/sd/torn.jpg'] = files['sorted/fake/sd/1.jpg'].subarray(0, 100);
  files['sorted/notes.txt'] = 'Some of each.';
  files['sorted/cover.jpg'] = await drawn(999);
  // A few, of which the format tells everything.
  const png = await readFile(scenePath('letter.png'));
  for (let place = 0; place < 12; place += 1) {
    files[`apart/ai/${place}.png`] = png;
    files[`apart/human/${place}.jpg`] = await drawn(200 + place);
  }
  // By a table.
  for (let seed = 1; seed <= 3; seed += 1) {
    files[`listed/img/a${seed}.jpg`] = await drawn(300 + seed);
    files[`listed/img/b${seed}.jpg`] = await drawn(310 + seed);
  }
  files['listed/img/unnamed.jpg'] = await drawn(320);
  files['listed/labels.csv'] = [
    'Path;Label;Generator',
    ...[1, 2, 3].map((seed) => `img/a${seed}.jpg;ai;<b>sd</b>`),
    ...[1, 2, 3].map((seed) => `img/b${seed}.jpg;human;`),
    'img/none.jpg;ai;sd',
    'img/a1.jpg;real;',
    'img/unnamed.jpg;perhaps;',
  ].join('\n');
  files['unsorted/a.jpg'] = files['sorted/cover.jpg'];
  files['one/labels.csv'] = 'path,label\na.jpg,ai\n';
  files['one/a.jpg'] = files['sorted/cover.jpg'];
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  await close();
});
after(async () => {
  await browser?.close();
  await server?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const within = (name) => path.join(folder, name);

/** What `clipsight eval` says of a folder or a table. */
async function evalNatively(name) {
  const json = within(`${name.replaceAll('/', '-')}.json`);
  const program = path.join(root, 'target/release/clipsight');
  const args = ['eval', within(name), '--model', 'pkg/models/compact', '--device', 'cpu'];
  await promisify(execFile)(program, [...args, '--json', json], { cwd: root });
  return JSON.parse(await readFile(json, 'utf8'));
}

/** Numbers by another machine's arithmetic: the last digits of probabilities may be others. */
function assertClose(found, expected, place = 'report') {
  if (typeof expected === 'number') {
    const off = Math.abs(found - expected);
    assert.ok(off <= 2e-3, `${place}: ${found}, natively ${expected}`);
  } else if (typeof expected === 'object' && expected !== null) {
    assert.deepEqual(Object.keys(found), Object.keys(expected), place);
    for (const key of Object.keys(expected))
      assertClose(found[key], expected[key], `${place}.${key}`);
  } else {
    assert.equal(found, expected, place);
  }
}

const openBench = (page) => page.click('.drop .button.link');

const phase = (page, selector) =>
  page.waitForSelector(`dialog.bench ${selector}`, { timeout: SLOW });

const START = '.row .button:not([hidden]) >> text=Measure';

async function saved(page, name) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.click(`dialog.bench .button >> text=${name}`),
  ]);
  return readFile(await download.path(), 'utf8');
}

/** Measures a folder, to its end. */
async function measure(page, name) {
  await openBench(page);
  await page.setInputFiles(FOLDER, within(name));
  await phase(page, '.bench-found:not([hidden])');
  await page.click(`dialog.bench ${START}`);
  await phase(page, '.bench-article');
}

const said = (page, selector) =>
  page.$eval(`dialog.bench ${selector}`, (element) => element.textContent);

/** All of a report: the dialog scrolls within the window. */
async function whole(page, name) {
  const { width } = page.viewportSize();
  await page.setViewportSize({ width, height: 6000 });
  await page.locator('dialog.bench').screenshot({ path: path.join(out, name) });
}

describe('a folder', () => {
  test('is measured as the command line measures it', async (t) => {
    const { page, problems, close } = await openPage(browser, server);
    t.after(close);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null, undefined, {
      timeout: SLOW,
    });
    assert.ok(!server.requests.some((request) => request.includes('measure')), 'not before');
    const before = server.requests.length;
    await openBench(page);
    await page.screenshot({ path: path.join(out, 'bench-empty.png') });
    assert.deepEqual(await violations(page), []);
    await page.setInputFiles(FOLDER, within('sorted'));
    await phase(page, '.bench-found:not([hidden])');
    const found = await said(page, '.bench-found');
    for (const part of ['AI-generated: 25', 'Not AI-generated: 27', 'left out: 1', 'fake', 'real'])
      assert.ok(found.includes(part), `${part} is missing from ${found}`);
    assert.equal(await said(page, '[role=status] .passed summary'), 'One file was passed over');
    await page.screenshot({ path: path.join(out, 'bench-found.png') });
    assert.deepEqual(await violations(page), []);
    await page.click(`dialog.bench ${START}`);
    await phase(page, '.bench-article');
    const asked = server.requests
      .slice(before)
      .filter((request) => request !== '/service-worker.js');
    assert.equal(asked.length, 1, asked.join());
    assert.match(asked[0], /^\/assets\/measure\.[0-9a-f]+\.wasm$/);

    const report = JSON.parse(await saved(page, 'JSON'));
    const native = await evalNatively('sorted');
    assertClose(report, native);
    assert.deepEqual([report.figures.generated, report.figures.real], [24, 27]);
    assert.deepEqual(report.folder.unjudged, [
      { name: 'fake/sd/torn.jpg', generated: true, code: 'decode' },
    ]);
    assert.equal(report.confounds.passed, true);
    // What is shown are these numbers.
    const shown = await said(page, '.bench-article');
    for (const part of [
      report.figures.auc.toFixed(3),
      `${(100 * report.figures.recall.rate).toFixed(1)}%`,
      'Judged: 24 AI-generated, 27 not.',
      'torn.jpg',
    ])
      assert.ok(shown.includes(part), `${part} is missing from ${shown}`);
    assert.equal(await page.locator('dialog.bench .bench-warnings > .notice').count(), 0);
    const mistakes = await page.locator('.bench-mistakes li').count();
    assert.equal(mistakes, report.folder.mistakes.length);
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: path.join(out, 'bench-report.png') });
    await whole(page, 'bench-article.png');

    const rows = (await saved(page, 'CSV')).trim().split('\r\n');
    assert.equal(rows.length, 1 + 25 + 27);
    assert.ok(rows.some((row) => /^fake\/sd\/torn\.jpg,ai,sd,error,.*,decode,/.test(row)));
    assert.ok(rows.some((row) => row.startsWith('real/portrait.jpg,real,real,')));
    const html = await saved(page, 'page');
    assert.ok(html.startsWith('<!doctype html>') && html.includes('<svg'), html.slice(0, 200));
    assert.ok(!/<script|<img|blob:|https?:\/\/(?!www\.w3\.org)/.test(html), 'nothing is fetched');
    await writeFile(path.join(out, 'bench-saved.html'), html);
    assert.deepEqual(problems, []);
  });

  test('whose format tells it all says so', async (t) => {
    const { page, problems, close } = await openPage(browser, server);
    t.after(close);
    await measure(page, 'apart');
    const notices = await page.$$eval('.bench-warnings > .notice', (all) =>
      all.map(({ textContent }) => textContent),
    );
    assert.equal(notices.length, 3, notices.join('\n'));
    assert.match(notices[0], /Size and format alone tell these two folders apart: AUC 1\.000/);
    assert.match(notices[1], /fewer than 20 images/);
    // All PNGs are the same file.
    assert.match(notices[2], /11 images are, byte for byte/);
    assertClose(JSON.parse(await saved(page, 'JSON')), await evalNatively('apart'));
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: path.join(out, 'bench-confounds.png') });
    assert.deepEqual(problems, []);
  });

  test('with a table goes by it', async (t) => {
    const { page, problems, close } = await openPage(browser, server);
    t.after(close);
    await measure(page, 'listed');
    const found = await said(page, '.bench-found');
    for (const part of [
      'labels.csv',
      'AI-generated: 3',
      'Not AI-generated: 3',
      'or not the only one of that name: 1',
      'means neither, left out: 1',
      'more than once: 1',
    ])
      assert.ok(found.includes(part), `${part} is missing from ${found}`);
    const report = JSON.parse(await saved(page, 'JSON'));
    assertClose(report, await evalNatively('listed'));
    assertClose(report, await evalNatively('listed/labels.csv'));
    assert.equal(report.figures.origins[0].origin, '<b>sd</b>');
    assert.deepEqual([report.figures.auc_interval, report.folder.points], [null, []]);
    assert.deepEqual(problems, []);
  });

  test('that nothing is known of is refused, in words', async (t) => {
    const { page, problems, close } = await openPage(browser, server);
    t.after(close);
    await openBench(page);
    for (const [name, words] of [
      ['unsorted', /Nothing says which images are AI-generated/],
      ['one', /All of these images are AI-generated/],
    ]) {
      await page.setInputFiles(FOLDER, within(name));
      await page.waitForFunction(
        (wanted) =>
          new RegExp(wanted).test(document.querySelector('.bench [role=alert]').textContent),
        words.source,
      );
    }
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: path.join(out, 'bench-problem.png') });
    // The next one is taken all the same.
    await page.setInputFiles(FOLDER, within('listed'));
    await phase(page, '.bench-found:not([hidden])');
    assert.equal(await page.isVisible('.bench [role=alert]'), false);
    assert.deepEqual(problems, []);
  });

  test('dropped, stopped, gone on with, by keyboard; the dialog may close meanwhile', async (t) => {
    const { page, problems, close } = await openPage(browser, server);
    t.after(close);
    await page.focus('.drop .button.link');
    await page.keyboard.press('Enter');
    const client = await page.context().newCDPSession(page);
    const data = { items: [], files: [within('sorted')], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'])
      await client.send('Input.dispatchDragEvent', { type, x: 500, y: 300, data });
    await phase(page, '.bench-found:not([hidden])');
    assert.equal(await page.locator('.results:not([hidden])').count(), 0, 'not the usual results');
    // The dialog follows at most so often.
    const focuses = (name) =>
      page.waitForFunction((wanted) => document.activeElement.textContent === wanted, name);
    // From the button that closes it, past the one that chooses another folder.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await focuses('Measure');
    await page.keyboard.press('Enter');
    await focuses('Cancel');
    await page.waitForFunction(() =>
      /^[1-9]/.test(document.querySelector('.bench > div > p[role=status]').textContent),
    );
    await page.screenshot({ path: path.join(out, 'bench-running.png') });
    await page.keyboard.press('Enter');
    await focuses('Go on measuring');
    await page.keyboard.press('Enter');
    // Closed, it goes on.
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog.bench', { state: 'detached' });
    await page.keyboard.press('Enter');
    await phase(page, '.bench-article');
    const text = await said(page, '.bench-article');
    assert.ok(text.includes('Judged: 24 AI-generated, 27 not.'), text);
    assert.deepEqual(problems, []);
  });

  test('without a service worker the program cannot come, and that is said', async (t) => {
    const { page, close } = await openPage(browser, server, {
      setUp: (opened) =>
        opened.addInitScript(() => {
          Object.defineProperty(navigator, 'serviceWorker', { value: undefined });
        }),
    });
    t.after(close);
    await openBench(page);
    await page.setInputFiles(FOLDER, within('listed'));
    await phase(page, '[role=alert]:not([hidden])');
    assert.match(await said(page, '[role=alert]'), /could not be fetched/);
  });
});

describe('its looks', () => {
  for (const [language, theme, viewport] of [
    ['ar', 'light', { width: 390, height: 844 }],
    ['de', 'dark', { width: 390, height: 844 }],
    ['zh', 'light', { width: 1180, height: 860 }],
    ['es', 'dark', { width: 1180, height: 860 }],
  ]) {
    test(`${language}, ${theme}, ${viewport.width} px`, async (t) => {
      const { page, problems, close } = await openPage(browser, server, {
        settings: { language, theme },
        viewport,
      });
      t.after(close);
      await openBench(page);
      await page.setInputFiles(FOLDER, within('sorted'));
      await phase(page, '.bench-found:not([hidden])');
      await page.click('dialog.bench .row .button:nth-of-type(2)');
      await phase(page, '.bench-article');
      assert.deepEqual(await violations(page), []);
      const wide = await page.$eval(
        'dialog.bench',
        (dialog) => dialog.scrollWidth - dialog.clientWidth,
      );
      assert.ok(wide <= 0, `${wide} px too wide`);
      await page.screenshot({ path: path.join(out, `bench-${language}.png`) });
      await whole(page, `bench-article-${language}.png`);
      assert.deepEqual(problems, []);
    });
  }
});
