/** Builtins on lists and maps. Those with predicates are run by the evaluator. */

import { expectCount, isListKind, kindOf, shown, single } from './builtin.ts';
import type { ArgumentTypes, Builtin, Run } from './builtin.ts';
import { panic } from './error.ts';
import { Fault } from './error.ts';
import { byteValue, compare, equal, fetch, isIndexable, mapKey, rawLength, toInt } from './operators.ts';
import { methodOf } from './methods.ts';
import {
  ANY,
  ANY_MAP,
  ANY_SLICE,
  FLOAT_SLICE,
  INT,
  INT_SLICE,
  STRING,
  STRING_SLICE,
  funcOf,
  pairOf,
  sliceOf,
} from './types.ts';
import type { GoType } from './types.ts';
import {
  GoInt,
  GoList,
  GoMap,
  anyList,
  formatValue,
  isDurationValue,
  isHashable,
  typeName,
  typeOf,
} from './values.ts';
import type { Value } from './values.ts';

const kindName = (v: Value): string => typeOf(v)?.kind ?? 'invalid';

/** The elements of a list of any kind, bytes included; undefined for anything else. */
export function itemsOf(v: Value): readonly Value[] | undefined {
  if (v instanceof GoList) return v.items;
  return v instanceof Uint8Array ? Array.from(v, byteValue) : undefined;
}

const elementType = (type: GoType): GoType => (isListKind(type.kind) ? (type.elem ?? ANY) : ANY);
const onList = (
  verb: string,
  result: GoType | ((type: GoType) => GoType),
): ((args: ArgumentTypes) => GoType) => single(isListKind, (type) => `cannot ${verb} ${type}`, result);
const onMap = (complaint: (type: string) => string, result: GoType): ((args: ArgumentTypes) => GoType) =>
  single((kind) => kind === 'map', complaint, result);

function mapOf(v: Value | undefined, complaint: (kind: string) => string): GoMap {
  return v instanceof GoMap ? v : panic(complaint(kindName(v ?? null)));
}

/** The element, or nil where there is none of any sort. */
function fetchOrNil(list: Value, index: bigint): Value {
  try {
    return fetch(list, index);
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

function get(object: Value, key: Value): Value {
  if (object === null) return null;
  const method = typeof key === 'string' ? methodOf(object, key) : undefined;
  if (method !== undefined) return method;
  if (isIndexable(object)) {
    const length = BigInt(rawLength(object) ?? 0);
    const index = toInt(key);
    const position = index < 0n ? length + index : index;
    return position >= 0n && position < length ? fetch(object, position) : null;
  }
  return object instanceof GoMap ? (object.get(mapKey(object, key))?.value ?? null) : null;
}

function take(list: Value, count: Value): Value {
  const items = itemsOf(list);
  if (items === undefined) return panic(`cannot take from ${kindName(list)}`);
  const n =
    typeof count === 'bigint'
      ? count
      : count instanceof GoInt
        ? count.value
        : isDurationValue(count)
          ? count.nanoseconds
          : undefined;
  if (n === undefined) return panic(`cannot take ${kindName(count)} elements`);
  if (n < 0n) return panic('reflect.Value.Slice: slice index out of bounds');
  const end = n > BigInt(items.length) ? items.length : Number(n);
  if (list instanceof Uint8Array) return list.slice(0, end);
  return list instanceof GoList ? new GoList(list.type, items.slice(0, end), list.isNil) : null;
}

function uniq(items: readonly Value[], run: Run): GoList {
  const out: Value[] = [];
  for (const item of items) {
    run.spend(out.length);
    if (!out.some((known) => equal(item, known))) out.push(item);
  }
  return anyList(out);
}

function flatten(items: readonly Value[], run: Run, depth = 0): Value[] {
  if (depth > 1000) return panic('recursion depth exceeded');
  run.spend(items.length);
  return items.flatMap((item) => {
    const nested = itemsOf(item);
    return nested === undefined ? [item] : flatten(nested, run, depth + 1);
  });
}

function fromPairs(v: Value): GoMap {
  const items = itemsOf(v);
  if (items === undefined) return panic(`cannot transform ${formatValue(v)} from pairs`);
  const map = new GoMap(ANY_MAP);
  for (const pair of items) {
    const parts = itemsOf(pair);
    if (parts === undefined) return panic(`invalid pair ${formatValue(pair)}`);
    if (parts.length !== 2) return panic(`invalid pair length ${formatValue(pair)}`);
    const [key = null, value = null] = parts;
    if (!isHashable(key)) return panic(`runtime error: hash of unhashable type ${typeName(key)}`);
    map.set(key, value);
  }
  return map;
}

/** Sorts by keys: by insertion while short, as Go does (which pair is compared first shows in errors), then stably. */
export function sortByKey(
  items: readonly Value[],
  keys: readonly Value[],
  descending: boolean,
  run: Run,
): Value[] {
  const less = (a: Value, b: Value): boolean => (descending ? compare('<', b, a) : compare('<', a, b));
  run.spend(items.length * Math.log2(items.length + 2));
  const order = items.map((_, i) => i);
  const keyAt = (i: number): Value => keys[i] ?? null;
  if (items.length > 12) {
    order.sort((a, b) => (less(keyAt(a), keyAt(b)) ? -1 : less(keyAt(b), keyAt(a)) ? 1 : 0));
  } else {
    for (let i = 1; i < order.length; i += 1) {
      for (let j = i; j > 0; j -= 1) {
        const [previous = 0, current = 0] = [order[j - 1], order[j]];
        if (!less(keyAt(current), keyAt(previous))) break;
        order[j - 1] = current;
        order[j] = previous;
      }
    }
  }
  return order.map((i) => items[i] ?? null);
}

function sort(args: readonly Value[], run: Run): GoList {
  const [list = null, order] = args;
  const sortable =
    list instanceof GoList && [ANY_SLICE, INT_SLICE, FLOAT_SLICE, STRING_SLICE].includes(list.type);
  let descending = false;
  if (order !== undefined) {
    if (typeof order !== 'string')
      return panic(`sort order argument must be a string (got ${typeName(order)})`);
    if (order !== 'asc' && order !== 'desc') return panic(`invalid order ${order}, expected asc or desc`);
    descending = order === 'desc';
  }
  const items = sortable ? list.items : [];
  run.grow(items.length);
  return new GoList(ANY_SLICE, sortByKey(items, items, descending, run), !sortable);
}

const SORT_TYPES = [ANY_SLICE, INT_SLICE, FLOAT_SLICE, STRING_SLICE].map((type) =>
  funcOf([type, STRING], ANY_SLICE),
);
const PLAIN_SORT_TYPES = [ANY_SLICE, FLOAT_SLICE, STRING_SLICE, INT_SLICE].map((type) =>
  funcOf([type], ANY_SLICE),
);

export const LIST_BUILTINS: readonly Builtin[] = [
  {
    name: 'len',
    validate: single(
      (kind) => isListKind(kind) || kind === 'map' || kind === 'string',
      (type) => `invalid argument for len (type ${type})`,
      INT,
    ),
    call: ([v = null], run) => {
      if (typeof v === 'string') {
        run.spend(v.length / 16);
        return BigInt(Array.from(v).length);
      }
      const length = rawLength(v);
      return length === undefined ? panic(`invalid argument for len (type ${typeName(v)})`) : BigInt(length);
    },
  },
  {
    name: 'first',
    validate: onList('get first element from', elementType),
    call: ([v = null]) => fetchOrNil(v, 0n),
  },
  {
    name: 'last',
    validate: onList('get last element from', elementType),
    call: ([v = null]) => fetchOrNil(v, -1n),
  },
  { name: 'get', call: ([object = null, key = null]) => get(object, key) },
  {
    name: 'take',
    validate: (args) => {
      expectCount(args, 2);
      const [list, count] = args;
      const kind = kindOf(list);
      if (list === undefined || (kind !== 'interface' && !isListKind(kind)))
        return panic(`cannot take from ${shown(list)}`);
      if (!['interface', 'int', 'int64'].includes(kindOf(count)))
        return panic(`cannot take ${shown(count)} elements`);
      return list;
    },
    call: ([list = null, count = null]) => take(list, count),
  },
  {
    name: 'keys',
    validate: onMap((type) => `cannot get keys from ${type}`, ANY_SLICE),
    call: ([v]) =>
      anyList(
        mapOf(v, (kind) => `cannot get keys from ${kind}`)
          .sorted()
          .map(({ key }) => key),
      ),
  },
  {
    name: 'values',
    validate: onMap((type) => `cannot get values from ${type}`, ANY_SLICE),
    call: ([v]) =>
      anyList(
        mapOf(v, (kind) => `cannot get values from ${kind}`)
          .sorted()
          .map(({ value }) => value),
      ),
  },
  {
    name: 'toPairs',
    validate: onMap((type) => `cannot transform ${type} to pairs`, ANY_SLICE),
    call: ([v]) => {
      const pair = pairOf(ANY);
      const entries = mapOf(v, (kind) => `cannot transform ${kind} to pairs`).sorted();
      return new GoList(
        sliceOf(pair),
        entries.map(({ key, value }) => new GoList(pair, [key, value])),
      );
    },
  },
  {
    name: 'fromPairs',
    validate: single(isListKind, (type) => `cannot transform ${type} from pairs`, ANY_MAP),
    call: ([v = null]) => fromPairs(v),
  },
  {
    name: 'reverse',
    validate: onList('reverse', ANY_SLICE),
    call: ([v = null], run) => {
      const items = itemsOf(v) ?? panic(`cannot reverse ${kindName(v)}`);
      run.grow(items.length);
      return anyList(items.toReversed());
    },
  },
  {
    name: 'uniq',
    validate: onList('uniq', ANY_SLICE),
    call: ([v = null], run) => uniq(itemsOf(v) ?? panic(`cannot uniq ${kindName(v)}`), run),
  },
  {
    name: 'concat',
    validate: (args) => {
      if (args.length === 0) return panic('invalid number of arguments (expected at least 1, got 0)');
      for (const type of args) {
        const kind = kindOf(type);
        if (kind !== 'interface' && !isListKind(kind)) return panic(`cannot concat ${shown(type)}`);
      }
      return ANY_SLICE;
    },
    call: (args, run) => {
      const items = args.flatMap((arg) => itemsOf(arg) ?? panic(`cannot concat ${kindName(arg)}`));
      run.grow(items.length);
      return new GoList(ANY_SLICE, items, items.length === 0);
    },
  },
  {
    name: 'flatten',
    validate: onList('flatten', ANY_SLICE),
    call: ([v = null], run) => {
      const items = flatten(itemsOf(v) ?? panic(`cannot flatten ${kindName(v)}`), run);
      run.grow(items.length);
      return anyList(items);
    },
  },
  { name: 'sort', types: [...SORT_TYPES, ...PLAIN_SORT_TYPES], call: sort },
];
