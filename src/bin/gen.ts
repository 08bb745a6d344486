/**
 * `npm run gen`: writes `crds/` and `docs/schema/` from the schemas in `src/api`. The output depends on nothing
 * else, so that a test can tell when the files are stale.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { customResourceDefinitions, editorSchemas } from '../api/crd.ts';
import { printYaml } from '../lang/yaml.ts';

const HEADER = '# Generated from src/api by `npm run gen`. Do not edit.\n';

/** Every generated file: path from the root of the repository, and text. */
export function generatedFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const definition of customResourceDefinitions()) {
    const plural = definition.metadata.name.split('.')[0] ?? definition.metadata.name;
    // Apart from the others: applied with them it would replace Argo CD's own.
    const folder = plural === 'applications' ? 'crds/syncer' : 'crds';
    files.set(`${folder}/${plural}.yaml`, HEADER + printYaml(definition));
  }
  for (const [name, schema] of Object.entries(editorSchemas())) {
    files.set(`docs/schema/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
  }
  return files;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  for (const [path, text] of generatedFiles()) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`${path} (${(text.length / 1024).toFixed(1)} KiB)`);
  }
}
