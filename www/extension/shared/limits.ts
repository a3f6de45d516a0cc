/** Bounds of the extension; what an image may be is bounded by the package. */
export {
  FETCH_WINDOW_BYTES,
  FETCH_WINDOW_MS,
  MAX_IMAGE_BYTES,
  MAX_IMAGE_SIDE,
  MIN_GRADED_SIDE,
} from 'clipsight';

/** Longest name or address that travels between parts of the extension, in characters. */
export const MAX_TEXT = 4096;

/** Cards that a panel keeps, and jobs that the background keeps for a panel that opens late. */
export const MAX_CARDS = 24;
export const MAX_JOBS = 8;

/** A detector without work is closed after this time, to give its memory back. */
export const HOST_IDLE_MS = 180_000;

/**
 * Longest time for the first analysis, with loading, and any other one: software GPUs are slow, a
 * hung frame is for ever.
 */
export const ANALYSIS_MS = 180_000;

/** How long a frame may take to start its script. */
export const FRAME_MS = 30_000;

/** After a refusal, for browsers that take so many pictures of a tab a second. */
export const CAPTURE_PAUSE_MS = 1_000;

/** How long the host may take to say that it heard, before it is started again. */
export const ACCEPT_MS = 3_000;

/** Smallest side of an image, in CSS pixels, that gets an overlay; and overlays on one page. */
export const MIN_OVERLAY = 96;
export const MAX_OVERLAYS = 60;
