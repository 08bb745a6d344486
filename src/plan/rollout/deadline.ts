/** progressDeadlineSeconds (spec 01 sections 6.1 and 6.3, 02 section 16). */

import type { RolloutStatus } from '../../api/rollout.ts';
import { parseTime } from '../../lang/time.ts';
import { currentStep } from './canary/course.ts';
import { conditionOf, isLate, refusalIn } from './conditions.ts';
import { progressDeadlineSeconds, stableHashOf } from './defaults.ts';
import { currentHold, wasHeld } from './holding.ts';
import { countsOf, hasDeadline } from './replica-set.ts';
import type { Situation } from './situation.ts';

/** Steps that may rightly take longer than any deadline. */
export function isIndefinite(s: Situation, stepIndex: number | undefined): boolean {
  const { step } = currentStep({ strategy: s.strategy, stepIndex });
  if (step?.pause !== undefined || step?.analysis !== undefined || step?.experiment !== undefined)
    return true;
  // Nobody is late who waits for a metric server.
  return currentHold(s) !== undefined;
}

/**
 * The instant at which the deadline passes: counted from the last progress, which is when the condition Progressing was
 * last updated. Undefined where none runs: paused, aborted, or nothing to wait for.
 */
export function deadlineOf(s: Situation, status: RolloutStatus): number | undefined {
  const progressing = conditionOf(status, 'Progressing');
  if (progressing === undefined) return undefined;
  if (progressing.reason === 'RolloutAborted' || progressing.reason === 'RolloutPaused') return undefined;
  if (conditionOf(status, 'Paused')?.status === 'True' || wasHeld(status)) return undefined;
  const since = parseTime(progressing.lastUpdateTime);
  if (since === undefined) return undefined;
  return Math.max(since, waitedUntil(s, status)) + progressDeadlineSeconds(s.rollout.spec) * 1000;
}

/**
 * The time of a step of analysis counts as little as that of a pause. Where the edit that takes it out of the steps is
 * refused, its run stays on record, and the clock runs from then on.
 */
function waitedUntil({ now }: Situation, status: RolloutStatus): number {
  if (status.canary?.currentStepAnalysisRunStatus === undefined) return -Infinity;
  return parseTime(refusalIn(status)?.lastTransitionTime) ?? now;
}

export function hasTimedOut(s: Situation, status: RolloutStatus): boolean {
  if (isLate(status)) return true;
  const deadline = deadlineOf(s, status);
  return deadline !== undefined && s.now >= deadline;
}

/**
 * A finished update that has all of its pods and waits for old ones to live out their delay isn't late. (The reference
 * stops the clock also in the middle of an update for as long as any old ReplicaSet waits; a deadline that never fires
 * helps nobody.)
 */
export function waitsForOldPods(s: Situation, promoted: boolean): boolean {
  return (
    promoted &&
    s.canary.available >= s.replicas &&
    s.revisions.others.some((rs) => countsOf(rs).size > 0 && hasDeadline(rs))
  );
}

const count = (
  status: RolloutStatus,
  field: 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas',
): number => status[field] ?? 0;

const selectors = ({ blueGreen }: RolloutStatus): string =>
  `${blueGreen?.activeSelector ?? ''} ${blueGreen?.previewSelector ?? ''}`;

const waiting = (status: RolloutStatus): number =>
  count(status, 'replicas') - count(status, 'updatedReplicas');

/** Progress since the status that is stored (spec 01 section 6.1, PROGRESS). */
export function hasProgressed(old: RolloutStatus, next: RolloutStatus): boolean {
  return (
    count(next, 'updatedReplicas') !== count(old, 'updatedReplicas') ||
    waiting(next) < waiting(old) ||
    count(next, 'readyReplicas') > count(old, 'readyReplicas') ||
    count(next, 'availableReplicas') > count(old, 'availableReplicas') ||
    stableHashOf(next) !== stableHashOf(old) ||
    selectors(next) !== selectors(old) ||
    (next.currentStepIndex !== undefined &&
      old.currentStepIndex !== undefined &&
      next.currentStepIndex !== old.currentStepIndex) ||
    (next.currentStepHash ?? '') !== (old.currentStepHash ?? '')
  );
}
