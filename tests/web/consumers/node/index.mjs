// A script for Node, without a browser. It ends by itself, though nothing is disposed of.
import { readFile } from 'node:fs/promises';
import { createDetector } from 'clipsight';
import 'clipsight/element';

const [picture, worker] = process.argv.slice(2);
const detector = await createDetector(worker === 'false' ? { worker: false } : {});
const bytes = await readFile(picture);
const inputs = [
  bytes,
  new File([bytes], 'photo.jpg'),
  new Uint8Array(100),
  new Blob([bytes]),
  // More than one thread has its turn at.
  ...Array.from({ length: 8 }, () => bytes),
];
const items = [];
for await (const { result, error } of detector.analyzeAll(inputs))
  items.push(result?.model ?? error.code);
console.log(JSON.stringify({ info: detector.info, items }));
