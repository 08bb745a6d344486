/**
 * Makes `src/sandbox/apiserver/openapi/builtin.json`: the shapes of the built-in kinds that the sandbox serves, from a
 * real API server and the Go types that it was built from.
 *
 *   node test/cluster/builtin.ts [group/version/Kind...]     writes it anew; kinds that are named are added
 *
 * `builtin.test.ts` holds the file against the server.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { digestOpenApi, type OpenApiDigest } from '../../src/sandbox/apiserver/openapi/digest.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { controlPlaneBinaries, findGo } from './binaries.ts';
import { ControlPlane } from './control-plane.ts';

const FILE = fileURLToPath(new URL('../../src/sandbox/apiserver/openapi/builtin.json', import.meta.url));
const GO_MODULE = fileURLToPath(new URL('./go', import.meta.url));

/** Go module -> prefix of the names of its schemas. */
const MODULES = {
  'k8s.io/api': 'io.k8s.api',
  'k8s.io/apimachinery': 'io.k8s.apimachinery',
  'k8s.io/apiextensions-apiserver': 'io.k8s.apiextensions-apiserver',
} as const;

export const readBuiltin = (): OpenApiDigest => JSON.parse(readFileSync(FILE, 'utf8')) as OpenApiDigest;

/** `io.k8s.api.apps.v1` -> the text of that package's types; or the one line that says why there are none. */
export function goSources(): { sources: Record<string, string> } | { missing: string } {
  const go = findGo();
  if (go === undefined) return { missing: 'no Go, and with it no Go types to compare with' };
  const sources: Record<string, string> = {};
  for (const [module, prefix] of Object.entries(MODULES)) {
    const { status, stdout, stderr } = spawnSync(go, ['mod', 'download', '-json', module], {
      cwd: GO_MODULE,
      encoding: 'utf8',
    });
    if (status !== 0) return { missing: `go mod download ${module}: ${stderr.trim().slice(-500)}` };
    const { Dir } = JSON.parse(stdout) as { Dir: string };
    for (const file of globSync('**/types*.go', { cwd: Dir })) {
      if (file.endsWith('_test.go') || file.includes('swagger')) continue;
      const name = [prefix, ...file.split(sep).slice(0, -1)].join('.');
      sources[name] = `${sources[name] ?? ''}\n${readFileSync(join(Dir, file), 'utf8')}`;
    }
  }
  return { sources };
}

export async function makeBuiltin(
  plane: ControlPlane,
  kinds: readonly string[],
  sources: Record<string, string>,
): Promise<OpenApiDigest> {
  const get = async (path: string): Promise<JsonObject> =>
    JSON.parse(await plane.call('GET', path)) as JsonObject;
  const groupVersions = new Set(kinds.map((kind) => kind.slice(0, kind.lastIndexOf('/'))));
  const documents = await Promise.all(
    [...groupVersions].map((each) => get(`/openapi/v3/${each.includes('/') ? 'apis' : 'api'}/${each}`)),
  );
  const { gitVersion } = await get('/version');
  return digestOpenApi(documents, [...kinds], String(gitVersion), sources);
}

if (import.meta.main) {
  const found = controlPlaneBinaries();
  const go = goSources();
  if ('missing' in found || 'missing' in go) {
    console.error('missing' in found ? found.missing : 'missing' in go ? go.missing : '');
    process.exit(1);
  }
  const plane = new ControlPlane(found.binaries, { controllers: false });
  try {
    await plane.start();
    const known = existsSync(FILE) ? Object.keys(readBuiltin().kinds) : [];
    const kinds = [...new Set([...known, ...process.argv.slice(2)])];
    const digest = await makeBuiltin(plane, kinds, go.sources);
    const options = await resolveConfig(FILE);
    writeFileSync(FILE, await format(JSON.stringify(digest), { ...options, parser: 'json' }));
    console.log(`${FILE}: ${kinds.length} kinds of ${digest.version}`);
  } finally {
    await plane.stop();
  }
}
