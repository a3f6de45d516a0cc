import type { Fidelity } from 'clipsight';
import * as v from 'valibot';
import { inPage } from '../content/in-page.js';
import type { PageAnswer, PageRequest } from '../content/in-page.js';
import { parse } from '../shared/addresses.js';
import { api } from '../shared/api.js';
import { CheckError } from '../shared/errors.js';
import { FETCH_WINDOW_BYTES, FETCH_WINDOW_MS, MAX_IMAGE_BYTES } from '../shared/limits.js';
import { checked, number, schemaOf } from '../shared/schema.js';
import { capture, fromData } from './capture.js';
import { download } from './download.js';
import { differenceTo } from './shown.js';

/** What is to be checked: an image in a tab. */
export interface Target {
  readonly tabId: number;
  readonly windowId: number;
  readonly frameId: number;
  /**
   * Address of the image as the browser gave it; undefined: the page is asked which one is meant.
   */
  readonly source: string | undefined;
  /** The page in the tab, and the document in the frame. */
  readonly page: URL | undefined;
  readonly frame: URL | undefined;
}

/** An image as it was had. */
export interface Picture {
  readonly image: Blob;
  readonly fidelity: Fidelity;
}

/**
 * The page may have replaced what the script calls: its answer is data like any other. Base64 is a
 * third longer than the bytes.
 */
const pageAnswer = schemaOf<PageAnswer>()(
  v.object({
    address: v.string(),
    place: v.exactOptional(v.object({ x: number, y: number, width: number, height: number })),
    viewport: v.object({ width: number, height: number }),
    shown: v.exactOptional(v.object({ width: number, height: number, exact: v.boolean() })),
    data: v.exactOptional(v.pipe(v.string(), v.maxLength(MAX_IMAGE_BYTES * 1.4 + 100))),
    fidelity: v.exactOptional(v.picklist(['original-bytes', 're-encoded'])),
    tooLarge: v.exactOptional(v.boolean()),
  }),
);

/**
 * Gets at an image: its own bytes where that is possible and they are what the page shows, else
 * what is visible of it.
 *
 * @param address - its address, where it has one
 * @throws {CheckError}
 */
export async function acquire(target: Target, address: string): Promise<Picture> {
  let picture: Picture;
  try {
    picture = await original(target, address);
  } catch (error) {
    // Why the original could not be had says more than that there is nothing to be seen of it
    // either.
    return visible(target, address).catch(() => {
      throw error;
    });
  }
  if (picture.fidelity !== 'original-bytes') return picture;
  const [answer] = await ask(target, { source: address, want: 'place', limit: 0 });
  const difference = await differenceTo(picture.image, answer?.shown);
  if (difference === undefined) return picture;
  return visible(target, address).catch(() => {
    // What the bytes are is for the detector to say: a page, a format that it does not read.
    if (difference === 'unreadable') return picture;
    throw new CheckError('not-shown');
  });
}

/**
 * What is visible of an image.
 *
 * @throws {CheckError} `not-visible`
 */
export async function visible(target: Target, address: string): Promise<Picture> {
  const [place] = await ask(target, { source: address, want: 'place', limit: 0 });
  if (place === undefined) throw new CheckError('not-visible');
  return { image: await capture(target.windowId, place), fidelity: 'screen-capture' };
}

/**
 * Which image is meant where the browser did not say: the one under the pointer, else the largest.
 */
export async function pointedAt(target: Target): Promise<string> {
  const [answer] = await ask(target, { source: '', want: 'place', limit: 0 });
  if (answer === undefined) throw new CheckError('no-image');
  return answer.address;
}

async function original(target: Target, source: string): Promise<Picture> {
  const address = parse(source);
  if (address === undefined) throw new CheckError('scheme');
  if (address.protocol === 'data:' || address.protocol === 'blob:') return read(target, source);
  try {
    return { image: await download(address, target.page), fidelity: 'original-bytes' };
  } catch (error) {
    const sameOrigin = target.frame?.origin === address.origin;
    if (!(error instanceof CheckError && error.reason === 'unreachable' && sameOrigin)) throw error;
    // Firefox lets the page read its own images, and the background not.
    return read(target, source);
  }
}

/** Has the page read its own image. */
async function read(target: Target, source: string): Promise<Picture> {
  const [answer] = await ask(target, { source, want: 'bytes', limit: MAX_IMAGE_BYTES });
  if (answer?.tooLarge === true) throw new CheckError('too-large');
  if (answer?.data === undefined || answer.fidelity === undefined)
    throw new CheckError('unreachable');
  const image = fromData(answer.data);
  if (image.size > MAX_IMAGE_BYTES) throw new CheckError('too-large');
  if (image.size === 0) throw new CheckError('empty');
  return { image, fidelity: answer.fidelity };
}

/**
 * Runs in the page; empty where the page cannot be asked (the browser's own pages, frames of other
 * sites) or knows nothing.
 */
async function ask(
  { tabId, frameId }: Target,
  request: Omit<PageRequest, 'patience'>,
): Promise<PageAnswer[]> {
  const patience = { ms: FETCH_WINDOW_MS, bytes: FETCH_WINDOW_BYTES };
  try {
    const results = await api.scripting.executeScript({
      target: { tabId, frameIds: [frameId] },
      func: inPage,
      args: [{ ...request, patience }],
    });
    return results.flatMap(({ result }) => checked(pageAnswer, result) ?? []);
  } catch {
    return [];
  }
}
