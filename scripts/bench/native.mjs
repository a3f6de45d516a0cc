// The native program, without a browser.
import { Failure, output } from '../lib/run.mjs';
import { alone } from './lock.mjs';
import { images } from './prepare.mjs';

const MODELS = ['models/compact', 'target/bench/models/clip-vit-b-32-q8'];

/** What `clipsight bench run` says of each model. */
export async function measureNative() {
  const files = images.map((url) => url.replace('/bench/', 'target/bench/'));
  const reports = [];
  for (const model of MODELS) {
    const text = await alone(() =>
      output('target/release/clipsight', ['bench', 'run', '--model', model, ...files]),
    );
    if (text === undefined) throw new Failure(`clipsight bench run --model ${model} fails`);
    reports.push(JSON.parse(text));
  }
  return reports;
}
