/** Whether there is anything to carry out at all: what doesn't decode, isn't valid or isn't implemented stops here. */

import type { FieldError } from '../../api/field-error.ts';
import { formatFieldError } from '../../api/field-error.ts';
import type { Rollout, RolloutCondition, RolloutStatus } from '../../api/rollout.ts';
import { deepEqual, isObject } from '../../lang/json.ts';
import { memoizeFrozen } from '../../lang/memo.ts';
import type { WantedCondition } from './conditions.ts';
import { removeCondition, setCondition } from './conditions.ts';
import type { Draft } from './intents.ts';
import { notImplemented } from './not-implemented.ts';
import { rolloutPhase } from './phase.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { type ReferencedObjects, validateReferences } from './validate-references.ts';
import { validateRollout } from './validate.ts';
import { generationOf } from './defaults.ts';

export interface Refusal {
  readonly condition: WantedCondition;
  /** Another object may mend it, so look again without an edit. */
  readonly retry: boolean;
}

const MAX_MESSAGE = 1024;

export function refusalOf(snapshot: RolloutSnapshot): Refusal | undefined {
  const { rollout, stored } = snapshot;
  const invalid = (text: string, retry: boolean): Refusal => ({
    condition: {
      type: 'InvalidSpec',
      status: 'True',
      reason: 'InvalidSpec',
      message: `The Rollout "${stored.metadata.name}" is invalid: ${text}`.slice(0, MAX_MESSAGE),
    },
    retry,
  });
  if (rollout === undefined) {
    const issue = snapshot.issues[0];
    if (issue === undefined) return invalid('the object cannot be read', false);
    const path = issue.path === '' ? '' : `${issue.path}: `;
    return invalid(`${path}${issue.message}`, false);
  }
  if (snapshot.workload !== undefined && 'error' in snapshot.workload)
    return invalid(snapshot.workload.error, true);
  const own = ownFault(rollout.spec);
  if (own !== undefined) return invalid(formatFieldError(own), false);
  const missing = notImplemented(rollout, new Set(['nginx', ...snapshot.routes.map(({ router }) => router)]));
  if (missing.length > 0) {
    const fields = missing.map(({ field, reason }) => `${field} (${reason})`).join(', ');
    return {
      condition: {
        type: 'NotImplemented',
        status: 'True',
        reason: 'NotImplemented',
        message: `Sluice does not act on these fields yet, so no release is started: ${fields}`.slice(
          0,
          MAX_MESSAGE,
        ),
      },
      retry: false,
    };
  }
  const foreign = foreignFault(rollout, snapshot.references);
  return foreign === undefined ? undefined : invalid(formatFieldError(foreign), true);
}

/** A spec is judged once, however many versions of the object share it. */
const ownFault = memoizeFrozen(
  (spec: Rollout['spec']): FieldError | undefined => validateRollout({ spec })[0],
);

/** The last verdict on objects that were found: in one pass they are judged more than once. */
const verdicts = new WeakMap<
  ReferencedObjects,
  { readonly rollout: Rollout; readonly fault: FieldError | undefined }
>();

function foreignFault(rollout: Rollout, references: ReferencedObjects): FieldError | undefined {
  const known = verdicts.get(references);
  if (known?.rollout === rollout) return known.fault;
  const fault = validateReferences(rollout, references)[0];
  if (Object.isFrozen(rollout) && Object.isFrozen(references)) verdicts.set(references, { rollout, fault });
  return fault;
}

const RETRY_MS = 20_000;

/**
 * The status of a refused Rollout: everything as it was, or as a verdict has decided it, but for the condition and what
 * follows from it.
 */
export function refusedStatus(
  snapshot: RolloutSnapshot,
  refusal: Refusal,
  draft: Draft,
  verdict?: RolloutStatus,
): RolloutStatus | undefined {
  const { stored, now } = snapshot;
  const { condition } = refusal;
  const old = (isObject(stored.status) ? stored.status : {}) as RolloutStatus;
  const generation = String(generationOf(stored));
  draft.note(`validation.${condition.type}`, condition.message);
  if (refusal.retry) draft.lookAgainAt(now + RETRY_MS);
  const other = condition.type === 'InvalidSpec' ? 'NotImplemented' : 'InvalidSpec';
  const present = readConditions(old).find((item) => item.type === condition.type);
  const same = present?.message === condition.message && present.status === condition.status;
  const list = removeCondition(readConditions(verdict ?? old), other);
  // A new text is a new condition, with fresh times.
  const kept = same ? list : removeCondition(list, condition.type);
  const missing = same && !kept.some(({ type }) => type === condition.type);
  const conditions = missing ? [...kept, present] : [...setCondition(kept, condition, now)];
  if (!same && condition.type === 'NotImplemented')
    draft.event('Warning', 'NotImplemented', condition.message);
  const phase = rolloutPhase(snapshot.rollout?.spec ?? {}, {
    conditions: conditions.filter(({ type }) => type === condition.type),
  });
  const next: RolloutStatus = { ...(verdict ?? old), ...phase, observedGeneration: generation, conditions };
  return deepEqual(next, old) ? undefined : next;
}

/** Conditions of a status that perhaps doesn't decode. */
function readConditions(status: RolloutStatus): readonly RolloutCondition[] {
  const list: unknown = status.conditions;
  return Array.isArray(list)
    ? list.filter((item): item is RolloutCondition => isObject(item) && typeof item['type'] === 'string')
    : [];
}
