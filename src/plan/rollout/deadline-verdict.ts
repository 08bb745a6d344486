/** progressDeadlineAbort (spec 01 section 6.3): the verdict of a deadline that has passed. */

import type { RolloutStatus } from '../../api/rollout.ts';
import { hasProgressed, hasTimedOut, isIndefinite, waitsForOldPods } from './deadline.ts';
import type { Progress } from './progress.ts';
import { isPromoted } from './progress.ts';
import type { Situation } from './situation.ts';
import { timeoutText } from './status.ts';

/** The message of the abort; undefined: no verdict. `counts` are the pods as they are now, as the status counts them. */
export function deadlineVerdict(
  s: Situation,
  p: Progress,
  counts: Pick<
    RolloutStatus,
    'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas' | 'blueGreen'
  >,
): string | undefined {
  if (s.rollout.spec.progressDeadlineAbort !== true || isPromoted(s, p)) return undefined;
  if (p.pauses.length > 0 || s.rollout.spec.paused === true || isIndefinite(s, p.stepIndex)) return undefined;
  if (!hasTimedOut(s, s.old) || waitsForOldPods(s, false)) return undefined;
  return hasProgressed(s.old, { ...s.old, ...counts }) ? undefined : timeoutText(s.revisions.name);
}
