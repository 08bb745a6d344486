/** Conditions of a Rollout: setting one, and finding one (spec 01 section 6). */

import type { RolloutCondition, RolloutStatus } from '../../api/rollout.ts';
import { formatTime } from '../../lang/time.ts';

export type ConditionType =
  | 'InvalidSpec'
  | 'NotImplemented'
  | 'FieldsDropped'
  | 'Available'
  | 'Progressing'
  | 'ReplicaFailure'
  | 'AnalysisRunFailure'
  | 'Paused'
  | 'Completed'
  | 'Healthy';

export interface WantedCondition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export const conditionOf = (status: RolloutStatus, type: ConditionType): RolloutCondition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

/** Nothing has gone on for progressDeadlineSeconds, as the status says. */
export const isLate = (status: RolloutStatus): boolean =>
  conditionOf(status, 'Progressing')?.reason === 'ProgressDeadlineExceeded';

/** What says that the spec is not carried out. */
export const refusalIn = (status: RolloutStatus): RolloutCondition | undefined =>
  conditionOf(status, 'InvalidSpec') ?? conditionOf(status, 'NotImplemented');

/** '' where there is no such condition, too. */
export const messageOf = (status: RolloutStatus, type: ConditionType): string =>
  conditionOf(status, type)?.message ?? '';

/**
 * Nothing changes where status and reason are the same (a new message alone is not news), unless `refresh`. A
 * changed condition moves to the end. `lastTransitionTime` changes with the status only.
 */
export function setCondition(
  list: readonly RolloutCondition[],
  wanted: WantedCondition,
  now: number,
  refresh = false,
): readonly RolloutCondition[] {
  const present = list.find((condition) => condition.type === wanted.type);
  if (!refresh && present?.status === wanted.status && present.reason === wanted.reason) return list;
  const time = formatTime(now);
  return [
    ...list.filter((condition) => condition.type !== wanted.type),
    {
      ...wanted,
      lastUpdateTime: time,
      lastTransitionTime: present?.status === wanted.status ? (present.lastTransitionTime ?? time) : time,
    },
  ];
}

export const removeCondition = (
  list: readonly RolloutCondition[],
  type: ConditionType,
): readonly RolloutCondition[] =>
  list.some((condition) => condition.type === type)
    ? list.filter((condition) => condition.type !== type)
    : list;
