/** Whether the reason that is given for a wait is one that the snapshot bears out (invariant 23). */

import assert from 'node:assert/strict';
import type { RolloutStatus } from '../../../src/api/rollout.ts';
import type { RolloutSnapshot } from '../../../src/plan/rollout/index.ts';
import { planRollout } from '../../../src/plan/rollout/index.ts';
import { fullyPromoted } from '../../../src/plan/rollout/phase.ts';
import { publicationOf } from '../../../src/plan/rollout/publish.ts';
import { countsOf, hashOf } from '../../../src/plan/rollout/replica-set.ts';
import type { Cause, Explanation } from '../../../src/plan/why/explain.ts';
import { explainRollout } from '../../../src/plan/why/explain.ts';

const CAUSES: Readonly<Record<string, readonly Cause[]>> = {
  Healthy: ['settled', 'old pods', 'pods', 'restart'],
  Progressing: ['pods', 'traffic', 'gate', 'old pods', 'restart'],
  Paused: ['pause', 'held', 'inconclusive'],
  Degraded: ['aborted', 'late', 'refused', 'gate broken'],
};

/** For a snapshot in which nothing is to be written: something is waited for, or all is done. */
export function assertTrue(snapshot: RolloutSnapshot): Explanation | undefined {
  const { now, rollout, replicaSets } = snapshot;
  const status: RolloutStatus = rollout?.status ?? {};
  const plan = planRollout(snapshot);
  const explained = explainRollout(snapshot);
  const { cause, text, until, deadline, pods, step, gates } = explained;
  const context = `${cause}: ${text}\n${JSON.stringify({ phase: status.phase, message: status.message, notes: plan.notes })}`;
  const writes =
    plan.intents.length > 0 || (plan.status !== undefined && publicationOf(status, plan.status) === 'now');
  // A refusal stands first, also while an abort under it is being carried out.
  if (cause !== 'refused') assert.equal(cause === 'acting', writes, context);
  if (writes) return explained;

  assert.doesNotMatch(text, /undefined|NaN|null|revision \?|Infinity/, context);
  const allowed = CAUSES[status.phase ?? ''] ?? [];
  assert.ok(allowed.includes(cause), `phase ${status.phase} does not go with ${context}`);
  if (until !== undefined) assert.ok(until > now || cause === 'pause', context);
  if (deadline !== undefined) assert.ok(deadline > now, context);
  if (step !== undefined) assert.equal(step.index, status.currentStepIndex, context);

  const rs = replicaSets.find((item) => hashOf(item) === status.currentPodHash);
  if (cause !== 'refused' && rs !== undefined) {
    const { available, size } = countsOf(rs);
    assert.deepEqual([pods.available, pods.size], [available, size], context);
    if (cause === 'pods' || cause === 'late')
      assert.ok(text.includes(`${available} of ${size} pods`), context);
  }
  if (cause === 'pods' && fullyPromoted(status))
    assert.ok(pods.available < Math.max(pods.size, rollout?.spec.replicas ?? 1), context);
  if (cause === 'gate') {
    assert.equal(gates.length, 1, context);
    assert.ok(!['Successful', 'Failed'].includes(gates[0]?.phase ?? ''), context);
  }
  if (cause === 'pause' || cause === 'inconclusive')
    assert.ok((status.pauseConditions ?? []).length > 0, context);
  if (cause === 'aborted') assert.equal(status.abort, true, context);
  if (cause === 'settled') assert.ok(fullyPromoted(status), context);
  return explained;
}
