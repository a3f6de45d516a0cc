// A reporter for node's test runner that allows no silent gaps: every test that was skipped is
// listed with its reason at the end, and a skip that is not allowed fails the run. Beside another
// reporter:
//
//     node --test --test-reporter=spec --test-reporter-destination=stdout \
//       --test-reporter=./tests/web/support/skips.mjs --test-reporter-destination=stdout
import path from 'node:path';

/** Reasons that hold in CI as well: what the machine cannot offer, whatever is installed on it. */
const ALLOWED_IN_CI = [/^Firefox offers no WebGPU adapter here/];

/** Why a skipped test fails the run, or undefined. */
function objection(reason) {
  if (typeof reason !== 'string' || reason === '') return 'skipped without a reason';
  const everywhere = process.env.CI === undefined;
  if (everywhere || ALLOWED_IN_CI.some((pattern) => pattern.test(reason))) return undefined;
  return 'must not be skipped in CI';
}

export default async function* skips(events) {
  const skipped = [];
  for await (const { type, data } of events) {
    // A skipped test counts as passed; `true` where no reason was given.
    if ((type === 'test:pass' || type === 'test:fail') && data.skip !== undefined)
      skipped.push(data);
  }
  if (skipped.length === 0) {
    yield '\nNo test was skipped.\n';
    return;
  }
  yield `\n!! ${skipped.length} skipped:\n`;
  let refused = 0;
  for (const { name, file, skip } of skipped) {
    const against = objection(skip);
    if (against !== undefined) refused += 1;
    const where = file === undefined ? '' : `${path.relative('', file)}: `;
    yield `!!   ${where}${name}: ${[typeof skip === 'string' ? skip : '', against].filter(Boolean).join(': ')}\n`;
  }
  if (refused > 0) {
    yield `!! ${refused} of them must not be.\n`;
    process.exitCode = 1;
  }
}
