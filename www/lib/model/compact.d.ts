// Stands for the file that the build writes to pkg/compact.js, which names every file of the
// compact model.
import type { ModelSource } from '../api/options.js';
/** Bytes of the weights. */
export declare const weightsBytes: number;
/** The compact model. */
declare const model: Required<ModelSource>;
export default model;
