/** Step and weights as clients show them (spec 09 section 6.2). Pure. */

import type { RolloutSpec, RolloutStatus } from '../../api/rollout.ts';
import { currentSetWeight, currentStep } from './canary/course.ts';
import { isRouted, maxWeight, stepsOf, countIn } from './defaults.ts';

export interface ShownWeights {
  /** `1/8`; '' without steps. */
  step: string;
  setWeight: number;
  actualWeight: number;
}

/** `canaryAvailable`: available pods of the canary ReplicaSet; undefined where there is none. */
export function shownWeights(
  spec: RolloutSpec,
  status: RolloutStatus,
  canaryAvailable: number | undefined,
): ShownWeights | undefined {
  const strategy = spec.strategy?.canary;
  if (strategy === undefined) return undefined;
  const steps = stepsOf(strategy).length;
  const index = status.currentStepIndex;
  const course = { strategy, stepIndex: index, abort: status.abort === true };
  const setWeight = currentSetWeight(course);
  return {
    step: index === undefined || steps === 0 ? '' : `${index}/${steps}`,
    setWeight,
    actualWeight: actualWeight(),
  };

  function actualWeight(): number {
    if (strategy === undefined) return 0;
    const max = maxWeight(strategy);
    if (currentStep(course).step === undefined) return max;
    const available = countIn(status, 'availableReplicas');
    if (available === 0) return 0;
    if (isRouted(strategy)) return status.canary?.weights?.canary.weight ?? setWeight;
    return Math.trunc(((canaryAvailable ?? 0) * max) / available);
  }
}
