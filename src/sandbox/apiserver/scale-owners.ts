/**
 * Who owns the replicas after a write through the `scale` subresource. The real server maps the owners of the
 * parent's field to a Scale of their own, tracks the write there and maps them back; this is what comes out.
 */

import type { ManagedFieldsEntry } from '../../kube/api.ts';
import { decodeManagers, encodeManagers, type Managed } from './managed-fields.ts';
import { differenceSets, intersectSets, isEmptySet, setOf } from './field-set.ts';

/** `path`: of the replicas, dotted. `before` and `after`: the numbers. */
export function trackScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: string,
  before: number,
  after: number,
  writer: { manager: string; apiVersion: string },
): ManagedFieldsEntry[] | undefined {
  const replicas = setOf(path);
  const changed = before !== after;
  const owns = (entry: Managed): boolean => !isEmptySet(intersectSets(entry.set, replicas));
  const managers = [...decodeManagers(entries).values()];
  const owners = managers.filter(owns);
  const left = managers
    // An applier is known again on the way back, an updater is not: its name holds the version of the Scale.
    .map((entry) =>
      owns(entry) && (changed || entry.operation === 'Update')
        ? { ...entry, set: differenceSets(entry.set, replicas) }
        : entry,
    )
    .filter((entry) => !isEmptySet(entry.set));
  // Where nobody owned the number, the Scale has no owners at all and is not tracked.
  if (owners.length === 0) return encodeManagers(left);
  // A Scale leaves a zero out, so that there is nothing to own.
  const taken = after === 0 ? [] : [{ ...writer, operation: 'Update' as const, subresource: 'scale' }];
  const back = changed ? taken : owners.filter((entry) => entry.operation === 'Update');
  return encodeManagers([...back.map((entry) => ({ ...entry, time: undefined, set: replicas })), ...left]);
}
