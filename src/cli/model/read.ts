/** Reading raw objects field by field: what is missing or of another type reads as empty. Pure. */

import type { KubeObject } from '../../kube/api.ts';
import { isObject } from '../../lang/json.ts';
import { parseTime } from '../../lang/time.ts';

type Key = string | number;

export function at(value: unknown, ...path: readonly Key[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof key === 'number') found = Array.isArray(found) ? found[key] : undefined;
    else found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  }
  return found;
}

export function textAt(value: unknown, ...path: readonly Key[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function numberAt(value: unknown, ...path: readonly Key[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

export const countAt = (value: unknown, ...path: readonly Key[]): number => numberAt(value, ...path) ?? 0;

export function listAt(value: unknown, ...path: readonly Key[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The texts of a map of texts. */
export function textsAt(value: unknown, ...path: readonly Key[]): Record<string, string> {
  const found = at(value, ...path);
  if (!isObject(found)) return {};
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export const REVISION = 'rollout.argoproj.io/revision';
export const HASH_LABEL = 'rollouts-pod-template-hash';

/** 0 where there is none. */
export function revisionOf(object: KubeObject): number {
  const text = textAt(object, 'metadata', 'annotations', REVISION);
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

export const createdAt = (object: KubeObject): string => textAt(object, 'metadata', 'creationTimestamp');

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
export const byName = (a: { name: string }, b: { name: string }): number => compareText(a.name, b.name);

/** Newest revision first; then the older object first, or by name where the second does not tell. */
export function byRevisionThenAge(
  a: { revision: number; createdAt: string; name: string },
  b: { revision: number; createdAt: string; name: string },
): number {
  const age = (parseTime(a.createdAt) ?? 0) - (parseTime(b.createdAt) ?? 0);
  return b.revision - a.revision || age || byName(a, b);
}

/** Objects by the uids of their owners. */
export function byOwner(objects: readonly KubeObject[]): ReadonlyMap<string, readonly KubeObject[]> {
  const found = new Map<string, KubeObject[]>();
  for (const object of objects) {
    for (const owner of listAt(object, 'metadata', 'ownerReferences')) {
      const uid = textAt(owner, 'uid');
      if (uid === '') continue;
      const owned = found.get(uid);
      if (owned === undefined) found.set(uid, [object]);
      else if (owned.at(-1) !== object) owned.push(object);
    }
  }
  return found;
}

/** The objects that `owner` owns. */
export const ownedBy = (
  owner: KubeObject,
  owned: ReadonlyMap<string, readonly KubeObject[]>,
): readonly KubeObject[] => owned.get(owner.metadata.uid ?? '') ?? [];
