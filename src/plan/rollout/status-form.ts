/**
 * The two forms in which a Rollout's status is stored (`--observed-generation`). Everything is decided on the first.
 *
 *   string  `observedGeneration` is text, as Argo Rollouts and its typed clients have it
 *   int     it is a number, with the conditions Ready, Reconciling and Stalled: what kstatus reads (Flux, Helm 4)
 */

import type { RolloutCondition, RolloutStatus } from '../../api/rollout.ts';
import { deepEqual, isObject } from '../../lang/json.ts';
import { formatTime } from '../../lang/time.ts';

export type StatusForm = 'string' | 'int';

const KSTATUS: ReadonlySet<string> = new Set(['Ready', 'Reconciling', 'Stalled']);
const MAX_MESSAGE = 1024;

/** A status that another CRD let through may hold anything there. */
const listOf = ({ conditions }: RolloutStatus): readonly RolloutCondition[] =>
  Array.isArray(conditions) ? (conditions as readonly RolloutCondition[]) : [];
const isKstatus = (condition: unknown): boolean =>
  isObject(condition) && KSTATUS.has(String(condition['type']));

/** The status in the form on which decisions are made; the same object where it is so already. */
export function decidedForm(status: RolloutStatus): RolloutStatus {
  const { observedGeneration } = status;
  const isNumber = typeof observedGeneration === 'number';
  const list = listOf(status);
  const hasKstatus = list.some(isKstatus);
  if (!isNumber && !hasKstatus) return status;
  return {
    ...status,
    ...(isNumber ? { observedGeneration: String(observedGeneration) } : {}),
    ...(hasKstatus ? { conditions: list.filter((condition) => !isKstatus(condition)) } : {}),
  };
}

/**
 * What to store of `wanted` (the decided form; undefined: nothing was decided) where `stored` is there now.
 * Undefined: nothing is to be written. A change of the flag alone rewrites a status once.
 */
export function storedForm(
  form: StatusForm,
  wanted: RolloutStatus | undefined,
  stored: RolloutStatus,
  now: number,
): RolloutStatus | undefined {
  const decided = wanted ?? decidedForm(stored);
  if (
    wanted === undefined &&
    (decided.observedGeneration === undefined || (form === 'string' && decided === stored))
  )
    return undefined;
  const next = form === 'int' ? withKstatus(decided, stored, now) : decided;
  return deepEqual(next, stored) ? undefined : next;
}

function withKstatus(status: RolloutStatus, stored: RolloutStatus, now: number): RolloutStatus {
  const generation = Number(status.observedGeneration);
  const { phase = 'Progressing' } = status;
  const set = (type: string, holds: boolean): RolloutCondition => {
    const value = holds ? 'True' : 'False';
    const reason = `Rollout${phase}`;
    const message = (status.message ?? '').slice(0, MAX_MESSAGE);
    const before = listOf(stored).find((condition) => isObject(condition) && condition.type === type);
    if (before?.status === value && before.reason === reason && (before.message ?? '') === message)
      return before;
    const time = formatTime(now);
    const since = before?.status === value ? (before.lastTransitionTime ?? time) : time;
    return { type, status: value, reason, message, lastUpdateTime: time, lastTransitionTime: since };
  };
  return {
    ...status,
    ...(Number.isSafeInteger(generation) ? { observedGeneration: generation } : {}),
    conditions: [
      ...listOf(status),
      set('Ready', phase === 'Healthy'),
      // A pause is waited for, as kstatus waits for a paused Deployment.
      set('Reconciling', phase === 'Progressing' || phase === 'Paused'),
      set('Stalled', phase === 'Degraded'),
    ],
  };
}
