/** JSON values as Go's fmt prints them: error texts of the Kubernetes API show some. Pure. */

import { quoteGo } from './go-format.ts';
import { isObject, type Json } from './json.ts';

/** `%v`: `map[spec:map[a:1]]`, `[a b]`, `x`. */
export function goText(value: Json | undefined): string {
  if (value === undefined || value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isObject(value)) {
    const keys = Object.keys(value).sort();
    return `map[${keys.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
  }
  return String(value);
}

/** `%#v`: `map[string]interface {}{"a":[]interface {}{1, "x"}}`. */
export function goSyntax(value: Json | undefined): string {
  if (value === undefined || value === null) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (isObject(value)) {
    const keys = Object.keys(value).sort();
    return `map[string]interface {}{${keys.map((key) => `${quoteGo(key)}:${goSyntax(value[key])}`).join(', ')}}`;
  }
  return typeof value === 'string' ? quoteGo(value) : String(value);
}

/** Go's name of a decoded JSON value's type (`%T`). */
export function goTypeOf(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

/** The same value with the keys of every object in order, as Go marshals maps. */
export function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .flatMap((key) => {
        const inner = value[key];
        return inner === undefined ? [] : [[key, sortKeys(inner)]];
      }),
  );
}
