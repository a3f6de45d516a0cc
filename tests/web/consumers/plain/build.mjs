// No bundler: the packages' folders are served as they are.
import { cp } from 'node:fs/promises';

for (const name of ['clipsight', 'clipsight-model-standard'])
  await cp(`node_modules/${name}`, `dist/${name}`, { recursive: true });
await cp('index.html', 'dist/index.html');
