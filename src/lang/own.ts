/** Reading and writing own properties only, so that a key named `__proto__` in user data is just a key. Pure. */

import type { Json, JsonObject } from './json.ts';

export function getOwn(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

export function setOwn(object: JsonObject, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

/** A deep copy without undefined values. */
export function cloneJson(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => cloneJson(item ?? null));
  if (typeof value !== 'object' || value === null) return value;
  return cloneObject(value);
}

export function cloneObject(object: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value !== undefined) setOwn(copy, key, cloneJson(value));
  }
  return copy;
}
