// scripts/schema.mjs: writes schema/ from the code that was built (npm run schema); a test says when that is due.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { schemaFiles } from '../dist/host/membership/schema.js';

const folder = fileURLToPath(new URL('../schema/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, schema] of schemaFiles()) {
  writeFileSync(`${folder}${name}`, `${JSON.stringify(schema, null, 2)}\n`);
  console.log(`schema/${name}`);
}
