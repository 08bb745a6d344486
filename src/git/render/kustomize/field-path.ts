/**
 * Paths of transformers, such as `spec/template/spec/containers[]/image`: lists are walked element by element,
 * and a missing map is made only where the path says so.
 */

import type { Json, JsonObject } from '../../../lang/json.ts';
import { gvkOf, selectedBy, type Gvk } from './resource.ts';

export interface FieldSpec extends Partial<Gvk> {
  readonly path: string;
  readonly create?: boolean | undefined;
}

type FieldSetter = (value: Json | undefined) => Json | undefined;

/** `a/b\/c` has two parts. */
function splitPath(path: string): string[] {
  return path
    .replaceAll(String.raw`\/`, '\u0000')
    .split('/')
    .map((part) => part.replaceAll('\u0000', '/'))
    .filter((part) => part !== '');
}

/** Calls `set` on the value at the path, if the kind fits; with `create`, also where there is none yet. */
export function visitField(
  object: JsonObject,
  spec: FieldSpec,
  set: FieldSetter,
  gvk: Gvk = gvkOf(object),
): void {
  if (selectedBy(gvk, spec)) walk(object, splitPath(spec.path), spec.create === true, set);
}

function walk(value: Json | undefined, path: readonly string[], create: boolean, set: FieldSetter): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      if (path.length === 0) {
        const next = set(item);
        if (next !== undefined) value[index] = next;
      } else {
        walk(item, path, create, set);
      }
    }
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const [first, ...rest] = path;
  if (first === undefined) return;
  const isList = first.endsWith('[]');
  const name = isList ? first.slice(0, -2) : first;
  const present = value[name] !== undefined && value[name] !== null;
  if (!present && (!create || isList)) return;
  if (rest.length === 0) {
    const current = value[name];
    if (Array.isArray(current) && isList) {
      walk(current, [], create, set);
      return;
    }
    const next = set(current ?? undefined);
    if (next === undefined) delete value[name];
    else value[name] = next;
    return;
  }
  if (!present) value[name] = {};
  walk(value[name], rest, create, set);
}
