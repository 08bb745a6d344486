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
  let counts = false;
  for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
    if (key === 'conditions' || deepEqual(meaningful(key, old[key]), meaningful(key, next[key]))) continue;
    const progressing = old.phase === 'Progressing' && next.phase === 'Progressing';
    if (COUNTS.has(key) || (key === 'message' && progressing)) counts = true;
    else return 'now';
  }
  if (!deepEqual(old.conditions, next.conditions)) {
    const [before, after] = [sorted(old.conditions), sorted(next.conditions)];
    if (!deepEqual(before, after)) {
      if (!deepEqual(essence(old, before), essence(next, after))) return 'now';
      counts = true;
    }
  }
  return counts ? 'counts' : 'none';
}

/** What is empty, 0 or false counts as absent: a client that writes `abort: false` has changed nothing. */
const meaningful = (key: string, value: unknown): unknown =>
  key !== 'currentStepIndex' &&
  (value === null ||
    value === false ||
    value === 0 ||
    value === '' ||
    (Array.isArray(value) && value.length === 0))
    ? undefined
    : value;

/** Of conditions what is news. */
function essence({ phase }: RolloutStatus, conditions: readonly RolloutCondition[]): object[] {
  // In mid-update it comes and goes with each pod that is exchanged.
  const exchanging =
    phase === 'Progressing' &&
    conditions.some(({ type, status }) => type === 'Completed' && status === 'False');
  return conditions
    .filter(({ type }) => !exchanging || type !== 'Available')
    .map(({ type, status, reason, message }) =>
      UNDER_WAY.has(reason)
        ? {
            type,
            status,
            reason: 'under way',
            message,
            ...(type === 'Progressing' ? { status: '', message: '' } : {}),
          }
        : { type, status, reason, message },
    );
}

const sorted = (conditions: readonly RolloutCondition[] | undefined): RolloutCondition[] =>
  [...(conditions ?? [])].sort((a, b) => (a.type < b.type ? -1 : 1));
