import { IMAGE_EXTENSIONS, SYSTEM_NAMES } from './names.generated.js';

/** Which files of a folder are taken: nobody chose each of them. */

/**
 * Why a file of a folder is passed over:
 *
 * - `other`: no image by its name
 * - `hidden`: hidden, as what a Mac leaves beside every file (`._photo.jpg`)
 * - `system`: what systems keep beside images, such as thumbnails
 * - `unreadable`: moved or deleted since, or not for this person to read
 */
export type PassedReason = 'other' | 'hidden' | 'system' | 'unreadable';

/** A file, or a folder as a whole, that was passed over. */
export interface Passed {
  /** Its path within what was given. */
  readonly name: string;
  readonly reason: PassedReason;
  /** The file, where it is no image by its name: it may be a table of labels. */
  readonly file?: File;
}

const IMAGES: ReadonlySet<string> = new Set(IMAGE_EXTENSIONS);
const SYSTEM: ReadonlySet<string> = new Set(SYSTEM_NAMES);

/**
 * Why a file is passed over; undefined: it is taken.
 *
 * @param path - its path within the folder that was given, that folder included
 */
export function reasonToPass(path: string): PassedReason | undefined {
  const [, ...parts] = path.split('/');
  for (const part of parts) {
    if (SYSTEM.has(part.toLowerCase())) return 'system';
    if (part.startsWith('.')) return 'hidden';
  }
  const [, extension = ''] = /\.([^./]+)$/.exec(path) ?? [];
  return IMAGES.has(extension.toLowerCase()) ? undefined : 'other';
}
