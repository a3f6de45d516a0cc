/**
 * Languages: which ones there are, which one to use, and how numbers are written in it. Catalogues
 * of strings are functions of a {@link Locale}; those of the other languages are typed by the
 * English one, so that a missing string does not compile.
 */

/** The languages there are strings in. */
export const LANGUAGES = ['en', 'de', 'es', 'ar', 'zh'] as const;
/** One of {@link LANGUAGES}. */
export type Language = (typeof LANGUAGES)[number];

/** Every language in its own name, for menus. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  ar: 'العربية',
  zh: '简体中文',
};

/** Forms of a countable phrase by plural category; `{n}` stands for the number. */
export type PluralForms = Readonly<
  Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }
>;

/** Strings in every language: `{ en, de, es, ar, zh }`, each a function of the locale. */
export type Catalogue<T> = Readonly<Record<Language, (locale: Locale) => T>>;

/** A language, and how it is written where the visitor lives. */
export class Locale {
  readonly language: Language;
  /** The BCP 47 tag that numbers and dates follow, such as `de-AT`. */
  readonly tag: string;
  /** What `lang` is set to. */
  readonly lang: string;
  readonly direction: 'ltr' | 'rtl';
  readonly #formats = new Map<string, Intl.NumberFormat>();

  constructor(language: Language, tag: string) {
    this.language = language;
    this.tag = tag;
    // Both ways of writing Chinese begin with zh; the strings are simplified ones, whatever the
    // visitor's tag.
    this.lang = language === 'zh' ? 'zh-Hans' : tag;
    this.direction = language === 'ar' ? 'rtl' : 'ltr';
  }

  /** A number, grouped; `digits` after the point. */
  number(value: number, digits = 0): string {
    return this.#format({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
      value,
    );
  }

  /** A share of 0 to 1 in whole per cent. */
  percent(share: number): string {
    return this.#format({ style: 'percent', maximumFractionDigits: 0 }).format(share);
  }

  /**
   * A share in whole per cent that never claims certainty: beyond 1 and 99 % `over` and `under` put
   * the bound into words.
   */
  boundedPercent(
    share: number,
    over: (bound: string) => string,
    under: (bound: string) => string,
  ): string {
    if (share > 0.99) return over(this.percent(0.99));
    if (share < 0.01) return under(this.percent(0.01));
    return this.percent(share);
  }

  /** A number with its sign, to so many decimals. */
  signed(value: number, digits: number): string {
    return this.#format({
      signDisplay: 'exceptZero',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(value);
  }

  /** A size in the unit people know from file managers. */
  bytes(bytes: number): string {
    if (bytes < 1e3) return this.#unit(bytes, 'byte', 0, 'long');
    if (bytes < 1e6) return this.#unit(bytes / 1e3, 'kilobyte', 0);
    return this.#unit(bytes / 1e6, 'megabyte', 1);
  }

  /** A limit on sizes, which are powers of two. */
  mebibytes(bytes: number): string {
    return `${this.number(bytes / 2 ** 20)}\u00a0MiB`;
  }

  /** A duration: milliseconds, or seconds from 10 on. */
  duration(ms: number): string {
    return ms < 1e4
      ? this.#unit(Math.max(1, Math.round(ms)), 'millisecond', 0)
      : this.#unit(ms / 1e3, 'second', 1);
  }

  /** A day and a time. */
  date(date: Date): string {
    return new Intl.DateTimeFormat(this.tag, { dateStyle: 'medium', timeStyle: 'short' }).format(
      date,
    );
  }

  /** The form for a number, with the number in place of `{n}`. */
  plural(value: number, forms: PluralForms): string {
    const form = forms[new Intl.PluralRules(this.tag).select(value)] ?? forms.other;
    return form.replace('{n}', () => this.number(value));
  }

  /** A text of unknown direction, such as a file's name, for use within a sentence. */
  isolate(text: string): string {
    return `\u2068${text}\u2069`;
  }

  #unit(
    value: number,
    unit: string,
    digits: number,
    unitDisplay: 'short' | 'long' = 'short',
  ): string {
    return this.#format({
      style: 'unit',
      unit,
      unitDisplay,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(value);
  }

  #format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
    const key = JSON.stringify(options);
    const known = this.#formats.get(key) ?? new Intl.NumberFormat(this.tag, options);
    this.#formats.set(key, known);
    return known;
  }
}

const locales = new Map<string, Locale>();
const listeners = new Set<() => void>();
const ENGLISH = new Locale('en', 'en');
let chosen: string | undefined;

/**
 * The locale to use: of the first of these languages that there are strings in.
 *
 * @param own - BCP 47 tag of what is shown, when it has a language of its own; comes before what
 * {@link setLocale} chose
 * @param around - BCP 47 tag of what is around it; comes before the browser's languages. English is
 * last.
 */
export function locale(own?: string, around?: string): Locale {
  const browser = typeof navigator === 'undefined' ? [] : navigator.languages;
  for (const tag of [own, chosen, around, ...browser]) {
    if (tag === undefined) continue;
    const known = locales.get(tag) ?? parse(tag, browser);
    if (known === undefined) continue;
    locales.set(tag, known);
    return known;
  }
  return ENGLISH;
}

/**
 * Chooses the language of everything that is not given one of its own; undefined: the browser's.
 */
export function setLocale(lang: string | undefined): void {
  if (lang === chosen) return;
  chosen = lang;
  for (const listener of [...listeners]) listener();
}

/**
 * Calls `listener` after every {@link setLocale} that changes something, until the returned
 * function is called.
 */
export function onLocaleChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Writes language and direction onto the document. */
export function applyLocale(target: Document, { lang, direction }: Locale = locale()): void {
  target.documentElement.lang = lang;
  target.documentElement.dir = direction;
}

const translated = new WeakMap<Catalogue<unknown>, Map<Locale, unknown>>();

/** The strings of a catalogue in a locale. */
export function translate<T>(catalogue: Catalogue<T>, to: Locale = locale()): T {
  const known = translated.get(catalogue) ?? new Map<Locale, unknown>();
  translated.set(catalogue, known);
  if (!known.has(to)) known.set(to, catalogue[to.language](to));
  return known.get(to) as T;
}

function parse(tag: string, browser: readonly string[]): Locale | undefined {
  let language: string;
  try {
    ({ language } = new Intl.Locale(tag));
  } catch {
    return undefined;
  }
  const supported = LANGUAGES.find((candidate) => candidate === language);
  if (supported === undefined) return undefined;
  // A page says `de`; a visitor from Austria still reads numbers as they are written there.
  const regional =
    tag === supported ? browser.find((candidate) => candidate.startsWith(`${tag}-`)) : undefined;
  return new Locale(supported, regional ?? tag);
}
