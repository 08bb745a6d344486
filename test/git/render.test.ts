/** Kinds of sources, plain directories, and sources that are wrong. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { MemoryGit, type MemoryFiles } from '../../src/git/memory.ts';
import { render, type RenderSettings } from '../../src/git/render/index.ts';
import type { RenderSource } from '../../src/git/render/types.ts';

const access = { url: 'https://example.com/x' };
const cm = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

async function renderFiles(files: MemoryFiles, source: RenderSource, settings?: RenderSettings) {
  const git = new MemoryGit();
  const sha = git.repository(access.url).commit(files);
  return await git.withTree(access, sha, (tree) => render(tree, source, settings));
}
const names = async (files: MemoryFiles, source: RenderSource): Promise<string[]> =>
  (await renderFiles(files, source)).objects.map((o) => String((o['metadata'] as { name: string }).name));

describe('a directory of manifests', () => {
  const files = {
    'app/b.yaml': cm('b'),
    'app/a.yml': `${cm('a1')}---\n---\n${cm('a2')}`,
    'app/c.json': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }),
    'app/README.md': 'not me',
    'app/deep/d.yaml': cm('d'),
    'other/e.yaml': cm('e'),
  };
  it('takes yaml, yml and json, in the order of their names', async () => {
    assert.deepEqual(await names(files, { path: 'app' }), ['a1', 'a2', 'b', 'c']);
  });
  it('goes deeper with recurse', async () => {
    assert.deepEqual(await names(files, { path: './app/', directory: { recurse: true } }), [
      'a1',
      'a2',
      'b',
      'c',
      'd',
    ]);
  });
  it('includes and excludes by globs', async () => {
    assert.deepEqual(await names(files, { path: 'app', directory: { include: '{a,b}.y*ml' } }), [
      'a1',
      'a2',
      'b',
    ]);
    assert.deepEqual(
      await names(files, { path: 'app', directory: { recurse: true, exclude: '{b.yaml,deep/*,*.json}' } }),
      ['a1', 'a2'],
    );
    assert.deepEqual(await names(files, { path: 'app', directory: { include: '[!a].y?ml' } }), ['b']);
  });
  it('takes a List apart', async () => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [JSON.parse(files['app/c.json'])] });
    assert.deepEqual(await names({ 'l.json': list }, { path: '' }), ['c']);
  });
});

describe('a source that is wrong', () => {
  const rows: [string, MemoryFiles, RenderSource, RegExp][] = [
    [
      'a path that does not exist',
      { 'a.yaml': cm('a') },
      { path: 'nope' },
      /source\.path "nope" does not exist at commit [0-9a-f]{12}/,
    ],
    [
      'a path out of the repository',
      { 'a.yaml': cm('a') },
      { path: '../x' },
      /source\.path "\.\.\/x" leads out/,
    ],
    ['an absolute path', { 'a.yaml': cm('a') }, { path: '/etc' }, /leads out of the repository/],
    [
      'a path that is a link out',
      { 'a.yaml': cm('a'), l: { link: '/etc' } },
      { path: 'l' },
      /symbolic link that leads out/,
    ],
    ['a path that is a file', { 'a.yaml': cm('a') }, { path: 'a.yaml' }, /is a file/],
    ['YAML that does not parse', { 'a.yaml': 'kind: [' }, { path: '' }, /^a\.yaml.*/],
    ['a duplicate key', { 'a.yaml': `${cm('a')}kind: Secret\n` }, { path: '' }, /^a\.yaml/],
    [
      'a list where an object is needed',
      { 'a.yaml': '- 1\n' },
      { path: '' },
      /^a\.yaml: a document is not a Kubernetes object/,
    ],
    ['no kind', { 'a.yaml': 'apiVersion: v1\n' }, { path: '' }, /^a\.yaml: an object has no kind/],
    ['no apiVersion', { 'a.yaml': 'kind: Pod\n' }, { path: '' }, /kind Pod has no apiVersion/],
    ['no name', { 'a.yaml': 'apiVersion: v1\nkind: Pod\n' }, { path: '' }, /kind Pod has no metadata\.name/],
    [
      'a generated name',
      { 'a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n' },
      { path: '' },
      /generateName/,
    ],
    ['a Helm chart', { 'Chart.yaml': 'name: x' }, { path: '' }, /Helm is not supported yet/],
    ['a chart', {}, { chart: 'nginx' }, /source\.chart/],
    ['Helm values', {}, { helm: {} }, /source\.helm/],
    ['a plugin', {}, { plugin: {} }, /source\.plugin/],
    ['jsonnet', { 'a.yaml': cm('a') }, { path: '', directory: { jsonnet: { tlas: [] } } }, /jsonnet/],
    [
      'kustomize without a kustomization',
      { 'a.yaml': cm('a') },
      { path: '', kustomize: {} },
      /no kustomization\.yaml/,
    ],
    [
      'a glob without its end',
      { 'a.yaml': cm('a') },
      { path: '', directory: { include: '{a' } },
      /without its }/,
    ],
  ];
  for (const [name, files, source, message] of rows) {
    it(name, () => assert.rejects(renderFiles(files, source), { message }));
  }
  it('too many objects', () =>
    assert.rejects(
      renderFiles(
        { 'a.yaml': `${cm('a')}---\n${cm('b')}` },
        { path: '' },
        { limits: { maxFiles: 9, maxObjects: 1 } },
      ),
      { message: /more than 1 objects/ },
    ));
  it('too many files', () =>
    assert.rejects(
      renderFiles(
        { 'a.yaml': cm('a'), 'b.yaml': cm('b') },
        { path: '' },
        { limits: { maxFiles: 1, maxObjects: 9 } },
      ),
      { message: /2 manifest files/ },
    ));
});

const kubectl = spawnSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).stdout.trim();
describe('with a kustomize program', { skip: kubectl === '' && 'no kubectl' }, () => {
  const files = {
    'base/kustomization.yaml': 'resources: [a.yaml]\n',
    'base/a.yaml': cm('a'),
    'o/kustomization.yaml': 'resources: [../base]\nnamePrefix: p-\n',
  };
  it('gives what it prints, with what the Application adds', async () => {
    const source = { path: 'o', kustomize: { nameSuffix: '-s', commonAnnotations: { x: 'y' } } };
    const own = await renderFiles(files, source);
    const theirs = await renderFiles(files, source, { kustomizeBinary: kubectl });
    assert.deepEqual(JSON.parse(JSON.stringify(theirs.objects)), JSON.parse(JSON.stringify(own.objects)));
  });
  it('says what the program said', async () => {
    await assert.rejects(
      renderFiles(
        { 'kustomization.yaml': 'resources: [none.yaml]\n' },
        { path: '' },
        { kustomizeBinary: kubectl },
      ),
      {
        message: /kubectl failed: .*none\.yaml/s,
      },
    );
  });
  it('finds it by its name on the PATH, and fetches nothing', async () => {
    const { objects } = await renderFiles(files, { path: 'o' }, { kustomizeBinary: 'kubectl' });
    assert.equal(objects.length, 1);
    const remote = { 'kustomization.yaml': 'resources: ["https://127.0.0.1:1/o/r//base?ref=v1"]\n' };
    await assert.rejects(renderFiles(remote, { path: '' }, { kustomizeBinary: 'kubectl' }), {
      message: /failed/,
    });
  });
  it('says that the program is missing', async () => {
    await assert.rejects(renderFiles(files, { path: 'o' }, { kustomizeBinary: '/none/kustomize' }), {
      message: /not found/,
    });
  });
});
