/** maxSurge and maxUnavailable in pods (spec 03 section 3.1). */

import type { CanaryStrategy } from '../../../api/rollout.ts';

/** How far the number of pods may leave spec.replicas, upwards in all and downwards in available ones. */
export interface Fences {
  readonly surge: number;
  readonly unavailable: number;
}

const DEFAULT = '25%';

/** Text is always a percentage, with or without the sign; surge rounds up, unavailable rounds down. */
export function fencesOf(canary: CanaryStrategy, replicas: number): Fences {
  if (replicas <= 0) return { surge: inPods(canary.maxSurge ?? DEFAULT, 0, Math.ceil), unavailable: 0 };
  const surge = inPods(canary.maxSurge ?? DEFAULT, replicas, Math.ceil);
  const unavailable = inPods(canary.maxUnavailable ?? DEFAULT, replicas, Math.floor);
  // With both at zero nothing could ever move.
  return { surge, unavailable: Math.min(surge === 0 && unavailable === 0 ? 1 : unavailable, replicas) };
}

/**
 * The fences that the engine works with. Where the user's own would let every pod of a single-replica Rollout, or of
 * one with maxUnavailable 100%, be away at once, one pod stays: a Service must not run empty through our doing.
 */
export function servingFences(fences: Fences, replicas: number): Fences {
  if (replicas <= 0) return fences;
  const unavailable = Math.min(fences.unavailable, replicas - 1);
  return { surge: fences.surge === 0 && unavailable === 0 ? 1 : fences.surge, unavailable };
}

function inPods(value: number | string, replicas: number, round: (x: number) => number): number {
  if (typeof value === 'number') return Math.max(0, value);
  const digits = value.replaceAll('%', '');
  if (!/^[+-]?\d+$/.test(digits)) return 0; // can't be read
  return Math.max(0, round((Number(digits) * replicas) / 100));
}
