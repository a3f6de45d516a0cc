/** The messages between the engine's page and its sandboxed frame. */
import type { ModelFiles } from 'clipsight';
import type { Fidelity } from './analysis.js';

/** Calls to the frame; each comes with an id and is answered with it. */
export type Call =
  | { readonly call: 'load'; readonly files: ModelFiles }
  | { readonly call: 'analyze'; readonly bytes: ArrayBuffer; readonly fidelity: Fidelity };

/** The first message into the frame: everything else goes over the port that comes with it. */
export const CONNECT = 'clipsight-connect';

/** The frame's first message over that port. */
export const READY = 'clipsight-ready';
