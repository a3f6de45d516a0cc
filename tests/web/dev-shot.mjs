import { startServer } from './support/server.mjs';
import { launch, newPage } from './support/browser.mjs';
import { copyFileSync, readdirSync } from 'node:fs';
const server = await startServer({ folders: { '/': '/tmp/ui-dev' } });
const browser = await launch();
for (const arg of process.argv.slice(3)) {
  const o = JSON.parse(arg);
  const { page, problems, close } = await newPage(browser, { viewport: { width: 900, height: 700 }, ...o.context });
  await page.goto(`${server.url}/${process.argv[2]}.html?${o.query ?? ''}`);
  await page.waitForFunction(() => document.title === 'ready', undefined, { timeout: 10000 }).catch(() => {});
  await page.screenshot({ path: `/tmp/ui-dev/${o.name}.png`, fullPage: true });
  console.log(o.name, problems);
  await close();
}
await browser.close(); await server.close();
