/** Answers to the overlays of sites where the visitor turned them on. */
import { originPattern, parse, refusal } from '../shared/addresses.js';
import { api, keptAlive, openPanel } from '../shared/api.js';
import { analyze } from '../shared/host-client.js';
import { MAX_TEXT } from '../shared/limits.js';
import { overlaySites } from '../shared/overlay-sites.js';
import type { OverlayRequest, ShownSize } from '../shared/requests.js';
import { download } from './download.js';
import { check } from './jobs.js';
import { differenceTo } from './shown.js';

/** Answers an overlay: the grade of an image, or that it shall show the details. */
export function answerOverlay(
  message: OverlayRequest,
  { tab, url, frameId }: chrome.runtime.MessageSender,
  respond: (answer: unknown) => void,
): true | undefined {
  const page = parse(url);
  const address = message.address.length <= MAX_TEXT ? parse(message.address) : undefined;
  if (tab?.id === undefined || page === undefined || frameId !== 0) return undefined;
  if (message.details === true) {
    if (address === undefined) return undefined;
    const { id: tabId, windowId } = tab;
    openPanel(windowId);
    void overlaySites().then((sites) =>
      sites.includes(originPattern(page))
        ? check(
            { tabId, windowId, frameId: 0, source: address.href, page, frame: page },
            Promise.resolve(),
          )
        : undefined,
    );
    return undefined;
  }
  void grade(page, address, message.shown).then(respond, () => {
    respond({ state: 'error' });
  });
  return true;
}

async function grade(
  page: URL,
  address: URL | undefined,
  shown: ShownSize | undefined,
): Promise<{ state: string }> {
  const sites = await overlaySites();
  if (!sites.includes(originPattern(page))) return { state: 'off' };
  if (address === undefined || refusal(address, page) !== undefined) return { state: 'skipped' };
  // Images of other sites only where those were allowed, too: nobody is asked for every picture of
  // a page.
  if (!(await api.permissions.contains({ origins: [originPattern(address)] })))
    return { state: 'skipped' };
  const outcome = await keptAlive(
    (async () => {
      const image = await download(address, page);
      // A mark would stand on a picture that nobody looked at.
      if ((await differenceTo(image, shown)) !== undefined) return undefined;
      return analyze(image, 'original-bytes');
    })(),
  );
  if (outcome === undefined) return { state: 'skipped' };
  if (outcome.error !== undefined) return { state: 'error' };
  const { model } = outcome.analysis;
  return { state: model.status === 'scored' ? model.grade : 'abstained' };
}
