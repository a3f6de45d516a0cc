/**
 * Design tokens: the only colours, sizes and radii of element, page and extension, as CSS custom
 * properties. Colours come in pairs, light and dark. Where a `color-scheme` applies, they follow
 * it: an element is dark exactly on a dark page.
 */

/**
 * Colours, light and dark. Whatever is text has a contrast of at least 4.5 to 1 on ground, surface
 * and sunken.
 */
export const COLOURS = {
  ground: ['#f6f6f3', '#121317'],
  surface: ['#ffffff', '#1b1d23'],
  sunken: ['#efefeb', '#24272f'],
  line: ['#dfdfd9', '#2e323b'],
  'line-strong': ['#85867f', '#7d8492'],
  ink: ['#17181c', '#eceef2'],
  muted: ['#5a5f69', '#a2a9b5'],
  accent: ['#2f3bbd', '#9aa5ff'],
  'accent-hover': ['#232d99', '#b9c1ff'],
  'on-accent': ['#ffffff', '#14163a'],
  tint: ['#eceefc', '#22263f'],
  // Strength of evidence, from cool to hot; none of them is green: nothing here says "fine".
  weak: ['#466480', '#93b3d1'],
  moderate: ['#855a00', '#e0b04a'],
  strong: ['#aa4008', '#f5935a'],
  'very-strong': ['#ab1747', '#ff7f9f'],
  unsure: ['#5a5f69', '#a2a9b5'],
  bad: ['#b3261e', '#ff8d85'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>;

/** Everything else. Spacing steps by 4 px. */
export const SIZES = {
  s1: '0.25rem',
  s2: '0.5rem',
  s3: '0.75rem',
  s4: '1rem',
  s6: '1.5rem',
  s8: '2rem',
  s12: '3rem',
  s16: '4rem',
  radius: '0.875rem',
  'radius-small': '0.5rem',
  fine: '0.8125rem',
  small: '0.9375rem',
  large: '1.25rem',
  headline: '1.5rem',
  display: 'clamp(1.75rem, 1.2rem + 2.6vw, 2.625rem)',
  font:
    "ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', " +
    "'Noto Sans Arabic', 'Noto Sans CJK SC', 'Noto Sans SC', Arial, sans-serif",
  mono: "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
} as const;

const shadow = (light: string, dark: string): readonly [string, string] => [light, dark];
/** Shadows: a colour each, for light and dark. */
const SHADOWS = {
  'shadow-near': shadow('rgb(23 24 28 / 5%)', 'rgb(0 0 0 / 30%)'),
  'shadow-far': shadow('rgb(23 24 28 / 6%)', 'rgb(0 0 0 / 25%)'),
};

/**
 * The tokens' declarations. Each is `--name`, and takes the value of `--clipsight-name` where the
 * page sets one: only that name is inherited through the shadow roots of elements within elements.
 */
function declarations(value: (pair: readonly [string, string]) => string): string {
  return Object.entries({ ...COLOURS, ...SHADOWS })
    .map(([name, pair]) => `--${name}: var(--clipsight-${name}, ${value(pair)});`)
    .join('\n');
}

/** The tokens as a style sheet, for `:host` or `:root`. */
export function tokenCss(selector: ':host' | ':root'): string {
  const sizes = Object.entries(SIZES).map(
    ([name, value]) => `--${name}: var(--clipsight-${name}, ${value});`,
  );
  const themed = (theme: string): string =>
    selector === ':host' ? `:host([theme='${theme}'])` : `:root[data-theme='${theme}']`;
  return `
@layer clipsight {
${selector} {
${sizes.join('\n')}
${declarations(([light]) => light)}
--shadow: 0 1px 2px var(--shadow-near), 0 8px 24px var(--shadow-far);
}
/* Browsers of before 2024 stay light. */
@supports (color: light-dark(red, red)) {
${selector} {
${declarations(([light, dark]) => `light-dark(${light}, ${dark})`)}
}
}
${selector === ':root' ? ':root' : themed('auto')} { color-scheme: light dark; }
${themed('light')} { color-scheme: light; }
${themed('dark')} { color-scheme: dark; }
/* Paper is white. */
@media print {
  ${selector === ':host' ? ':host, :host([theme])' : ':root, :root[data-theme]'} {
    color-scheme: light;
  }
}
}
`;
}
