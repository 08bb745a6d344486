/** A stable version that must not block the fix. */

import type { CanaryStrategy } from '../../../api/rollout.ts';
import { maxWeight } from '../defaults.ts';
import type { Counts } from './counts.ts';
import { availableOf } from './counts.ts';

export interface StableInput {
  readonly strategy: CanaryStrategy;
  readonly replicas: number;
  /** Of the stable version, where that is another than the new one. Undefined: its ReplicaSet is gone. */
  readonly stable: Counts | undefined;
  /** The weight that the canary's Service has; undefined: no router was told one. */
  readonly recorded: number | undefined;
  /** Nothing has gone on for progressDeadlineSeconds, as the status says. */
  readonly late?: boolean;
}

/**
 * No pod of stable is available though traffic counts on it: no traffic can be given back to it, and nothing may wait
 * for it (rule 21). One that dynamicStableScale has left without any traffic only has yet to grow, for as long as progress may
 * take.
 */
export function isStableBroken({ strategy, replicas, stable, recorded = 0, late }: StableInput): boolean {
  if (availableOf(stable) > 0 || replicas === 0) return false;
  return strategy.dynamicStableScale !== true || recorded < maxWeight(strategy) || late === true;
}
