/** Parts of a picture: outlined over it, or one of them alone. */
import { svg } from './dom.js';
import type { Rectangle } from '../api/analysis.generated.js';

/** A picture's size in pixels, upright. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/** The outlines of parts, for a box in which the picture itself is contained. */
export function outlines(parts: readonly Rectangle[], { width, height }: Size): SVGSVGElement {
  const element = svg('svg', {
    class: 'outlines',
    viewBox: `0 0 ${String(width)} ${String(height)}`,
    'aria-hidden': 'true',
  });
  for (const part of parts)
    for (const kind of ['under', 'over'])
      element.append(svg('rect', { ...numbers(part), class: kind }));
  return element;
}

/**
 * A part of the picture at an address, as an image of its own. It dispatches `error` where the
 * browser cannot show the picture.
 */
export function partOf(address: string, part: Rectangle, size: Size): SVGSVGElement {
  const { x, y, width, height } = part;
  const element = svg('svg', {
    class: 'part',
    viewBox: [x, y, width, height].map(String).join(' '),
    'aria-hidden': 'true',
  });
  const picture = svg('image', { ...numbers({ x: 0, y: 0, ...size }), href: address });
  picture.setAttribute('preserveAspectRatio', 'none');
  picture.addEventListener('error', () => element.dispatchEvent(new Event('error')));
  // What lies beside the part would show where the box has another shape.
  const inside = svg('svg', { ...numbers(part), viewBox: element.getAttribute('viewBox') ?? '' });
  inside.append(picture);
  element.append(inside);
  return element;
}

function numbers({ x, y, width, height }: Rectangle): Record<string, string> {
  return { x: String(x), y: String(y), width: String(width), height: String(height) };
}
