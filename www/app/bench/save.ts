import { locale, saveAs } from 'clipsight/ui';
import { text } from '../app.js';
import { toCsv } from '../export/csv.js';
import type { Bench } from './bench.js';
import type { ReportView } from './report.js';

const COLUMNS = [
  'name',
  'label',
  'origin',
  'outcome',
  'probability',
  'logit',
  'format',
  'width',
  'height',
  'bytes',
  'sha256',
  'error_code',
  'error_message',
];

/** Saves a row of every image, those that could not be judged included. */
export function saveRows({ rows }: Bench): void {
  const lines = rows.map(({ labelled, item }) => {
    const { analysis, error } = item;
    const model = analysis?.model;
    return [
      labelled.name,
      labelled.generated ? 'ai' : 'real',
      labelled.origin,
      model?.status === 'abstained' ? model.reason : item.outcome,
      model?.probability,
      model?.logit,
      analysis?.file.format,
      analysis?.file.width,
      analysis?.file.height,
      analysis?.file.bytes ?? item.file.size,
      analysis?.file.sha256,
      error?.code,
      error?.message,
    ];
  });
  saveAs('clipsight-bench.csv', 'text/csv', toCsv([COLUMNS, ...lines]));
}

/** Saves the report as `clipsight eval --json` writes it. */
export function saveJson(_: Bench, { report }: ReportView): void {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  saveAs('clipsight-bench.json', 'application/json', json);
}

/**
 * Saves the report as a page in one file, without the pictures: whoever passes it on passes on no
 * more than it says.
 */
export function saveHtml(_: Bench, { element }: ReportView): void {
  const shown = element.cloneNode(true) as HTMLElement;
  for (const picture of shown.querySelectorAll('.bench-picture')) picture.remove();
  for (const scrolled of shown.querySelectorAll('[tabindex]')) scrolled.removeAttribute('tabindex');
  const strings = text();
  const { lang, direction } = locale();
  const made = document.implementation.createHTMLDocument(strings.bench.report.title);
  made.documentElement.lang = lang;
  made.documentElement.dir = direction;
  const meta = (attributes: Readonly<Record<string, string>>): void => {
    const element = made.createElement('meta');
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    made.head.append(element);
  };
  meta({ charset: 'utf-8' });
  // Even if a name slipped through, the policy lets nothing run and nothing be fetched.
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  meta({ 'http-equiv': 'Content-Security-Policy', content: policy });
  meta({ name: 'viewport', content: 'width=device-width, initial-scale=1' });
  const title = made.createElement('h1');
  title.textContent = strings.bench.report.title;
  const date = made.createElement('p');
  date.textContent = strings.export.made(locale().date(new Date()));
  made.body.append(title, date, made.adoptNode(shown));
  // A style element of this document would be refused by the page's policy; in text it is none yet.
  const html = made.documentElement.outerHTML.replace('</head>', `<style>${STYLE}</style></head>`);
  saveAs('clipsight-bench.html', 'text/html', `<!doctype html>\n${html}\n`);
}

/** Of the saved page. */
const STYLE = `
:root { color-scheme: light dark; }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; }
th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8886; text-align: start; }
thead th { font-weight: 600; }
tbody th { font-weight: 400; }
.bench-scroll { overflow-x: auto; }
.visually-hidden { position: absolute; clip-path: inset(50%); }
.notice { padding: .75rem 1rem; border: 1px solid #b3261e; border-radius: .5rem; }
.notice svg { display: none; }
.fine, .muted, figcaption { font-size: .875rem; opacity: .8; }
.bench-mistakes li { display: flex; gap: 1rem; }
.bench-mistakes strong { margin-inline-start: auto; }
dl > div { display: flex; flex-wrap: wrap; gap: 0 1rem; }
dt { min-width: 12rem; }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0; max-width: 24rem; }
svg .grid { stroke: #8884; }
svg .chance { stroke: #888; stroke-dasharray: 4 4; }
svg .curve { fill: none; stroke: #5a66e0; stroke-width: 2.5; }
svg .point { fill: #5a66e0; }
svg text { font-size: 11px; fill: currentColor; }
`;
