/** Going back down the steps when an update with dynamicStableScale is aborted (spec 03 section 4.3). */

import { maxWeight, replicaFloor, stepsOf } from '../defaults.ts';
import type { Counts } from './counts.ts';
import type { Course } from './course.ts';

/**
 * The first setWeight, from the last step back, that needs fewer canary pods than stable still leaves open, or than the
 * canary has: one step at a time. An undefined canary, one that a delay was asked for, and one that has no more than the
 * least that any ReplicaSet has, keeps its pods to the end, so that they say nothing.
 */
export function reverseWeight(
  course: Pick<Course, 'strategy' | 'replicas'>,
  canary: Counts | undefined,
  stable: Counts,
): number {
  const { strategy, replicas } = course;
  const missing = replicas - stable.available;
  const keepsPods =
    canary === undefined ||
    (strategy.abortScaleDownDelaySeconds ?? 0) > 0 ||
    canary.available <= replicaFloor(strategy, replicas);
  const pods = keepsPods ? missing : Math.max(missing, canary.available);
  const steps = stepsOf(strategy);
  for (let i = steps.length - 1; i >= 0; i--) {
    const weight = steps[i]?.setWeight;
    if (weight !== undefined && Math.ceil((weight * replicas) / maxWeight(strategy)) < pods) return weight;
  }
  return 0;
}
