/**
 * What an old CRD let into a template and no typed client can read (spec 08 section 3): it is taken out of the stored
 * object, and the rest is deployed. The reference drops it by writing the whole object anew; here it is one patch that
 * names nothing else.
 */

import { formatPath, withoutFields } from '../../api/decode.ts';
import type { Rollout } from '../../api/rollout.ts';
import { deepFreeze, isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { memoizeFrozen } from '../../lang/memo.ts';
import { unreadableQuantities, type FieldPath } from '../../lang/unreadable-quantities.ts';
import type { Draft } from './intents.ts';
import type { StoredRollout } from './snapshot.ts';

export interface UnreadablePart {
  /** Below the Rollout: `['spec', 'template', 'spec', ...]`. */
  readonly path: FieldPath;
  readonly why: string;
}

const IN_TEMPLATE = ['spec', 'template'] as const;
const EPHEMERAL = ['spec', 'ephemeralContainers'] as const;
const MAX_SHOWN = 40;

const inTemplate = memoizeFrozen((template: JsonObject): readonly UnreadablePart[] => {
  const parts: UnreadablePart[] = unreadableQuantities(template).map((path) => ({
    path: [...IN_TEMPLATE, ...path],
    why: `${(JSON.stringify(valueAt(template, path)) ?? '').slice(0, MAX_SHOWN)} is not a quantity such as 500m, 2 or 1Gi`,
  }));
  const ephemeral = valueAt(template, EPHEMERAL);
  const isEmpty = ephemeral === undefined || ephemeral === null || deepEmpty(ephemeral);
  if (!isEmpty)
    parts.push({
      path: [...IN_TEMPLATE, ...EPHEMERAL],
      why: 'the pods of a template have no ephemeral containers',
    });
  return parts;
});

const deepEmpty = (value: Json): boolean => Array.isArray(value) && value.length === 0;

function valueAt(value: Json | undefined, path: FieldPath): Json | undefined {
  let at: Json | undefined = value;
  for (const key of path) {
    if (Array.isArray(at) && typeof key === 'number') at = at[key];
    else if (isObject(at) && Object.hasOwn(at, key)) at = at[key];
    else return undefined;
  }
  return at;
}

/** Of a Rollout as it is stored; none where the template comes from elsewhere. */
export function unreadableParts({ spec }: Pick<StoredRollout, 'spec'>): readonly UnreadablePart[] {
  const template = spec?.['template'];
  return isObject(template) ? inTemplate(template) : [];
}

/** The same Rollout without them; the same object where there are none. */
export function withoutUnreadable(rollout: Rollout): Rollout {
  const { template } = rollout.spec;
  const parts = template === undefined ? [] : inTemplate(template);
  return parts.length === 0 ? rollout : Object.freeze({ ...rollout, spec: readableSpec(rollout.spec) });
}

const readableSpec = memoizeFrozen((spec: Rollout['spec']): Rollout['spec'] => {
  const paths = inTemplate(spec.template ?? {}).map(({ path }) => path.slice(1));
  return deepFreeze(withoutFields(spec, paths) as Rollout['spec']);
});

const KEY = 'rollout/unreadable';
/** Of an Event's message, which the API server limits to 1 KiB. */
const MAX_PARTS = 5;

/** Adds the patch. False: there is nothing to mend, or it was tried in vain, and the plan goes on without. */
export function planMending(
  stored: StoredRollout,
  isFailed: (key: string) => boolean,
  draft: Draft,
): boolean {
  const parts = unreadableParts(stored);
  if (parts.length === 0) return false;
  const shown = parts.slice(0, MAX_PARTS).map(({ path, why }) => `${formatPath(path)}: ${why}`);
  const more = parts.length > MAX_PARTS ? `; and ${parts.length - MAX_PARTS} more` : '';
  const text = `${shown.join('; ')}${more}`;
  draft.note('rollout.unreadable', text);
  if (isFailed(KEY)) return false;
  draft.intend({
    kind: 'removeRolloutFields',
    key: KEY,
    wave: 'objects',
    paths: parts.map(({ path }) => path),
  });
  draft.event(
    'Warning',
    'UnreadableField',
    `Taken out of the Rollout, since no client could read it with them: ${text}. The rest is deployed; correct the manifest`,
    { of: KEY },
  );
  return true;
}
