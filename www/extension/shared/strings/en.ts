import type { Locale } from 'clipsight/ui';
import type { Reason } from '../errors.js';
import { MAX_IMAGE_BYTES } from '../limits.js';

/** Every sentence of the extension itself, in English. */
/* eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types --
   its type is what the other languages are held to */
export const en = (l: Locale) => ({
  privacy: 'Nothing is uploaded. Images are analysed on this device only.',
  empty: {
    title: 'No images yet',
    menu: 'Right-click an image on any page and choose “Check this image”.',
    drop: 'You can also drop or paste an image here.',
  },
  choose: 'Choose images',
  openPanel: 'Open the side panel',
  over: 'Drop to check',
  results: 'Results',
  clear: 'Clear all',
  receipt: 'Save a receipt',
  image: 'Image',
  pasted: 'Pasted image',
  noFiles: 'That is not an image file. Save the image first, then drop the file here.',
  overlays: {
    turnOn: (site: string): string => `Mark images on ${l.isolate(site)}`,
    hint:
      'Images hosted on this site will be checked as they scroll into view. ' +
      'Your browser will ask you first.',
    elsewhere: 'Images on this page cannot be marked.',
    badge: (headline: string): string => `${headline}. Show details`,
    error: 'Could not be checked',
  },
  /** The compact model judged in place of the chosen one. */
  instead: {
    memory:
      'Checked with the compact model: this device has too little memory for the standard one.',
    other: 'Checked with the compact model: the standard one does not run on this device.',
  },
  settings: {
    heading: 'Settings',
    model: 'Model',
    models: { compact: 'Compact: faster', standard: 'Standard: stronger' },
    modelNote:
      'Both are part of the extension; nothing is downloaded. Applies to the next image. The stronger one takes longer and needs more memory.',
    device: 'Runs on',
    auto: 'GPU, if a fast one is available',
    cpu: 'CPU',
    language: 'Language',
    sites: 'Sites you have allowed',
    noSites: 'None. The extension cannot read any site until you allow it.',
    marked: 'images are marked',
    remove: (site: string): string => `Stop allowing ${l.isolate(site)}`,
  },
  reason: {
    scheme: () =>
      'Images with this kind of address cannot be read. Save the image, then drop the file here.',
    private: (host) =>
      `${l.isolate(host)} is on a private network and this page is not, ` +
      'so nothing was requested from it. Save the image, then drop the file here.',
    status: (code) => `The server responded with ${code}.`,
    unreachable: () =>
      'The image could not be downloaded, and it is not visible on the page. ' +
      'Save it, then drop the file here.',
    stalled: () => 'The server took too long to respond.',
    'too-large': () => `The image is larger than ${l.mebibytes(MAX_IMAGE_BYTES)}.`,
    empty: () => 'The server sent an empty file.',
    'no-image': () => 'There is no image under the pointer or anywhere in view.',
    'not-visible': () => 'Too little of the image is visible. Scroll to it and try again.',
    'not-shown': () =>
      'The site sent another image than the one on the page, and too little of that one is ' +
      'visible. Scroll to it and try again.',
    detector: (detail) => `The detector failed (${detail}). Try again.`,
  } satisfies Record<Reason, (detail: string) => string> as Record<
    Reason,
    (detail: string) => string
  >,
});

export type Strings = ReturnType<typeof en>;
