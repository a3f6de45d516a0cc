import { MAX_KEPT_NAME } from '../limits.js';
import type { Thresholds } from '../settings/operating.js';
import type { Item, Outcome } from './batch.js';

/** What the list shows, and in which order. */
export interface Arrangement {
  readonly filter: 'all' | 'flagged' | Exclude<Outcome, 'working'>;
  /** Part of the name, whatever its case. */
  readonly text: string;
  readonly sort: 'added' | 'probability' | 'grade' | 'name';
}

/** Everything, as it came in. */
export const AS_ADDED: Arrangement = { filter: 'all', text: '', sort: 'added' };

/** From the strongest evidence to none; what has no grade comes last. */
const RANK: Readonly<Record<Outcome, number>> = {
  'very-strong': 0,
  strong: 1,
  moderate: 2,
  abstained: 3,
  weak: 4,
  error: 5,
  working: 6,
  waiting: 7,
  cancelled: 8,
};

/** The probability of an image, where there is one. */
export function probabilityOf({ analysis }: Item): number | undefined {
  return analysis?.model.probability;
}

/** Whether an image's probability reaches the threshold the visitor chose. */
export function isFlagged(item: Item, thresholds: Thresholds): boolean {
  const probability = probabilityOf(item);
  const threshold = thresholds(item.info);
  return threshold !== undefined && probability !== undefined && probability >= threshold;
}

/** The images that are to be shown, in order. Equal ones stay in the order they came in. */
export function arrange(
  items: readonly Item[],
  { filter, text, sort }: Arrangement,
  thresholds: Thresholds,
  compareNames: CompareNames,
): Item[] {
  const wanted = text.trim().toLowerCase();
  const shown = (sort === 'name' ? byName(items, compareNames) : items).filter(
    (item) =>
      matches(item, filter, thresholds) &&
      (wanted === '' || item.name.slice(0, 1000).toLowerCase().includes(wanted)),
  );
  switch (sort) {
    case 'added':
    case 'name':
      return shown;
    case 'probability':
      return shown.sort((a, b) => (probabilityOf(b) ?? -1) - (probabilityOf(a) ?? -1));
    case 'grade':
      return shown.sort(
        (a, b) =>
          RANK[a.outcome] - RANK[b.outcome] || (probabilityOf(b) ?? -1) - (probabilityOf(a) ?? -1),
      );
  }
}

type CompareNames = (a: string, b: string) => number;

/**
 * The last order by name of a list: comparing names costs more than all else here, and they do not
 * change.
 */
const named = new WeakMap<
  readonly Item[],
  { readonly compare: CompareNames; readonly sorted: readonly Item[] }
>();

function byName(items: readonly Item[], compare: CompareNames): readonly Item[] {
  const known = named.get(items);
  if (known?.compare === compare) return known.sorted;
  const sorted = [...items].sort((a, b) =>
    compare(a.name.slice(0, MAX_KEPT_NAME), b.name.slice(0, MAX_KEPT_NAME)),
  );
  named.set(items, { compare, sorted });
  return sorted;
}

function matches(item: Item, filter: Arrangement['filter'], thresholds: Thresholds): boolean {
  if (filter === 'all') return true;
  if (filter === 'flagged') return isFlagged(item, thresholds);
  if (filter === 'waiting') return item.outcome === 'waiting' || item.outcome === 'working';
  return item.outcome === filter;
}
