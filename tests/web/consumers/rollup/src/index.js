import { createDetector } from 'clipsight';
import standard, { weightsBytes } from 'clipsight-model-standard';

const models = { compact: undefined, standard };
window.check = async (bytes, name) => {
  const detector = await createDetector({ device: 'cpu', model: models[name] });
  const analysis = await detector.analyze(new Uint8Array(bytes));
  await detector.dispose();
  return { info: detector.info, analysis };
};
window.weightsBytes = weightsBytes;
