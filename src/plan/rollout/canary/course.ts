/** Which step is current and what it asks for (spec 03 sections 2 and 4.4). Computed from spec and index alone. */

import type { CanaryStep, CanaryStrategy, SetCanaryScale } from '../../../api/rollout.ts';
import { isRouted, maxWeight, stepsOf } from '../defaults.ts';
import type { Counts } from './counts.ts';
import { reverseWeight } from './reverse.ts';

/** What a canary is doing: the part of spec and status from which sizes and weights follow. */
export interface Course {
  readonly replicas: number;
  readonly strategy: CanaryStrategy;
  /** status.currentStepIndex; undefined without steps. */
  readonly stepIndex: number | undefined;
  readonly abort: boolean;
  readonly promoteFull: boolean;
  /** Hash of the new ReplicaSet. */
  readonly podHash: string;
  /** '' before the first promotion. */
  readonly stableHash: string;
}

export const fullyPromoted = (course: Pick<Course, 'podHash' | 'stableHash'>): boolean =>
  course.stableHash !== '' && course.podHash === course.stableHash;

/** An index of the number of steps, or above, means: done. */
export type CurrentStep =
  /** Without steps. */
  | { readonly index: undefined; readonly step: undefined }
  | { readonly index: number; readonly step: CanaryStep | undefined };

export function currentStep(course: Pick<Course, 'strategy' | 'stepIndex'>): CurrentStep {
  const steps = stepsOf(course.strategy);
  if (steps.length === 0) return { index: undefined, step: undefined };
  const index = Math.max(0, course.stepIndex ?? 0);
  return { index, step: steps[index] };
}

/** The weight of the nearest setWeight at or before the step; none: 0. Ended: all of it. Aborted: 0. */
export function currentSetWeight(course: Pick<Course, 'strategy' | 'stepIndex' | 'abort'>): number {
  if (course.abort) return 0;
  const { index, step } = currentStep(course);
  if (step === undefined) return maxWeight(course.strategy);
  return setWeightUpTo(course.strategy, index);
}

/** The nearest setWeight at or before `index`; none: 0. */
export function setWeightUpTo(strategy: CanaryStrategy, index: number): number {
  const steps = stepsOf(strategy);
  for (let i = Math.min(index, steps.length - 1); i >= 0; i--) {
    const weight = steps[i]?.setWeight;
    if (weight !== undefined) return weight;
  }
  return 0;
}

/** The setCanaryScale step that sizes the canary now, if one does. */
export function scaleInForce(
  course: Pick<Course, 'strategy' | 'stepIndex' | 'abort'>,
): SetCanaryScale | undefined {
  const { strategy } = course;
  if (!isRouted(strategy)) return undefined;
  if (course.abort && strategy.abortScaleDownDelaySeconds !== 0) return undefined;
  const { index, step } = currentStep(course);
  if (step === undefined) return undefined;
  const steps = stepsOf(strategy);
  for (let i = index; i >= 0; i--) {
    const scale = steps[i]?.setCanaryScale;
    if (scale !== undefined) return scale.matchTrafficWeight === true ? undefined : scale;
  }
  return undefined;
}

/** What sizes the canary: a number of pods (then no weight counts), or a weight. */
export interface CanaryScale {
  readonly replicas: number | undefined;
  readonly weight: number;
}

export function canaryScale(
  course: Course,
  canary: Counts | undefined,
  stable: Counts | undefined,
): CanaryScale {
  const { strategy } = course;
  if (course.promoteFull || course.stableHash === '' || fullyPromoted(course))
    return { replicas: undefined, weight: maxWeight(strategy) };
  const scale = scaleInForce(course);
  if (scale?.replicas !== undefined) return { replicas: scale.replicas, weight: 0 };
  if (scale?.weight !== undefined) return { replicas: undefined, weight: scale.weight };
  if (course.abort && strategy.dynamicStableScale === true && canary !== undefined && stable !== undefined)
    return { replicas: undefined, weight: reverseWeight(course, canary, stable) };
  return { replicas: undefined, weight: currentSetWeight(course) };
}
