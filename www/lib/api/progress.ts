import type { LoadProgress } from './options.js';

/**
 * After a fallback everything is fetched again, mostly from a cache: what the caller sees still
 * never falls.
 */
export function monotone(
  onProgress: (progress: LoadProgress) => void,
): (progress: LoadProgress) => void {
  let loadedBytes = 0;
  let totalBytes = 0;
  return (progress) => {
    loadedBytes = Math.max(loadedBytes, progress.loadedBytes);
    totalBytes = Math.max(totalBytes, progress.totalBytes);
    onProgress({ phase: progress.phase, loadedBytes, totalBytes });
  };
}
