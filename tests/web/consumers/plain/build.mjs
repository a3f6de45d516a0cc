// No bundler: the package's folder is served as it is.
import { cp } from 'node:fs/promises';

await cp('node_modules/clipsight', 'dist/clipsight', { recursive: true });
await cp('index.html', 'dist/index.html');
