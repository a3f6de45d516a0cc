/**
 * Rules that element, page and extension have in common: resets, focus, buttons, notices, icons. In
 * a layer: their own rules win.
 */
export const baseCss = `
@layer clipsight {
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h1, h2, h3, h4, p, dl, dd, ul, figure { margin: 0; padding: 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.muted { color: var(--muted); }
.fine { color: var(--muted); font-size: var(--fine); }
.mono { font-family: var(--mono); font-size: var(--fine); overflow-wrap: anywhere; }
.visually-hidden {
  position: absolute;
  inline-size: 1px;
  block-size: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.icon { flex: none; inline-size: 1.25em; block-size: 1.25em; }
.icon .line {
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.icon .fill { fill: currentcolor; }
.button {
  min-block-size: 2.75rem;
  padding: var(--s2) var(--s6);
  border: 1px solid transparent;
  border-radius: 999px;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
.button:hover { background: var(--accent-hover); }
.button:disabled { opacity: 0.5; cursor: default; }
.button.secondary, .button.quiet {
  border-color: var(--line-strong);
  background: transparent;
  color: var(--ink);
}
.button.quiet { min-block-size: 2.25rem; padding: var(--s1) var(--s4); font-size: var(--fine); }
.button.secondary:hover, .button.quiet:hover { border-color: var(--ink); }
.notice {
  display: flex;
  align-items: flex-start;
  gap: var(--s2);
  padding: var(--s3) var(--s4);
  border-radius: var(--radius-small);
  background: var(--sunken);
  font-size: var(--small);
  text-align: start;
}
.notice .icon { margin-block-start: 0.1em; }
.notice.bad > .icon { color: var(--bad); }
summary {
  inline-size: fit-content;
  padding-block: var(--s1);
  border-radius: var(--s1);
  color: var(--muted);
  font-size: var(--fine);
  cursor: pointer;
}
summary:hover { color: var(--ink); }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after {
    animation-duration: 0s !important;
    animation-iteration-count: 1 !important;
    transition-duration: 0s !important;
  }
}
}
`;
