import { ar } from './ar.js';
import { de } from './de.js';
import { en } from './en.js';
import { es } from './es.js';
import { zh } from './zh.js';
import type { Catalogue } from '../i18n.js';
import type { Strings } from './en.js';

export type { Strings } from './en.js';

/** The strings of the shared parts. */
export const catalogue: Catalogue<Strings> = { en, de, es, ar, zh };
