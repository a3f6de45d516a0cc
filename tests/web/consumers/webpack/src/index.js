import { createDetector } from 'clipsight';

window.check = async (bytes) => {
  const detector = await createDetector({ device: 'cpu' });
  const analysis = await detector.analyze(new Uint8Array(bytes));
  await detector.dispose();
  return { info: detector.info, analysis };
};
