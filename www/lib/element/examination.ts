/** What is asked of a verdict afterwards: whether it holds, and where the model looked. */
import { h } from './dom.js';
import { stateIcon } from './grades.js';
import type { Analysis, OcclusionMap, Stability } from '../api/analysis.generated.js';
import type { Locale } from './i18n.js';
import type { Strings } from './strings/index.js';

interface Words {
  readonly strings: Strings;
  readonly locale: Locale;
}

/** The verdict over deliveries, as a strip. */
export function stabilityStrip(
  stability: Stability,
  { model }: Analysis,
  { strings, locale }: Words,
): HTMLElement {
  const { stability: words, grade, abstained } = strings;
  const rows = [
    {
      name: words.original,
      grade: model.status === 'scored' ? model.grade : null,
      probability: model.probability,
    },
    ...stability.deliveries.map((one) => ({ name: words.delivery[one.delivery], ...one })),
  ];
  const hadGrade = model.status === 'scored' || model.reason === 'unsteady';
  const sentence = stability.unsteady
    ? words.unsteady
    : hadGrade
      ? words.steady
      : words.withoutGrade;
  return h(
    'section',
    { class: 'stability', part: 'stability', 'aria-labelledby': 'stability-title' },
    h('h4', { id: 'stability-title' }, words.title),
    h('p', stability.unsteady ? { class: 'unsteady' } : {}, sentence),
    h(
      'ul',
      { class: 'strip' },
      ...rows.map((row) =>
        h(
          'li',
          { 'data-state': row.grade ?? 'abstained' },
          h('span', { class: 'delivery' }, row.name),
          h(
            'span',
            { class: 'delivered' },
            stateIcon(row.grade ?? 'abstained'),
            h('span', {}, row.grade === null ? abstained.headline : grade[row.grade]),
          ),
          h('span', { class: 'share' }, percent(row.probability, locale)),
        ),
      ),
    ),
  );
}

/** As narrow as a column wants it; never 0 or 100 %, which would claim certainty. */
function percent(share: number, locale: Locale): string {
  return locale.boundedPercent(
    share,
    (bound) => `> ${bound}`,
    (bound) => `< ${bound}`,
  );
}

/** How strong the overlay is, 0 to 1; it outlives what is drawn. */
export interface Overlay {
  strength: number;
}

/** Where the model looked, over the picture. */
export function occlusionFigure(
  map: OcclusionMap,
  { file }: Analysis,
  picture: string | undefined,
  overlay: Overlay,
  words: Words,
): HTMLElement {
  const { map: said } = words.strings;
  const canvas = heat(map);
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', said.description(...strongest(map)));
  const { x, y, width, height } = map.region;
  const place = { left: x, top: y, width, height };
  for (const [side, share] of Object.entries(place))
    canvas.style.setProperty(side, `${String(share * 100)}%`);
  const show = (): void => {
    canvas.style.opacity = String(overlay.strength);
  };
  show();
  const slider = h('input', {
    type: 'range',
    min: '0',
    max: '100',
    value: String(Math.round(overlay.strength * 100)),
    'aria-label': said.strength,
  });
  slider.addEventListener('input', () => {
    overlay.strength = slider.valueAsNumber / 100;
    show();
  });
  const stage = h('div', { class: 'stage' });
  stage.style.aspectRatio = `${String(file.width)} / ${String(file.height)}`;
  if (picture !== undefined) stage.append(h('img', { src: picture, alt: '', decoding: 'async' }));
  stage.append(canvas);
  return h(
    'figure',
    { class: 'map', part: 'map' },
    h('h4', {}, said.title),
    stage,
    h('label', { class: 'strength' }, h('span', {}, said.strength), slider),
    h(
      'p',
      { class: 'legend' },
      h('span', { class: 'for' }, said.speaksFor),
      h('span', { class: 'against' }, said.speaksAgainst),
    ),
    h('figcaption', {}, [said.caption, ...(width * height < 1 ? [said.centreOnly] : [])].join(' ')),
    ...shares(map, words),
  );
}

/** Colours of what speaks for AI and against it, told apart without seeing red or green. */
const FOR = [214, 84, 20];
const AGAINST = [20, 110, 190];

/** A pixel for each part; enlarged, the browser draws what lies between. */
function heat({ columns, rows, parts }: OcclusionMap): HTMLCanvasElement {
  const canvas = h('canvas', { width: String(columns), height: String(rows) });
  const most = Math.max(...parts.map(Math.abs), Number.MIN_VALUE);
  const pixels = parts.flatMap((part) => [
    ...(part > 0 ? FOR : AGAINST),
    Math.round((255 * Math.abs(part)) / most),
  ]);
  const image = new ImageData(new Uint8ClampedArray(pixels), columns, rows);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

/** Column and row of the part that counts most, from 1, and whether it speaks for AI. */
function strongest({ columns, parts }: OcclusionMap): [number, number, boolean] {
  const sizes = parts.map(Math.abs);
  const at = sizes.indexOf(Math.max(...sizes));
  return [(at % columns) + 1, Math.floor(at / columns) + 1, (parts[at] ?? 0) > 0];
}

/** What layers and pools have in the verdict. */
function shares({ shares: found }: OcclusionMap, { strings, locale }: Words): HTMLElement[] {
  if (found === undefined) return [];
  const { map: said } = strings;
  const row = (name: string, logit: number): HTMLElement =>
    h(
      'div',
      {},
      h('dt', {}, name),
      h('dd', {}, h('span', { dir: 'auto' }, locale.signed(logit, 2))),
    );
  return [
    h(
      'details',
      { class: 'shares' },
      h('summary', {}, said.shares),
      h('p', { class: 'muted' }, said.sharesNote),
      h(
        'dl',
        { class: 'rows' },
        ...found.layers.map(({ layer, logit }) => row(said.layer(layer), logit)),
        ...found.pools.map(({ pool, logit }) => row(said.pool[pool], logit)),
      ),
    ),
  ];
}
