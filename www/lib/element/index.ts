/**
 * Custom elements. Importing this module defines them; importing it twice, or two copies of it, does no harm, and neither
 * does importing it on a server.
 *
 * @packageDocumentation
 */
import { AiImageResult } from './result.js';

export { AiImageResult } from './result.js';
export type { ResultError, ResultStage, ResultState } from './result.js';
export { setLocale } from './i18n.js';

declare global {
  interface HTMLElementTagNameMap {
    'ai-image-result': AiImageResult;
  }
}

function define(name: string, element: CustomElementConstructor): void {
  if (typeof customElements !== 'undefined' && customElements.get(name) === undefined)
    customElements.define(name, element);
}

define('ai-image-result', AiImageResult);
