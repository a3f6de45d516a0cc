/** Parts of an image that are judged by themselves, each a result of its own. */
import type { Analysis, Rectangle } from 'clipsight';

/** A part, and the size of what it is a part of. */
export interface Part {
  readonly crop: Rectangle;
  readonly file: { readonly width: number; readonly height: number };
}

/** What a part is called, in lists and exports, the same in every language: file and region. */
export function partName(file: string, { x, y, width, height }: Rectangle): string {
  return `${file} [${[x, y].join(',')} ${String(width)}x${String(height)}]`;
}

export function isSame(a: Rectangle, b: Rectangle): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

/** The pictures that an analysis offers; none of a part. */
export function offered(analysis: Analysis | undefined): readonly Rectangle[] {
  return analysis?.pictures ?? [];
}

/** How a part is changed by hand. */
export type Change = 'move' | 'resize';

/**
 * A part moved or resized by so much, within the image and no smaller than `least` where the image
 * is not.
 */
export function changed(
  { x, y, width, height }: Rectangle,
  change: Change,
  [across, down]: readonly [number, number],
  { file, least }: { readonly file: Part['file']; readonly least: number },
): Rectangle {
  const within = (value: number, low: number, high: number): number =>
    Math.round(Math.min(Math.max(value, low), high));
  if (change === 'move') {
    const left = within(x + across, 0, file.width - width);
    return { x: left, y: within(y + down, 0, file.height - height), width, height };
  }
  const wide = within(width + across, Math.min(least, file.width - x), file.width - x);
  const high = within(height + down, Math.min(least, file.height - y), file.height - y);
  return { x, y, width: wide, height: high };
}

/** The part between two corners, in any order. */
export function between(
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  { file, least }: { readonly file: Part['file']; readonly least: number },
): Rectangle {
  const along = (a: number, b: number, side: number): [number, number] => {
    const [low, high] = [Math.max(0, Math.min(a, b)), Math.min(side, Math.max(a, b))];
    const length = Math.min(side, Math.max(least, Math.round(high - low)));
    return [Math.min(Math.round(low), side - length), length];
  };
  const [x, width] = along(x0, x1, file.width);
  const [y, height] = along(y0, y1, file.height);
  return { x, y, width, height };
}
