/**
 * The parts that element, page and extension share: design tokens, languages, the strings they have
 * in common. Importing it defines no element.
 *
 * @packageDocumentation
 */
export { h, icon, icons, svg } from './dom.js';
export { LEVELS, stateIcon } from './grades.js';
export {
  applyLocale,
  LANGUAGES,
  LANGUAGE_NAMES,
  locale,
  Locale,
  onLocaleChange,
  setLocale,
  translate,
} from './i18n.js';
export type { Catalogue, Language, PluralForms } from './i18n.js';
export { saveAs } from './save.js';
export { applyTokens } from './sheets.js';
export { catalogue } from './strings/index.js';
export type { Strings } from './strings/index.js';
export { outlines, partOf } from './part.js';
export { displayName, generatorName } from './text.js';
export { COLOURS, SIZES, tokenCss } from './tokens.js';
export { loadAdvice, loadingText, spokenStatus, StatusStrip } from './status.js';
export type { LoadState } from './status.js';
export { verdictName } from './verdict.js';
