/** One move of a basic canary towards its target, within the fences (spec 03 section 3.3). */

import type { Counts } from './counts.ts';
import { NO_PODS, sum } from './counts.ts';
import type { Fences } from './fences.ts';
import type { Sizes } from './target.ts';

export interface MoveInput {
  readonly replicas: number;
  readonly target: Sizes;
  readonly fences: Fences;
  /** Undefined: not created yet. */
  readonly canary: Counts | undefined;
  /** Undefined: there is none besides the new one. */
  readonly stable: Counts | undefined;
  /** ReplicaSets of other revisions. */
  readonly others: readonly Counts[];
}

/** Both sizes may be set at once: they belong together. */
export function moveTowards(input: MoveInput): Sizes {
  const { replicas, target, fences } = input;
  const canary = input.canary ?? NO_PODS;
  const stable = input.stable ?? NO_PODS;
  const most = replicas + fences.surge;
  const least = replicas - fences.unavailable;

  let room = most - canary.size - stable.size - sum(input.others, 'size');
  const grow = (from: Counts, to: number): number => {
    if (from.size >= to || room <= 0) return from.size;
    const size = Math.min(to, from.size + room);
    room -= size - from.size;
    return size;
  };
  const grown: Sizes = {
    stable: input.stable === undefined ? 0 : grow(stable, target.stable),
    canary: input.canary === undefined ? 0 : grow(canary, target.canary),
  };
  // Pods of older revisions go first; they are drained apart.
  if (sum(input.others, 'size') > 0) return grown;

  const increasing = target.canary >= canary.size;
  const spare = drainable(canary, !increasing) + drainable(stable, increasing) - least;
  if (spare <= 0) return grown;
  if (increasing) {
    if (input.stable === undefined || stable.size <= target.stable) return grown;
    const drained = Math.max(target.stable, stable.size - spare);
    const [newStable, newCanary] = adjust(drained, stable, grown.canary, canary, most, least);
    return { canary: newCanary, stable: newStable };
  }
  const drained = Math.max(target.canary, canary.size - spare);
  const [newCanary, newStable] = adjust(drained, canary, grown.stable, stable, most, least);
  return { canary: newCanary, stable: newStable };
}

/** Pods that count when we ask how many may go. Of the shrinking one the unhealthy are free to go. */
function drainable(counts: Counts, ignoreAvailability: boolean): number {
  return counts.size < counts.available || ignoreAvailability ? counts.size : counts.available;
}

/** Trims the other ReplicaSet to the surge fence and gives it back what availability needs. */
function adjust(
  drained: number,
  drainedCounts: Counts,
  other: number,
  otherCounts: Counts,
  most: number,
  least: number,
): [drained: number, other: number] {
  const over = Math.max(0, drained + other - most);
  let kept = other - over;
  const available = Math.min(drainedCounts.available, drained) + Math.min(otherCounts.available, kept);
  kept += Math.min(Math.max(0, otherCounts.available - kept), Math.max(0, least - available));
  return [drained - Math.max(0, drained + kept - most), kept];
}
