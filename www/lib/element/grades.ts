import type { Grade } from '../types.js';
import { icon, icons } from './dom.js';

/** Every grade's place on the scale of four. */
export const LEVELS = { weak: 1, moderate: 2, strong: 3, 'very-strong': 4 } as const satisfies Record<Grade, number>;

/** How much of a dial each level fills: a grade is told by its shape as well as by its colour. */
const SECTORS = {
  1: 'M12 12V6.5a5.5 5.5 0 0 1 5.5 5.5z',
  2: 'M12 6.5a5.5 5.5 0 0 1 0 11z',
  3: 'M12 12V6.5A5.5 5.5 0 1 1 6.5 12z',
  4: 'M12 6.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 1 1 0-11z',
} as const;

/** The shape of a result: a dial filled by grade, or a sign for what has no grade. */
export function stateIcon(state: Grade | 'abstained' | 'error'): SVGSVGElement {
  if (state === 'abstained') return icon(icons.question);
  if (state === 'error') return icon(icons.warning);
  return icon(icons.circle, SECTORS[LEVELS[state]]);
}
