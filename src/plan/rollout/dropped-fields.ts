/**
 * Fields that a user wrote and the API server dropped, because the installed CRD (that of Argo Rollouts) doesn't know
 * them. The object itself doesn't show that: what was dropped is nowhere in it, nor in managedFields. What shows it is
 * the annotation in which client-side apply keeps the whole manifest. Server-side apply is refused by the server; who sends
 * such a field in another way without strict validation can only be told by the log at start. Pure.
 */

import type { RolloutStatus } from '../../api/rollout.ts';
import { deepEqual, isObject, type Json } from '../../lang/json.ts';
import { conditionOf, removeCondition, setCondition } from './conditions.ts';
import type { RolloutEvent } from './intents.ts';
import { conditionsOf } from './defaults.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const MAX_MESSAGE = 1024;
/** An annotation can't be longer. */
const MAX_TEXT = 262_144;

/** Of `paths` (`spec.a.b[].c`, `*` for any key), those that the user's manifest has and the object lacks. */
export function droppedFields(
  object: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } },
  paths: readonly string[],
): string[] {
  const text = object.metadata.annotations?.[LAST_APPLIED];
  if (paths.length === 0 || text === undefined || text.length > MAX_TEXT) return [];
  const wanted = parsed(text);
  if (!isObject(wanted)) return [];
  return paths.filter((path) => has(wanted, keysOf(path)) && !has(object as unknown as Json, keysOf(path)));
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

const keysOf = (path: string): string[] =>
  path
    .replaceAll('[]', '.[]')
    .split('.')
    .filter((key) => key !== '');

function has(value: Json | undefined, keys: readonly string[]): boolean {
  const [key, ...rest] = keys;
  if (key === undefined) return value !== undefined && value !== null;
  if (key === '[]') return Array.isArray(value) && value.some((item) => has(item, rest));
  if (!isObject(value)) return false;
  if (key === '*') return Object.values(value).some((item) => has(item, rest));
  return Object.hasOwn(value, key) && has(value[key], rest);
}

/**
 * The decided status (undefined: nothing was decided) with the condition `FieldsDropped` as it should be, and the Event
 * where that is news. The condition is how a restart knows that it was told.
 */
export function withDroppedFields(
  decided: RolloutStatus | undefined,
  stored: RolloutStatus,
  dropped: readonly string[],
  now: number,
): { readonly status: RolloutStatus | undefined; readonly event?: RolloutEvent } {
  const base = decided ?? stored;
  const present = Array.isArray(base.conditions) ? conditionOf(base, 'FieldsDropped') : undefined;
  if (dropped.length === 0 && present === undefined) return { status: decided };
  // Before the first look at the object there is no status to add to.
  if (decided === undefined && stored.observedGeneration === undefined) return { status: decided };
  const list = conditionsOf(base);
  if (dropped.length === 0)
    return { status: { ...base, conditions: [...removeCondition(list, 'FieldsDropped')] } };
  const message =
    `The installed CRD does not know these fields, and the API server dropped them: ${dropped.join(', ')}. Apply deploy/crds`.slice(
      0,
      MAX_MESSAGE,
    );
  if (present?.message === message) return { status: decided };
  const wanted = { type: 'FieldsDropped', status: 'True', reason: 'FieldsDropped', message } as const;
  const conditions = [...setCondition(removeCondition(list, 'FieldsDropped'), wanted, now)];
  if (deepEqual(conditions, list)) return { status: decided };
  return {
    status: { ...base, conditions },
    event: { type: 'Warning', reason: 'FieldsDropped', message, when: 'after' },
  };
}
