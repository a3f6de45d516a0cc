/** The messages between the host and its sandboxed frame. */
import type { DecoderSources, ModelFiles } from 'clipsight';
import * as v from 'valibot';
import { detectorInfo, fidelity } from './analysis.js';
import { wireError } from './errors.js';
import { MAX_IMAGE_BYTES } from './limits.js';
import { number } from './schema.js';

/** Calls to the frame; each comes with an id and is answered with it. */
export const call = v.variant('call', [
  v.object({
    id: number,
    call: v.literal('load'),
    // createDetector checks what is in it.
    files: v.custom<ModelFiles>((files) => typeof files === 'object' && files !== null),
    decoders: v.custom<DecoderSources>((files) => typeof files === 'object' && files !== null),
  }),
  v.object({
    id: number,
    call: v.literal('analyze'),
    bytes: v.pipe(
      v.instance(ArrayBuffer),
      v.check(({ byteLength }) => byteLength <= MAX_IMAGE_BYTES),
    ),
    fidelity,
  }),
]);
export type Call = Readonly<v.InferOutput<typeof call>>;

/** The frame's answers: `load` is answered as here, `analyze` with an outcome. */
export const reply = v.object({ id: number, answer: v.unknown() });
export const loaded = v.union([
  v.object({ info: detectorInfo, error: v.exactOptional(v.never()) }),
  v.object({ error: wireError, info: v.exactOptional(v.never()) }),
]);

/** The first message into the frame: everything else goes over the port that comes with it. */
export const CONNECT = 'clipsight-connect';

/** The frame's first message over that port. */
export const READY = 'clipsight-ready';
