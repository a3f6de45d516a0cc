// JSON Schema of an `Analysis`, from the package's types, into pkg/schema.json.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';
import { root } from './run.mjs';

export async function writeSchema() {
  const schema = createGenerator({
    path: path.join(root, 'www/lib/api/analysis.generated.ts'),
    tsconfig: path.join(root, 'www/lib/tsconfig.json'),
    type: 'Analysis',
    // `npm run lint` has checked them.
    skipTypeCheck: true,
    topRef: true,
  }).createSchema('Analysis');
  const { $schema, $ref, definitions } = schema;
  const described = {
    $schema,
    $id: 'urn:clipsight:analysis:1',
    title: 'clipsight analysis',
    $ref,
    definitions,
  };
  await writeFile(path.join(root, 'pkg/schema.json'), `${JSON.stringify(described, null, 2)}\n`);
}
