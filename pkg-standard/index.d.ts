import type { ModelSource } from 'clipsight';

/** Bytes of the weights, which come over the wire once. */
export declare const weightsBytes: number;

/** The standard model: for `createDetector({ model })` and `fetchModel({ model })`. */
declare const standard: Required<ModelSource>;
export default standard;
