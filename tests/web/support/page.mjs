// The page in a browser: opened, given images, waited for.
import { newPage } from './browser.mjs';
import { drawJpeg } from './images.mjs';

/**
 * WebGPU on SwiftShader compiles its shaders and computes on the CPU: minutes where a GPU needs
 * moments.
 */
export const SLOW = 600_000;

export const VERDICTS = ['weak', 'moderate', 'strong', 'very-strong', 'abstained'];

export const FILES = 'input[type=file]:not([webkitdirectory])';

/** What is unlike most pages all at once, for `openPage`. */
export const ARABIC_DARK_PHONE = {
  settings: { language: 'ar' },
  colorScheme: 'dark',
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
};

/** No image at all. */
export const TEXT = {
  name: 'notes.jpg',
  mimeType: 'image/jpeg',
  buffer: Buffer.from('No picture at all.\n'.repeat(50)),
};

/**
 * Opens the page; `ready` waits for the detector. `jpeg` are the bytes of an image that the browser
 * drew.
 */
export async function openPage(
  browser,
  server,
  { query = '?device=cpu', ready = true, settings = {}, setUp, ...options } = {},
) {
  const opened = await newPage(browser, {
    viewport: { width: 1180, height: 860 },
    locale: 'en-US',
    ...options,
  });
  await opened.page.addInitScript((chosen) => {
    if (localStorage.getItem('clipsight.settings') === null)
      localStorage.setItem('clipsight.settings', JSON.stringify(chosen));
  }, settings);
  await setUp?.(opened.page);
  await opened.page.goto(`${server.url}/${query}`);
  if (ready) await isReady(opened.page);
  const jpeg = Buffer.from(await drawJpeg(opened.page));
  return { ...opened, jpeg };
}

export const isReady = (page) =>
  page.waitForSelector('.status[data-state=ready]', { timeout: SLOW });

/** A file for `setInputFiles`. */
export const file = (name, buffer) => ({ name, mimeType: 'image/jpeg', buffer });

/** Waits until nothing waits any more. */
export const allSettled = (page) =>
  page.waitForFunction(
    () =>
      document.querySelector('.results:not([hidden]) ai-image-result') !== null &&
      document.querySelector('ai-image-result[state=waiting]') === null &&
      document.querySelector('.row-item:is([data-state=waiting], [data-state=working])') === null &&
      document.querySelector('.results > progress').hidden,
    undefined,
    { timeout: SLOW },
  );

/** What the list's rows, or the only card, show. */
export const states = (page) =>
  page.evaluate(() => {
    const rows = [...document.querySelectorAll('.list:not([hidden]) .row-item')];
    if (rows.length > 0) return rows.map(({ dataset }) => dataset.state);
    return [...document.querySelectorAll('.chosen:not([hidden]) ai-image-result')].map((card) =>
      card.getAttribute('state'),
    );
  });

export const names = (page) =>
  page.$$eval('.row-item .row-name', (rows) => rows.map((row) => row.textContent));

/** Waits until the model of this name answers. */
export const answers = (page, modelId) =>
  page.waitForSelector(`footer:has-text("${modelId}")`, { timeout: SLOW });

/** Everything the chosen image's card says. */
export const cardText = (page) =>
  page.$eval('ai-image-result', (card) => card.shadowRoot.textContent);
