import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rollout, RolloutSpec, RolloutStatus } from '../../../src/api/rollout.ts';
import { formatTime } from '../../../src/lang/time.ts';
import { Draft } from '../../../src/plan/rollout/intents.ts';
import type { ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';
import { planRestart, restartIsDue } from '../../../src/plan/rollout/restart.ts';
import type { Revisions } from '../../../src/plan/rollout/revision.ts';
import type { PodView } from '../../../src/plan/rollout/snapshot.ts';
import { World } from './simulation.ts';

const AT = Date.UTC(2026, 0, 1, 12);
const NOW = AT + 10_000;

const rs = (name: string, replicas: number, availableReplicas = replicas): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name, uid: name },
  spec: { replicas, template: {} },
  status: { replicas, availableReplicas },
});

function pods(owner: string, count: number, more: Partial<PodView> = {}): PodView[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${owner}-${i}`,
    uid: `${owner}-${i}`,
    replicaSet: owner,
    createdAt: AT - 60_000 + i,
    terminating: false,
    readySince: AT - 50_000,
    labels: {},
    annotations: {},
    ...more,
  }));
}

interface Case {
  spec?: RolloutSpec;
  status?: RolloutStatus;
  pods?: PodView[] | undefined;
  stable?: ReplicaSet;
  fresh?: ReplicaSet;
  unavailable?: number;
  now?: number;
  draft?: Draft;
  podsAhead?: boolean;
  alone?: string[];
  counted?: string[];
}

function restart(given: Case): { evicted: string[]; restartedAt: string | undefined; draft: Draft } {
  const stable = given.stable ?? rs('stable', 4);
  const fresh = given.fresh ?? stable;
  const draft = given.draft ?? new Draft();
  const rollout: Rollout = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: 'demo' },
    spec: { replicas: 4, restartAt: formatTime(AT), ...given.spec },
    status: { currentPodHash: 'hash', ...given.status },
  };
  const revisions: Revisions = {
    all: fresh === stable ? [stable] : [stable, fresh],
    fresh,
    hash: 'hash',
    name: 'fresh',
    revision: 1,
    stable,
    others: [],
  };
  const restartedAt = planRestart(
    {
      now: given.now ?? NOW,
      rollout,
      revisions,
      pods: given.pods,
      podsAhead: given.podsAhead,
      alone: new Set(given.alone),
      counted: new Set(given.counted ?? ['stable', 'fresh']),
      draft,
    },
    given.unavailable ?? 1,
  );
  const evicted = draft.intents.flatMap((intent) =>
    intent.kind === 'evictPods' ? intent.pods.map(({ name }) => name) : [],
  );
  return { evicted, restartedAt, draft };
}

describe('restartAt (spec 02 section 13)', () => {
  it('takes as many pods as may be unavailable, oldest first', () => {
    assert.deepEqual(restart({ pods: pods('stable', 4) }).evicted, ['stable-0']);
    assert.deepEqual(restart({ pods: pods('stable', 4), unavailable: 3 }).evicted, [
      'stable-0',
      'stable-1',
      'stable-2',
    ]);
  });

  it('takes one where none may be unavailable only when there is one on top', () => {
    assert.deepEqual(restart({ pods: pods('stable', 4), unavailable: 0 }).evicted, []);
    const surged = { stable: rs('stable', 5), pods: pods('stable', 5), unavailable: 0 };
    assert.deepEqual(restart(surged).evicted, ['stable-0']);
  });

  it('pods of old versions that serve nobody are none on top', () => {
    const two = { stable: rs('stable', 4), fresh: rs('old', 4), unavailable: 0, counted: ['stable'] };
    const all = [...pods('stable', 4), ...pods('old', 4)];
    assert.deepEqual(restart({ ...two, pods: all }).evicted, ['old-0']);
    assert.deepEqual(restart({ ...two, counted: ['stable', 'old'], pods: all }).evicted, ['stable-0']);
  });

  it('waits while pods are missing, on their way out or not yet available', () => {
    assert.deepEqual(restart({ pods: pods('stable', 3) }).evicted, []);
    const leaving = [
      ...pods('stable', 3),
      ...pods('leaving', 1, { replicaSet: 'stable', terminating: true }),
    ];
    assert.deepEqual(restart({ pods: leaving }).evicted, []);
    const young = pods('stable', 4, { readySince: NOW - 1_000 });
    assert.deepEqual(restart({ pods: young, spec: { minReadySeconds: 5 } }).evicted, []);
    assert.deepEqual(restart({ pods: young, spec: { minReadySeconds: 1 } }).evicted, ['stable-0']);
  });

  it('takes pods that serve nothing at once', () => {
    const broken = [
      ...pods('stable', 2),
      ...pods('broken', 2, { replicaSet: 'stable', readySince: undefined }),
    ];
    assert.deepEqual(restart({ pods: broken }).evicted, ['broken-0', 'broken-1']);
  });

  it('leaves pods that are young enough, and takes stable ones before those of the canary', () => {
    const stable = rs('stable', 3);
    const fresh = rs('fresh', 1);
    const all = [...pods('fresh', 1, { createdAt: 0 }), ...pods('stable', 3)];
    assert.deepEqual(restart({ stable, fresh, pods: all }).evicted, ['stable-0']);
    const young = pods('stable', 3, { createdAt: AT });
    assert.deepEqual(restart({ stable, fresh, pods: [...all.slice(0, 1), ...young] }).evicted, ['fresh-0']);
  });

  it('counts pods that are there on top in the middle of an update', () => {
    const stable = rs('stable', 4);
    const fresh = rs('fresh', 1);
    assert.deepEqual(restart({ stable, fresh, pods: [...pods('stable', 4)] }).evicted, []);
  });

  it('counts no pods that a smaller size is about to take', () => {
    const two = { stable: rs('stable', 3), fresh: rs('fresh', 1) };
    const all = [...pods('stable', 4), ...pods('fresh', 1)];
    assert.deepEqual(restart({ ...two, pods: all }).evicted, ['stable-0']);
    assert.deepEqual(restart({ ...two, unavailable: 0, pods: all }).evicted, []);
  });

  it('counts no pods that their ReplicaSet does not call available', () => {
    assert.deepEqual(restart({ stable: rs('stable', 4, 3), pods: pods('stable', 4) }).evicted, []);
  });

  it('leaves the last available pod of a version that serves alone', () => {
    const two = {
      stable: rs('stable', 4),
      fresh: rs('fresh', 2),
      unavailable: 6,
      alone: ['stable', 'fresh'],
    };
    const all = [...pods('stable', 4), ...pods('fresh', 2)];
    const { evicted } = restart({ ...two, pods: all });
    assert.deepEqual(evicted, ['stable-0', 'stable-1', 'stable-2', 'fresh-0']);
    const one = { stable: rs('stable', 1), spec: { replicas: 1 }, alone: ['stable'] };
    assert.deepEqual(restart({ ...one, pods: pods('stable', 1) }).evicted, []);
    const young = pods('second', 1, { replicaSet: 'stable', createdAt: NOW });
    const surged = { ...one, stable: rs('stable', 2), pods: [...pods('stable', 1), ...young] };
    assert.deepEqual(restart(surged).evicted, ['stable-0']);
  });

  it('takes no serving pod in a pass that scales down', () => {
    const draft = new Draft();
    draft.intend({
      kind: 'scaleReplicaSet',
      key: 'scale/stable',
      wave: 'sizes',
      target: { name: 'stable', uid: 'stable' },
      from: 4,
      to: 3,
      annotations: {},
    });
    assert.deepEqual(restart({ pods: pods('stable', 4), draft }).evicted, []);
  });

  it('is done when no old pod is left but those on their way out', () => {
    const left = [...pods('stable', 4, { createdAt: AT + 1_000 }), ...pods('old', 1, { terminating: true })];
    const done = restart({ pods: left });
    assert.equal(done.restartedAt, formatTime(AT));
    assert.deepEqual(done.evicted, []);
    assert.equal(done.draft.requeueAt, undefined);
  });

  it('is not done while the ReplicaSet still counts pods that left', () => {
    const { restartedAt, draft } = restart({
      pods: pods('stable', 3, { createdAt: AT + 1_000 }),
      podsAhead: true,
    });
    assert.deepEqual([restartedAt, draft.requeueAt], [undefined, NOW + 1_000]);
  });

  it('asks again later for what could not be had', () => {
    assert.equal(restart({ pods: pods('stable', 4) }).draft.requeueAt, NOW + 30_000);
    // Pods that could not be listed: neither done nor begun.
    assert.deepEqual(restart({ pods: undefined }).restartedAt, undefined);
  });

  it('waits for its instant', () => {
    const early = restart({ now: AT - 5_000, pods: pods('stable', 4) });
    assert.deepEqual([early.evicted, early.draft.requeueAt], [[], AT + 1]);
  });

  it('happens once, and a new version ends it', () => {
    const status = { restartedAt: '2026-01-01T12:00:00+00:00' };
    assert.deepEqual(restart({ status, pods: pods('stable', 4) }).evicted, []);
    const superseded = restart({ status: { currentPodHash: 'other' }, pods: pods('stable', 4) });
    assert.deepEqual([superseded.evicted, superseded.restartedAt], [[], formatTime(AT)]);
  });

  it('needs the pods only while it lasts', () => {
    const rollout = (status: RolloutStatus): Rollout => ({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'demo' },
      spec: { restartAt: formatTime(AT) },
      status: { currentPodHash: 'hash', ...status },
    });
    assert.equal(restartIsDue(rollout({}), 'hash', NOW), AT);
    assert.equal(restartIsDue(rollout({}), 'hash', AT), undefined);
    assert.equal(restartIsDue(rollout({ restartedAt: formatTime(AT) }), 'hash', NOW), undefined);
  });

  it('shows as Progressing until it is done', () => {
    const world = new World({ replicas: 2, canary: { maxSurge: 1, maxUnavailable: 0 } }).until('Healthy');
    world.user('restart', (rollout) => void (rollout.spec.restartAt = formatTime(world.now)));
    world.wait(1_000);
    assert.equal(world.status().message, 'rollout is restarting');
    world.image('v2').until('Healthy');
    assert.equal(world.status().restartedAt, world.rollout.spec.restartAt);
  });
});
