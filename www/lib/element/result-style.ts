export const resultCss = `
:host {
  --grade: var(--unsure);

  display: block;
  container-type: inline-size;
  /* Where nothing else gives it a width, e.g. in a row of flex items. */
  contain-intrinsic-inline-size: 17rem;
  min-inline-size: 0;
  color: var(--ink);
  font: 400 1rem/1.55 var(--font);
  text-align: start;
}
:host([hidden]) { display: none; }
:host([state='weak']) { --grade: var(--weak); }
:host([state='moderate']) { --grade: var(--moderate); }
:host([state='strong']) { --grade: var(--strong); }
:host([state='very-strong']) { --grade: var(--very-strong); }
:host([state='error']) { --grade: var(--bad); }

.card {
  position: relative;
  display: grid;
  grid-template-columns: minmax(8rem, 15rem) minmax(0, 1fr);
  gap: var(--s6);
  padding: var(--s4);
  border-radius: var(--radius);
  background: var(--surface);
  box-shadow: var(--shadow);
  font-size: var(--small);
}
.picture {
  display: grid;
  /* No larger than the frame, whatever the picture's shape. */
  grid-template: minmax(0, 1fr) / minmax(0, 1fr);
  place-items: center;
  align-self: start;
  aspect-ratio: 1;
  overflow: hidden;
  border-radius: var(--radius-small);
  background: var(--sunken);
  color: var(--muted);
  font-size: 2rem;
}
.picture > * { grid-area: 1 / 1; }
.picture img { inline-size: 100%; block-size: 100%; object-fit: contain; }
.picture .outlines, .picture .part { inline-size: 100%; block-size: 100%; min-block-size: 0; }
.outlines rect { fill: none; vector-effect: non-scaling-stroke; }
.outlines .under { stroke: #fff; stroke-width: 4px; }
.outlines .over { stroke: #b3261e; stroke-width: 2px; }
:host([state='error']) .picture { aspect-ratio: 16 / 9; }

.body {
  display: grid;
  align-content: start;
  gap: var(--s4);
  min-inline-size: 0;
  padding-block: var(--s1);
}
.file {
  overflow: hidden;
  color: var(--muted);
  font-size: var(--fine);
  font-weight: 500;
  text-overflow: ellipsis;
  unicode-bidi: isolate;
  white-space: nowrap;
}
:host([removable]) .file { margin-inline-end: var(--s12); }

.verdict { display: grid; gap: var(--s2); }
.headline {
  display: flex;
  align-items: center;
  gap: var(--s2);
  color: var(--grade);
  font-size: var(--headline);
  font-weight: 700;
  letter-spacing: -0.02em;
  line-height: 1.25;
  text-wrap: balance;
}
:lang(ar) .headline, :lang(zh) .headline { letter-spacing: 0; }
.meter {
  display: grid;
  grid-template-columns: repeat(4, 1fr);
  gap: var(--s1);
  max-inline-size: 22rem;
  margin-block: var(--s1);
}
.meter span {
  block-size: 0.5rem;
  border-radius: 999px;
  background: var(--sunken);
  box-shadow: inset 0 0 0 1px var(--line);
}
.meter .on { background: var(--grade); box-shadow: none; }
.probability { font-size: 1.0625rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.measured {
  padding-inline-start: var(--s3);
  border-inline-start: 3px solid var(--line);
  text-wrap: pretty;
}
.measured strong { font-weight: 600; }

dl { display: grid; font-variant-numeric: tabular-nums; }
dl > div {
  display: grid;
  grid-template-columns: minmax(7.5rem, 10rem) minmax(0, 1fr);
  gap: 0 var(--s4);
}
dt { color: var(--muted); }
dd { overflow-wrap: anywhere; }
dd .fine { display: block; }
.facts {
  gap: var(--s2);
  padding-block-start: var(--s4);
  border-block-start: 1px solid var(--line);
}
.facts dd > :first-child { font-weight: 500; }
.facts .fine { line-height: 1.4; }

.stability, .map {
  display: grid;
  gap: var(--s2);
  padding-block-start: var(--s4);
  border-block-start: 1px solid var(--line);
}
.stability h4, .map h4 { font-size: 1rem; font-weight: 600; }
.unsteady { color: var(--bad); font-weight: 600; }
.strip { display: grid; gap: var(--s1); list-style: none; }
.strip li {
  --grade: var(--unsure);

  display: grid;
  grid-template-columns: minmax(0, 1fr) minmax(0, 1.4fr) 3.5rem;
  gap: var(--s2);
  align-items: center;
}
.strip [data-state='weak'] { --grade: var(--weak); }
.strip [data-state='moderate'] { --grade: var(--moderate); }
.strip [data-state='strong'] { --grade: var(--strong); }
.strip [data-state='very-strong'] { --grade: var(--very-strong); }
.delivery { color: var(--muted); }
.delivered {
  display: flex;
  gap: var(--s1);
  align-items: center;
  color: var(--grade);
  font-weight: 500;
}
.share { font-variant-numeric: tabular-nums; text-align: end; }

.stage {
  position: relative;
  overflow: hidden;
  max-block-size: 30rem;
  max-inline-size: 100%;
  border-radius: var(--radius-small);
  background: var(--sunken);
}
/* A picture's left stays left, whatever the language. */
.stage img, .stage canvas { position: absolute; inset: 0 auto auto 0; }
.stage img { inline-size: 100%; block-size: 100%; filter: grayscale(0.6); }
.strength { display: flex; gap: var(--s3); align-items: center; }
.strength input { flex: 1; min-block-size: 2.75rem; accent-color: var(--accent); }
.legend { display: flex; gap: var(--s4); }
.legend span::before {
  content: '';
  display: inline-block;
  inline-size: 0.75em;
  block-size: 0.75em;
  margin-inline-end: var(--s1);
  border-radius: 2px;
  background: var(--colour);
}
.legend .for { --colour: rgb(214 84 20); }
.legend .against { --colour: rgb(20 110 190); }
figcaption { color: var(--muted); font-size: var(--fine); }

.more { display: grid; gap: var(--s1); }
.rows { gap: var(--s1); padding-block: var(--s2) var(--s3); font-size: var(--fine); }
.provenance .said { display: block; white-space: pre-wrap; }
.provenance .note { font-size: var(--fine); text-wrap: pretty; }
.verification { display: grid; gap: var(--s2); padding-block-end: var(--s2); }
.verification[data-state='invalid'] .notice { color: var(--bad); }
.verification ul { display: grid; gap: var(--s2); padding: 0; list-style: none; }
.verification ul, .verification .rows { font-size: var(--fine); }
.verification li { display: grid; }
.verification .note { font-size: var(--fine); text-wrap: pretty; }
.caveats ul { display: grid; gap: var(--s3); padding-block: var(--s2); list-style: none; }
.caveats li { display: grid; }
.caveats span { color: var(--muted); font-size: var(--fine); text-wrap: pretty; }
.caveats strong { font-weight: 600; }

.pending {
  display: flex;
  align-items: center;
  gap: var(--s3);
  padding-block: var(--s4);
  color: var(--muted);
}
.pulse {
  inline-size: 0.75rem;
  block-size: 0.75rem;
  border-radius: 50%;
  background: var(--accent);
  animation: pulse 1.2s ease-in-out infinite alternate;
}
@keyframes pulse { from { opacity: 0.25; } }

.close {
  position: absolute;
  inset-block-start: var(--s2);
  inset-inline-end: var(--s2);
  display: grid;
  place-items: center;
  inline-size: 2.75rem;
  block-size: 2.75rem;
  border: 0;
  border-radius: 50%;
  background: transparent;
  color: var(--muted);
  cursor: pointer;
}
.close:hover { background: var(--sunken); color: var(--ink); }

:host([compact]) .card {
  grid-template-columns: 4.5rem minmax(0, 1fr);
  gap: var(--s4);
  padding: var(--s3);
}
:host([compact]) .body { gap: var(--s2); }
:host([compact]) .headline { font-size: 1.125rem; letter-spacing: -0.01em; }
:host([compact]) .note { display: none; }

:host([frameless]) .card { padding: 0; background: none; box-shadow: none; }
:host([frameless]) .close {
  inset-block-start: calc(-1 * var(--s3));
  inset-inline-end: calc(-1 * var(--s3));
}

@container (max-width: 32rem) {
  :host(:not([compact])) .card { grid-template-columns: minmax(0, 1fr); gap: var(--s4); }
  :host(:not([compact])) .picture { aspect-ratio: 4 / 3; }
  .close { background: color-mix(in srgb, var(--surface) 88%, transparent); }
  :host([removable]:not([compact])) .close {
    inset-block-start: var(--s6);
    inset-inline-end: var(--s6);
  }
  :host([frameless]:not([compact])) .close {
    inset-block-start: var(--s2);
    inset-inline-end: var(--s2);
  }
  :host([removable]:not([compact])) .file { margin-inline-end: 0; }
  dl > div { grid-template-columns: minmax(0, 1fr); }
  .rows { gap: var(--s2); }
}

@media (forced-colors: active) {
  :host(:not([frameless])) .card { border: 1px solid; }
  .meter span { border: 1px solid; }
  .meter .on { background: CanvasText; forced-color-adjust: none; }
}

@media print {
  .card { break-inside: avoid; box-shadow: none; }
  :host(:not([frameless])) .card { border: 1px solid var(--line-strong); }
  .meter span { print-color-adjust: exact; }
  .close { display: none; }
}
`;
