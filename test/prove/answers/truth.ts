/** Whether the reason that `why` gives is one that the snapshot bears out (invariant 23). */

import type { RolloutStatus } from '../../../src/api/rollout.ts';
import type { RolloutSnapshot } from '../../../src/plan/rollout/index.ts';
import { parseTime } from '../../../src/lang/time.ts';
import { planRollout } from '../../../src/plan/rollout/index.ts';
import { fullyPromoted } from '../../../src/plan/rollout/phase.ts';
import { publicationOf } from '../../../src/plan/rollout/publish.ts';
import { countsOf, hashOf } from '../../../src/plan/rollout/replica-set.ts';
import type { Cause, Explanation } from '../../../src/plan/why/explain.ts';

const CAUSES: Readonly<Record<string, readonly Cause[]>> = {
  Healthy: ['settled', 'old pods', 'pods', 'restart'],
  Progressing: ['pods', 'traffic', 'gate', 'old pods', 'restart'],
  Paused: ['pause', 'held', 'inconclusive', 'gate'],
  Degraded: ['aborted', 'late', 'refused', 'gate broken'],
};

/** Their sentence holds a message of somebody else. */
const QUOTING: ReadonlySet<Cause> = new Set(['refused', 'aborted', 'gate broken', 'traffic']);

/** What is wrong with the answer; undefined: nothing. Where something is to be written, that is what it has to say. */
export function untruthOf(snapshot: RolloutSnapshot, answer: Explanation): string | undefined {
  const { now, rollout, replicaSets } = snapshot;
  const status: RolloutStatus = rollout?.status ?? {};
  const { cause, text, until, deadline, pods, step, gates } = answer;
  if (!QUOTING.has(cause) && /\b(undefined|NaN|null|Infinity|\[object)\b/.test(text))
    return 'a number or a name is missing';
  if (cause === 'deleted' || cause === 'refused') return undefined;
  const writes = writesOf(snapshot);
  if ((cause === 'acting') !== writes)
    return writes ? 'there is something to write' : 'nothing is to be written';
  if (writes) return undefined;

  if (/revision \?/.test(text)) return 'the revision is missing';
  const allowed = CAUSES[status.phase ?? ''] ?? [];
  // A timed pause that is over may still wait for pods; the phase changes when the pause is taken off.
  const isOverdue = status.phase === 'Paused' && cause === 'pods' && isPauseOver(snapshot);
  if (!isOverdue && !allowed.includes(cause)) return `phase ${status.phase} does not go with it`;
  if (until !== undefined && until <= now) return 'it should have ended by itself';
  if (deadline !== undefined && deadline <= now) return 'the deadline has passed';
  if (step !== undefined && step.index !== status.currentStepIndex)
    return `the step is ${status.currentStepIndex}`;

  const rs = replicaSets.find((item) => hashOf(item) === status.currentPodHash);
  if (rs !== undefined) {
    const { available, size } = countsOf(rs);
    if (pods.available !== available || pods.size !== size)
      return `${available} of ${size} pods are available, not ${pods.available} of ${pods.size}`;
    if ((cause === 'pods' || cause === 'late') && !text.includes(`${available} of ${size} pods`))
      return `${available} of ${size} pods are available`;
  }
  if (cause === 'pods' && fullyPromoted(status))
    if (pods.available >= Math.max(pods.size, rollout?.spec.replicas ?? 1)) return 'all pods are there';
  if (cause === 'gate') {
    const [gate] = gates;
    if (gates.length !== 1 || gate === undefined) return `${gates.length} gates are shown`;
    if (['Successful', 'Failed'].includes(gate.phase)) return `the gate is ${gate.phase}`;
  }
  if ((cause === 'pause' || cause === 'inconclusive') && (status.pauseConditions ?? []).length === 0)
    return 'it is not paused';
  if (cause === 'aborted' && status.abort !== true) return 'it is not aborted';
  if (cause === 'settled' && !fullyPromoted(status)) return 'the update is not over';
  return undefined;
}

/** Whether the time of a blue-green pause that ends by itself has come. */
function isPauseOver({ rollout, now }: RolloutSnapshot): boolean {
  const { autoPromotionEnabled, autoPromotionSeconds = 0 } = rollout?.spec.strategy?.blueGreen ?? {};
  if (rollout?.spec.strategy?.blueGreen === undefined || autoPromotionEnabled === false) return false;
  const [first] = rollout.status?.pauseConditions ?? [];
  const start = parseTime(first?.startTime);
  return start !== undefined && start + autoPromotionSeconds * 1000 <= now;
}

export function writesOf(snapshot: RolloutSnapshot): boolean {
  const { intents, status } = planRollout(snapshot);
  if (intents.length > 0) return true;
  return status !== undefined && publicationOf(snapshot.rollout?.status ?? {}, status) === 'now';
}
