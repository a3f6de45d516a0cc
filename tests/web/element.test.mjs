// <ai-image-check> and <ai-image-result> on a site of somebody else, which has a strict policy.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { TEXT, VERDICTS, elementTests, gallery, settled, states } from './support/element.mjs';

const site = elementTests();
const picker = 'ai-image-check input[type=file]';
const image = (buffer, name = 'photo.jpg') => ({ name, mimeType: 'image/jpeg', buffer });

describe('the check', () => {
  test('fetches nothing before the first image, then loads, tells how far, and answers', async () => {
    site.server.requests.length = 0;
    const { page, problems, jpeg, check, close } = await site.openCheck();
    assert.deepEqual(
      site.server.requests.filter((file) => /worker\.js|\.wasm|model\.json|safetensors/.test(file)),
      [],
    );
    assert.equal(await check.getAttribute('state'), 'idle');
    await page.setInputFiles(picker, image(jpeg));
    await settled(page);
    assert.ok(site.server.requests.some((file) => file.endsWith('.safetensors')));
    const seen = await page.evaluate(() => window.seen);
    const types = [...new Set(seen.map(({ type }) => type))];
    assert.deepEqual(types, ['progress', 'ready', 'analysis']);
    assert.equal(seen.at(-1).detail.analysis.file.bytes, jpeg.length);
    assert.equal(seen.at(-1).detail.info.device, 'cpu');
    const [state] = await states(page);
    assert.ok(VERDICTS.includes(state), state);
    const items = await page.evaluate(() =>
      document
        .querySelector('ai-image-check')
        .items.map(({ file, analysis, error }) => [file.name, analysis?.file.format, error]),
    );
    assert.deepEqual(items, [['photo.jpg', 'jpeg', undefined]]);
    assert.deepEqual(problems, []);
    await close();
  });

  test('an error of one image is its own, and does not reach the window', async () => {
    const { page, problems, jpeg, check, close } = await site.openCheck({
      attributes: { multiple: '' },
    });
    await page.setInputFiles(picker, [image(jpeg), TEXT, image(jpeg.subarray(0, 900), 'cut.jpg')]);
    await settled(page);
    const seen = await states(page);
    assert.ok(VERDICTS.includes(seen[0]));
    assert.deepEqual(seen.slice(1), ['error', 'error']);
    const errors = await page.evaluate(() =>
      window.seen
        .filter(({ type }) => type === 'error')
        .map(({ detail }) => [detail.file.name, detail.error.code]),
    );
    assert.deepEqual(errors, [
      ['notes.jpg', 'decode'],
      ['cut.jpg', 'decode'],
    ]);
    assert.deepEqual(await page.evaluate(() => window.uncaught), []);
    assert.match(
      await page.getByRole('article').nth(1).textContent(),
      /Not a readable image.*original file/s,
    );
    // One more comes on top; clearing takes all away.
    await page.setInputFiles(picker, image(jpeg, 'later.jpg'));
    await settled(page);
    assert.equal(await page.locator('article [part=name]').first().textContent(), 'later.jpg');
    await check.getByRole('button', { name: 'Clear' }).click();
    assert.deepEqual(await states(page), []);
    assert.deepEqual(problems, []);
    await close();
  });

  test('without `multiple` an image takes the place of the one before', async () => {
    const { page, jpeg, close } = await site.openCheck();
    for (const name of ['first.jpg', 'second.jpg']) {
      await page.setInputFiles(picker, image(jpeg, name));
      await settled(page);
      assert.equal(await page.locator('article [part=name]').textContent(), name);
      assert.equal((await states(page)).length, 1);
    }
    await close();
  });

  test('dropped on it; a drop without a file says what to do', async () => {
    const { page, problems, jpeg, check, close } = await site.openCheck();
    const drag = (type, bytes) =>
      check.evaluate(
        (element, [name, given]) => {
          const transfer = new DataTransfer();
          if (given !== null)
            transfer.items.add(
              new File([new Uint8Array(given)], 'drop.jpg', { type: 'image/jpeg' }),
            );
          else transfer.setData('text/plain', 'nothing');
          const inside = element.shadowRoot.querySelector('.drop');
          const event = new DragEvent(name, {
            dataTransfer: transfer,
            bubbles: true,
            cancelable: true,
            composed: true,
          });
          inside.dispatchEvent(event);
          return event.defaultPrevented;
        },
        [type, bytes],
      );
    await drag('dragenter', [...jpeg]);
    assert.match(await check.locator('.invitation').textContent(), /Drop to check/);
    assert.ok(
      await drag('dragover', [...jpeg]),
      'or else the browser opens the file in place of the page',
    );
    await drag('drop', null);
    assert.match(await check.getByRole('alert').textContent(), /That was not an image file/);
    assert.match(await check.locator('.invitation').textContent(), /Drop an image/);
    await drag('drop', [...jpeg]);
    await settled(page);
    assert.equal(await check.getByRole('alert').count(), 0);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    assert.deepEqual(problems, []);
    await close();
  });

  test('pasted anywhere, only where it is asked for, and never out of a text field', async () => {
    const { page, problems, jpeg, check, close } = await site.openCheck();
    const paste = (selector, bytes) =>
      page.evaluate(
        ([target, given]) => {
          const transfer = new DataTransfer();
          if (given === null) transfer.setData('text/plain', 'https://example.org/photo.jpg');
          else
            transfer.items.add(
              new File([new Uint8Array(given)], 'image.png', { type: 'image/png' }),
            );
          const event = new ClipboardEvent('paste', {
            clipboardData: transfer,
            bubbles: true,
            cancelable: true,
          });
          document.querySelector(target).dispatchEvent(event);
          return event.defaultPrevented;
        },
        [selector, bytes],
      );
    const count = () => page.evaluate(() => document.querySelector('ai-image-check').items.length);
    assert.equal(await paste('h1', [...jpeg]), false);
    assert.equal(await count(), 0);
    await check.evaluate((element) => element.toggleAttribute('paste', true));
    assert.equal(await paste('#field', [...jpeg]), false);
    assert.equal(await count(), 0);
    // Text that is meant for the page is the page's; with the focus here it is a mistake.
    await paste('h1', null);
    assert.equal(await check.getByRole('alert').count(), 0);
    await check.getByRole('button').focus();
    await paste('ai-image-check', null);
    assert.match(await check.getByRole('alert').textContent(), /Copy a picture/);
    assert.equal(await paste('h1', [...jpeg]), true);
    await settled(page);
    assert.equal(await page.locator('article [part=name]').textContent(), 'Pasted image');
    await check.evaluate((element) => element.removeAttribute('paste'));
    assert.equal(await paste('h1', [...jpeg]), false);
    assert.deepEqual(problems, []);
    await close();
  });

  test('by keyboard alone: choose, open the details, take away; announced on the way', async () => {
    const { page, jpeg, check, close } = await site.openCheck();
    const focused = () =>
      page.evaluate(() => {
        let element = document.activeElement;
        while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
        return element.textContent || element.getAttribute('aria-label');
      });
    await page.focus('#field');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Choose an image');
    const choosing = page.waitForEvent('filechooser');
    await page.evaluate(() => 0);
    await page.keyboard.press('Enter');
    await (await choosing).setFiles(image(jpeg, 'keyboard.jpg'));
    await settled(page);
    assert.match(
      await check.locator('[aria-live=polite]').textContent(),
      /^\u2068keyboard\.jpg\u2069: .+\. .+/,
    );
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Details');
    await page.keyboard.press('Enter');
    assert.match(await page.getByRole('article').textContent(), /SHA-256[0-9a-f]{64}/);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'What this can and cannot tell you');
    await page.keyboard.press('Tab');
    assert.match(await focused(), /^Remove .*keyboard\.jpg/);
    await page.keyboard.press('Enter');
    assert.deepEqual(await states(page), []);
    assert.equal(await focused(), 'Choose an image');
    await close();
  });

  test('a model that cannot be fetched: shown, sent, and trying again works', async () => {
    const { page, jpeg, check, close } = await site.openCheck();
    const restore = site.server.override('.safetensors', () => 503);
    await page.setInputFiles(picker, image(jpeg));
    await page.waitForSelector('ai-image-check[state=failed]');
    restore();
    assert.equal(await page.evaluate(() => window.seen.at(-1).detail.error.code), 'network');
    assert.match(
      await check.locator('.status').textContent(),
      /could not start.*Check the connection/s,
    );
    await check.getByRole('button', { name: 'Try again' }).click();
    await settled(page);
    assert.ok(VERDICTS.includes((await states(page))[0]));
    await close();
  });

  test('attributes that make no sense are refused in words; changed ones take effect', async () => {
    const { page, jpeg, check, close } = await site.openCheck({
      attributes: { device: 'quantum', views: '3' },
    });
    await page.setInputFiles(picker, image(jpeg));
    await page.waitForSelector('ai-image-check[state=failed]');
    assert.match(await check.locator('.status').textContent(), /device must be .*quantum/);
    await check.evaluate((element) => element.setAttribute('device', 'cpu'));
    await settled(page);
    assert.match(await page.getByRole('article').textContent(), /views must be 1 or 5/);
    await check.evaluate((element) => element.setAttribute('views', '5'));
    await page.setInputFiles(picker, image(jpeg));
    await settled(page);
    const views = await page.evaluate(() => window.seen.at(-1).detail.analysis.input.views);
    assert.equal(views, 5);
    await close();
  });

  test('one detector shared by the page is used, and never disposed of', async () => {
    const { page, problems, jpeg, close } = await site.openCheck({ attributes: { hidden: '' } });
    const found = await page.evaluate(
      async (bytes) => {
        const detector = await window.clipsight.createDetector({ device: 'cpu' });
        const file = new File([new Uint8Array(bytes)], 'shared.jpg');
        const direct = await detector.analyze(file);
        const checks = [1, 2].map(() => {
          const check = document.createElement('ai-image-check');
          check.detector = detector;
          document.body.append(check);
          return check;
        });
        const results = await Promise.all(
          checks.map(
            (check) =>
              new Promise((resolve) => {
                check.addEventListener('analysis', ({ detail }) => resolve(detail.analysis.model));
                check.check([file]);
              }),
          ),
        );
        for (const check of checks) check.remove();
        await new Promise((resolve) => setTimeout(resolve, 50));
        const after = await detector.analyze(file);
        return { direct: direct.model, results, after: after.model };
      },
      [...jpeg],
    );
    assert.deepEqual(found.results, [found.direct, found.direct]);
    assert.deepEqual(found.after, found.direct);
    assert.deepEqual(problems, []);
    await close();
  });

  test('moved, it goes on; taken away, it cancels and ends its worker', async () => {
    const { page, problems, jpeg, check, close } = await site.openCheck({
      attributes: { autoload: '' },
    });
    await page.waitForSelector('ai-image-check[state=ready]');
    assert.equal(page.workers().length, 1);
    await page.setInputFiles(picker, image(jpeg));
    await check.evaluate((element) => document.body.append(element));
    await settled(page);
    assert.equal(page.workers().length, 1);
    const [worker] = page.workers();
    const ended = worker.waitForEvent('close');
    const left = await check.evaluate(async (element) => {
      element.check([element.items[0].file]);
      await new Promise((resolve) => setTimeout(resolve));
      element.remove();
      await Promise.resolve();
      return element.items.length;
    });
    assert.equal(left, 0);
    await ended;
    assert.deepEqual(problems, []);
    await close();
  });
});

describe('hostile names', () => {
  test('are text, cannot reorder what is around them, and cost nothing', async () => {
    const { page, problems, jpeg, close } = await site.openCheck({ attributes: { multiple: '' } });
    const names = [
      '<img src=x onerror=alert(1)>',
      'photo\u202egpj.exe',
      'a\0b.jpg',
      `${'W'.repeat(1 << 20)}.png`,
    ];
    await page.evaluate(
      ([given, bytes]) => {
        const files = given.map(
          (name) => new File([new Uint8Array(bytes)], name, { type: 'image/jpeg' }),
        );
        document.querySelector('ai-image-check').check(files);
      },
      [names, [...jpeg]],
    );
    await settled(page);
    // The longest is cut before anything is made of it: no text and no attribute holds it.
    const longest = await page.evaluate(() => {
      const lengths = (node) => [
        node.data?.length ?? 0,
        ...[...(node.attributes ?? [])].map(({ value }) => value.length),
        ...[...node.childNodes, ...(node.shadowRoot?.childNodes ?? [])]
          .filter(({ localName }) => localName !== 'style')
          .flatMap(lengths),
      ];
      return Math.max(...lengths(document.querySelector('ai-image-check')));
    });
    assert.ok(longest >= 50 && longest < 1000, `${longest} characters`);
    const shown = await page.locator('article [part=name]').allTextContents();
    assert.equal(shown[0], names[0]);
    assert.equal(shown[1], 'photo\ufffdgpj.exe');
    assert.equal(shown[2], 'a\ufffdb.jpg');
    assert.match(shown[3], /^W+…W+\.png$/);
    const width = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    assert.ok(width <= 0, `${width} px too wide`);
    assert.equal(await page.locator('img[src=x]').count(), 0);
    assert.deepEqual(problems, []);
    await close();
  });
});

describe('the result alone', () => {
  test('takes what was set before it was defined, and lets the picture go when it goes', async () => {
    const { page, problems, jpeg, close } = await site.open({ hash: '#undefined' });
    const name = await page.evaluate(
      async (bytes) => {
        const card = document.createElement('ai-image-result');
        card.name = 'early.jpg';
        card.picture = new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' });
        card.error = { code: 'limit', message: 'The image has too many pixels.' };
        document.body.append(card);
        await import('/pkg/element/index.js');
        // A second copy of the module, as two bundles on a page make them.
        await import('/pkg/element/index.js?copy');
        await new Promise((resolve) => setTimeout(resolve));
        return card.shadowRoot.querySelector('[part=name]').textContent;
      },
      [...jpeg],
    );
    assert.equal(name, 'early.jpg');
    assert.equal(await page.getAttribute('ai-image-result', 'state'), 'error');
    const freed = await page.evaluate(async () => {
      const card = document.querySelector('ai-image-result');
      const { src } = card.shadowRoot.querySelector('img');
      const load = (address) =>
        new Promise((resolve) => {
          const probe = new Image();
          probe.onload = () => resolve('there');
          probe.onerror = () => resolve('gone');
          probe.src = address;
        });
      const was = await load(src);
      card.remove();
      const is = await load(src);
      document.body.append(card);
      return [was, is, await load(card.shadowRoot.querySelector('img').src)];
    });
    assert.deepEqual(freed, ['there', 'gone', 'there']);
    assert.deepEqual(
      problems.filter((problem) => !/ERR_FILE_NOT_FOUND/.test(problem)),
      [],
    );
    await close();
  });

  test('speaks the language of its element, of the page, of what is chosen, and changes at once', async () => {
    const { page, close } = await site.open({ locale: 'es-ES' });
    const headlines = await page.evaluate(async () => {
      const card = document.createElement('ai-image-result');
      card.error = { code: 'limit', message: 'Too large.' };
      document.body.append(card);
      const say = async (change) => {
        change();
        await new Promise((resolve) => setTimeout(resolve));
        const article = card.shadowRoot.querySelector('article');
        return [article.querySelector('.headline').textContent, article.lang, article.dir];
      };
      return [
        await say(() => (document.documentElement.lang = '')),
        await say(() => {
          document.documentElement.lang = 'de';
          // What is around it is read when something else changes.
          card.name = 'x';
        }),
        await say(() => window.ui.setLocale('zh')),
        await say(() => card.setAttribute('lang', 'ar')),
      ];
    });
    assert.deepEqual(headlines, [
      ['Imagen demasiado grande', 'es-ES', 'ltr'],
      ['Bild zu groß', 'de', 'ltr'],
      ['图像过大', 'zh-Hans', 'ltr'],
      ['الصورة كبيرة جدًا', 'ar', 'rtl'],
    ]);
    await close();
  });

  test('asks the page to take it away, which may refuse', async () => {
    const { page, close } = await site.open();
    await page.evaluate(() => {
      const card = document.createElement('ai-image-result');
      card.name = 'a.jpg';
      card.toggleAttribute('removable', true);
      document.body.append(card);
      window.removals = 0;
      document.addEventListener('remove', () => (window.removals += 1));
    });
    await page.getByRole('button', { name: 'Remove' }).click();
    assert.equal(await page.evaluate(() => window.removals), 1);
    assert.equal(await page.locator('ai-image-result').count(), 1);
    await close();
  });
});

describe('every verdict', () => {
  let images;
  before(async () => (images = await gallery()));

  test('is what the native program says, with its measured error, and never "real"', async () => {
    const { page, problems, close } = await site.openCheck({ attributes: { multiple: '' } });
    await page.setInputFiles(
      picker,
      images.map(({ name, mimeType, buffer }) => ({ name, mimeType, buffer })),
    );
    await settled(page);
    assert.deepEqual(
      await states(page),
      images.map(({ state }) => state),
    );
    assert.deepEqual(
      images.map(({ state }) => state),
      VERDICTS,
    );
    const texts = await page.getByRole('article').allTextContents();
    for (const [i, text] of texts.entries()) {
      assert.doesNotMatch(text, /\breal\b/i);
      assert.match(text, /The file’s own bytes/);
      assert.match(text, /On this device’s CPU, [\d,]+ ms/);
      const { state, result } = images[i];
      const { width, height, format } = result;
      assert.match(text, new RegExp(`${width} × ${height} ${format}, [\\d.]+ kB`, 'i'));
      if (state === 'abstained') assert.match(text, /Cannot tell/);
      else {
        assert.match(
          text,
          /% probability of AI.*Of 100 results like this, (about \d+ (is|are)|fewer than 1 is) .*Measured on \d+ test/s,
        );
        // No certainty is claimed by rounding.
        const percent = Math.round(result.probability * 100);
        const said = { 0: 'Under 1', 100: 'Over 99' }[percent] ?? percent;
        assert.match(text, new RegExp(`(^|\\D)${said}% probability`));
      }
      assert.equal(
        /Likely generator/.test(text),
        ['moderate', 'strong', 'very-strong'].includes(state),
      );
    }
    assert.deepEqual(problems, []);
    await close();
  });
});
