import type { Locale } from 'clipsight/ui';
import type { Reason } from '../errors.js';

/** Every sentence of the extension's own parts, in English. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- its type is what the other languages are held to
export const en = (l: Locale) => ({
  privacy: 'Nothing is uploaded. Images are read and judged on this device only.',
  empty: {
    title: 'No image yet',
    menu: 'Right-click an image on any page and choose “Check this image”.',
    drop: 'Or drop an image here, or paste one.',
  },
  choose: 'Choose images',
  openPanel: 'Open the side panel',
  over: 'Let go to check',
  results: 'Results',
  clear: 'Clear all',
  image: 'Image',
  pasted: 'Pasted image',
  noFiles: 'That was no image file. Save the picture first, then drop the file here.',
  reading: 'Reading the image …',
  overlays: {
    turnOn: (site: string): string => `Mark images on ${l.isolate(site)}`,
    hint: 'Images of this site itself are then checked as they come into view. The browser asks you first.',
    elsewhere: 'This page cannot be marked.',
    badge: (headline: string): string => `${headline}. Show details`,
    error: 'Could not be checked',
  },
  settings: {
    heading: 'Settings',
    device: 'Compute on',
    auto: 'GPU if there is a fast one',
    cpu: 'CPU',
    language: 'Language',
    sites: 'Sites you have allowed',
    noSites: 'None. The extension can read no site until you allow it.',
    marked: 'images are marked',
    remove: (site: string): string => `Take back ${l.isolate(site)}`,
  },
  reason: {
    scheme: () =>
      'Images of this kind of address cannot be read. Save the picture, then drop the file here.',
    private: (host) =>
      `${l.isolate(host)} is on a private network, and the page is not. Nothing is fetched from there. Save the picture, then drop the file here.`,
    status: (code) => `The server answered ${code}.`,
    unreachable: () =>
      'The image could not be fetched, and it is not visible on the page. Save it, then drop the file here.',
    stalled: () => 'The server took too long.',
    'too-large': () => `The image has more than ${l.number(64)} MiB.`,
    empty: () => 'The server sent no image.',
    'no-image': () => 'There is no image under the pointer, and none in view.',
    'no-page': () => 'This page cannot be read.',
    'not-visible': () => 'Too little of the image is visible. Scroll to it and try again.',
    engine: (detail) => `The detector did not answer (${detail}). Try again.`,
  } satisfies Record<Reason, (detail: string) => string> as Record<
    Reason,
    (detail: string) => string
  >,
});

export type Strings = ReturnType<typeof en>;
