/** Every bound of the page. */

/** Largest image fetched from an address, in bytes: what the detector reads at most. */
export { MAX_IMAGE_BYTES as MAX_FETCHED_BYTES } from 'clipsight';

/**
 * Bytes of a table of labels at most: as in crates/clipsight-measure/src/folder/sort.rs; of a
 * hundred thousand images it has about ten million.
 */
export const MAX_TABLE_BYTES = 16 * 2 ** 20;

/** Names shown of the files of a folder that were passed over, for each reason. */
export const MAX_PASSED_NAMES = 20;

/** Results kept in the history; the oldest go first. */
export const MAX_HISTORY = 5000;

/** Results of the history that are shown. */
export const SHOWN_HISTORY = 200;

/** Characters of a name that are kept in the history. */
export const MAX_KEPT_NAME = 300;

/** Verdicts are read out one by one up to so many images at a time; beyond, only the end is. */
export const MAX_ANNOUNCED = 5;

/** Height of a row of the list in pixels; style/batch.css has it, too. */
export const ROW_HEIGHT = 68;

/** Rows above and below the visible part that exist, so that scrolling finds them. */
export const OVERSCAN = 6;

/** Rows of the printable report that are made at a time, so that the page answers in between. */
export const REPORT_SLICE = 50;

/**
 * Longest wait for the copies that make the page work offline, in milliseconds; then the network is
 * locked without them.
 */
export const OFFLINE_PATIENCE_MS = 15_000;

/**
 * The list follows results at most so often, in milliseconds: with thousands of images more would
 * keep the page busy.
 */
export const UPDATE_MS = 150;
