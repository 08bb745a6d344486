/** When the data plane is asked whether it has the weight (spec 07 section 3.1). Pure. */

import { fullyPromoted, currentStep, type Course } from '../rollout/canary/course.ts';
import { maxWeight } from '../rollout/defaults.ts';

/** At a setWeight step, and at the end of the steps when the canary is to have everything. */
export function asksForConfirmation(course: Course, weight: number): boolean {
  if (course.stableHash === '' || fullyPromoted(course) || course.abort || course.promoteFull) return false;
  const { index, step } = currentStep(course);
  if (index === undefined) return false;
  return step === undefined ? weight === maxWeight(course.strategy) : step.setWeight !== undefined;
}
