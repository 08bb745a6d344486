/** When a status is worth a write: what users and programs act on at once, plain counts now and then. */

import type { RolloutCondition, RolloutStatus } from '../../api/rollout.ts';
import { deepEqual } from '../../lang/json.ts';

/** Counts alone are written no more often than this. */
export const COUNTS_INTERVAL_MS = 2_000;

const COUNTS: ReadonlySet<string> = new Set([
  'HPAReplicas',
  'availableReplicas',
  'readyReplicas',
  'replicas',
  'updatedReplicas',
]);

/** Reasons of Progressing that all mean: under way. */
const UNDER_WAY: ReadonlySet<string> = new Set([
  'FoundNewReplicaSet',
  'NewReplicaSetCreated',
  'ReplicaSetUpdated',
  'RolloutResumed',
  'RolloutRetry',
]);

export type Publication = 'none' | 'counts' | 'now';

export function publicationOf(old: RolloutStatus, next: RolloutStatus): Publication {
  if (deepEqual(old, next)) return 'none';
  const before = canonical(old);
  const after = canonical(next);
  if (deepEqual(before, after)) return 'none';
  return deepEqual(essence(before), essence(after)) ? 'counts' : 'now';
}

type Canonical = Readonly<Record<string, unknown>> & {
  readonly conditions?: readonly RolloutCondition[];
};

/** Without what is empty, 0 or false: a client that writes `abort: false` has changed nothing. */
function canonical(status: RolloutStatus): Canonical {
  return Object.fromEntries(
    Object.entries({ ...status, conditions: sorted(status.conditions) }).filter(
      ([key, value]) =>
        key === 'currentStepIndex' ||
        (value !== undefined &&
          value !== null &&
          value !== false &&
          value !== 0 &&
          value !== '' &&
          !(Array.isArray(value) && value.length === 0)),
    ),
  );
}

function essence(status: Canonical): Record<string, unknown> {
  const rest = Object.fromEntries(Object.entries(status).filter(([key]) => !COUNTS.has(key)));
  const { conditions = [] } = status;
  const progressing = status['phase'] === 'Progressing';
  // In mid-update it comes and goes with each pod that is exchanged.
  const exchanging =
    progressing && conditions.some(({ type, status }) => type === 'Completed' && status === 'False');
  return {
    ...rest,
    message: progressing ? '' : rest['message'],
    conditions: conditions
      .filter(({ type }) => !exchanging || type !== 'Available')
      .map((condition) => ({
        type: condition.type,
        status: condition.status,
        reason: UNDER_WAY.has(condition.reason) ? 'under way' : condition.reason,
        message: condition.type === 'Progressing' && UNDER_WAY.has(condition.reason) ? '' : condition.message,
        ...(condition.type === 'Progressing' && UNDER_WAY.has(condition.reason) ? { status: '' } : {}),
      })),
  };
}

const sorted = (conditions: readonly RolloutCondition[] | undefined): RolloutCondition[] =>
  [...(conditions ?? [])].sort((a, b) => (a.type < b.type ? -1 : 1));
