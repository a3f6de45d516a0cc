/** What a file says of how it was made, as a result card shows it. */
import { h, icon, icons } from './dom.js';
import { displayName } from './text.js';
import type { Analysis, Provenance, ProvenanceStatement } from '../api/analysis.generated.js';
import type { Verification } from '../api/verification.generated.js';
import type { Locale } from './i18n.js';
import type { Strings } from './strings/index.js';

/** Statements that are listed: the others are left to `readProvenance()`. */
const MOST_ROWS = 24;

/** Reasons that are listed of why a signature is not trusted. */
const MOST_PROBLEMS = 6;

/** Longest prompt that is shown, in characters. */
const MAX_TEXT = 400;

/** What is shown of a file's own word. */
interface Shown {
  readonly strings: Strings;
  readonly locale: Locale;
  readonly verification: Verification | null;
}

/** Generators of Google's, by the names that they go by in files and among the model's captions. */
const GOOGLES = /\b(google|gemini|imagen|nano[- ]?banana)/i;

/**
 * Whether a generator of Google's is likely, by the file's word or by the model's: those mark every
 * picture with SynthID, which nobody can check without asking Google.
 */
export function leavesSynthId({ model, attribution, provenance }: Analysis): boolean {
  const accused = model.status === 'scored' && model.grade !== 'weak';
  const generator = accused ? attribution?.generator?.name : undefined;
  const said = (provenance?.statements ?? [])
    .filter(({ claim }) => claim !== null && GENERATED.has(claim))
    .flatMap(({ names, text }) => [names, text]);
  return [generator, ...said].some((name) => name !== undefined && GOOGLES.test(name));
}

/** Claims that a model made the picture, or a part of it. */
const GENERATED: ReadonlySet<string> = new Set([
  'generated',
  'partly-generated',
  'possibly-generated',
  'generator-named',
]);

/**
 * Its elements; none where the file says nothing, which means nothing and is not to be taken for
 * something.
 */
export function provenanceView(
  provenance: Provenance | undefined,
  { strings, locale, verification }: Shown,
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
    ...(contentCredentials === null || verification !== null
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
  return [
    ...line,
    ...(verification === null ? [] : checked(verification, strings, locale)),
    details,
  ];
}

/** What became of checking the signature. */
function checked(
  { state, problems, signer, timeStamp, trustLists }: Verification,
  { provenance: words }: Strings,
  locale: Locale,
): HTMLElement[] {
  const { verified } = words;
  const [who = signer?.name, issuer] = [signer?.organisation, signer?.issuer];
  const list = trustLists.find(({ id }) => id === signer?.list);
  const signed = timeStamp?.verified === true ? timeStamp.time : undefined;
  const strangers = (text: string): HTMLElement => h('bdi', {}, displayName(text));
  const fact = (term: string, ...value: (HTMLElement | string)[]): HTMLElement =>
    h('div', {}, h('dt', {}, term), h('dd', {}, h('span', {}, ...value)));
  const facts = [
    ...(who === undefined ? [] : [fact(verified.signer, strangers(who))]),
    ...(issuer === undefined ? [] : [fact(verified.issuer, strangers(issuer))]),
    ...(signed === undefined ? [] : [fact(verified.time, locale.date(new Date(signed)))]),
    ...(list === undefined
      ? []
      : [fact(verified.list, h('bdi', { lang: 'en' }, list.name), ` (${list.date})`)]),
  ];
  // The explanations are the package's, and English, as its errors are.
  const reasons = problems
    .slice(0, MOST_PROBLEMS)
    .map(({ explanation, code }) =>
      h('li', {}, h('bdi', { lang: 'en' }, explanation), h('span', { class: 'fine' }, code)),
    );
  return [
    h(
      'section',
      { class: 'verification', part: 'verification', 'data-state': state },
      h(
        'p',
        { class: 'notice' },
        icon(state === 'trusted' ? icons.lock : state === 'invalid' ? icons.warning : icons.info),
        h('span', {}, verified.state[state]),
      ),
      ...(facts.length === 0 ? [] : [h('dl', { class: 'rows' }, ...facts)]),
      ...(reasons.length === 0 ? [] : [h('ul', { class: 'problems' }, ...reasons)]),
      h('p', { class: 'muted note' }, verified.means),
    ),
  ];
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
