/** Whether the reason that is given for a wait is one that the snapshot bears out (invariant 23). */

import assert from 'node:assert/strict';
import type { RolloutSnapshot } from '../../../src/plan/rollout/index.ts';
import { planRollout } from '../../../src/plan/rollout/index.ts';
import type { Explanation } from '../../../src/plan/why/explain.ts';
import { explainRollout } from '../../../src/plan/why/explain.ts';
import { untruthOf } from '../../prove/answers/truth.ts';

/** For a snapshot in which nothing is to be written: something is waited for, or all is done. */
export function assertTrue(snapshot: RolloutSnapshot): Explanation {
  const explained = explainRollout(snapshot);
  const { phase, message } = snapshot.rollout?.status ?? {};
  const { notes } = planRollout(snapshot);
  assert.equal(
    untruthOf(snapshot, explained),
    undefined,
    `${explained.cause}: ${explained.text}\n${JSON.stringify({ phase, message, notes })}`,
  );
  return explained;
}
