/** Random kustomizations, rendered by the built-in renderer and by kubectl: the results must be equal. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MemoryGit } from '../../src/git/memory.ts';
import { render } from '../../src/git/render/index.ts';
import type { Json, JsonObject } from '../../src/lang/json.ts';
import { parseYaml } from '../../src/lang/yaml.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

const name = fc.constantFrom('web', 'db', 'settings');
const container = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    image: fc.constantFrom('nginx', 'nginx:1.25', 'redis@sha256:aaaa', 'registry:5000/x/web:v1'),
    env: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('ONE', 'TWO', 'THREE'), value: fc.constantFrom('1', '2') }),
      {
        selector: (env) => env.name,
        maxLength: 3,
      },
    ),
    volumeMounts: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('v', 'w'), mountPath: fc.constantFrom('/a', '/b') }),
      { selector: (mount) => mount.mountPath, maxLength: 2 },
    ),
    envFrom: fc.array(fc.record({ configMapRef: fc.record({ name }) }), { maxLength: 1 }),
    args: fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }),
  },
  { requiredKeys: ['name'] },
);
const podSpec = fc.record(
  {
    containers: fc.uniqueArray(container, { selector: (c) => c.name, minLength: 1, maxLength: 3 }),
    volumes: fc.uniqueArray(fc.record({ name: fc.constantFrom('v', 'w'), configMap: fc.record({ name }) }), {
      selector: (volume) => volume.name,
      maxLength: 2,
    }),
    tolerations: fc.array(fc.record({ key: fc.constantFrom('t', 'u') }), { maxLength: 2 }),
    nodeSelector: fc.dictionary(fc.constantFrom('zone', 'arch'), fc.constantFrom('p', 'q'), { maxKeys: 2 }),
  },
  { requiredKeys: ['containers'] },
);
const kinds: [string, string][] = [
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['argoproj.io/v1alpha1', 'Rollout'],
];
const workload = fc
  .tuple(fc.constantFrom(...kinds), name, podSpec, fc.integer({ min: 0, max: 3 }))
  .map(([[apiVersion, kind], own, spec, replicas]): JsonObject => ({
    apiVersion,
    kind,
    metadata: { name: own },
    spec: {
      replicas,
      selector: { matchLabels: { app: own } },
      template: { metadata: { labels: { app: own } }, spec: spec as unknown as JsonObject },
    },
  }));
const configMap = name.map((own): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: own },
  data: { k: 'v' },
}));
const objectId = (object: JsonObject): string =>
  `${String(object['kind'])}/${String((object['metadata'] as JsonObject)['name'])}`;

const scenario = fc.record({
  objects: fc.uniqueArray(fc.oneof(workload, workload, configMap), {
    selector: objectId,
    minLength: 1,
    maxLength: 4,
  }),
  patch: fc.option(podSpec, { nil: undefined }),
  patched: fc.nat(3),
  base: fc.record(
    {
      namePrefix: fc.constantFrom('p-', 'q-'),
      nameSuffix: fc.constant('-s'),
      namespace: fc.constant('ns'),
      commonAnnotations: fc.constant({ note: 'x' }),
    },
    { requiredKeys: [] },
  ),
  overlay: fc.record(
    {
      namePrefix: fc.constantFrom('o-', 'p-'),
      namespace: fc.constant('prod'),
      commonLabels: fc.constant({ team: 'a' }),
      labels: fc.array(
        fc.record({
          pairs: fc.constant({ l: 'm' }),
          includeSelectors: fc.boolean(),
          includeTemplates: fc.boolean(),
        }),
        { maxLength: 1 },
      ),
      images: fc.array(
        fc.record(
          {
            name: fc.constantFrom('nginx', 'redis', 'registry:5000/x/web'),
            newTag: fc.constant('v9'),
            newName: fc.constant('other/image'),
          },
          { requiredKeys: ['name', 'newTag'] },
        ),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  ),
  generated: fc.boolean(),
});

describe('kustomize: random repositories', { skip: !hasKubectl && 'no kubectl' }, () => {
  it('give what kubectl gives', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ objects, patch, patched, base, overlay, generated }) => {
        const target = objects[patched % objects.length] as JsonObject;
        const generates = generated && !objects.some((object) => objectId(object) === 'ConfigMap/settings');
        const patches: Json[] =
          patch === undefined || target['kind'] === 'ConfigMap'
            ? []
            : [
                {
                  patch: JSON.stringify({
                    apiVersion: target['apiVersion'],
                    kind: target['kind'],
                    metadata: { name: (target['metadata'] as JsonObject)['name'] },
                    spec: { template: { spec: patch } },
                  }),
                },
              ];
        const files: Record<string, string> = {
          'base/all.yaml': objects.map((object) => JSON.stringify(object)).join('\n---\n'),
          'base/kustomization.yaml': JSON.stringify({
            ...base,
            resources: ['all.yaml'],
            ...(generates ? { configMapGenerator: [{ name: 'settings', literals: ['a=b'] }] } : {}),
          }),
          'overlay/kustomization.yaml': JSON.stringify({ ...overlay, resources: ['../base'], patches }),
        };
        const folder = mkdtempSync(join(tmpdir(), 'sluice-fuzz-'));
        let want: { status: number | null; stdout: string };
        try {
          for (const [path, text] of Object.entries(files)) {
            mkdirSync(dirname(join(folder, path)), { recursive: true });
            writeFileSync(join(folder, path), text);
          }
          want = spawnSync('kubectl', ['kustomize', join(folder, 'overlay')], { encoding: 'utf8' });
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
        const git = new MemoryGit();
        const access = { url: 'https://example.com/x' };
        const sha = git.repository(access.url).commit(files);
        const got = await git
          .withTree(access, sha, (tree) => render(tree, { path: 'overlay' }))
          .then(({ objects: list }) => JSON.parse(JSON.stringify(list)) as unknown)
          .catch((error: unknown) => `refused: ${String(error)}`);
        if (want.status === 0) assert.deepEqual(got, JSON.parse(JSON.stringify(parseYaml(want.stdout))));
        else assert.match(String(got), /^refused/);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 120), seed: 1 },
    );
  });
});
