import type { Grade } from '../api/analysis.generated.js';
import { icon, icons } from './dom.js';

/** Every grade's place on the scale of four. */
export const LEVELS = {
  weak: 1,
  moderate: 2,
  strong: 3,
  'very-strong': 4,
} as const satisfies Record<Grade, number>;

/** How much of a dial each level fills: a grade is told by its shape as well as by its colour. */
const SECTORS = {
  1: 'M12 12V3a9 9 0 0 1 9 9z',
  2: 'M12 3a9 9 0 0 1 0 18z',
  3: 'M12 12V3a9 9 0 1 1-9 9z',
  4: 'M12 3a9 9 0 1 1 0 18 9 9 0 1 1 0-18z',
} as const;

/** The shape of a result: a dial filled by grade, or a sign for what has no grade. */
export function stateIcon(state: Grade | 'abstained' | 'error'): SVGSVGElement {
  if (state === 'abstained') return icon(icons.question);
  if (state === 'error') return icon(icons.warning);
  return icon(icons.circle, SECTORS[LEVELS[state]]);
}
