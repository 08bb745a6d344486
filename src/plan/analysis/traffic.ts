/** Whether the version that is judged gets traffic, as the status of its Rollout tells. Pure. */

import type { Rollout } from '../../api/rollout.ts';
import { POD_TEMPLATE_HASH_LABEL, ROLLOUT_TYPE_LABEL } from './run-object.ts';
import { writtenStatus, countIn } from '../rollout/defaults.ts';

export interface Traffic {
  /** Percent; what the router was given, or the share of the pods where there is none. */
  readonly weight: number;
  /** Where the number comes from, in words. */
  readonly source: string;
}

/** Of the version that a run with these labels judges; undefined: nothing tells, as for a preview. */
export function trafficOf(
  rollout: Pick<Rollout, 'spec' | 'status'>,
  labels: Readonly<Record<string, string>> | undefined,
): Traffic | undefined {
  const status = writtenStatus(rollout);
  const hash = labels?.[POD_TEMPLATE_HASH_LABEL] ?? '';
  if (hash === '') return undefined;
  if (rollout.spec.strategy?.blueGreen !== undefined) {
    if (labels?.[ROLLOUT_TYPE_LABEL] !== 'PostPromotion') return undefined;
    const active = status.blueGreen?.activeSelector === hash;
    return { weight: active ? 100 : 0, source: 'the active Service' };
  }
  if (status.currentPodHash !== hash) return { weight: 0, source: 'another version is rolled out' };
  const canary = status.canary?.weights?.canary;
  if (rollout.spec.strategy?.canary?.trafficRouting !== undefined)
    return {
      weight: canary?.podTemplateHash === hash ? (canary.weight ?? 0) : 0,
      source: 'the router',
    };
  const all = countIn(status, 'replicas');
  const weight = all === 0 ? 0 : Math.round((100 * countIn(status, 'updatedReplicas')) / all);
  return { weight, source: 'the share of the pods' };
}
