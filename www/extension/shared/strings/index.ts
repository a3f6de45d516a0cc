import type { Catalogue } from 'clipsight/ui';
import { ar } from './ar.js';
import { de } from './de.js';
import { en } from './en.js';
import type { Strings } from './en.js';
import { es } from './es.js';
import { zh } from './zh.js';

export type { Strings } from './en.js';

/** The extension's own strings, in every language. */
export const catalogue: Catalogue<Strings> = { en, de, es, ar, zh };
