/** Messages to the background, from the extension's own pages and from overlays. */
import * as v from 'valibot';
import { id, number } from './schema.js';

/**
 * The size of an image as the page's browser gives it (`naturalWidth`, `naturalHeight`); exact
 * where the page names one file only.
 */
const shownSize = v.object({ width: number, height: number, exact: v.boolean() });
export type ShownSize = Readonly<v.InferOutput<typeof shownSize>>;

/**
 * From an overlay: grade the image at this address, or show the details of it. The address is what
 * a page says it is.
 */
const overlay = v.object({
  kind: v.literal('overlay'),
  address: v.string(),
  shown: v.exactOptional(shownSize),
  details: v.exactOptional(v.literal(true)),
});
export type OverlayRequest = Readonly<v.InferOutput<typeof overlay>>;

export const request = v.variant('kind', [
  overlay,
  /** From a panel: it is open now, and has missed what came before. */
  v.object({ kind: v.literal('panel'), windowId: number }),
  /** From a panel: the visitor took the job's card away. */
  v.object({ kind: v.literal('forget'), id }),
  /** From whoever needs the host: Firefox's event page shall start. */
  v.object({ kind: v.literal('wake') }),
]);
export type BackgroundRequest = Readonly<v.InferOutput<typeof request>>;
