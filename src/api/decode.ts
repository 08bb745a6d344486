/** Reading objects of our kinds: raw JSON in, a typed value or a list of what is wrong out. Never throws. Pure. */

import type { z } from 'zod';
import { deepFreeze, isObject } from '../lang/json.ts';
import { memoizeFrozen } from '../lang/memo.ts';

export interface DecodeIssue {
  /** Where, as Kubernetes writes it: `spec.strategy.canary.steps[2].setWeight`. Empty: the object itself. */
  path: string;
  /** What was expected and what was found. */
  message: string;
}

export type Decoded<T> = { ok: true; value: T } | { ok: false; issues: DecodeIssue[] };

/** More would only be noise in a condition or a log line. */
const MAX_ISSUES = 20;

/**
 * Decodes `object` by `schema`. Unknown fields survive. A null where a value was expected counts as an absent
 * field, as it does for Go's decoder.
 */
export function decode<S extends z.ZodType>(schema: S, object: unknown): Decoded<z.infer<S>> {
  const first = schema.safeParse(object);
  if (first.success) return { ok: true, value: first.data };
  const nulls = first.error.issues
    .map((issue) => issue.path)
    .filter((path) => valueAt(object, path) === null);
  const second = nulls.length > 0 ? schema.safeParse(withoutFields(object, nulls)) : first;
  if (second.success) return { ok: true, value: second.data };
  return { ok: false, issues: second.error.issues.slice(0, MAX_ISSUES).map(toIssue) };
}

/** `decode` of objects that no longer change, each once: what comes of it is frozen, too, and shared. */
export const decoderOf = <S extends z.ZodType>(schema: S): ((object: object) => Decoded<z.infer<S>>) =>
  memoizeFrozen((object: object) => deepFreeze(decode(schema, object)));

/** Each takes away what is wrong, and the next one what that was a needed part of: no object goes deeper. */
const MAX_ROUNDS = 20;

/**
 * What is left of an object without the fields that can't be read, nor those that lack a part. What is no object in a
 * list of them becomes an empty one: the others keep their places. Undefined where that is not enough.
 */
export function decodeRest<S extends z.ZodType>(schema: S, object: unknown): z.infer<S> | undefined {
  const rest = structuredClone(object);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { data, error } = schema.safeParse(rest);
    if (error === undefined) return data;
    const wrong = error.issues.map(({ path }) => placeOf(rest, path));
    for (const place of wrong) {
      if (place === undefined) return undefined;
      const { holder, key } = place;
      if (Array.isArray(holder)) holder[key as number] = {};
      else delete holder[key];
    }
  }
  return undefined;
}

type Holder = Record<PropertyKey, unknown>;

/** The last on a path that is there and can go. */
function placeOf(
  value: unknown,
  path: readonly PropertyKey[],
): { holder: Holder; key: PropertyKey } | undefined {
  let place: { holder: Holder; key: PropertyKey } | undefined;
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) break;
    const holder = at as Holder;
    at = holder[key];
    if (!Array.isArray(holder) || !isObject(at)) place = { holder, key };
  }
  return place;
}

/** All issues in one line, for a condition, an event or a log line. */
export function formatIssues(issues: readonly DecodeIssue[]): string {
  return issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}

function toIssue(issue: z.core.$ZodIssue): DecodeIssue {
  return { path: formatPath(issue.path), message: issue.message };
}

/** `['spec', 'steps', 0, 'a/b']` becomes `spec.steps[0][a/b]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(String(key)))
      text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${String(key)}]`;
  }
  return text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** A copy of `value` without the object fields at `paths`; items of lists stay, so nulls in them stay wrong. */
export function withoutFields(value: unknown, paths: readonly (readonly PropertyKey[])[]): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => withoutFields(item, below(paths, index)));
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !paths.some((path) => path.length === 1 && path[0] === key))
      .map(([key, item]) => [key, withoutFields(item, below(paths, key))]),
  );
}

function below(
  paths: readonly (readonly PropertyKey[])[],
  key: PropertyKey,
): readonly (readonly PropertyKey[])[] {
  return paths.filter((path) => path.length > 1 && path[0] === key).map((path) => path.slice(1));
}
