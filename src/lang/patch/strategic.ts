/**
 * Strategic merge patch as the API server applies it to its built-in kinds: lists with a merge key merge by
 * it, others are replaced; `$patch`, `$retainKeys`, `$setElementOrder/<list>` and
 * `$deleteFromPrimitiveList/<list>` direct it. The keys come from the Go structs (`patch-strategies.ts`).
 * Pure; inputs stay untouched.
 */

import { goText } from '../go-value.ts';
import { deepEqual, isObject, type Json, type JsonObject } from '../json.ts';
import { cloneObject, getOwn, setOwn } from '../own.ts';
import { PATCH_KINDS, PATCH_STRUCTS } from './patch-strategies.ts';

export class StrategicPatchError extends Error {
  override readonly name = 'StrategicPatchError';
}

interface ListStrategy {
  readonly strategy: string;
  readonly mergeKey: string;
  readonly struct: string;
}

const NONE: ListStrategy = { strategy: '', mergeKey: '', struct: '' };

const KINDS: ReadonlyMap<string, string> = new Map(
  PATCH_KINDS.split('\n').map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at), line.slice(at + 1)];
  }),
);

const STRUCTS: ReadonlyMap<string, ReadonlyMap<string, ListStrategy>> = new Map(
  PATCH_STRUCTS.split('\n').map((line) => {
    const [name = '', ...fields] = line.split(' ');
    return [
      name,
      new Map(
        fields.map((text) => {
          const [field = '', strategy = '', mergeKey = '', struct = ''] = text.split(':');
          return [field, { strategy, mergeKey, struct }];
        }),
      ),
    ];
  }),
);

/** Kinds that a real server knows as Go structs, in modules other than k8s.io/api. */
const OTHER_KINDS: ReadonlySet<string> = new Set([
  'apiextensions.k8s.io/CustomResourceDefinition',
  'apiregistration.k8s.io/APIService',
]);

/** Custom resources have no strategies: the server answers 415 to such patches of theirs. */
export function hasStrategicMerge(kind: { group: string; kind: string }): boolean {
  const key = `${kind.group}/${kind.kind}`;
  return KINDS.has(key) || OTHER_KINDS.has(key);
}

/** Throws `StrategicPatchError` for a malformed patch and for a kind without strategies. */
export function applyStrategicMergePatch(
  target: JsonObject,
  patch: JsonObject,
  kind: { group: string; kind: string },
): JsonObject {
  if (!hasStrategicMerge(kind)) {
    throw new StrategicPatchError(
      `strategic merge patch is not supported for ${kind.kind}${kind.group === '' ? '' : `.${kind.group}`}: use a merge patch`,
    );
  }
  // Clones: what follows changes them in place.
  const struct = KINDS.get(`${kind.group}/${kind.kind}`) ?? 'CustomResourceDefinition';
  if (!isObject(target) || !isObject(patch)) throw new StrategicPatchError('invalid JSON document');
  return mergeObject(cloneObject(target), cloneObject(patch), struct === '' ? undefined : struct, 0);
}

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const ORDER_PREFIX = '$setElementOrder/';
const DELETE_PREFIX = '$deleteFromPrimitiveList/';
const MAX_DEPTH = 200;

function strategyOf(struct: string | undefined, field: string): ListStrategy {
  return (struct === undefined ? undefined : STRUCTS.get(struct)?.get(field)) ?? NONE;
}

const below = (strategy: ListStrategy): string | undefined =>
  strategy.struct === '' ? undefined : strategy.struct;

function mergeObject(
  target: JsonObject,
  patch: JsonObject,
  struct: string | undefined,
  depth: number,
): JsonObject {
  if (depth > MAX_DEPTH) throw new StrategicPatchError(`nested deeper than ${MAX_DEPTH} levels`);
  const directive = getOwn(patch, DIRECTIVE);
  if (directive !== undefined) return directed(directive, patch);
  retainKeys(target, patch);
  mergeOrderedLists(target, patch, struct, depth);

  for (const name of Object.keys(patch)) {
    const value = patch[name] as Json;
    if (name.startsWith(DELETE_PREFIX)) {
      deleteFromPrimitives(target, name.slice(DELETE_PREFIX.length), value);
      continue;
    }
    if (value === null) {
      delete target[name];
      continue;
    }
    const present = getOwn(target, name);
    const strategy = strategyOf(struct, name);
    if (isObject(present) && isObject(value)) {
      setOwn(
        target,
        name,
        strategy.strategy === 'replace' ? value : mergeObject(present, value, below(strategy), depth + 1),
      );
    } else if (Array.isArray(present) && Array.isArray(value)) {
      setOwn(target, name, mergeList(present, value, strategy, depth));
    } else {
      dropNulls(value);
      const kept = withoutDirectives(value);
      if (kept === undefined) delete target[name];
      else setOwn(target, name, kept);
    }
  }
  return target;
}

function directed(directive: Json, patch: JsonObject): JsonObject {
  if (directive === 'replace') {
    delete patch[DIRECTIVE];
    return patch;
  }
  if (directive === 'delete') return {};
  throw unknownDirective(directive, patch);
}

const unknownDirective = (directive: Json, patch: JsonObject): StrategicPatchError =>
  new StrategicPatchError(
    `unknown patch type: ${JSON.stringify(directive)} in map: ${JSON.stringify(patch)}`,
  );

function retainKeys(target: JsonObject, patch: JsonObject): void {
  const list = getOwn(patch, RETAIN_KEYS);
  if (list === undefined) return;
  delete patch[RETAIN_KEYS];
  if (!Array.isArray(list)) throw new StrategicPatchError('invalid patch format of retainKeys');
  const retained = new Set<Json>(list);
  for (const key of Object.keys(patch)) {
    if (patch[key] === null || key.startsWith(DELETE_PREFIX) || key.startsWith(ORDER_PREFIX)) continue;
    if (!retained.has(key)) throw new StrategicPatchError('invalid patch format of retainKeys');
  }
  for (const key of Object.keys(target)) if (!retained.has(key)) delete target[key];
}

function deleteFromPrimitives(target: JsonObject, field: string, values: Json): void {
  if (field === '' || !Array.isArray(values)) {
    throw new StrategicPatchError('invalid patch format of primitive list');
  }
  const present = getOwn(target, field);
  if (!Array.isArray(present)) return;
  if (present.some(isObject) || values.some(isObject)) {
    throw new StrategicPatchError('invalid patch format of primitive list');
  }
  const gone = new Set<Json>(values);
  setOwn(
    target,
    field,
    present.filter((item) => !gone.has(item)),
  );
}

/** `$setElementOrder/<list>`: merges the list of that name and puts it in the given order. */
function mergeOrderedLists(
  target: JsonObject,
  patch: JsonObject,
  struct: string | undefined,
  depth: number,
): void {
  for (const name of Object.keys(patch)) {
    if (!name.startsWith(ORDER_PREFIX)) continue;
    const order = patch[name] as Json;
    delete patch[name];
    const field = name.slice(ORDER_PREFIX.length);
    const present = getOwn(target, field);
    const wanted = getOwn(patch, field);
    if (field === '' || !Array.isArray(order) || notAList(present) || notAList(wanted)) {
      throw badOrder();
    }
    const strategy = strategyOf(struct, field);
    const { mergeKey } = strategy;
    const presentList = Array.isArray(present) ? present : undefined;
    const wantedList = Array.isArray(wanted) ? wanted : undefined;
    checkOrder(wantedList ?? [], order, mergeKey);
    if (presentList === undefined && wantedList === undefined) continue;
    // Merging takes items over into the list that it merges into; the order before it is what counts.
    const before = [...(presentList ?? [])];
    const merged =
      wantedList === undefined
        ? (presentList ?? [])
        : presentList === undefined
          ? (withoutDirectives(wantedList) as Json[])
          : mergeList(presentList, wantedList, strategy, depth);
    delete patch[field];
    setOwn(target, field, arrange(merged, order, before, mergeKey));
  }
}

const notAList = (value: Json | undefined): boolean => value !== undefined && !Array.isArray(value);
const badOrder = (): StrategicPatchError =>
  new StrategicPatchError('invalid patch format of setElementOrder list');

/** The items of the patch, less those that it deletes, must come in the order that the patch gives. */
function checkOrder(items: readonly Json[], order: readonly Json[], mergeKey: string): void {
  const kept = items.filter((item) => !(isObject(item) && getOwn(item, DIRECTIVE) !== undefined));
  if (kept.length === 0 || order.length === 0) return;
  let at = 0;
  for (const item of kept) {
    const found = order.findIndex((wanted, i) => i >= at && sameItem(wanted, item, mergeKey));
    if (found < 0) throw badOrder();
    at = found + 1;
  }
}

function sameItem(a: Json, b: Json, mergeKey: string): boolean {
  if (mergeKey === '') return deepEqual(a, b);
  if (!isObject(a) || !isObject(b)) return false;
  const key = getOwn(a, mergeKey);
  return key !== undefined && typeof key !== 'object' && key === getOwn(b, mergeKey);
}

function mergeList(present: Json[], wanted: Json[], strategy: ListStrategy, depth: number): Json[] {
  if (strategy.strategy !== 'merge') return wanted;
  if (present.length === 0 && wanted.length === 0) return present;
  const all = [...present, ...wanted];
  if (all.some(Array.isArray)) throw new StrategicPatchError('lists of lists are not supported');
  if (all.some(isObject)) {
    if (!all.every(isObject)) throw new StrategicPatchError('list element types are not identical');
    return mergeObjects(present as JsonObject[], wanted as JsonObject[], strategy, depth);
  }
  const types = new Set(all.map((item) => (item === null ? 'null' : typeof item)));
  if (types.size > 1) throw new StrategicPatchError('list element types are not identical');
  return arrange([...new Set(all)], wanted, present, '');
}

function mergeObjects(
  present: JsonObject[],
  wanted: JsonObject[],
  strategy: ListStrategy,
  depth: number,
): Json[] {
  const { mergeKey } = strategy;
  if (mergeKey === '') throw new StrategicPatchError('cannot merge lists without merge key');
  const keyOf = (item: JsonObject): Json => {
    const key = getOwn(item, mergeKey);
    if (key === undefined) {
      throw new StrategicPatchError(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
    }
    return key;
  };
  const deleted = new Set<Json>();
  let replace = false;
  const plain: JsonObject[] = [];
  for (const item of wanted) {
    const directive = getOwn(item, DIRECTIVE);
    if (directive === undefined) plain.push(item);
    else if (directive === 'delete') {
      deleted.add(keyOf(item));
    } else if (directive === 'replace') replace = true;
    else if (directive === 'merge') {
      throw new StrategicPatchError('merging lists cannot yet be specified in the patch');
    } else throw unknownDirective(directive, item);
  }
  if (replace) {
    plain.forEach(keyOf);
    return plain;
  }
  const before = present.filter((item) => !deleted.has(getOwn(item, mergeKey) ?? null));
  const merged = [...before];
  const at = places(merged, mergeKey);
  for (const item of plain) {
    const key = keyOf(item);
    const place = at.get(key);
    if (place === undefined) at.set(key, merged.push(item) - 1);
    else merged[place] = mergeObject(merged[place] as JsonObject, item, below(strategy), depth + 1);
  }
  merged.forEach(keyOf);
  return arrange(merged, plain, before, mergeKey);
}

/**
 * Items that the patch names come in the order of the patch; the others keep their order among themselves and
 * stand before the first of the patch's items that stood behind them.
 */
function arrange(
  items: readonly Json[],
  order: readonly Json[],
  before: readonly Json[],
  mergeKey: string,
): Json[] {
  const inOrder = places(order, mergeKey);
  const inBefore = places(before, mergeKey);
  const at = (index: ReadonlyMap<Json, number>, item: Json): number =>
    index.get(identity(item, mergeKey)) ?? -1;
  const isNamed = (item: Json): boolean => at(inOrder, item) >= 0;
  const named = items.filter(isNamed).sort((a, b) => at(inOrder, a) - at(inOrder, b));
  const others = items.filter((item) => !isNamed(item)).sort((a, b) => at(inBefore, a) - at(inBefore, b));
  const out: Json[] = [];
  let next = 0;
  for (const item of named) {
    const limit = at(inBefore, item);
    while (next < others.length) {
      const place = at(inBefore, others[next] as Json);
      if (limit < 0 || place < 0 || place > limit) break;
      out.push(others[next] as Json);
      next += 1;
    }
    out.push(item);
  }
  return [...out, ...others.slice(next)];
}

/** What an item of a list is found by. */
function identity(item: Json, mergeKey: string): Json {
  return mergeKey !== '' && isObject(item) ? (getOwn(item, mergeKey) ?? item) : item;
}

function places(list: readonly Json[], mergeKey: string): Map<Json, number> {
  const found = new Map<Json, number>();
  list.forEach((item, i) => {
    const key = identity(item, mergeKey);
    if (!found.has(key)) found.set(key, i);
  });
  return found;
}

function dropNulls(value: Json): void {
  if (Array.isArray(value)) value.forEach(dropNulls);
  else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (value[key] === null) delete value[key];
      else dropNulls(value[key] as Json);
    }
  }
}

/** A new value is taken as it is, less the objects that are only directives. Undefined where nothing is left. */
function withoutDirectives(value: Json): Json | undefined {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((item): item is Json => item !== undefined);
  }
  if (!isObject(value)) return value;
  if (getOwn(value, DIRECTIVE) !== undefined) return undefined;
  const kept: JsonObject = {};
  for (const key of Object.keys(value)) {
    const inner = withoutDirectives(value[key] as Json);
    if (inner !== undefined) setOwn(kept, key, inner);
  }
  return kept;
}
