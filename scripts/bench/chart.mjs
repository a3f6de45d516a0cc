// The ratios as a chart: one bar a comparison, onnxruntime-web a line at 1, each goal a notch.
import { comparisons } from './results.mjs';

const WIDTH = 800;
const LABELS = 330;
const VALUES = 60;
const BAR = 14;
const ROW = 24;
const GROUP = 34;
const TOP = 66;
/** Longer bars are cut off here; their value still stands beside them. */
const MOST = 2;

const STYLE = `
  svg { color-scheme: light dark; font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; }
  .page { fill: #fff; } text { fill: #1f2328; } .quiet { fill: #636c76; } .group { font-weight: 600; }
  .met { fill: #2a7d5f; } .plain { fill: #7a8794; } .missed { fill: #b4622d; }
  .one { stroke: #1f2328; } .goal { stroke: #1f2328; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #e6edf3; } .quiet { fill: #9198a1; }
    .met { fill: #4fb48c; } .plain { fill: #6e7b88; } .missed { fill: #d98a56; }
    .one, .goal { stroke: #e6edf3; }
  }`;

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** The chart of a run, as SVG. */
export function chart({ rows, date }) {
  const groups = new Map();
  for (const line of comparisons(rows)) {
    if (line.id.startsWith('weights/')) continue;
    const name = `${line.device}`;
    groups.set(name, [...(groups.get(name) ?? []), line]);
  }
  const longest = Math.min(
    MOST,
    Math.max(1.1, ...[...groups.values()].flat().map(({ ratio }) => ratio)),
  );
  const scale = (WIDTH - LABELS - VALUES) / longest;
  const x = (ratio) => (LABELS + Math.min(ratio, longest) * scale).toFixed(1);
  const parts = [];
  let y = TOP;
  for (const [name, lines] of groups) {
    parts.push(`<text class="group" x="20" y="${y + 12}">${escape(name)}</text>`);
    y += ROW;
    for (const line of lines) {
      parts.push(bar(line, y, x, scale, longest));
      y += ROW;
    }
    y += GROUP - ROW;
  }
  const height = y + 14;
  const one = x(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
<title id="title">clipsight beside onnxruntime-web, ratios, lower is better</title>
<style>${STYLE}
</style>
<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>
<text class="group" x="20" y="30">clipsight / onnxruntime-web: lower is better</text>
<text class="quiet" x="20" y="48">${escape(date)}, best form of each side; notch: the goal, green where met, orange where missed</text>
<line class="one" x1="${one}" x2="${one}" y1="${TOP}" y2="${height - 14}" stroke-dasharray="2 3"/>
<text class="quiet" x="${one}" y="${TOP - 8}" text-anchor="middle">onnxruntime-web = 1</text>
${parts.join('\n')}
</svg>
`;
}

function bar({ encoder, what, ratio, goal }, y, x, scale, longest) {
  const kind = goal === undefined ? 'plain' : ratio <= goal ? 'met' : 'missed';
  const width = Math.min(ratio, longest) * scale;
  const notch =
    goal === undefined
      ? ''
      : `<line class="goal" x1="${x(goal)}" x2="${x(goal)}" y1="${y - 3}" y2="${y + BAR + 3}"/>`;
  const cut = ratio > longest ? ' →' : '';
  return `<text x="${LABELS - 10}" y="${y + 11}" text-anchor="end"><tspan class="quiet">${escape(encoder)}</tspan> ${escape(what)}</text>
<rect class="${kind}" x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>${notch}
<text x="${(LABELS + width + 8).toFixed(1)}" y="${y + 11}">${ratio.toFixed(2)}${cut}</text>`;
}
