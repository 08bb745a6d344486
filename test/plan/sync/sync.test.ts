/** The decisions of the syncer, one by one and as a whole. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Application, ApplicationStatus } from '../../../src/api/application.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { healDelay, mayRetry, retryDelay } from '../../../src/plan/sync/backoff.ts';
import { compareWithDryRun, differingPaths } from '../../../src/plan/sync/compare.ts';
import {
  identityOf,
  inventoryKey,
  isOurs,
  parseInventoryKey,
  trackingId,
} from '../../../src/plan/sync/identity.ts';
import { imagesOf, isMutable } from '../../../src/plan/sync/images.ts';
import {
  concludeSync,
  planDeletion,
  planSync,
  type Comparison,
  type DesiredResource,
  type SyncSnapshotWithNamespace,
} from '../../../src/plan/sync/index.ts';
import { compareApplyOrder, waveOf } from '../../../src/plan/sync/order.ts';
import { manifestProblems, specProblems } from '../../../src/plan/sync/spec-problems.ts';

const NOW = Date.UTC(2026, 0, 1);
const source = { repoURL: 'https://git.example.com/x', path: 'app', targetRevision: 'main' };

const application = (spec: object = {}, status?: ApplicationStatus, more: object = {}): Application =>
  ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'app', namespace: 'sluice' },
    spec: {
      source,
      destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
    ...more,
  }) as unknown as Application;

const manifest = (kind: string, name: string, more: JsonObject = {}): JsonObject => {
  const object: JsonObject = { apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1', kind, ...more };
  object['metadata'] = { name, namespace: 'shop', ...(more['metadata'] as JsonObject | undefined) };
  return object;
};
const live = (object: JsonObject, tracking = true): JsonObject => {
  const metadata = object['metadata'] as JsonObject;
  return {
    ...object,
    metadata: {
      ...metadata,
      uid: `uid-${String(metadata['name'])}`,
      annotations: {
        ...(metadata['annotations'] as JsonObject | undefined),
        ...(tracking ? { 'argocd.argoproj.io/tracking-id': trackingId('app', identityOf(object)) } : {}),
      },
    },
  };
};
const desired = (object: JsonObject, comparison: Comparison, liveObject?: JsonObject): DesiredResource => ({
  identity: identityOf(object),
  manifest: object,
  live:
    liveObject ?? (comparison.state === 'equal' || comparison.state === 'differs' ? live(object) : undefined),
  comparison,
  droppedFields: [],
});
const snapshot = (
  resources: readonly DesiredResource[],
  more: Partial<SyncSnapshotWithNamespace> = {},
  revision = 'a'.repeat(40),
): SyncSnapshotWithNamespace => ({
  now: NOW,
  application: application(),
  trackingName: 'app',
  target: { ok: true, revision, sourceType: 'Directory', resources, warnings: [] },
  inventory: [],
  ...more,
});
const one = manifest('ConfigMap', 'one');
const two = manifest('ConfigMap', 'two');
const missing: Comparison = { state: 'missing' };
const differs: Comparison = { state: 'differs', paths: ['data.a'] };
const keys = (shot: SyncSnapshotWithNamespace): string[] => planSync(shot).intents.map(({ key }) => key);
const notes = (shot: SyncSnapshotWithNamespace): string[] => planSync(shot).notes.map(({ about }) => about);
const lastOperation = (
  phase: string,
  revision: string,
  more: object = {},
  operation: object = {},
): ApplicationStatus =>
  ({
    operationState: {
      operation: { sync: {}, initiatedBy: { automated: true }, ...operation },
      phase,
      message: 'because',
      syncResult: { revision, source },
      startedAt: '2025-12-31T23:59:00Z',
      finishedAt: '2025-12-31T23:59:59Z',
      ...more,
    },
  }) as unknown as ApplicationStatus;
const A = 'a'.repeat(40);

describe('whether to sync', () => {
  const rows: [string, SyncSnapshotWithNamespace, string, boolean][] = [
    ['a new revision', snapshot([desired(one, missing)]), 'sync.automated', true],
    ['nothing to do', snapshot([desired(one, { state: 'equal' })]), 'sync.settled', false],
    [
      'no automation',
      snapshot([desired(one, missing)], { application: application({ syncPolicy: {} }) }),
      'sync.manual',
      false,
    ],
    [
      'automation off',
      snapshot([desired(one, missing)], {
        application: application({ syncPolicy: { automated: { enabled: false } } }),
      }),
      'sync.manual',
      false,
    ],
    [
      'suspended',
      snapshot([desired(one, missing)], {
        application: application({}, undefined, {
          metadata: { name: 'app', annotations: { 'sluice.dev/suspend': 'true' } },
        }),
      }),
      'sync.suspended',
      false,
    ],
    [
      'an operation, though suspended',
      snapshot([desired(one, missing)], {
        application: application({ syncPolicy: {} }, undefined, {
          operation: { sync: {} },
          metadata: { name: 'app', annotations: { 'sluice.dev/suspend': 'true' } },
        }),
      }),
      'sync.operation',
      true,
    ],
    [
      'a failed attempt is not repeated',
      snapshot([desired(one, differs)], { application: application({}, lastOperation('Failed', A)) }),
      'sync.attempted',
      false,
    ],
    [
      'a failed attempt at another revision',
      snapshot([desired(one, differs)], {
        application: application({}, lastOperation('Failed', 'b'.repeat(40))),
      }),
      'sync.automated',
      true,
    ],
    [
      'other parameters',
      snapshot([desired(one, differs)], {
        application: application({ source: { ...source, path: 'other' } }, lastOperation('Failed', A)),
      }),
      'sync.automated',
      true,
    ],
    [
      'drift is healed',
      snapshot([desired(one, differs)], { application: application({}, lastOperation('Succeeded', A)) }),
      'sync.heal',
      true,
    ],
    [
      'drift without selfHeal',
      snapshot([desired(one, differs)], {
        application: application({ syncPolicy: { automated: {} } }, lastOperation('Succeeded', A)),
      }),
      'sync.drift',
      false,
    ],
    [
      'a heal too soon',
      snapshot([desired(one, differs)], {
        application: application(
          {},
          lastOperation('Succeeded', A, {}, { sync: { autoHealAttemptsCount: 2 } }),
        ),
      }),
      'sync.heal',
      false,
    ],
    [
      'a retry that is due',
      snapshot([desired(one, differs)], {
        application: application(
          {},
          lastOperation('Running', A, { retryCount: 1, finishedAt: '2025-12-31T23:59:50Z' }),
        ),
      }),
      'sync.retry',
      true,
    ],
    [
      'a retry that is not',
      snapshot([desired(one, differs)], {
        application: application({}, lastOperation('Running', A, { retryCount: 1 })),
      }),
      'sync.retry',
      false,
    ],
    [
      'an operation that a crash cut off',
      snapshot([desired(one, differs)], {
        application: application({}, lastOperation('Running', A, { finishedAt: undefined })),
      }),
      'sync.retry',
      true,
    ],
  ];
  for (const [name, shot, about, runs] of rows) {
    it(name, () => {
      assert.equal(notes(shot)[0], about);
      assert.equal(planSync(shot).operation !== undefined, runs);
      assert.equal(planSync(shot).intents.length > 0, runs);
    });
  }
  it('asks to be looked at again when a heal is due', () => {
    const plan = planSync(
      snapshot([desired(one, differs)], {
        application: application(
          {},
          lastOperation('Succeeded', A, {}, { sync: { autoHealAttemptsCount: 2 } }),
        ),
      }),
    );
    assert.equal(plan.requeueAt, Date.UTC(2025, 11, 31, 23, 59, 59) + 6_000);
  });
});

describe('what is applied and pruned', () => {
  const extra = (object: JsonObject, tracking = true) => ({
    identity: identityOf(object),
    live: live(object, tracking),
  });
  it('applies only what would change', () => {
    assert.deepEqual(keys(snapshot([desired(one, { state: 'equal' }), desired(two, missing)])), [
      'apply /ConfigMap:shop/two',
    ]);
  });
  it('prunes what the inventory holds, Git no longer has, and is marked as ours', () => {
    const inventory = [
      extra(two),
      extra(manifest('ConfigMap', 'foreign'), false),
      { identity: identityOf(manifest('ConfigMap', 'gone')), live: undefined },
    ];
    const plan = planSync(snapshot([desired(one, { state: 'equal' })], { inventory }));
    assert.deepEqual(
      plan.intents.map(({ key }) => key),
      ['prune /ConfigMap:shop/two'],
    );
    const [intent] = plan.intents;
    assert.ok(intent?.kind === 'prune' && intent.uid === 'uid-two' && intent.propagation === 'Foreground');
  });
  it("does not prune a copy that carries another object's tracking id", () => {
    const copy = live(
      manifest('ConfigMap', 'copy', {
        metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'app:/ConfigMap:shop/one' } },
      }),
      false,
    );
    assert.deepEqual(
      keys(
        snapshot([desired(one, { state: 'equal' })], {
          inventory: [{ identity: identityOf(copy), live: copy }],
        }),
      ),
      [],
    );
  });
  it('prunes in the reverse order, after the applies', () => {
    const inventory = [
      extra(two),
      extra(manifest('Deployment', 'd')),
      extra(manifest('Namespace', 'ns', { metadata: { namespace: '' } })),
    ];
    assert.deepEqual(keys(snapshot([desired(one, missing)], { inventory })), [
      'apply /ConfigMap:shop/one',
      'prune apps/Deployment:shop/d',
      'prune /ConfigMap:shop/two',
      'prune /Namespace:/ns',
    ]);
  });
  it('never prunes everything without allowEmpty, not even by hand', () => {
    const inventory = [extra(one), extra(two)];
    for (const operation of [undefined, { sync: { prune: true } }]) {
      const plan = planSync(
        snapshot([], { inventory, application: application({}, undefined, { operation }) }),
      );
      assert.deepEqual(plan.intents, []);
      assert.match(plan.status?.conditions?.[0]?.message ?? '', /would prune all 2 resources/);
    }
    const allowed = application({ syncPolicy: { automated: { prune: true, allowEmpty: true } } });
    assert.equal(planSync(snapshot([], { inventory, application: allowed })).intents.length, 2);
  });
  it('keeps what says Prune=false, and takes the propagation policy', () => {
    const kept = live(
      manifest('ConfigMap', 'kept', {
        metadata: { annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false' } },
      }),
    );
    const inventory = [{ identity: identityOf(kept), live: kept }, extra(two)];
    const plan = planSync(
      snapshot([desired(one, missing)], {
        inventory,
        application: application({
          syncPolicy: { automated: { prune: true }, syncOptions: ['PrunePropagationPolicy=background'] },
        }),
      }),
    );
    const prunes = plan.intents.filter(({ kind }) => kind === 'prune');
    assert.equal(prunes.length, 1);
    assert.ok(prunes[0]?.kind === 'prune' && prunes[0].propagation === 'Background');
    assert.deepEqual(
      plan.operation?.skippedPrunes.map(({ message }) => message),
      ['ignored (Prune=false is set)'],
    );
  });
  it('writes nothing when one of the dry runs was refused', () => {
    const plan = planSync(
      snapshot([desired(one, missing), desired(two, { state: 'refused', message: 'spec.x: invalid' })]),
    );
    assert.deepEqual(plan.intents, []);
    const { status, succeeded } = concludeSync(
      snapshot([desired(one, missing), desired(two, { state: 'refused', message: 'spec.x: invalid' })]),
      plan,
      [],
    );
    assert.equal(succeeded, false);
    assert.match(
      status.operationState?.message ?? '',
      /ConfigMap shop\/two: spec\.x: invalid.*Retrying attempt #1 at 2026-01-01T00:00:05Z/,
    );
    assert.equal(status.operationState?.syncResult?.resources?.[0]?.status, 'SyncFailed');
  });
  it("refuses to take over another application's resource when told so", () => {
    const theirs = {
      ...one,
      metadata: {
        ...(one['metadata'] as JsonObject),
        annotations: { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:shop/one' },
      },
    };
    const shared = desired(one, differs, theirs);
    assert.match(
      planSync(snapshot([shared])).status?.conditions?.[0]?.message ?? '',
      /part of the applications app and other/,
    );
    const strict = application({ syncPolicy: { automated: {}, syncOptions: ['FailOnSharedResource=true'] } });
    assert.match(
      planSync(snapshot([shared], { application: strict })).operation?.refused ?? '',
      /belongs to the application other/,
    );
  });
  it('records what it is about to own before the first write', () => {
    assert.deepEqual(planSync(snapshot([desired(one, missing)])).inventory, ['v1|/ConfigMap:shop/one']);
  });
  it('deletes with the application what is its own', () => {
    const kept = live(
      manifest('ConfigMap', 'kept', {
        metadata: { annotations: { 'argocd.argoproj.io/sync-options': 'Delete=false' } },
      }),
    );
    const inventory = [extra(one), extra(two, false), { identity: identityOf(kept), live: kept }];
    const { intents, remaining } = planDeletion({ trackingName: 'app', inventory });
    assert.deepEqual([intents.map(({ key }) => key), remaining], [['prune /ConfigMap:shop/one'], 1]);
  });
});

describe('the order', () => {
  it('is by wave, kind, namespace and name, with custom resources last', () => {
    const of = (apiVersion: string, kind: string, name: string, wave = 0) => ({
      identity: identityOf({ apiVersion, kind, metadata: { name } }),
      wave,
    });
    const sorted = [
      of('argoproj.io/v1alpha1', 'Rollout', 'r'),
      of('example.com/v1', 'Secret', 'custom'),
      of('v1', 'Service', 's'),
      of('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'c'),
      of('v1', 'ConfigMap', 'b'),
      of('v1', 'ConfigMap', 'a'),
      of('v1', 'Namespace', 'n'),
      of('v1', 'Service', 'first', -1),
      of('v1', 'Namespace', 'late', 1),
    ].sort(compareApplyOrder);
    assert.deepEqual(
      sorted.map(({ identity }) => identity.name),
      ['first', 'n', 'a', 'b', 'c', 's', 'r', 'custom', 'late'],
    );
  });
  it('reads waves, and takes nonsense for none', () => {
    const wave = (text: string) =>
      waveOf({ metadata: { annotations: { 'argocd.argoproj.io/sync-wave': text } } });
    assert.deepEqual([wave('-5'), wave('x'), waveOf({})], [-5, 0, 0]);
  });
});

describe('the diff', () => {
  const object: JsonObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', labels: { a: 'b' } },
    data: { a: '1' },
  };
  it('ignores what the server writes', () => {
    const stored: JsonObject = {
      ...object,
      status: { x: 1 },
      metadata: {
        ...(object['metadata'] as JsonObject),
        uid: 'u',
        resourceVersion: '1',
        generation: 3,
        managedFields: [],
        creationTimestamp: 'x',
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
    };
    assert.deepEqual(compareWithDryRun(stored, object), { state: 'equal' });
  });
  it('names the fields, at most five', () => {
    assert.deepEqual(compareWithDryRun(object, { ...object, data: { a: '2' } }), {
      state: 'differs',
      paths: ['data.a'],
    });
    assert.deepEqual(differingPaths({ a: [{ b: 1 }] }, { a: [{ b: 2 }] }), ['a[0].b']);
    assert.deepEqual(differingPaths({ a: [1] }, { a: [1, 2] }), ['a']);
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, i]));
    assert.equal(differingPaths(many, {}).length, 5);
  });
});

describe('identities', () => {
  it('survive the inventory', () => {
    for (const object of [
      one,
      manifest('Deployment', 'a.b'),
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'system:x' } },
    ]) {
      const identity = identityOf(object);
      assert.deepEqual(parseInventoryKey(inventoryKey(identity)), identity);
    }
    assert.equal(parseInventoryKey('nonsense'), undefined);
  });
  it('are tied to the application by the whole tracking id', () => {
    assert.equal(
      trackingId('app', identityOf(manifest('Deployment', 'web'))),
      'app:apps/Deployment:shop/web',
    );
    assert.equal(isOurs('app', identityOf(one), live(one)), true);
    assert.equal(isOurs('ap', identityOf(one), live(one)), false);
  });
});

describe('waiting', () => {
  it('between retries: 5 s, doubled, at most 3 minutes', () => {
    assert.deepEqual(
      [1, 2, 3, 7].map((n) => retryDelay(undefined, n)),
      [5_000, 10_000, 20_000, 180_000],
    );
    assert.equal(retryDelay({ backoff: { duration: '1m', factor: 3, maxDuration: '2m' } }, 2), 120_000);
    assert.equal(retryDelay({ backoff: { duration: 'nonsense' } }, 1), 5_000);
    assert.deepEqual(
      [mayRetry(-1, 99), mayRetry(0, 0), mayRetry(2, 1), mayRetry(2, 2)],
      [true, false, true, false],
    );
  });
  it('between heals: none, 2 s, tripled, at most 5 minutes', () => {
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5, 6].map(healDelay),
      [0, 2_000, 6_000, 18_000, 54_000, 162_000, 300_000],
    );
  });
});

describe('images', () => {
  it('are found wherever pods are described', () => {
    const pod = { containers: [{ image: 'b' }], initContainers: [{ image: 'a' }, { image: 'b' }] };
    assert.deepEqual(imagesOf([{ kind: 'Rollout', spec: { template: { spec: pod } } }, undefined]), [
      'a',
      'b',
    ]);
  });
  it('are mutable without a tag of their own', () => {
    const rows: [string, boolean][] = [
      ['web', true],
      ['web:latest', true],
      ['registry:5000/web', true],
      ['registry:5000/web:v1', false],
      ['web@sha256:abc', false],
      ['web:latest@sha256:abc', false],
    ];
    for (const [image, want] of rows) assert.equal(isMutable(image), want, image);
  });
});

describe('fields that are not acted on', () => {
  const fatal: [string, object, RegExp][] = [
    ['sources', { sources: [{ repoURL: 'x' }] }, /spec\.sources/],
    ['chart', { source: { ...source, chart: 'x' } }, /spec\.source\.chart/],
    ['helm', { source: { ...source, helm: {} } }, /spec\.source\.helm/],
    ['plugin', { source: { ...source, plugin: {} } }, /spec\.source\.plugin/],
    ['ref', { source: { ...source, ref: 'x' } }, /spec\.source\.ref/],
    ['another server', { destination: { server: 'https://x' } }, /spec\.destination\.server/],
    ['another cluster by name', { destination: { name: 'x' } }, /spec\.destination\.name/],
    [
      'both',
      { destination: { name: 'in-cluster', server: 'https://kubernetes.default.svc' } },
      /both server and name/,
    ],
    ['ignoreDifferences', { ignoreDifferences: [{ kind: 'X' }] }, /spec\.ignoreDifferences/],
    ['Replace', { syncPolicy: { syncOptions: ['Replace=true'] } }, /Replace=true is not supported/],
    ['Force', { syncPolicy: { syncOptions: ['Force=true'] } }, /Force=true is not supported/],
    ['an unknown option', { syncPolicy: { syncOptions: ['Dance=true'] } }, /Dance=true is not supported/],
  ];
  for (const [name, spec, message] of fatal) {
    it(`${name}: stops the sync and says so`, () =>
      assert.match(specProblems(application(spec)).fatal?.message ?? '', message));
  }
  it('unknown fields and projects are warned of', () => {
    const { fatal: none, warnings } = specProblems(
      application({ project: 'team', dance: 1, source: { ...source, sing: true } }),
    );
    assert.equal(none, undefined);
    assert.deepEqual(
      warnings.map(({ type }) => type),
      ['UnknownProjectWarning', 'UnknownFieldWarning', 'UnknownFieldWarning'],
    );
  });
  it('hooks stop the sync, waves are warned of', () => {
    const annotated = (annotations: JsonObject) =>
      manifestProblems(identityOf(one), { metadata: { annotations } });
    assert.match(
      annotated({ 'argocd.argoproj.io/hook': 'PreSync' }).fatal?.message ?? '',
      /ConfigMap shop\/one: it is a PreSync hook/,
    );
    assert.match(
      annotated({ 'argocd.argoproj.io/sync-options': 'Replace=true' }).fatal?.message ?? '',
      /Replace=true/,
    );
    assert.equal(annotated({ 'argocd.argoproj.io/hook': 'Skip' }).fatal, undefined);
    assert.equal(annotated({ 'argocd.argoproj.io/sync-wave': '2' }).warnings[0]?.type, 'SyncWaveWarning');
  });
});

describe('the status', () => {
  it('after a success has history, and keeps ten entries', () => {
    const history = Array.from({ length: 10 }, (_, id) => ({
      id,
      revision: 'x',
      deployedAt: '2025-01-01T00:00:00Z',
    }));
    const shot = snapshot([desired(one, missing)], {
      application: application({}, { history } as ApplicationStatus),
    });
    const plan = planSync(shot);
    const { status } = concludeSync(shot, plan, [
      { key: 'apply /ConfigMap:shop/one', ok: true, message: 'created', object: live(one) },
    ]);
    assert.equal(status.operationState?.phase, 'Succeeded');
    assert.equal(status.sync?.status, 'Synced');
    assert.deepEqual(
      status.history?.map(({ id }) => id),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    assert.deepEqual((status.sluice as JsonObject)['inventory'], ['v1|/ConfigMap:shop/one']);
  });
  it('keeps what was known when Git cannot say what it wants', () => {
    const before = {
      sync: { status: 'Synced', revision: A },
      sluice: { inventory: ['v1|/ConfigMap:shop/one'] },
      history: [],
    } as unknown as ApplicationStatus;
    const plan = planSync({
      ...snapshot([]),
      application: application({}, before),
      target: { ok: false, problem: { type: 'ComparisonError', message: 'broken' } },
      inventory: [{ identity: identityOf(one), live: live(one) }],
    });
    assert.deepEqual(plan.intents, []);
    assert.deepEqual(
      [plan.status?.sync?.status, plan.status?.sync?.revision, plan.status?.health?.status],
      ['Unknown', A, 'Healthy'],
    );
    assert.deepEqual(plan.inventory, ['v1|/ConfigMap:shop/one']);
    assert.deepEqual((plan.status ?? {})['sluice'], {
      inventory: ['v1|/ConfigMap:shop/one'],
      inventoryConfigMap: undefined,
      refusedByDryRun: undefined,
    });
  });
  it('keeps the times of what has not changed', () => {
    const first = planSync(snapshot([desired(one, { state: 'equal' })])).status as ApplicationStatus;
    const later = planSync({
      ...snapshot([desired(one, { state: 'equal' })]),
      now: NOW + 60_000,
      application: application({}, first),
    }).status;
    assert.deepEqual(later, first);
  });
  it('does not grow without end', () => {
    const many = Array.from({ length: 3_000 }, (_, i) =>
      desired(manifest('ConfigMap', `c${i}`), i === 2_999 ? differs : { state: 'equal' }),
    );
    const shot = snapshot(many);
    const plan = planSync(shot);
    assert.equal(plan.status?.resources?.length, 1_000);
    assert.equal(plan.status?.resources?.[0]?.status, 'OutOfSync');
    const { status } = concludeSync(shot, plan, [
      { key: plan.intents[0]?.key ?? '', ok: true, message: 'x', object: live(many[2_999]?.manifest ?? {}) },
    ]);
    assert.ok((status.operationState?.syncResult?.resources?.length ?? 0) <= 500);
  });
  it('an operation that was cut off and superseded is over', () => {
    const plan = planSync(
      snapshot([desired(one, { state: 'equal' })], {
        application: application({}, lastOperation('Running', 'b'.repeat(40))),
      }),
    );
    assert.equal(plan.status?.operationState?.phase, 'Error');
    const ended = planSync(
      snapshot([desired(one, { state: 'equal' })], {
        application: application({}, lastOperation('Terminating', A)),
      }),
    );
    assert.equal(ended.status?.operationState?.phase, 'Failed');
  });
});
