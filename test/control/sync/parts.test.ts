/** The parts of the syncer that read from the cluster: credentials, kinds, watches, and a real repository. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Log } from '../../../src/control/controller.ts';
import { ClusterKinds, kindsOfDefinition } from '../../../src/control/sync/kinds.ts';
import { Renderings, type RenderOutcome } from '../../../src/control/sync/rendering.ts';
import { normalizedUrl, RepositorySecrets } from '../../../src/control/sync/repositories.ts';
import { gitEnvironment } from '../../../src/git/command.ts';
import { SystemGit } from '../../../src/git/repository.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { ApiError } from '../../../src/kube/api.ts';
import { systemClock } from '../../../src/kube/clock.ts';
import { CONFIG_MAP, CUSTOM_RESOURCE_DEFINITION, SECRET } from '../../../src/kube/kinds.ts';
import { SandboxCluster, VirtualClock } from '../../../src/sandbox/index.ts';

const refuse = async (): Promise<never> => {
  throw new ApiError({ code: 403, reason: 'Forbidden', message: 'no' });
};
const nothing = async (): Promise<never> => {
  throw new ApiError({ code: 404, reason: 'NotFound', message: 'none' });
};

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function secretsOf(
  rows: readonly { type: string; data: Record<string, string> }[],
): Promise<RepositorySecrets> {
  const clock = new VirtualClock();
  const api = new SandboxCluster({ clock, namespaces: ['sluice'] }).api();
  for (const [index, { type, data }] of rows.entries()) {
    await api.create(SECRET, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: `s${index}`,
        namespace: 'sluice',
        labels: { 'argocd.argoproj.io/secret-type': type },
      },
      data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
    });
  }
  await api.create(CONFIG_MAP, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-ssh-known-hosts-cm', namespace: 'sluice' },
    data: { ssh_known_hosts: 'host ssh-ed25519 AAAA' },
  });
  return new RepositorySecrets(api, clock, 'sluice', quiet);
}

describe('credentials of repositories', () => {
  it('are those of the repository, then of the longest template', async () => {
    const secrets = await secretsOf([
      { type: 'repository', data: { url: 'https://Host/team/app.git', username: 'own', password: 'p1' } },
      { type: 'repo-creds', data: { url: 'https://host', username: 'host', password: 'p2' } },
      { type: 'repo-creds', data: { url: 'https://host/team', username: 'team', password: 'p3' } },
      { type: 'repository', data: { url: 'https://host/team/bare' } },
      { type: 'repo-creds', data: { url: 'git@host:', sshPrivateKey: 'KEY', insecure: 'true' } },
    ]);
    assert.equal((await secrets.for('https://host/team/app')).username, 'own');
    assert.equal((await secrets.for('https://host/team/other')).username, 'team');
    assert.equal((await secrets.for('https://host/team/bare')).username, 'team');
    assert.equal((await secrets.for('https://host/teamwork')).username, 'host');
    assert.equal((await secrets.for('https://elsewhere/x')).username, undefined);
    const ssh = await secrets.for('git@host:x.git');
    assert.deepEqual(
      [ssh.sshPrivateKey, ssh.insecure, ssh.sshKnownHosts],
      ['KEY', true, 'host ssh-ed25519 AAAA'],
    );
  });

  it('do without where they may not be read', async () => {
    const secrets = new RepositorySecrets({ get: refuse, list: refuse }, new VirtualClock(), 'sluice', quiet);
    assert.equal((await secrets.for('https://host/x')).username, undefined);
  });

  it('compare URLs as hosts do', () => {
    assert.equal(normalizedUrl('https://GitHub.com/O/R.git/'), 'https://github.com/O/R');
    assert.equal(normalizedUrl('git@Host:O/R.git'), 'git@host:O/R');
  });
});

const definition = (name: string): KubeObject =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${name}s.example.com` },
    spec: {
      group: 'example.com',
      names: {
        plural: `${name}s`,
        kind: name.toUpperCase(),
        singular: name,
        listKind: `${name.toUpperCase()}List`,
      },
      scope: 'Cluster',
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
        { name: 'v0', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  }) as unknown as KubeObject;

describe('kinds', () => {
  it('are built in, or come from CRDs, also those that are installed later', async () => {
    const clock = new VirtualClock();
    const api = new SandboxCluster({ clock }).api();
    const kinds = new ClusterKinds(api, clock);
    assert.deepEqual(await kinds.find('apps', 'v1', 'Deployment'), {
      group: 'apps',
      version: 'v1',
      plural: 'deployments',
      kind: 'Deployment',
      namespaced: true,
    });
    assert.equal((await kinds.find('', 'v1', 'Namespace'))?.namespaced, false);
    assert.equal(
      (await kinds.find('autoscaling', 'v2', 'HorizontalPodAutoscaler'))?.plural,
      'horizontalpodautoscalers',
    );
    assert.equal(await kinds.find('example.com', 'v1', 'GADGET'), undefined);
    await api.create(CUSTOM_RESOURCE_DEFINITION, definition('gadget'));
    assert.equal(await kinds.find('example.com', 'v1', 'GADGET'), undefined);
    await clock.advance(5_000);
    assert.deepEqual(await kinds.find('example.com', 'v1', 'GADGET'), {
      group: 'example.com',
      version: 'v1',
      plural: 'gadgets',
      kind: 'GADGET',
      namespaced: false,
    });
    assert.equal(await kinds.find('example.com', 'v0', 'GADGET'), undefined);
  });
  it('of an odd CRD are none', () => {
    for (const odd of [
      {},
      { spec: 1 },
      { spec: { names: {} } },
      { spec: { group: 'x', names: { plural: 'a', kind: 'A' } } },
    ]) {
      assert.deepEqual(kindsOfDefinition(odd), []);
    }
  });
});

describe('a real repository', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-sync-test-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const env = {
    ...gitEnvironment(true),
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@x',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@x',
  };
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, env, encoding: 'utf8' }).trim();

  it('is rendered at its commits, and what is wrong becomes a condition', async () => {
    git('init', '-q', '-b', 'main');
    const commit = (text: string): string => {
      writeFileSync(join(root, 'a.yaml'), text);
      git('add', '-A');
      git('commit', '-q', '-m', 'x');
      return git('rev-parse', 'HEAD');
    };
    const first = commit('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
    const renderings = new Renderings({
      git: new SystemGit({ cacheDirectory: join(root, '.cache'), allowFile: true }),
      render: {},
      secrets: new RepositorySecrets({ get: nothing, list: nothing }, systemClock, 'x', quiet),
      clock: systemClock,
      random: () => 0.5,
      pollMs: 120_000,
      pollJitterMs: 60_000,
    });
    const source = { repoURL: `file://${root}`, path: '' };
    let wishes = 0;
    const target = async (fresh: boolean): Promise<RenderOutcome> => {
      const outcome = await renderings.target(
        'app',
        source,
        'main',
        fresh ? { token: `${(wishes += 1)}` } : {},
      );
      assert.ok(outcome, 'Git took too long');
      return outcome;
    };
    const before = await target(false);
    assert.ok(before.ok && before.target.revision === first && before.target.rendered.objects.length === 1);
    const second = commit('kind: [');
    assert.equal(await target(false), before, 'the poll is not due');
    const broken = await target(true);
    assert.ok(!broken.ok && broken.last === undefined);
    assert.match(broken.problem.message, /^a\.yaml/);
    assert.notEqual(first, second);
    commit('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n');
    const mended = await target(true);
    assert.ok(mended.ok);
  });
});
