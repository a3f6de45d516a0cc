// npm run deny: licences, known weaknesses and sources of everything that we depend on.
import { main } from './lib/run.mjs';
import { checkDependencies } from './lib/supply-chain.mjs';

await main(checkDependencies);
