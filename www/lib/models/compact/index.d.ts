// Stands for the file that the build writes to pkg/models/compact, which names every file of the model.
import type { ModelSource } from '../../types.js';
/** The compact model. */
declare const model: Required<ModelSource>;
export default model;
