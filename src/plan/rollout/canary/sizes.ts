/** How many pods the new and the stable ReplicaSet should ask for now (spec 03 sections 3 and 4). */

import { isRouted, maxWeight, replicaFloor } from '../defaults.ts';
import type { Counts } from './counts.ts';
import { NO_PODS, sum } from './counts.ts';
import type { Course } from './course.ts';
import { canaryScale } from './course.ts';
import type { Fences } from './fences.ts';
import { moveTowards } from './move.ts';
import type { Sizes } from './target.ts';
import { targetSplit } from './target.ts';

/** Traffic weights last handed to the routers. */
export interface Weights {
  readonly canary: number;
  readonly stable: number;
}

export interface SizesInput {
  readonly course: Course;
  readonly canary: Counts | undefined;
  /** Undefined where there is none, or where it is the new one. */
  readonly stable: Counts | undefined;
  readonly others: readonly Counts[];
}

/** Basic canary: the split that the update wants in the end, whatever the fences allow now. */
export function basicTarget(input: SizesInput, fences: Fences): Sizes {
  const { course } = input;
  if (input.stable === undefined) return { canary: course.replicas, stable: 0 };
  const { weight } = canaryScale(course, input.canary, input.stable);
  return targetSplit(course.replicas, weight, maxWeight(course.strategy), fences.surge);
}

/** Basic canary: the next move towards that split. */
export function basicSizes(input: SizesInput, fences: Fences): Sizes {
  return moveTowards({
    replicas: input.course.replicas,
    target: basicTarget(input, fences),
    fences,
    canary: input.canary,
    stable: input.stable,
    others: input.others,
  });
}

/**
 * The same, and what the canary may grow by when stable has shrunk: its size is written first, so nothing exceeds the
 * fences in between. Not for a canary that is yet to be created, which is written before both.
 */
export function basicSizesAtOnce(input: SizesInput, fences: Fences): Sizes {
  const { canary, stable, others } = input;
  const sizes = basicSizes(input, fences);
  if (canary === undefined || stable === undefined) return sizes;
  if (sum(others, 'size') > 0) return makeWay(input, fences, sizes);
  if (sizes.stable >= stable.size || sizes.canary < canary.size) return sizes;
  const shrunk = { ...stable, size: sizes.stable, available: Math.min(stable.available, sizes.stable) };
  const next = basicSizes({ ...input, canary: { ...canary, size: sizes.canary }, stable: shrunk }, fences);
  return { canary: Math.max(sizes.canary, next.canary), stable: sizes.stable };
}

/**
 * Where older revisions, which serve and can't go before others do, and pods that serve nobody leave no room, nothing could
 * ever move: the latter make way. Those of a canary that is given up go for stable; those of a stable version of which none
 * is available go for the fix (rule 21).
 */
function makeWay(input: SizesInput, fences: Fences, sizes: Sizes): Sizes {
  const { course, canary = NO_PODS, stable = NO_PODS, others } = input;
  const room = course.replicas + fences.surge - sizes.canary - sizes.stable - sum(others, 'size');
  if (room > 0 || sum(others, 'available') === 0) return sizes;
  const target = basicTarget(input, fences);
  if (target.canary < canary.size && stable.size < target.stable)
    return { ...sizes, canary: Math.max(target.canary, Math.min(canary.size, canary.available)) };
  if (stable.available > 0) return sizes;
  const beyond = Math.max(0, sizes.stable - target.stable);
  const given = Math.min(sizes.stable, Math.max(0, target.canary - sizes.canary));
  return { canary: sizes.canary + given, stable: sizes.stable - Math.max(beyond, given) };
}

/** With a router: stable keeps all its pods (or, dynamic, what its traffic needs), the canary gets its share on top. */
export function routedSizes(input: SizesInput, recorded: Weights | undefined): Sizes {
  const { course } = input;
  const { strategy, replicas } = course;
  const max = maxWeight(strategy);
  const scale = canaryScale(course, input.canary, input.stable);
  const share = (weight: number): number => Math.ceil((weight * replicas) / max);
  const atLeast = (count: number): number =>
    count === 0 ? 0 : Math.max(count, replicaFloor(strategy, replicas));

  if (strategy.dynamicStableScale !== true)
    return { canary: scale.replicas ?? atLeast(share(scale.weight)), stable: replicas };
  const carried = (weight: number | undefined): number => (weight === undefined ? 0 : share(weight));
  const canary = scale.replicas ?? share(scale.weight);
  return {
    // An aborted canary keeps what its traffic still needs.
    canary: atLeast(course.abort ? Math.max(canary, carried(recorded?.canary)) : canary),
    stable: atLeast(Math.max(share(max - scale.weight), carried(recorded?.stable))),
  };
}

/** Whether the new ReplicaSet has what the step asks of it (spec 03 section 7.1), progress threshold included. */
export function canaryHas(course: Course, canary: Counts, desired: number): boolean {
  return thresholdMet(course, canary, desired) ?? (canary.size === desired && canary.available === desired);
}

/** Undefined without a threshold. */
export function thresholdMet(course: Course, canary: Counts, desired: number): boolean | undefined {
  const threshold = course.strategy.replicaProgressThreshold;
  if (threshold === undefined || threshold.value < 0) return undefined;
  if (threshold.type === 'Percent')
    return desired === 0 || (canary.available / desired) * 100 + 1e-10 >= threshold.value;
  return canary.available >= Math.min(threshold.value, desired);
}

/** Whether all ReplicaSets are as the step wants them. `desired` are the sizes of this pass. */
export function atDesired(input: SizesInput, desired: Sizes): boolean {
  const { course, canary, stable } = input;
  if (canary === undefined || !canaryHas(course, canary, desired.canary)) return false;
  const routed = isRouted(course.strategy);
  const older = routed ? 0 : sum(input.others, 'available');
  if (stable === undefined || (routed && course.strategy.dynamicStableScale === true)) return older === 0;
  if (older > 0) return standIn(older, stable, desired.stable);
  return stable.size === desired.stable && stable.created === desired.stable;
}

/** Pods of older revisions that can't go because stable has none stand for those that it lacks (rule 21). */
const standIn = (older: number, stable: Counts, wanted: number): boolean =>
  stable.available === 0 && stable.created === stable.size && older <= wanted;
