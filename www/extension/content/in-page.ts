/** What is asked of a page. */
export interface PageRequest {
  /**
   * Address of the image as the browser gave it; empty where it gave none: then the one under the
   * pointer, or the largest.
   */
  readonly source: string;
  readonly want: 'place' | 'bytes';
  readonly limit: number;
  /** The patience with a server: so many bytes in so many milliseconds, or the end. */
  readonly patience: { readonly ms: number; readonly bytes: number };
}

/** What a page answers: no more is believed of it than that it may hold an image. */
export interface PageAnswer {
  readonly address: string;
  /**
   * Where the image is within the visible tab, in CSS pixels of it; absent where that cannot be
   * known.
   */
  readonly place?: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /**
   * The image's own size as the browser gives it; exact where the page names one file only. Absent
   * where the browser says nothing of it.
   */
  readonly shown?: { readonly width: number; readonly height: number; readonly exact: boolean };
  /** Size of the visible tab in the same pixels. */
  readonly viewport: { readonly width: number; readonly height: number };
  /** The bytes as a data: address, and whether they had to be encoded anew. */
  readonly data?: string;
  readonly fidelity?: 'original-bytes' | 're-encoded';
  readonly tooLarge?: boolean;
}

/**
 * Runs inside the page, in the extension's own world, when the visitor asked for a check: finds the
 * image, and reads it or says where it is. It is sent there as text: nothing outside this function
 * exists for it, which is why it is one long function. It changes nothing in the page.
 */
export async function inPage({
  source,
  want,
  limit,
  patience,
}: PageRequest): Promise<PageAnswer | null> {
  interface Opener {
    dom?: { openOrClosedShadowRoot(element: Element): ShadowRoot | null };
  }
  // 1. All images of the document, those in shadow roots included.
  const images: Element[] = [];
  const visit = (root: Document | ShadowRoot): void => {
    for (const element of root.querySelectorAll('*')) {
      if (element.matches('img, input[type=image], image')) images.push(element);
      const firefox = (element as { openOrClosedShadowRoot?: ShadowRoot | null })
        .openOrClosedShadowRoot;
      const opener = (globalThis as { chrome?: Opener }).chrome?.dom;
      const shadow =
        firefox ??
        (element instanceof HTMLElement ? opener?.openOrClosedShadowRoot(element) : null) ??
        element.shadowRoot;
      if (shadow) visit(shadow);
    }
  };
  visit(document);

  // 2. The one that is meant: by its address, under the pointer, else the largest in view.
  const addressOf = (element: Element): string => {
    if (element instanceof HTMLImageElement) return element.currentSrc || element.src;
    if (element instanceof SVGImageElement)
      return new URL(element.href.baseVal, document.baseURI).href;
    return (element as HTMLInputElement).src;
  };
  const visibleArea = (element: Element): number => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const width = Math.min(right, innerWidth) - Math.max(left, 0);
    const height = Math.min(bottom, innerHeight) - Math.max(top, 0);
    return Math.max(width, 0) * Math.max(height, 0);
  };
  const asked = source === '' ? images : images.filter((element) => addressOf(element) === source);
  const [image] = asked.sort(
    (a, b) =>
      Number(b.matches(':hover')) - Number(a.matches(':hover')) || visibleArea(b) - visibleArea(a),
  );
  if (image === undefined) return null;
  if (
    image instanceof HTMLImageElement &&
    (!image.complete || image.naturalWidth === 0) &&
    want === 'place'
  )
    return null;

  const top = { width: innerWidth, height: innerHeight };
  const shownSize = (element: HTMLImageElement): Pick<PageAnswer, 'shown'> => ({
    shown: {
      width: element.naturalWidth,
      height: element.naturalHeight,
      exact: element.srcset === '' && !(element.parentElement instanceof HTMLPictureElement),
    },
  });
  const found = {
    address: addressOf(image),
    viewport: top,
    ...(image instanceof HTMLImageElement ? shownSize(image) : {}),
  };

  // 3. Where it is in the visible tab: from its own frame out to the topmost one.
  if (want === 'place') {
    let { left, top: upper, right, bottom } = image.getBoundingClientRect();
    let view: Window = window;
    for (; view !== view.parent; view = view.parent) {
      // Frames of other sites do not say where they are.
      const frame = view.frameElement;
      if (frame === null) return found;
      const { left: dx, top: dy } = frame.getBoundingClientRect();
      const x = dx + frame.clientLeft;
      const y = dy + frame.clientTop;
      // What lies outside the frame's own view is not visible.
      left = Math.max(left, 0) + x;
      upper = Math.max(upper, 0) + y;
      right = Math.min(right, view.innerWidth) + x;
      bottom = Math.min(bottom, view.innerHeight) + y;
    }
    // With fingers people zoom into a page without changing its layout.
    const { scale = 1, offsetLeft = 0, offsetTop = 0 } = view.visualViewport ?? {};
    const viewport = { width: view.innerWidth, height: view.innerHeight };
    const x = Math.max((left - offsetLeft) * scale, 0);
    const y = Math.max((upper - offsetTop) * scale, 0);
    const width = Math.min((right - offsetLeft) * scale, viewport.width) - x;
    const height = Math.min((bottom - offsetTop) * scale, viewport.height) - y;
    return { ...found, viewport, place: { x, y, width, height } };
  }

  // 4. Its bytes, as a data: address, which is all that gets through to the extension.
  const asData = (blob: Blob): Promise<string> =>
    new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => {
        resolve(reader.result as string);
      };
      reader.onerror = () => {
        reject(new Error('unreadable'));
      };
      reader.readAsDataURL(blob);
    });
  const abort = new AbortController();
  const stop = (): void => {
    abort.abort();
  };
  let timer = setTimeout(stop, patience.ms);
  let since = 0;
  try {
    const response = await fetch(found.address, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: abort.signal,
    });
    if (!response.ok) return null;
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    const reader = response.body?.getReader();
    for (
      let chunk = await reader?.read();
      chunk?.value !== undefined;
      chunk = await reader?.read()
    ) {
      length += chunk.value.byteLength;
      since += chunk.value.byteLength;
      if (since >= patience.bytes) {
        clearTimeout(timer);
        timer = setTimeout(stop, patience.ms);
        since = 0;
      }
      if (length > limit) {
        void reader?.cancel();
        return { ...found, tooLarge: true };
      }
      chunks.push(chunk.value);
    }
    return { ...found, data: await asData(new Blob(chunks)), fidelity: 'original-bytes' };
  } catch {
    // 5. Else its pixels.
    // The page has taken the address back (URL.revokeObjectURL), as many do once an image is shown:
    // its pixels are left.
    if (!(image instanceof HTMLImageElement) || image.naturalWidth === 0) return null;
    try {
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      canvas.getContext('2d')?.drawImage(image, 0, 0);
      const blob = await canvas.convertToBlob({ type: 'image/png' });
      return blob.size > limit
        ? { ...found, tooLarge: true }
        : { ...found, data: await asData(blob), fidelity: 're-encoded' };
    } catch {
      return null;
    }
  } finally {
    clearTimeout(timer);
  }
}
