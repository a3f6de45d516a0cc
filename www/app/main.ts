import { createDetector, DetectorError } from 'clipsight';
import { Card } from './card.js';
import { h, icon, icons } from './dom.js';
import { listen } from './intake.js';
import { Status } from './status.js';
import { strings } from './strings.js';
import './style.css';
import type { Detector, DevicePreference } from 'clipsight';

/** One image from intake to verdict. */
interface Item {
  readonly file: File;
  readonly card: Card;
  readonly abort: AbortController;
  settled: boolean;
}

const items = new Set<Item>();
let detector: Detector | undefined;

const status = new Status();
const picker = h('input', { type: 'file', accept: 'image/*', multiple: '', hidden: '' });
const choose = h('button', { type: 'button', class: 'button' }, strings.drop.choose);
const hint = h('p', { class: 'notice', hidden: '', role: 'alert' });
const drop = h(
  'section',
  { class: 'drop' },
  h('div', { class: 'drop-art', 'aria-hidden': 'true' }, icon(icons.image)),
  h('h2', { class: 'drop-title' }, strings.drop.title),
  h('p', { class: 'muted' }, strings.drop.paste),
  choose,
  picker,
  h('p', { class: 'fine' }, strings.drop.formats),
  hint,
);
const list = h('ul', { class: 'cards' });
const count = h('p', { class: 'muted' });
const clear = h('button', { type: 'button', class: 'button quiet' }, strings.results.clear);
const results = h(
  'section',
  { class: 'results', 'aria-labelledby': 'results', hidden: '' },
  h('header', {}, h('h2', { id: 'results', tabindex: '-1' }, strings.results.heading), count, clear),
  list,
);
/** Read out by screen readers as each verdict comes in. */
const announcer = h('p', { class: 'visually-hidden', 'aria-live': 'polite' });
const footer = h('footer', { class: 'fine' });

document.body.append(
  h(
    'div',
    { class: 'page' },
    h(
      'header',
      { class: 'masthead' },
      h('p', { class: 'brand' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), strings.name),
      h('h1', {}, strings.title),
      h('p', { class: 'lead' }, strings.lead),
      h('p', { class: 'privacy' }, icon(icons.lock), h('span', {}, strings.privacy)),
    ),
    h('main', {}, h('div', { class: 'intake' }, drop, status.element), results, about()),
    footer,
  ),
  h('div', { class: 'curtain', 'aria-hidden': 'true' }, h('p', {}, strings.drop.over)),
  announcer,
);

function about(): HTMLElement {
  return h(
    'section',
    { class: 'about', 'aria-labelledby': 'about' },
    h('h2', { id: 'about' }, strings.about.heading),
    h(
      'div',
      { class: 'points' },
      ...strings.about.points.map(({ title, text }) => h('div', {}, h('h3', {}, title), h('p', {}, text))),
    ),
  );
}

/** `?device=webgpu` and `?device=cpu` override the choice, for tests and for people whose GPU misbehaves. */
function preference(): DevicePreference {
  const asked = new URLSearchParams(location.search).get('device');
  return asked === 'webgpu' || asked === 'cpu' ? asked : 'auto';
}

async function start(): Promise<void> {
  status.loading({ phase: 'core', loadedBytes: 0, totalBytes: 0 });
  try {
    detector = await createDetector({
      device: preference(),
      onProgress(progress) {
        status.loading(progress);
      },
    });
  } catch (error) {
    status.failed(asDetectorError(error), () => void start());
    return;
  }
  status.ready(detector.info);
  footer.textContent = strings.footer(detector.info.modelId);
  for (const item of items) if (!item.settled) void analyze(item, detector);
}

async function analyze(item: Item, ready: Detector): Promise<void> {
  item.card.waiting(strings.results.waiting);
  let sentence: string;
  try {
    const analysis = await ready.analyze(item.file, { signal: item.abort.signal });
    sentence = item.card.done(analysis, ready.info);
  } catch (thrown) {
    const error = asDetectorError(thrown);
    if (error.code === 'aborted') return;
    sentence = item.card.failed(error);
  }
  item.settled = true;
  announcer.textContent = sentence;
  // The device may have changed under way, and then the page says so.
  status.ready(ready.info);
  updateCount();
}

function add(files: readonly File[]): void {
  hint.hidden = true;
  const added = files.map((file): Item => {
    const item: Item = {
      file,
      card: new Card(file, () => {
        remove(item);
        (items.size > 0 ? document.getElementById('results') : choose)?.focus();
      }),
      abort: new AbortController(),
      settled: false,
    };
    item.card.waiting(strings.results.waitingForModel);
    items.add(item);
    return item;
  });
  // The newest batch on top, in its own order.
  list.prepend(...added.map(({ card }) => card.element));
  updateCount();
  results.scrollIntoView({ block: 'nearest' });
  if (detector !== undefined) for (const item of added) void analyze(item, detector);
}

function remove(item: Item): void {
  item.abort.abort();
  item.card.release();
  items.delete(item);
  updateCount();
}

function updateCount(): void {
  results.hidden = items.size === 0;
  document.body.classList.toggle('has-results', items.size > 0);
  const done = [...items].filter(({ settled }) => settled).length;
  count.textContent = strings.results.progress(done, items.size);
  count.hidden = items.size < 2;
}

function asDetectorError(error: unknown): DetectorError {
  return error instanceof DetectorError ? error : new DetectorError('internal', String(error));
}

choose.addEventListener('click', () => {
  picker.click();
});
picker.addEventListener('change', () => {
  add([...(picker.files ?? [])]);
  // So that the same file can be picked again.
  picker.value = '';
});
clear.addEventListener('click', () => {
  for (const item of [...items]) remove(item);
  choose.focus();
});
listen({
  files: add,
  nothing(message) {
    hint.textContent = message;
    hint.hidden = false;
  },
  over(hovering) {
    document.body.classList.toggle('dragging', hovering);
  },
});
void start();
