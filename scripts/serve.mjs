// npm run serve: www/dist as any static host would serve it.
import path from 'node:path';
import { main, root } from './lib/run.mjs';
import { listen } from './lib/server.mjs';

await main(async () => {
  const url = await listen({
    folder: path.join(root, 'www/dist'),
    port: Number(process.env.PORT ?? 8080),
  });
  console.log(`\nclipsight is at ${url}  (Ctrl+C ends it)\n`);
});
