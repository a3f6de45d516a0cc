// A component as frameworks that render on a server have it: loaded on both sides, used on one.
import { createDetector, workerUrl } from 'clipsight';
import 'clipsight/element';

export const render = () => `<main>${typeof createDetector} ${typeof workerUrl.href}</main>`;
