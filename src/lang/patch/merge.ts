/** JSON merge patch (RFC 7386): `null` removes a key, objects merge, everything else replaces. Pure; inputs stay untouched. */

import { deepEqual, isObject, type Json, type JsonObject } from '../json.ts';
import { cloneJson, getOwn, setOwn } from '../own.ts';

/** The result may share unchanged parts with `target`, never with a part that it changes. */
export function applyMergePatch(target: Json, patch: Json): Json {
  if (!isObject(patch)) return Array.isArray(patch) ? cloneJson(patch) : patch;
  const result: JsonObject = {};
  if (isObject(target)) {
    for (const key of Object.keys(target)) {
      const value = target[key];
      if (value !== undefined) setOwn(result, key, value);
    }
  }
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === undefined) continue;
    if (value === null) delete result[key];
    else setOwn(result, key, applyMergePatch(getOwn(result, key) ?? null, value));
  }
  return result;
}

/**
 * The smallest merge patch that turns `from` into `to`; undefined where nothing is to do. A key whose
 * value is undefined counts as absent. A merge patch can't store a null in an object: a null in `to`
 * removes the key. Lists are replaced whole.
 */
export function createMergePatch(from: JsonObject, to: JsonObject): JsonObject | undefined {
  let patch: JsonObject | undefined;
  const change = (key: string, value: Json): void => {
    patch ??= {};
    setOwn(patch, key, value);
  };
  for (const key of Object.keys(to)) {
    const wanted = to[key];
    if (wanted === undefined) continue;
    const present = getOwn(from, key);
    if (wanted === null) {
      if (present !== undefined && present !== null) change(key, null);
    } else if (present === undefined || present === null) {
      change(key, cloneJson(wanted));
    } else if (isObject(wanted) && isObject(present)) {
      const nested = createMergePatch(present, wanted);
      if (nested !== undefined) change(key, nested);
    } else if (!deepEqual(present, wanted)) {
      change(key, cloneJson(wanted));
    }
  }
  for (const key of Object.keys(from)) {
    if (from[key] !== undefined && getOwn(to, key) === undefined) change(key, null);
  }
  return patch;
}
