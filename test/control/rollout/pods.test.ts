/** Counts of ReplicaSets, set right by the pods as they are. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rollout } from '../../../src/api/rollout.ts';
import { withoutLeaving } from '../../../src/control/rollout/pods.ts';
import type { ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';
import type { PodView } from '../../../src/plan/rollout/snapshot.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const rollout = { spec: { minReadySeconds: 10 } } as Rollout;

const pod = (readyFor: number | undefined, terminating = false): PodView => ({
  name: 'web-v1-x',
  uid: 'x',
  replicaSet: 'v1',
  createdAt: NOW - 60_000,
  terminating,
  readySince: readyFor === undefined ? undefined : NOW - readyFor * 1_000,
  labels: {},
  annotations: {},
});

/** What counts as available where the status of the ReplicaSet says `ready` and `available`. */
function available(
  ready: number,
  said: number,
  pods: readonly PodView[],
  now = NOW,
  owner = rollout,
): number | undefined {
  const rs = {
    metadata: { name: 'web-v1', uid: 'v1' },
    spec: { replicas: 3 },
    status: { replicas: 3, readyReplicas: ready, availableReplicas: said },
  } as ReplicaSet;
  return withoutLeaving(rs, { now, rollout: owner }, pods).status?.availableReplicas;
}

describe('available pods', () => {
  it('are those that are not on their way out, where the status is behind', () => {
    assert.equal(available(3, 3, [pod(30), pod(30), pod(30, true)]), 2);
    assert.equal(available(3, 3, [pod(30), pod(30)]), 2);
    assert.equal(available(2, 2, [pod(30), pod(0)]), 1, 'another one has become ready meanwhile');
    assert.equal(available(2, 1, [pod(30), pod(30)]), 1, 'never more than the status says');
  });

  it('are those that have been ready for minReadySeconds, by our clock', () => {
    assert.equal(available(2, 2, [pod(30), pod(9.5)]), 1, 'the status is of a pod that has left since');
    assert.equal(available(2, 2, [pod(30), pod(10)]), 2);
    assert.equal(available(2, 2, [pod(30), pod(-3)]), 1, 'a kubelet whose clock is ahead of ours');
    const atOnce = { spec: {} } as Rollout;
    assert.equal(available(2, 2, [pod(30), pod(-3)], NOW, atOnce), 2, 'ready is enough without them');
  });

  it('are those of the status, less those that left, where our clock is behind that of the pods', () => {
    const wrong = NOW - 120_000;
    assert.equal(available(2, 2, [pod(30), pod(15), pod(undefined)], wrong), 2);
    assert.equal(available(2, 2, [pod(30), pod(15, true)], wrong), 1);
    assert.equal(available(3, 1, [pod(30)], wrong), 0);
  });
});
