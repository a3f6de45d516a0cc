export const checkCss = `
:host {
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

.box {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: var(--s4);
  padding: var(--s6);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--surface);
  font-size: var(--small);
}
.label { font-size: 1.0625rem; font-weight: 650; line-height: 1.35; text-wrap: balance; }

.drop {
  display: grid;
  justify-items: center;
  gap: var(--s4);
  padding: var(--s8) var(--s6);
  border: 1.5px dashed var(--line-strong);
  border-radius: var(--radius-small);
  text-align: center;
  cursor: pointer;
  transition: background-color 0.15s, border-color 0.15s;
}
.drop:hover { border-color: var(--accent); }
.dragging .drop { border-style: solid; border-color: var(--accent); background: var(--tint); }
.art {
  display: grid;
  place-items: center;
  inline-size: 3rem;
  block-size: 3rem;
  border-radius: 50%;
  background: var(--tint);
  color: var(--accent);
  font-size: 1.25rem;
}
.words { display: grid; gap: var(--s1); min-inline-size: 0; text-wrap: balance; }
.invitation { font-weight: 550; }
.fine { line-height: 1.45; }

.hint { display: flex; gap: var(--s2); align-items: flex-start; }
.hint .icon { margin-block-start: 0.05em; color: var(--accent); }

.status { display: grid; gap: var(--s2); }
.status-text {
  display: flex;
  align-items: center;
  gap: var(--s2);
  color: var(--muted);
  font-size: var(--fine);
  font-variant-numeric: tabular-nums;
}
.status-text::before {
  content: '';
  flex: none;
  inline-size: 0.5rem;
  block-size: 0.5rem;
  /* The lock below it is wider: their texts stand below each other. */
  margin-inline: 0.25rem;
  border-radius: 50%;
  background: var(--line-strong);
}
.status[data-state='ready'] .status-text::before { background: var(--accent); }
.status[data-state='failed'] .status-text { color: var(--ink); font-weight: 600; }
.status[data-state='failed'] .status-text::before { background: var(--bad); }
.status-note { display: grid; justify-items: start; gap: var(--s3); }
.status-note:empty { display: none; }
progress {
  appearance: none;
  inline-size: 100%;
  block-size: 0.375rem;
  border: 0;
  border-radius: 999px;
  overflow: hidden;
  background: var(--sunken);
}
progress::-webkit-progress-bar { background: var(--sunken); }
progress::-webkit-progress-value {
  border-radius: 999px;
  background: var(--accent);
  transition: inline-size 0.2s;
}
progress::-moz-progress-bar { border-radius: 999px; background: var(--accent); }
progress:indeterminate {
  background:
    linear-gradient(90deg, transparent 35%, var(--accent) 50%, transparent 65%)
    var(--sunken);
  background-size: 300% 100%;
  animation: slide 1.6s linear infinite;
}
progress:indeterminate::-webkit-progress-bar { background: transparent; }
progress:indeterminate::-moz-progress-bar { background: transparent; }
@keyframes slide { from { background-position: 100% 0; } to { background-position: 0 0; } }

.found { display: grid; grid-template-columns: minmax(0, 1fr); justify-items: end; gap: var(--s3); }
.results {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: var(--s4);
  inline-size: 100%;
  padding: 0;
  list-style: none;
}
.box:not(.has-results) .found { display: none; }
/* The element is the frame of its cards: a line is enough between them. */
.results li { padding-block-start: var(--s6); border-block-start: 1px solid var(--line); }

/* Once there are results, and where little room was asked for, the way in is one row. */
.has-results .drop, :host([compact]) .drop {
  grid-template-columns: minmax(0, 1fr) auto;
  align-items: center;
  justify-items: start;
  padding: var(--s3) var(--s4);
  text-align: start;
}
.has-results .art, :host([compact]) .art { display: none; }
:host([compact]) .box { gap: var(--s3); padding: var(--s4); }
:host([compact]) .button:not(.quiet) {
  min-block-size: 2.5rem;
  padding-inline: var(--s4);
  font-size: var(--small);
}

@container (max-width: 32rem) {
  .box { padding: var(--s4); }
  .has-results .drop, :host([compact]) .drop { grid-template-columns: minmax(0, 1fr); }
}
@media (prefers-reduced-motion: reduce) {
  progress:indeterminate { background: var(--line-strong); }
}
@media (forced-colors: active) {
  .status-text::before { background: CanvasText; forced-color-adjust: none; }
  progress { border: 1px solid; }
  progress::-webkit-progress-value { background: Highlight; forced-color-adjust: none; }
  .dragging .drop { border-color: Highlight; }
}
@media print {
  .drop, .status, .button, .notice { display: none; }
}
`;
