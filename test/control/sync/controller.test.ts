/** The syncer on an embedded cluster: what a user sees. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, ApiUnreachable } from '../../../src/kube/api.ts';
import { GitError } from '../../../src/git/errors.ts';
import { APPLICATION, CONFIG_MAP, DEPLOYMENT, EVENT, NAMESPACE, ROLLOUT } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { configMap, URL, World } from './harness.ts';

const app = { namespace: 'sluice', name: 'app' };
const inShop = (name: string) => ({ namespace: 'shop', name });
const dataOf = (object: { [field: string]: unknown } | undefined): unknown => object?.['data'];

const rollout = (image: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}"}]}
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {duration: 1h}}]}}
`;

describe('deploying', () => {
  it('brings what Git wants into the cluster, and says so', async () => {
    const world = new World();
    const sha = world.commit({ 'all.yaml': configMap('one') + configMap('two') });
    await world.application();
    await world.clock.advance(5_000);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    const one = await world.find(CONFIG_MAP, 'one');
    assert.deepEqual(dataOf(one), { a: '1' });
    assert.equal(one?.metadata.annotations?.['argocd.argoproj.io/tracking-id'], 'app:/ConfigMap:shop/one');
    assert.ok(
      one?.metadata.managedFields?.some(
        ({ manager, operation }) => manager === 'sluice-syncer' && operation === 'Apply',
      ),
    );
    const status = await world.status();
    assert.equal(status.sync?.revision, sha);
    assert.equal(status.sourceType, 'Directory');
    assert.deepEqual(
      status.history?.map(({ id, revision }) => [id, revision]),
      [[0, sha]],
    );
    assert.deepEqual(
      status.operationState?.syncResult?.resources?.map(({ name, status: s, message }) => [name, s, message]),
      [
        ['one', 'Synced', 'configmaps/one created'],
        ['two', 'Synced', 'configmaps/two created'],
      ],
    );
    assert.equal(status.operationState?.operation.initiatedBy?.automated, true);
    const { items } = await world.api.list(EVENT, { namespace: 'sluice' });
    assert.deepEqual(
      items.map((event) => event['reason']),
      ['OperationCompleted'],
    );
    await world.stop();
  });

  it('writes nothing and asks nothing when all is as it should be', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') + rollout('web:1') });
    await world.application();
    await world.clock.advance(5_000);
    world.writes.length = 0;
    world.dryRuns = 0;
    await world.clock.advance(25 * 60_000);
    assert.deepEqual(world.writes, []);
    assert.equal(world.dryRuns, 0);
    await world.stop();
  });

  it('takes over a new commit at the next poll, at once when asked to refresh', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application();
    await world.clock.advance(5_000);
    world.commit({ 'all.yaml': configMap('one', { a: '2' }) });
    await world.clock.advance(60_000);
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: '1' });
    await world.poll();
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: '2' });
    world.commit({ 'all.yaml': configMap('one', { a: '3' }) });
    await world.patchApplication({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } });
    await world.clock.advance(1_000);
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: '3' });
    const application = await world.api.get(APPLICATION, app);
    assert.equal(application.metadata.annotations?.['argocd.argoproj.io/refresh'], undefined);
    await world.stop();
  });

  it('reverts with Git', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application();
    await world.clock.advance(5_000);
    world.commit({ 'all.yaml': configMap('one', { a: 'bad' }) + configMap('new') });
    await world.poll();
    world.repository.revert();
    await world.poll();
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: '1' });
    assert.equal(await world.find(CONFIG_MAP, 'new'), undefined);
    assert.equal((await world.status()).history?.length, 3);
    await world.stop();
  });

  it('renders Kustomize overlays', async () => {
    const world = new World();
    world.commit({
      'base/kustomization.yaml': 'resources: [all.yaml]\n',
      'base/all.yaml': configMap('one'),
      'prod/kustomization.yaml': 'resources: [../base]\nnamePrefix: prod-\n',
    });
    await world.application({ source: { repoURL: URL, path: 'prod', targetRevision: 'HEAD' } });
    await world.clock.advance(5_000);
    assert.ok(await world.find(CONFIG_MAP, 'prod-one'));
    assert.equal((await world.status()).sourceType, 'Kustomize');
    await world.stop();
  });

  it('creates the namespace with its metadata, and namespaces and CRDs of the source before their contents', async () => {
    const world = new World();
    world.commit({
      'z.yaml': `apiVersion: example.com/v1
kind: Widget
metadata: {name: w, namespace: made}
spec: {size: 1}
---
apiVersion: v1
kind: Namespace
metadata: {name: made}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {plural: widgets, kind: Widget, singular: widget, listKind: WidgetList}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
${configMap('one')}`,
    });
    await world.application({
      destination: { server: 'https://kubernetes.default.svc', namespace: 'fresh' },
      syncPolicy: {
        automated: {},
        syncOptions: ['CreateNamespace=true'],
        managedNamespaceMetadata: { labels: { team: 'a' } },
      },
    });
    await world.clock.advance(40_000);
    assert.equal((await world.find(NAMESPACE, 'fresh'))?.metadata.labels?.['team'], 'a');
    assert.ok(await world.find(CONFIG_MAP, 'one', 'fresh'));
    const widget = {
      group: 'example.com',
      version: 'v1',
      plural: 'widgets',
      kind: 'Widget',
      namespaced: true,
    };
    assert.ok(await world.find(widget, 'w', 'made'));
    assert.match(await world.summary(), /^Synced Healthy Succeeded/);
    assert.deepEqual(
      world.writes
        .filter(({ verb, kind }) => verb === 'apply' && kind !== 'Application')
        .map(({ kind }) => kind),
      ['Namespace', 'Namespace', 'ConfigMap', 'CustomResourceDefinition', 'Widget'],
    );
    await world.stop();
  });

  it('leaves Applications alone that are not labelled for it', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application({}, { labels: {} });
    await world.application({}, { labels: { 'sluice.dev/syncer': 'other' } }, 'second');
    await world.clock.advance(5_000);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    assert.deepEqual(await world.status(), {});
    await world.stop();
  });

  it('owns all when told so', async () => {
    const world = new World({ ownsAll: true });
    world.commit({ 'all.yaml': configMap('one') });
    await world.application({}, { labels: {} });
    await world.clock.advance(5_000);
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    await world.stop();
  });
});

describe('beside Argo CD', () => {
  it('never owns all', async () => {
    const world = new World({ ownsAll: true });
    await world.stop();
    await world.api.create(DEPLOYMENT, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'argocd-application-controller',
        namespace: 'shop',
        labels: { 'app.kubernetes.io/name': 'argocd-application-controller' },
      },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } },
      },
    });
    world.commit({ 'all.yaml': configMap('one') });
    world.start();
    await world.application({}, { labels: {} });
    await world.clock.advance(5_000);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    assert.ok(world.logs.some(({ level, message }) => level === 'error' && /Argo CD runs/.test(message)));
    await world.application({}, {}, 'labelled');
    await world.clock.advance(5_000);
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    await world.stop();
  });
});

describe('drift', () => {
  it('heals a changed field and a deleted object at once, and backs off when it goes on', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') + configMap('two') });
    await world.application();
    await world.clock.advance(5_000);
    await world.api.patch(CONFIG_MAP, inShop('one'), { type: 'merge', body: { data: { a: 'hand' } } });
    await world.clock.advance(500);
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: '1' });
    // Again within the cool-down: after 2 s, then 6 s, ...
    await world.api.delete(CONFIG_MAP, inShop('two'));
    await world.clock.advance(1_000);
    assert.equal(await world.find(CONFIG_MAP, 'two'), undefined);
    assert.equal(await world.summary(), 'OutOfSync Missing Succeeded');
    await world.clock.advance(1_500);
    assert.ok(await world.find(CONFIG_MAP, 'two'));
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    await world.api.delete(CONFIG_MAP, inShop('two'));
    await world.clock.advance(3_000);
    assert.equal(await world.find(CONFIG_MAP, 'two'), undefined);
    await world.clock.advance(4_000);
    assert.ok(await world.find(CONFIG_MAP, 'two'));
    // After a while in sync the count starts anew.
    await world.clock.advance(331_000);
    await world.api.delete(CONFIG_MAP, inShop('two'));
    await world.clock.advance(500);
    assert.ok(await world.find(CONFIG_MAP, 'two'));
    assert.equal((await world.status()).history?.length, 1);
    await world.stop();
  });

  it('keeps fields that another manager adds', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application();
    await world.clock.advance(5_000);
    await world.api.patch(CONFIG_MAP, inShop('one'), { type: 'merge', body: { data: { b: 'theirs' } } });
    world.writes.length = 0;
    await world.clock.advance(10_000);
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: '1', b: 'theirs' });
    assert.deepEqual(world.writes, []);
    await world.stop();
  });

  it('only reports it without selfHeal', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application({ syncPolicy: { automated: { prune: true } } });
    await world.clock.advance(5_000);
    await world.api.patch(CONFIG_MAP, inShop('one'), { type: 'merge', body: { data: { a: 'hand' } } });
    await world.clock.advance(5_000);
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: 'hand' });
    assert.equal((await world.status()).sync?.status, 'OutOfSync');
    await world.stop();
  });

  it('holds back while suspended', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application({}, { annotations: { 'sluice.dev/suspend': 'true' } });
    await world.clock.advance(5_000);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    assert.equal((await world.status()).sync?.status, 'OutOfSync');
    await world.patchApplication({ metadata: { annotations: { 'sluice.dev/suspend': null } } });
    await world.clock.advance(2_000);
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    await world.stop();
  });
});

describe('pruning', () => {
  const two = { 'all.yaml': configMap('one') + configMap('two') };
  it('deletes what Git no longer has', async () => {
    const world = new World();
    world.commit(two);
    await world.application();
    await world.clock.advance(5_000);
    world.commit({ 'all.yaml': configMap('one') });
    await world.poll();
    assert.equal(await world.find(CONFIG_MAP, 'two'), undefined);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    assert.deepEqual(
      (await world.status()).operationState?.syncResult?.resources?.map(({ name, status }) => [name, status]),
      [
        ['one', 'Synced'],
        ['two', 'Pruned'],
      ],
    );
    await world.stop();
  });

  it('does not without prune, and says what waits', async () => {
    const world = new World();
    world.commit(two);
    await world.application({ syncPolicy: { automated: { selfHeal: true } } });
    await world.clock.advance(5_000);
    world.commit({ 'all.yaml': configMap('one') });
    await world.poll();
    assert.ok(await world.find(CONFIG_MAP, 'two'));
    const status = await world.status();
    assert.equal(status.sync?.status, 'OutOfSync');
    assert.equal(status.resources?.find(({ name }) => name === 'two')?.requiresPruning, true);
    await world.stop();
  });

  it('never empties an application by accident', async () => {
    const world = new World();
    world.commit(two);
    await world.application();
    await world.clock.advance(5_000);
    world.commit({ 'README.md': 'all gone' });
    await world.poll();
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    assert.match((await world.conditions()).join(), /SyncError: Skipping sync attempt .*allowEmpty/);
    await world.patchApplication({ spec: { syncPolicy: { automated: { allowEmpty: true } } } });
    await world.clock.advance(2_000);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    await world.stop();
  });

  it('leaves what is not its own, or must not be pruned', async () => {
    const world = new World();
    world.commit({
      'all.yaml':
        configMap('one') +
        configMap('kept', {}, '  annotations: {argocd.argoproj.io/sync-options: Prune=false}\n') +
        configMap('taken'),
    });
    await world.application();
    await world.clock.advance(5_000);
    await world.patchApplication({ metadata: { annotations: { 'sluice.dev/suspend': 'true' } } });
    await world.clock.advance(1_000);
    await world.api.patch(CONFIG_MAP, inShop('taken'), {
      type: 'merge',
      body: {
        metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:shop/taken' } },
      },
    });
    world.commit({ 'all.yaml': configMap('one') });
    await world.poll();
    await world.patchApplication({ metadata: { annotations: { 'sluice.dev/suspend': null } } });
    await world.clock.advance(10_000);
    assert.ok(await world.find(CONFIG_MAP, 'kept'));
    assert.ok(await world.find(CONFIG_MAP, 'taken'));
    await world.stop();
  });

  it('deletes what it owns with the finalizer, and nothing without', async () => {
    const world = new World();
    world.commit(two);
    await world.application({}, { finalizers: ['resources-finalizer.argocd.argoproj.io/background'] });
    await world.clock.advance(5_000);
    await world.api.delete(APPLICATION, app);
    await world.clock.advance(20_000);
    assert.equal(await world.find(APPLICATION, 'app', 'sluice'), undefined);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    await world.application();
    await world.clock.advance(5_000);
    await world.api.delete(APPLICATION, app);
    await world.clock.advance(20_000);
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    await world.stop();
  });
});

describe('operations by hand', () => {
  it('sync once, and are removed when taken up', async () => {
    const world = new World();
    const sha = world.commit({ 'all.yaml': configMap('one') });
    await world.application({ syncPolicy: {} });
    await world.clock.advance(5_000);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    await world.patchApplication({ operation: { initiatedBy: { username: 'me' }, sync: { revision: sha } } });
    await world.clock.advance(2_000);
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    const application = await world.api.get(APPLICATION, app);
    assert.equal(application['operation'], undefined);
    assert.equal((await world.status()).operationState?.operation.initiatedBy?.username, 'me');
    await world.stop();
  });

  it('only look with dryRun, and take a part with resources', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') + configMap('two') });
    await world.application({ syncPolicy: {} });
    await world.patchApplication({ operation: { sync: { dryRun: true } } });
    await world.clock.advance(2_000);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    assert.match((await world.status()).operationState?.message ?? '', /dry run/);
    await world.patchApplication({
      operation: { sync: { resources: [{ kind: 'ConfigMap', name: 'two' }] } },
    });
    await world.clock.advance(2_000);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    assert.ok(await world.find(CONFIG_MAP, 'two'));
    await world.stop();
  });

  it('say what is wrong when they cannot run', async () => {
    const world = new World();
    world.commit({ 'all.yaml': 'kind: [' });
    await world.application({ syncPolicy: {} });
    await world.patchApplication({ operation: { sync: {} } });
    await world.clock.advance(2_000);
    const state = (await world.status()).operationState;
    assert.equal(state?.phase, 'Error');
    assert.match(state?.message ?? '', /all\.yaml/);
    await world.stop();
  });
});

describe('health', () => {
  it('is that of the Rollout it owns: an aborted one is Degraded with its reason, and a revert heals', async () => {
    const world = new World();
    world.commit({ 'r.yaml': rollout('web:1') });
    await world.application();
    await world.clock.advance(5_000);
    assert.equal(await world.summary(), 'Synced Progressing Succeeded');
    const set = async (status: JsonObject): Promise<void> => {
      const { metadata } = await world.api.get(ROLLOUT, inShop('web'));
      await world.api.patch(
        ROLLOUT,
        inShop('web'),
        { type: 'merge', body: { status: { observedGeneration: String(metadata.generation), ...status } } },
        { subresource: 'status' },
      );
      await world.clock.advance(1_000);
    };
    await set({ phase: 'Healthy' });
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    world.commit({ 'r.yaml': rollout('web:2') });
    await world.poll();
    await set({
      phase: 'Degraded',
      message: 'RolloutAborted: Rollout aborted update to revision 2: metric "errors" failed',
    });
    const { health, sync } = await world.status();
    assert.equal(health?.status, 'Degraded');
    assert.equal(
      health?.message,
      'Rollout shop/web: RolloutAborted: Rollout aborted update to revision 2: metric "errors" failed',
    );
    assert.equal(sync?.status, 'Synced');
    world.repository.revert();
    await world.poll();
    await set({ phase: 'Healthy', message: null });
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    const live = await world.api.get(ROLLOUT, inShop('web'));
    assert.match(JSON.stringify(live['spec']), /web:1/);
    await world.stop();
  });

  it('warns of images that may change without a commit', async () => {
    const world = new World();
    world.commit({ 'r.yaml': rollout('web:latest') });
    await world.application();
    await world.clock.advance(5_000);
    assert.match(
      (await world.conditions()).join(),
      /MutableImageWarning: Rollout shop\/web runs image "web:latest"/,
    );
    assert.deepEqual((await world.status()).summary?.images, ['web:latest']);
    await world.stop();
  });
});

describe('input that is wrong', () => {
  it('gives one condition, keeps the last good state, and recovers by itself', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application();
    await world.application(
      { source: { repoURL: URL, path: 'other', targetRevision: 'main' } },
      {},
      'second',
    );
    await world.clock.advance(5_000);
    assert.match(
      (await world.conditions('second')).join(),
      /ComparisonError: source\.path "other" does not exist/,
    );
    world.commit({ 'all.yaml': 'a: [', 'other/two.yaml': configMap('two') });
    await world.poll();
    const conditions = await world.conditions();
    assert.equal(conditions.length, 1);
    assert.match(conditions[0] ?? '', /^ComparisonError: all\.yaml/);
    assert.equal((await world.status()).sync?.status, 'Unknown');
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: '1' });
    assert.equal(await world.summary('second'), 'Synced Healthy Succeeded');
    world.commit({ 'all.yaml': configMap('one', { a: '2' }), 'other/two.yaml': configMap('two') });
    await world.poll();
    assert.deepEqual(await world.conditions(), []);
    assert.deepEqual(dataOf(await world.find(CONFIG_MAP, 'one')), { a: '2' });
    await world.stop();
  });

  it('deletes nothing while Git cannot be reached', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application();
    await world.clock.advance(5_000);
    world.git.failure = new GitError(
      'Unreachable',
      'git.example.com could not be reached; it is tried again',
    );
    await world.poll();
    assert.match(
      (await world.conditions()).join(),
      /ComparisonError: git\.example\.com could not be reached/,
    );
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    world.git.failure = undefined;
    await world.clock.advance(30_000);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    await world.stop();
  });

  const wrong: [string, JsonObject, RegExp][] = [
    [
      'a URL that does not exist',
      { source: { repoURL: 'https://git.example.com/none', path: '' } },
      /ComparisonError: repository .* does not exist/,
    ],
    [
      'a revision that does not exist',
      { source: { repoURL: URL, path: '', targetRevision: 'none' } },
      /ComparisonError: revision "none"/,
    ],
    [
      'a revision that starts with -',
      { source: { repoURL: URL, path: '', targetRevision: '--x' } },
      /ComparisonError: targetRevision "--x" is refused/,
    ],
    [
      'a path outside of the repository',
      { source: { repoURL: URL, path: '../..' } },
      /ComparisonError: source\.path .* leads out/,
    ],
    [
      'another cluster',
      { destination: { server: 'https://other', namespace: 'x' } },
      /InvalidSpecError: spec\.destination\.server/,
    ],
    ['several sources', { sources: [{ repoURL: URL }] }, /InvalidSpecError: spec\.sources/],
    [
      'Helm',
      { source: { repoURL: URL, path: '', helm: { values: 'x' } } },
      /InvalidSpecError: spec\.source\.helm/,
    ],
    [
      'ignoreDifferences',
      { ignoreDifferences: [{ kind: 'Deployment', jsonPointers: ['/spec/replicas'] }] },
      /InvalidSpecError: spec\.ignoreDifferences/,
    ],
    ['Replace=true', { syncPolicy: { syncOptions: ['Replace=true'] } }, /InvalidSpecError: .*Replace=true/],
    ['no source', { source: null }, /InvalidSpecError: spec\.source is missing/],
  ];
  for (const [name, spec, message] of wrong) {
    it(`${name}: one clear condition`, async () => {
      const world = new World();
      world.commit({ 'all.yaml': configMap('one') });
      await world.application(spec);
      await world.clock.advance(5_000);
      const conditions = await world.conditions();
      assert.match(conditions.join(), message);
      assert.equal(conditions.length, 1);
      assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
      await world.stop();
    });
  }

  it('a hook is named instead of being applied like anything else', async () => {
    const world = new World();
    world.commit({
      'all.yaml':
        configMap('one') + configMap('hook', {}, '  annotations: {argocd.argoproj.io/hook: PreSync}\n'),
    });
    await world.application();
    await world.clock.advance(5_000);
    assert.match(
      (await world.conditions()).join(),
      /ComparisonError: ConfigMap shop\/hook: it is a PreSync hook/,
    );
    await world.stop();
  });

  it('writes nothing at all when the server refuses one of many, and tries again when it would not', async () => {
    const world = new World();
    world.commit({
      'all.yaml': `${configMap('one')}apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: g}\n`,
    });
    await world.application({ syncPolicy: { automated: {}, retry: { limit: 0 } } });
    await world.clock.advance(5_000);
    assert.equal(await world.find(CONFIG_MAP, 'one'), undefined);
    const { operationState } = await world.status();
    assert.equal(operationState?.phase, 'Failed');
    assert.match(
      operationState?.message ?? '',
      /Gadget shop\/g: no matches for kind "Gadget"|Gadget g: no matches/,
    );
    assert.match((await world.conditions()).join(), /SyncError: Failed last sync attempt/);
    await world.api.create(
      {
        group: 'apiextensions.k8s.io',
        version: 'v1',
        plural: 'customresourcedefinitions',
        kind: 'CustomResourceDefinition',
        namespaced: false,
      },
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'gadgets.example.com' },
        spec: {
          group: 'example.com',
          names: { plural: 'gadgets', kind: 'Gadget', singular: 'gadget', listKind: 'GadgetList' },
          scope: 'Namespaced',
          versions: [
            { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
          ],
        },
      },
    );
    await world.poll();
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    assert.match(await world.summary(), /^Synced/);
    await world.stop();
  });

  it('reports fields that the schema does not know', async () => {
    const world = new World();
    world.commit({ 'r.yaml': rollout('web:1').replace('replicas: 2', 'replicas: 2\n  replicsa: 3') });
    await world.application({ syncPolicy: { automated: {}, retry: { limit: 0 } } });
    await world.clock.advance(5_000);
    assert.match((await world.conditions()).join(), /Rollout shop\/web.*replicsa/);
    await world.stop();
  });
});

describe('trouble with the API server', () => {
  it('retries a failed apply with back-off, up to the limit', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    let attempts = 0;
    world.fault = (_verb, type, _name, dryRun) => {
      if (type.kind !== 'ConfigMap' || dryRun) return;
      attempts += 1;
      throw new ApiError({ code: 500, reason: 'InternalError', message: 'etcd is full' });
    };
    await world.application({
      syncPolicy: { automated: {}, retry: { limit: 2, backoff: { duration: '5s', factor: 2 } } },
    });
    await world.clock.advance(1_000);
    const { operationState } = await world.status();
    assert.equal(operationState?.phase, 'Running');
    assert.match(operationState?.message ?? '', /etcd is full.*Retrying attempt #1/);
    await world.clock.advance(60_000);
    assert.equal(attempts, 3);
    assert.equal((await world.status()).operationState?.phase, 'Failed');
    await world.clock.advance(10 * 60_000);
    assert.equal(attempts, 3);
    world.fault = undefined;
    world.commit({ 'all.yaml': configMap('one', { a: '2' }) });
    await world.poll();
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    await world.stop();
  });

  it('a crash between any two writes leaves nothing that is not pruned later', async () => {
    for (let crashAt = 1; crashAt <= 5; crashAt += 1) {
      const world = new World();
      world.commit({ 'all.yaml': configMap('one') + configMap('two') });
      let writes = 0;
      world.fault = (_verb, type, _name, dryRun) => {
        if (dryRun || type.kind === 'Event') return;
        writes += 1;
        if (writes >= crashAt) throw new ApiUnreachable('crashed');
      };
      await world.application();
      await world.clock.advance(2_000);
      await world.stop();
      world.fault = undefined;
      world.commit({ 'all.yaml': configMap('one') });
      world.start();
      await world.poll();
      assert.ok(await world.find(CONFIG_MAP, 'one'), `crash at ${crashAt}`);
      assert.equal(await world.find(CONFIG_MAP, 'two'), undefined, `crash at ${crashAt}`);
      assert.match(await world.summary(), /^Synced Healthy (?:Succeeded|Error)$/);
      await world.stop();
    }
  });

  it('a restart writes nothing', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') + rollout('web:1') });
    await world.application();
    await world.clock.advance(5_000);
    await world.stop();
    world.writes.length = 0;
    world.start();
    await world.clock.advance(10_000);
    assert.deepEqual(world.writes, []);
    await world.stop();
  });
});

describe('what cannot be known', () => {
  it('drift is healed from the last commit while Git is away', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    await world.application();
    await world.clock.advance(5_000);
    world.git.failure = new GitError('Unreachable', 'git.example.com could not be reached');
    await world.poll();
    await world.api.delete(CONFIG_MAP, inShop('one'));
    await world.clock.advance(2_000);
    assert.ok(await world.find(CONFIG_MAP, 'one'));
    assert.match((await world.conditions()).join(), /ComparisonError: git\.example\.com/);
    await world.stop();
  });

  it('a slow repository holds up nobody else, and its answer is taken when it comes', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    const slow = 'https://slow.example.com/x';
    world.git.repository(slow).commit({ 'all.yaml': configMap('slow') });
    const gate = Promise.withResolvers<void>();
    world.git.delay = (url) => (url === slow ? gate.promise : undefined);
    for (let i = 0; i < 12; i += 1)
      await world.application({ source: { repoURL: slow, path: '' } }, {}, `slow${i}`);
    await world.application();
    await world.clock.advance(15_000);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    assert.deepEqual(await world.status('slow0'), {});
    await world.patchApplication(
      { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } } },
      'slow1',
    );
    await world.clock.advance(5_000);
    gate.resolve();
    await world.clock.advance(1_000);
    assert.equal((await world.status('slow0')).operationState?.phase, 'Succeeded');
    const refreshed = await world.api.get(APPLICATION, { namespace: 'sluice', name: 'slow1' });
    assert.equal(refreshed.metadata.annotations?.['argocd.argoproj.io/refresh'], undefined);
    await world.stop();
  });

  it('a kind that may not be listed is named, and nothing is pruned meanwhile', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') + configMap('two') });
    await world.application();
    await world.clock.advance(5_000);
    await world.stop();
    world.commit({ 'all.yaml': configMap('one') });
    world.refuseLists = 'ConfigMap';
    world.start();
    await world.clock.advance(10_000);
    assert.match(
      (await world.conditions()).join(),
      /ComparisonError: the live state could not be compared: configmaps could not be listed: forbidden/,
    );
    assert.ok(await world.find(CONFIG_MAP, 'two'));
    world.refuseLists = undefined;
    await world.poll();
    assert.equal(await world.find(CONFIG_MAP, 'two'), undefined);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    await world.stop();
  });

  it('a dry run that the server cannot answer is told and tried again', async () => {
    const world = new World();
    world.commit({ 'all.yaml': configMap('one') });
    world.fault = (_verb, type, _name, dryRun) => {
      if (type.kind !== 'ConfigMap' || !dryRun) return;
      throw new ApiError({ code: 500, reason: 'InternalError', message: 'failed calling webhook "policy"' });
    };
    await world.application();
    await world.clock.advance(5_000);
    assert.match((await world.conditions()).join(), /ComparisonError: .*failed calling webhook "policy"/);
    world.fault = undefined;
    await world.clock.advance(60_000);
    assert.equal(await world.summary(), 'Synced Healthy Succeeded');
    await world.stop();
  });
});

describe('many resources', () => {
  it('move the inventory into a ConfigMap of its own', async () => {
    const world = new World();
    const many = Array.from({ length: 600 }, (_, i) => configMap(`c${i}`)).join('');
    world.commit({ 'all.yaml': many });
    await world.application();
    await world.clock.advance(10_000);
    const status = await world.status();
    assert.equal((status.sluice as JsonObject)['inventoryConfigMap'], 'sluice-inventory-app');
    assert.equal((status.sluice as JsonObject)['inventory'], undefined);
    assert.ok(await world.find(CONFIG_MAP, 'sluice-inventory-app', 'sluice'));
    world.commit({ 'all.yaml': configMap('c0') });
    await world.poll();
    assert.equal(await world.find(CONFIG_MAP, 'c599'), undefined);
    assert.equal(((await world.status()).sluice as JsonObject)['inventoryConfigMap'], undefined);
    await world.stop();
  });
});
