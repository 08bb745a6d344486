/** The built-in Kustomize renderer against `kubectl kustomize` on a table of small repositories. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { MemoryGit, type MemoryFiles } from '../../src/git/memory.ts';
import { render } from '../../src/git/render/index.ts';
import type { RenderSource } from '../../src/git/render/types.ts';
import { parseYaml } from '../../src/lang/yaml.ts';
import { fixtures, saveWant, type Fixture } from './txtar.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

function oracle(fixture: Fixture): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-oracle-'));
  try {
    for (const [name, text] of Object.entries(fixture.files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const result = spawnSync('kubectl', ['kustomize', join(folder, fixture.path)], { encoding: 'utf8' });
    assert.equal(result.status, 0, `${fixture.name}: the oracle says ${result.stderr}`);
    return result.stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function renderFiles(files: MemoryFiles, source: RenderSource) {
  const git = new MemoryGit();
  const sha = git.repository('https://example.com/x').commit(files);
  return await git.withTree({ url: 'https://example.com/x' }, sha, (tree) => render(tree, source));
}

describe('kustomize: the table of repositories', () => {
  const table = fixtures();
  it('holds at least 25 repositories', () => assert.ok(table.length >= 25, `${table.length}`));
  for (const fixture of table) {
    it(`${fixture.name}: ${fixture.about.split('\n')[0]}`, async () => {
      if (process.env['UPDATE_FIXTURES'] === '1') saveWant(fixture, oracle(fixture));
      else assert.ok(fixture.want !== undefined, 'no expected output; run with UPDATE_FIXTURES=1');
      const { objects } = await renderFiles(fixture.files, { path: fixture.path });
      const want = parseYaml(fixture.want ?? oracle(fixture), 'want.yaml');
      assert.deepEqual(JSON.parse(JSON.stringify(objects)), JSON.parse(JSON.stringify(want)));
    });
  }
});

describe(
  'kustomize: the expected outputs are those of kubectl',
  { skip: !hasKubectl && 'no kubectl' },
  () => {
    for (const fixture of fixtures()) {
      it(fixture.name, () => assert.equal(oracle(fixture).trim(), fixture.want?.trim()));
    }
  },
);

describe('kustomize: what is wrong is named with its file', () => {
  const base = 'resources: [a.yaml]\n';
  const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
  const rows: [string, MemoryFiles, RegExp][] = [
    [
      'an unknown field',
      { 'kustomization.yaml': `${base}namePrefx: x\n` },
      /^kustomization\.yaml: namePrefx is not a known field$/,
    ],
    [
      'an unknown field of a patch',
      { 'kustomization.yaml': 'patches: [{path: x, targets: {}}]' },
      /patches\[0\]\.targets is not a known field/,
    ],
    [
      'a field that is not done',
      { 'kustomization.yaml': 'replacements: [{path: x}]' },
      /replacements is not supported/,
    ],
    [
      'a remote base',
      { 'kustomization.yaml': 'resources: ["https://github.com/o/r//base?ref=v1"]' },
      /remote base/,
    ],
    [
      'a remote base without scheme',
      { 'kustomization.yaml': 'resources: ["github.com/o/r//base"]' },
      /remote base/,
    ],
    [
      'a path out of the repository',
      { 'kustomization.yaml': 'resources: [../../etc]' },
      /leads out of the repository/,
    ],
    ['an absolute path', { 'kustomization.yaml': 'resources: [/etc/passwd]' }, /leads out of the repository/],
    [
      'a file beside the folder',
      { 'o/kustomization.yaml': 'resources: [../a.yaml]', 'a.yaml': configMap },
      /not in or below o/,
    ],
    ['a missing file', { 'kustomization.yaml': base }, /"a\.yaml" does not exist/],
    ['YAML that does not parse', { 'kustomization.yaml': base, 'a.yaml': 'a: [' }, /a\.yaml/],
    ['a kustomization that does not parse', { 'kustomization.yaml': 'a: [' }, /kustomization\.yaml/],
    [
      'a circle',
      { 'kustomization.yaml': 'resources: [a]', 'a/kustomization.yaml': 'resources: [..]' },
      /circle/,
    ],
    [
      'the same object twice',
      { 'kustomization.yaml': 'resources: [a.yaml, b.yaml]', 'a.yaml': configMap, 'b.yaml': configMap },
      /ConfigMap a is there twice/,
    ],
    [
      'a patch without its object',
      {
        'kustomization.yaml': `${base}patches: [{patch: "{apiVersion: v1, kind: Secret, metadata: {name: s}}"}]`,
        'a.yaml': configMap,
      },
      /Secret s, which is not there/,
    ],
    [
      'two kustomization files',
      { 'kustomization.yaml': base, 'kustomization.yml': base, 'a.yaml': configMap },
      /holds both/,
    ],
    [
      'a component as a resource',
      {
        'kustomization.yaml': 'resources: [c]',
        'c/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n',
      },
      /is a Component/,
    ],
    [
      'replicas of nobody',
      { 'kustomization.yaml': `${base}replicas: [{name: x, count: 2}]`, 'a.yaml': configMap },
      /no Deployment.* is named "x"/,
    ],
    [
      'a JSON patch that does not fit',
      {
        'kustomization.yaml': `${base}patches: [{target: {kind: ConfigMap}, patch: "[{op: remove, path: /data/x}]"}]`,
        'a.yaml': configMap,
      },
      /patches\[0\] does not apply to v1 ConfigMap a/,
    ],
    [
      'a selector that is no regular expression',
      {
        'kustomization.yaml': `${base}patches: [{target: {name: "("}, patch: "[{op: remove, path: /data}]"}]`,
        'a.yaml': configMap,
      },
      /patches\[0\]\.target/,
    ],
    [
      'a symbolic link out of the repository',
      { 'kustomization.yaml': base, 'a.yaml': { link: '../../etc/passwd' } },
      /symbolic link that leads out/,
    ],
    [
      'links in a circle',
      { 'kustomization.yaml': base, 'a.yaml': { link: 'b.yaml' }, 'b.yaml': { link: 'a.yaml' } },
      /symbolic links in a row/,
    ],
  ];
  for (const [name, files, message] of rows) {
    it(name, async () => {
      const path = 'o/kustomization.yaml' in files ? 'o' : '';
      await assert.rejects(renderFiles(files, { path }), { message });
    });
  }

  it('follows a symbolic link inside the repository', async () => {
    const { objects } = await renderFiles(
      { 'o/kustomization.yaml': base, 'o/a.yaml': { link: 'real/a.yaml' }, 'o/real/a.yaml': configMap },
      { path: 'o' },
    );
    assert.equal(objects.length, 1);
  });
});

describe('kustomize: what the Application adds', () => {
  const files = {
    'kustomization.yaml': 'resources: [a.yaml]\nimages: [{name: nginx, newTag: "1"}]\n',
    'a.yaml':
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers: [{name: c, image: nginx}]\n',
  };
  it('goes on top of the kustomization', async () => {
    const { objects, sourceType } = await renderFiles(files, {
      path: '.',
      kustomize: {
        namePrefix: 'p-',
        nameSuffix: '-s',
        namespace: 'n',
        images: ['nginx=registry:5000/x/nginx:2'],
        replicas: [{ name: 'web', count: '3' }],
        commonLabels: { a: 'b' },
        commonAnnotations: { c: 'd' },
        patches: [{ target: { kind: 'Deployment' }, patch: '[{op: add, path: /spec/paused, value: true}]' }],
      },
    });
    assert.equal(sourceType, 'Kustomize');
    assert.deepEqual(objects[0], {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'p-web-s', namespace: 'n', labels: { a: 'b' }, annotations: { c: 'd' } },
      spec: {
        paused: true,
        replicas: 3,
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
          spec: { containers: [{ name: 'c', image: 'registry:5000/x/nginx:2' }] },
        },
      },
    });
  });
  it('names a field that it does not know', async () => {
    await assert.rejects(renderFiles(files, { path: '.', kustomize: { forceCommonLabels: true } }), {
      message: /source\.kustomize\.forceCommonLabels is not supported/,
    });
  });
});
