// The entry of a CommonJS bundle, where `import.meta.url` is empty.
export { createDetector, fetchModel, workerUrl } from 'clipsight';
export { AiImageCheck } from 'clipsight/element';
export { default as standard } from 'clipsight-model-standard';
