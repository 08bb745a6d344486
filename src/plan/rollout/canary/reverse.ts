/** Going back down the steps when an update with dynamicStableScale is aborted (spec 03 section 4.3). */

import { maxWeight, stepsOf } from '../defaults.ts';
import type { Counts } from './counts.ts';
import type { Course } from './course.ts';

/** The highest setWeight, from the last step back, that needs fewer canary pods than stable still leaves open. */
export function reverseWeight(
  course: Pick<Course, 'strategy' | 'replicas'>,
  canary: Counts,
  stable: Counts,
): number {
  const { strategy, replicas } = course;
  const missing = replicas - stable.available;
  const pods = (strategy.abortScaleDownDelaySeconds ?? 0) > 0 ? missing : Math.max(missing, canary.available);
  const steps = stepsOf(strategy);
  for (let i = steps.length - 1; i >= 0; i--) {
    const weight = steps[i]?.setWeight;
    if (weight !== undefined && Math.ceil((weight * replicas) / maxWeight(strategy)) < pods) return weight;
  }
  return 0;
}
