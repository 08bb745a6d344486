/** Which weight the canary should have now (spec 03 section 6), as one pure function of spec, step and pods. */

import { isStableBroken } from '../rollout/canary/broken.ts';
import type { Counts } from '../rollout/canary/counts.ts';
import type { Course } from '../rollout/canary/course.ts';
import {
  currentSetWeight,
  currentStep,
  fullyPromoted,
  scaleInForce,
  setWeightUpTo,
} from '../rollout/canary/course.ts';
import { reverseWeight } from '../rollout/canary/reverse.ts';
import { thresholdMet } from '../rollout/canary/sizes.ts';
import { maxWeight, stepsOf } from '../rollout/defaults.ts';
import { availableOf } from '../rollout/canary/counts.ts';

export interface WeightInput {
  readonly course: Course;
  readonly canary: Counts;
  /** How many pods the canary is to have. */
  readonly canaryWanted: number;
  /** Pods of the stable version; the canary's own once it is stable. Undefined: there is no stable version. */
  readonly stable: Counts | undefined;
  /** All ReplicaSets are as the current step wants them. */
  readonly atDesired: boolean;
  /** The canary's Service selects it, now or by a write of this pass. */
  readonly canaryReachable: boolean;
  /** The same of the stable Service and the version that is stable after this pass. */
  readonly stableReachable: boolean;
  /** The weight last handed to the routers, whichever version had it; undefined: none yet. */
  readonly recorded: number | undefined;
  /** The most of the weight that the canary's Service has: on record, and by what each router shows. */
  readonly highest: number;
  /** The weight on record is that of the new version, and not of one that it replaced in the middle. */
  readonly recordedIsOwn: boolean;
  /** Pods of the version that has the weight on record. */
  readonly carrier: Counts | undefined;
  /** Pods that the canary's Service selects, now or by a write of this pass; undefined: those of no version that is there. */
  readonly behind: Counts | undefined;
  /** Nothing has gone on for progressDeadlineSeconds, as the status says. */
  readonly late: boolean;
}

export interface WeightDecision {
  /** Undefined: leave the routers alone. */
  readonly weight: number | undefined;
  /** In words, for the notes. */
  readonly why: string;
  /** A step or a promotion may rely on it. False: something holds the weight back. */
  readonly reached: boolean;
  /** The user's own scale asks for more traffic than these pods' share. */
  readonly beyondCapacity: boolean;
  /** The weight stays with whatever version the canary's Service selects, as nobody else could answer. */
  readonly stays?: boolean;
}

export function decideWeight(input: WeightInput): WeightDecision {
  const wanted = wantedWeight(input);
  const decision = admit(input, wanted.weight, wanted.why);
  // A replaced version's weight is not that of the step.
  const isOwn = input.recordedIsOwn || weightOnRecord(input) === 0 || fullyPromoted(input.course);
  return isOwn ? decision : { ...decision, reached: false };
}

const weightOnRecord = ({ recorded }: WeightInput): number => recorded ?? 0;

interface Wanted {
  weight: number;
  why: string;
}

/** What the step asks for. First match wins. */
function wantedWeight(input: WeightInput): Wanted {
  const { course, canary } = input;
  const recorded = weightOnRecord(input);
  const max = maxWeight(course.strategy);
  if (fullyPromoted(course)) {
    if (comesBack(input))
      return {
        weight: weightToGiveBack(input),
        why: 'traffic goes back as the stable version gets its pods',
      };
    return { weight: 0, why: 'the wanted version is stable and has all the traffic' };
  }
  if (course.abort) return { weight: abortWeight(input), why: 'the update is aborted' };
  if (comesBack(input))
    return {
      weight: weightToGiveBack(input),
      why: 'traffic leaves the replaced version as stable gets its pods',
    };
  if (canary.available === 0) return { weight: 0, why: 'no canary pod is available' };
  if (input.canaryWanted === 0) return { weight: 0, why: 'the canary is to have no pods' };
  if (recorded > 0 && !input.recordedIsOwn)
    return isBroken(input)
      ? { weight: recorded, why: 'stable has no pod: the new version is to take the weight over' }
      : { weight: 0, why: 'traffic leaves the replaced version first' };
  if (course.promoteFull) {
    if (course.strategy.dynamicStableScale === true)
      return {
        weight: Math.floor((max * canary.available) / Math.max(1, course.replicas)),
        why: 'full promotion: traffic follows the pods',
      };
    return { weight: recorded, why: 'full promotion: the weight stays until the new version is stable' };
  }
  const steps = stepsOf(course.strategy);
  if (steps.length === 0) return { weight: 0, why: 'there are no steps: traffic moves on promotion' };
  const { index, step } = currentStep(course);
  const now = currentSetWeight(course);
  // Giving traffic back needs no pods of the canary: first the weight, then the pods.
  if (now < recorded && step !== undefined)
    return { weight: now, why: `step ${index + 1} lowers the weight` };
  if (!input.atDesired && now !== recorded) {
    const before = setWeightUpTo(course.strategy, (index ?? steps.length) - 1);
    return { weight: before, why: 'the pods of the step are not there yet: the weight before it' };
  }
  if (step === undefined) return { weight: max, why: 'all steps are done' };
  return { weight: now, why: `weight of step ${index + 1}` };
}

const isBroken = ({ course, stable, recorded, late }: WeightInput): boolean =>
  course.stableHash !== '' &&
  !fullyPromoted(course) &&
  isStableBroken({ strategy: course.strategy, replicas: course.replicas, stable, recorded, late });

/**
 * With dynamicStableScale another version, which this one replaces, has traffic that stable can't carry at once. To one that
 * never comes up it does not go back.
 */
function comesBack(input: WeightInput): boolean {
  const { course, recordedIsOwn, carrier } = input;
  return (
    course.strategy.dynamicStableScale === true &&
    weightOnRecord(input) > 0 &&
    !recordedIsOwn &&
    availableOf(carrier) > 0 &&
    !isBroken(input)
  );
}

/** Without dynamicStableScale 0; else what stable, small on purpose, can't carry yet (spec 03 section 6.2). */
function abortWeight(input: WeightInput): number {
  if (input.course.strategy.dynamicStableScale !== true) return 0;
  if (!input.recordedIsOwn) return comesBack(input) ? weightToGiveBack(input) : 0;
  // Without pods that could carry it, stable is to take it all, however few pods it has.
  return input.canary.available === 0 ? 0 : weightToGiveBack(input);
}

/** The weight that stays for now while traffic goes back to stable: down by the steps until stable can carry it all, never up. */
function weightToGiveBack(input: WeightInput): number {
  const { course, stable } = input;
  if (stable === undefined || course.replicas === 0) return 0;
  const max = maxWeight(course.strategy);
  const carried = Math.floor((max * stable.available) / course.replicas);
  if (carried >= max) return 0;
  // The pods of a replaced version don't go step by step, and those that are never to be scaled down not at all.
  const stepwise = input.recordedIsOwn && course.strategy.abortScaleDownDelaySeconds !== 0;
  const byStep = reverseWeight(course, stepwise ? input.canary : undefined, stable);
  const byPods = Math.max(0, max - carried);
  if (input.recorded === undefined) return Math.max(byPods, byStep);
  if (byStep <= 0) return Math.min(byPods, input.recorded);
  if (carried < max - byStep) return input.recorded;
  return Math.min(byStep, input.recorded);
}

/**
 * What the canary's Service has, by whoever gave it that, finds pods there, and would find none behind stable's (rule 2
 * goes before 7 and 1).
 */
function servesAlone(input: WeightInput): boolean {
  const { course, behind } = input;
  if (course.stableHash === '' || fullyPromoted(course) || answers(input)) return false;
  // At size 0 nobody is to be served.
  return course.replicas > 0 && availableOf(behind) > 0;
}

/** Whether stable has a pod for traffic that goes back to it. An abort does not wait until those that are ready count as available. */
const answers = ({ course, stable }: WeightInput): boolean =>
  (course.abort ? (stable?.ready ?? 0) : availableOf(stable)) > 0;

/** Traffic moves only to pods that can carry it. */
function admit(input: WeightInput, weight: number, why: string): WeightDecision {
  const { course, canary, stable } = input;
  const max = maxWeight(course.strategy);
  const none = { beyondCapacity: false };
  const hold = (because: string): WeightDecision => ({
    ...none,
    weight: input.recorded,
    why: because,
    reached: false,
  });
  if (stable === undefined && (input.recorded === undefined || course.stableHash === ''))
    return { ...none, weight: undefined, why: 'there is no stable version yet', reached: false };
  const nobody = 'no stable pod is available to take traffic back';
  if (weight < input.highest && servesAlone(input))
    return {
      ...none,
      weight: input.highest,
      why: nobody,
      reached: !course.abort && isBroken(input),
      stays: true,
    };
  // Until a router is told anything, all the traffic goes to stable: an update that begins there begins at 0, and a first
  // version that never came up does not block the fix.
  const begins = !fullyPromoted(course) && canary.available > 0;
  const recorded = input.recorded ?? (begins ? 0 : undefined);
  if (recorded !== undefined && weight > recorded && !fullyPromoted(course)) {
    if (!input.canaryReachable) return hold('the canary Service does not select the new version yet');
    if (canary.available * max >= weight * course.replicas) return { ...none, weight, why, reached: true };
    if (thresholdMet(course, canary, Math.ceil((weight * course.replicas) / max)) === true)
      return { ...none, weight, why: `${why} (progress threshold met)`, reached: true };
    if (scaleInForce(course) !== undefined) return { weight, why, reached: true, beyondCapacity: true };
    return hold(
      `weight ${weight} needs more than the ${canary.available} of ${course.replicas} pods that the canary has available`,
    );
  }
  if (stable === undefined)
    return { ...hold('the stable version is gone: the weight stays'), reached: isBroken(input) };
  if (recorded !== undefined && weight < recorded && fullyPromoted(course) && !input.stableReachable)
    return hold('the stable Service does not select the new version yet');
  if (recorded !== undefined && weight === recorded) return { ...none, weight, why, reached: true };
  // Stable's share grows (or is set for the first time).
  const dying = course.strategy.dynamicStableScale === true && !input.recordedIsOwn;
  const urgent = !comesBack(input) && (course.abort || canary.available === 0 || dying);
  const needed = Math.floor(((max - weight) * course.replicas) / max);
  if (urgent && recorded !== undefined) {
    return answers(input) || recorded === 0 || course.replicas === 0
      ? { ...none, weight, why, reached: true }
      : hold('no stable pod is available to take the traffic back');
  }
  if (recorded !== undefined && weight < recorded && stable.available === 0 && course.replicas > 0) {
    // The step counts as done: later ones, and the promotion, lead out of here.
    return { ...hold(nobody), reached: isBroken(input) };
  }
  if (stable.available >= needed) return { ...none, weight, why, reached: true };
  if (thresholdMet(course, stable, needed) === true) return { ...none, weight, why, reached: true };
  return hold(
    `stable has ${stable.available} of the ${needed} pods available that weight ${weight} leaves to it`,
  );
}
