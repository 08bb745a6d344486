/** Labels of the metric `rollout_info` (spec 08 section 5). Pure. */

import type { RolloutSpec, RolloutStatus } from '../../api/rollout.ts';
import { conditionOf } from './conditions.ts';

const PHASE_BY_REASON: Readonly<Record<string, string>> = {
  NewReplicaSetAvailable: 'Completed',
  RolloutPaused: 'Paused',
  ReplicaSetCreateError: 'Error',
  ProgressDeadlineExceeded: 'Timeout',
  RolloutAborted: 'Abort',
};

export function infoPhase(status: RolloutStatus): string {
  if (conditionOf(status, 'InvalidSpec') !== undefined) return 'InvalidSpec';
  const reason = conditionOf(status, 'Progressing')?.reason ?? '';
  return PHASE_BY_REASON[reason] ?? 'Progressing';
}

export function strategyLabel(spec: RolloutSpec): 'blueGreen' | 'canary' | 'none' {
  if (spec.strategy?.blueGreen !== undefined) return 'blueGreen';
  return spec.strategy?.canary !== undefined ? 'canary' : 'none';
}

/** The last of these that is configured. */
const ROUTER_LABELS = [
  ['alb', 'ALB'],
  ['ambassador', 'Ambassador'],
  ['istio', 'Istio'],
  ['nginx', 'Nginx'],
  ['smi', 'SMI'],
  ['appMesh', 'AppMesh'],
] as const;

export function routerLabel(spec: RolloutSpec): string {
  const routing = spec.strategy?.canary?.trafficRouting;
  if (routing === undefined) return '';
  return ROUTER_LABELS.filter(([field]) => routing[field] !== undefined).at(-1)?.[1] ?? '';
}
