// Written by `npm run generate` from crates/clipsight-native/src/names.rs.

/**
 * Extensions by which files in folders count as images, in lower case: of formats that are read,
 * and of those that people have and expect to be, so that they are reported rather than missing.
 */
export const IMAGE_EXTENSIONS = [
  'jpg',
  'jpeg',
  'jpe',
  'jfif',
  'pjpeg',
  'pjp',
  'jpg_large',
  'jpg_orig',
  'png',
  'apng',
  'png_large',
  'webp',
  'gif',
  'bmp',
  'dib',
  'tif',
  'tiff',
  'avif',
  'avifs',
  'heic',
  'heif',
  'hif',
  'jxl',
  'jp2',
] as const;

/** What systems keep beside images, in lower case: caches of thumbnails and settings of folders. */
export const SYSTEM_NAMES = [
  '.ds_store',
  '.thumbnails',
  '@eadir',
  'desktop.ini',
  'ehthumbs.db',
  'ehthumbs_vista.db',
  'thumbs.db',
] as const;

/** How the names begin of what a Mac keeps of files' resource forks on foreign disks. */
export const APPLE_DOUBLE_PREFIX = '._';
