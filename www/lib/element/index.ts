/**
 * Custom elements. Importing this module defines them; importing it twice, or two copies of it,
 * does no harm, and neither does importing it on a server.
 *
 * @packageDocumentation
 */
import { AiImageCheck } from './check.js';
import { AiImageResult } from './result.js';

export { AiImageCheck } from './check.js';
export type { AiImageCheckEventMap, CheckItem } from './check.js';
export { AiImageResult } from './result.js';
export type { ResultError, ResultStage, ResultState } from './result.js';
export { setLocale } from './i18n.js';

declare global {
  interface HTMLElementTagNameMap {
    'ai-image-check': AiImageCheck;
    'ai-image-result': AiImageResult;
  }
}

function define(name: string, element: CustomElementConstructor): void {
  if (typeof customElements !== 'undefined' && customElements.get(name) === undefined)
    customElements.define(name, element);
}

define('ai-image-result', AiImageResult);
define('ai-image-check', AiImageCheck);
