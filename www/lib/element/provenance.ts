/** What a file says of how it was made, as a result card shows it. */
import { h, icon, icons } from './dom.js';
import { displayName } from './text.js';
import type { Provenance, ProvenanceStatement } from '../api/analysis.generated.js';
import type { Strings } from './strings/index.js';

/** Statements that are listed: the others are left to `readProvenance()`. */
const MOST_ROWS = 24;

/** Longest prompt that is shown, in characters. */
const MAX_TEXT = 400;

/**
 * Its elements; none where the file says nothing, which means nothing and is not to be taken for
 * something.
 */
export function provenanceView(
  provenance: Provenance | undefined,
  strings: Strings,
): HTMLElement[] {
  if (provenance === undefined) return [];
  const { says, contradictory, statements, contentCredentials, unread } = provenance;
  const { provenance: words } = strings;
  if (
    says === null &&
    statements.length === 0 &&
    contentCredentials === null &&
    unread.length === 0
  )
    return [];
  const rows = statements.slice(0, MOST_ROWS).map((statement) => row(statement, strings));
  const details = h(
    'details',
    { class: 'provenance', part: 'provenance' },
    h('summary', {}, words.summary),
    h('p', { class: 'muted note' }, words.unchecked),
    ...(contradictory ? [h('p', { class: 'note' }, words.contradictory)] : []),
    h('dl', { class: 'rows' }, ...rows),
    ...(contentCredentials === null
      ? []
      : [h('p', { class: 'muted note' }, words.credentials[contentCredentials.state])]),
    ...unread.map(({ container, reason }) =>
      h('p', { class: 'muted note' }, words.unread(words.container[container], words.why[reason])),
    ),
  );
  const line =
    says === null
      ? []
      : [h('p', { class: 'notice says' }, icon(icons.info), h('span', {}, words.says[says]))];
  return [...line, details];
}

/** A statement: what it is, what it says, where it stands. */
function row(
  { mark, claim, place, names, text, digitalSourceType }: ProvenanceStatement,
  { provenance: words }: Strings,
): HTMLElement {
  const said = [names, digitalSourceType, text].filter((part) => part !== undefined);
  // Such as an ingredient without a title.
  const claimed = said.length === 0 && claim !== null ? [h('span', {}, words.says[claim])] : [];
  return h(
    'div',
    {},
    // A later version may know more marks than there are words for.
    h('dt', {}, (words.mark[mark] as string | undefined) ?? words.mark.settings),
    h(
      'dd',
      {},
      // Words of strangers have a direction of their own.
      ...said.map((part) =>
        h('span', { class: 'said' }, h('bdi', {}, displayName(part, MAX_TEXT))),
      ),
      ...claimed,
      h(
        'span',
        { class: 'fine' },
        words.container[place.container],
        ' ',
        h('bdi', { lang: 'en' }, displayName(place.field)),
      ),
    ),
  );
}
