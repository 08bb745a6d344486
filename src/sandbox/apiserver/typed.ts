/**
 * The merge of server-side apply: values walked together with their schema. Granular maps and lists with merge
 * keys are compared and merged part by part; everything else is one value. The rules are those of
 * sigs.k8s.io/structured-merge-diff, version 6.
 */

import { goSyntax, goText, goTypeOf } from '../../lang/go-value.ts';
import { deepEqual, isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { childSet, FieldSetBuilder, hasMember, isEmptySet, type FieldSet } from './field-set.ts';
import { fieldOf, type Schema } from './schema.ts';

/** A value that does not fit the schema of server-side apply; the text is the server's. */
export class TypedError extends Error {
  override readonly name = 'TypedError';
}

type Form = 'map' | 'list' | 'leaf';

/** How a value of this schema is walked: `undefined` (absent) and null take the form of the other side. */
function formOf(schema: Schema, value: Json | undefined): Form {
  if (schema.atomic === true) return 'leaf';
  switch (schema.shape) {
    case 'struct':
    case 'map':
      return value === undefined || value === null || isObject(value) ? 'map' : 'leaf';
    case 'list':
      if (schema.list === 'atomic') return 'leaf';
      return value === undefined || value === null || Array.isArray(value) ? 'list' : 'leaf';
    case 'free':
      return isObject(value) ? 'map' : 'leaf';
    default:
      return 'leaf';
  }
}

const isDeclared = (schema: Schema, name: string): boolean => schema.fields?.has(name) === true;

const childSchema = (schema: Schema, name: string): Schema => fieldOf(schema, name) ?? UNDECLARED;
const UNDECLARED: Schema = { shape: 'free', preserve: true };

/** The path element of a list item, or a text that says why it has none. */
export function elementOf(schema: Schema, item: Json): { element: string } | { problem: string } {
  if (schema.list === 'set') {
    if (isObject(item)) return { problem: "associative list without keys has an element that's a map type" };
    if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' };
    if (item === null) {
      return { problem: "associative list without keys has an element that's an explicit null" };
    }
    return { element: `v:${JSON.stringify(item)}` };
  }
  if (item === null) return { problem: 'associative list with keys may not have a null element' };
  if (!isObject(item)) return { problem: 'associative list with keys may not have non-map elements' };
  const keys = schema.keys ?? [];
  const found: [string, Json][] = [];
  for (const key of keys) {
    const value = item[key] ?? schema.items?.fields?.get(key)?.default;
    if (value !== undefined) found.push([key, value]);
  }
  if (found.length === 0) {
    const names = keys.map((key) => JSON.stringify(key)).join(' ');
    return {
      problem: `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    };
  }
  if (found.length > 1) found.sort(([a], [b]) => (a < b ? -1 : 1));
  return { element: `k:${JSON.stringify(Object.fromEntries(found))}` };
}

const keyOfItem = (schema: Schema, item: Json): string | undefined => {
  const result = elementOf(schema, item);
  return 'element' in result ? result.element : undefined;
};

/** Refuses what the schema doesn't know, as the server refuses an applied configuration. */
export function checkTyped(schema: Schema, value: Json): void {
  const errors: string[] = [];
  const visit = (at: Schema, item: Json | undefined, path: string): void => {
    if (item === undefined || item === null) return;
    const wrong = (expected: string): void => {
      errors.push(`${path}: expected ${expected}, got ${shown(expected, item)}`);
    };
    switch (at.shape) {
      case 'struct':
      case 'map':
        if (!isObject(item)) return wrong('map');
        for (const [name, child] of Object.entries(item)) {
          const field = fieldOf(at, name);
          if (field === undefined) errors.push(`${path}.${name}: field not declared in schema`);
          else visit(field, child, `${path}.${name}`);
        }
        return;
      case 'list': {
        if (!Array.isArray(item)) return wrong('list');
        const seen = new Set<string>();
        item.forEach((child, index) => {
          let here = `${path}[${index}]`;
          if (at.list !== 'atomic') {
            const result = elementOf(at, child);
            if ('problem' in result) {
              errors.push(`${path}: element ${index}: ${result.problem}`);
              return;
            }
            const shown = formatElement(result.element);
            if (seen.has(result.element)) errors.push(`${path}: duplicate entries for key ${shown}`);
            seen.add(result.element);
            here = `${path}${shown}`;
          }
          if (at.items !== undefined) visit(at.items, child, here);
        });
        return;
      }
      case 'scalar':
        if (isObject(item) || Array.isArray(item)) wrong(scalarName(at));
        else if (at.scalar === 'string' && typeof item !== 'string') wrong('string');
        else if (at.scalar === 'boolean' && typeof item !== 'boolean') wrong('boolean');
        else if ((at.scalar === 'integer' || at.scalar === 'number') && typeof item !== 'number')
          wrong('numeric (int or float)');
        return;
      default:
    }
  };
  visit(schema, value, '');
  if (errors.length > 0) {
    throw new TypedError(
      errors.length === 1 ? errors[0] : `errors:\n${errors.map((line) => `  ${line}`).join('\n')}`,
    );
  }
}

const scalarName = (schema: Schema): string =>
  schema.scalar === 'integer' || schema.scalar === 'number'
    ? 'numeric (int or float)'
    : (schema.scalar ?? 'scalar');

/** The library prints the wrong value in another way for each type that it expected. */
function shown(expected: string, value: Json): string {
  if (expected === 'string') return `&value.valueUnstructured{Value:${goSyntax(value)}}`;
  return expected.startsWith('numeric') ? goTypeOf(value) : `&{${goText(value)}}`;
}

function formatElement(element: string): string {
  const content = element.slice(2);
  if (element.startsWith('v:')) return `[=${content}]`;
  const keys = Object.entries(JSON.parse(content) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}

const isEmptyValue = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

/** All fields that a value sets. */
export function toFieldSet(schema: Schema, value: Json): FieldSet {
  const builder = new FieldSetBuilder();
  const path: string[] = [];
  const visit = (at: Schema, item: Json): void => {
    const form = formOf(at, item);
    if (form === 'leaf') {
      builder.add(path);
    } else if (form === 'map') {
      if (item === null) return;
      for (const [name, child] of Object.entries(item as JsonObject)) {
        if (child === undefined) continue;
        path.push(`f:${name}`);
        visit(childSchema(at, name), child);
        if (child === null || (isObject(child) && Object.keys(child).length === 0) || !isDeclared(at, name)) {
          builder.add(path);
        }
        path.pop();
      }
    } else {
      if (item === null) return;
      const counts = new Map<string, number>();
      const elements = (item as Json[]).map((child) => keyOfItem(at, child));
      for (const element of elements) {
        if (element !== undefined) counts.set(element, (counts.get(element) ?? 0) + 1);
      }
      (item as Json[]).forEach((child, index) => {
        const element = elements[index];
        if (element === undefined) return;
        path.push(element);
        if (counts.get(element) === 1) visit(at.items ?? UNDECLARED, child);
        builder.add(path);
        path.pop();
      });
    }
  };
  visit(schema, value);
  return builder.build();
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** What changed between two objects. Parts that are the very same value are not looked into. */
export function compareTyped(schema: Schema, before: Json, after: Json): Comparison {
  const added = new FieldSetBuilder();
  const modified = new FieldSetBuilder();
  const removed = new FieldSetBuilder();
  const path: string[] = [];

  const leaf = (left: Json | undefined, right: Json | undefined): void => {
    if (left === undefined) added.add(path);
    else if (right === undefined) removed.add(path);
    else if (!deepEqual(left, right)) modified.add(path);
  };

  const visitMap = (at: Schema, left: JsonObject, right: JsonObject): void => {
    for (const name in left) {
      if (left[name] === undefined) continue;
      path.push(`f:${name}`);
      visit(childSchema(at, name), left[name], right[name]);
      path.pop();
    }
    for (const name in right) {
      if (right[name] === undefined || left[name] !== undefined) continue;
      path.push(`f:${name}`);
      visit(childSchema(at, name), undefined, right[name]);
      path.pop();
    }
  };

  const visitList = (at: Schema, left: readonly Json[], right: readonly Json[]): void => {
    const items = at.items ?? UNDECLARED;
    const lefts = byElement(at, left);
    const rights = byElement(at, right);
    for (const element of new Set([...lefts.keys(), ...rights.keys()])) {
      const l = lefts.get(element) ?? [];
      const r = rights.get(element) ?? [];
      path.push(element);
      if (l.length <= 1 && r.length <= 1) visit(items, l[0], r[0]);
      else if (l.length >= 2 && r.length >= 2) {
        if (!deepEqual(l, r)) modified.add(path);
      } else if (l.length >= 2) {
        if (r.length === 1) visit(items, undefined, r[0]);
        removed.add(path);
      } else {
        if (l.length === 1) visit(items, l[0], undefined);
        added.add(path);
      }
      path.pop();
    }
  };

  const visit = (at: Schema, left: Json | undefined, right: Json | undefined): void => {
    if (left === right) return;
    const form = formOf(at, right ?? left);
    const other = formOf(at, left ?? right);
    if (form === 'leaf' || other !== form || (isEmptyValue(left) && isEmptyValue(right))) {
      if (form !== 'leaf' && other !== form && left !== undefined && right !== undefined) {
        visit(at, left, undefined);
        visit(at, undefined, right);
        return;
      }
      leaf(left, right);
      return;
    }
    if (form === 'map') visitMap(at, isObject(left) ? left : {}, isObject(right) ? right : {});
    else visitList(at, Array.isArray(left) ? left : [], Array.isArray(right) ? right : []);
    if (path.length === 0) return;
    if (left === undefined) added.add(path);
    else if (right === undefined) removed.add(path);
  };

  visit(schema, before, after);
  return { added: added.build(), modified: modified.build(), removed: removed.build() };
}

function byElement(schema: Schema, list: readonly Json[]): Map<string, Json[]> {
  const out = new Map<string, Json[]>();
  for (const item of list) {
    const element = keyOfItem(schema, item);
    if (element === undefined) continue;
    const same = out.get(element);
    if (same === undefined) out.set(element, [item]);
    else same.push(item);
  }
  return out;
}

/** Live object and applied configuration made one: the configuration's values win, nothing is removed. */
export function mergeTyped(
  schema: Schema,
  live: Json | undefined,
  config: Json | undefined,
): Json | undefined {
  if (live === undefined) return config;
  if (config === undefined) return live;
  const form = formOf(schema, config);
  if (form === 'leaf' || formOf(schema, live) !== form || (isEmptyValue(live) && isEmptyValue(config))) {
    return config;
  }
  if (form === 'map') {
    const left = isObject(live) ? live : {};
    const right = isObject(config) ? config : {};
    const out: JsonObject = {};
    for (const [name, value] of Object.entries(left)) {
      const merged = mergeTyped(childSchema(schema, name), value, right[name]);
      if (merged !== undefined) out[name] = merged;
    }
    for (const [name, value] of Object.entries(right)) {
      if (left[name] === undefined && value !== undefined) out[name] = value;
    }
    return Object.keys(out).length === 0 && isEmptyValue(config) ? config : out;
  }
  return mergeLists(schema, Array.isArray(live) ? live : [], Array.isArray(config) ? config : []);
}

/** Items of the configuration in its order, woven with the live items that it doesn't name in theirs. */
function mergeLists(schema: Schema, live: readonly Json[], config: readonly Json[]): Json[] {
  const items = schema.items ?? UNDECLARED;
  const lefts = live.map((item) => keyOfItem(schema, item) ?? '');
  const rights = config.map((item) => keyOfItem(schema, item) ?? '');
  const inLeft = new Map(lefts.map((element, index) => [element, index]));
  const inRight = new Set(rights);
  const shared = rights.filter((element) => inLeft.has(element));
  const merged = new Set<string>();
  const out: Json[] = [];
  let next = shared.shift();
  const takeRight = (index: number): void => {
    const element = rights[index] as string;
    const at = inLeft.get(element);
    merged.add(element);
    out.push(mergeTyped(items, at === undefined ? undefined : live[at], config[index]) as Json);
    if (next === element) next = shared.shift();
  };
  let l = 0;
  let r = 0;
  while (l < live.length || r < config.length) {
    if (l < live.length && r < config.length) {
      const element = lefts[l] as string;
      if (element === rights[r]) {
        takeRight(r++);
        l++;
        continue;
      }
      if (inRight.has(element) && next !== undefined && next !== element) {
        l++; // shared, and placed by the configuration's order
        continue;
      }
    }
    if (l < live.length) {
      const element = lefts[l] as string;
      if (!inRight.has(element)) {
        out.push(live[l++] as Json);
        continue;
      }
      if (merged.has(element)) l++;
    }
    if (r < config.length) takeRight(r++);
  }
  return out;
}

/** The value without the fields of the set. What becomes empty stays, as an empty map or list. */
export function removeFields(schema: Schema, value: Json, set: FieldSet): Json {
  if (isEmptySet(set)) return value;
  const form = formOf(schema, value);
  if (form === 'map' && isObject(value)) {
    const out: JsonObject = {};
    for (const [name, child] of Object.entries(value)) {
      if (child === undefined || hasMember(set, `f:${name}`)) continue;
      const below = childSet(set, `f:${name}`);
      out[name] = below === undefined ? child : removeFields(childSchema(schema, name), child, below);
    }
    return out;
  }
  if (form === 'list' && Array.isArray(value)) {
    const out: Json[] = [];
    for (const item of value) {
      const element = keyOfItem(schema, item);
      if (element === undefined) {
        out.push(item);
        continue;
      }
      if (hasMember(set, element)) continue;
      const below = childSet(set, element);
      out.push(below === undefined ? item : removeFields(schema.items ?? UNDECLARED, item, below));
    }
    return out;
  }
  return value;
}

/** Adds every declared struct field on the way to a member as a member itself. */
export function withNamedFields(schema: Schema, set: FieldSet): FieldSet {
  const out: Record<string, FieldSet> = {};
  for (const key of Object.keys(set)) {
    if (key === '.') continue;
    const child = set[key] as FieldSet;
    const name = key.startsWith('f:') ? key.slice(2) : undefined;
    const at = name === undefined ? (schema.items ?? UNDECLARED) : childSchema(schema, name);
    const below = withNamedFields(at, child);
    const member = hasMember(set, key) || (name !== undefined && isDeclared(schema, name));
    out[key] = member && !isEmptySet(below) ? { '.': {}, ...below } : below;
  }
  return out;
}
