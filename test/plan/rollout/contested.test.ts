/** Two leaders for a moment, whose caches are of two moments, and one status. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutStatus } from '../../../src/api/rollout.ts';
import { planRollout } from '../../../src/plan/rollout/index.ts';
import { COUNTS_INTERVAL_MS } from '../../../src/plan/rollout/publish.ts';
import type { RolloutSnapshot } from '../../../src/plan/rollout/snapshot.ts';
import { World } from './simulation.ts';

describe('a status that somebody has just overwritten', () => {
  const settled = (): World =>
    new World({ replicas: 2, canary: { steps: [{ setWeight: 50 }] } }).until('Healthy').wait(10_000);

  /** `ours` was written 100 ms ago, and somebody made something else of it. */
  const overwritten = (world: World, theirs: RolloutStatus): RolloutSnapshot => {
    const ours = world.status();
    const snapshot = world.snapshot();
    assert.ok(snapshot.rollout);
    return {
      ...snapshot,
      rollout: { ...snapshot.rollout, status: { ...ours, ...theirs } },
      statusWritten: ours,
      statusWrittenAt: snapshot.now - 100,
    };
  };

  it('is written again, but not at once', () => {
    const snapshot = overwritten(settled(), {
      phase: 'Progressing',
      message: 'more replicas need to be updated',
    });
    const { status, requeueAt } = planRollout(snapshot);
    assert.equal(status, undefined);
    assert.equal(requeueAt, snapshot.now - 100 + COUNTS_INTERVAL_MS);
    const later = planRollout({ ...snapshot, now: requeueAt });
    assert.equal(later.status?.phase, 'Healthy');
    assert.equal(planRollout({ ...snapshot, statusWritten: undefined }).status?.phase, 'Healthy');
  });

  it('is no reason to wait with what a person asks for', () => {
    const world = settled().image('v2').until('Progressing').wait(300);
    assert.equal(planRollout(overwritten(world, { abort: true })).status?.phase, 'Degraded');
  });
});
