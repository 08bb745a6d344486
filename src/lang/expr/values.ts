/**
 * Values while an expression runs. JavaScript's own kinds stand for Go's: `bigint` is int, `number` is float64, `null` is
 * nil; the rest are the classes below. Nothing here is ever looked up on a JavaScript prototype.
 */

import { formatGoFloat } from '../go-format.ts';
import { compareGoKeys } from '../go-json.ts';
import { formatGoDuration, formatGoTime } from './go-time.ts';
import type { GoDuration, GoLocation, GoTime } from './go-time.ts';
import {
  ANY,
  ANY_SLICE,
  BOOL,
  BYTES,
  DURATION,
  FLOAT,
  FLOAT_SLICE,
  INT,
  LOCATION,
  STRING,
  STRING_MAP,
  TIME,
  sliceOf,
} from './types.ts';
import type { GoType } from './types.ts';

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | GoInt
  | GoList
  | GoMap
  | GoFunc
  | GoTime
  | GoDuration
  | GoLocation;

/** An integer of a type other than int, such as int64 or time.Month. */
export class GoInt {
  readonly type: GoType;
  readonly value: bigint;
  /** What `%v` prints, for types with names for their values. */
  readonly label: string | undefined;

  constructor(type: GoType, value: bigint, label?: string) {
    this.type = type;
    this.value = value;
    this.label = label;
  }
}

export class GoList {
  readonly type: GoType;
  readonly items: readonly Value[];
  /** A nil slice, which equals nil. */
  readonly isNil: boolean;

  constructor(type: GoType, items: readonly Value[], isNil = false) {
    this.type = type;
    this.items = items;
    this.isNil = isNil;
  }
}

/** A map with keys of one Go type or, for `interface {}`, of any hashable type. Keeps its insertion order. */
export class GoMap {
  readonly type: GoType;
  private readonly entries = new Map<unknown, { key: Value; value: Value }>();

  constructor(type: GoType) {
    this.type = type;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: Value): { key: Value; value: Value } | undefined {
    return this.entries.get(identity(key));
  }

  set(key: Value, value: Value): void {
    this.entries.set(identity(key), { key, value });
  }

  /** Entries in the order of Go's printing: nil, numbers, text. */
  sorted(): { key: Value; value: Value }[] {
    return [...this.entries.values()].sort((a, b) => compareKeys(a.key, b.key));
  }
}

export class GoFunc {
  readonly type: GoType;
  readonly call: (args: readonly Value[]) => Value;

  constructor(type: GoType, call: (args: readonly Value[]) => Value) {
    this.type = type;
    this.call = call;
  }
}

/** What a map keeps an entry under: equal for keys that Go holds equal. */
function identity(key: Value): unknown {
  if (key instanceof GoInt) return `\u0000${key.type.name} ${key.value}`;
  if (isTimeValue(key)) return `\u0000time ${key.ns} ${key.zone.name}`;
  if (isDurationValue(key)) return `\u0000duration ${key.nanoseconds}`;
  return key;
}

export const isHashable = (key: Value): boolean =>
  !(key instanceof Uint8Array || key instanceof GoMap || key instanceof GoFunc) &&
  !(key instanceof GoList && key.type.kind === 'slice');

export const isTimeValue = (v: Value): v is GoTime => typeof v === 'object' && v !== null && 'ns' in v;
export const isDurationValue = (v: Value): v is GoDuration =>
  typeof v === 'object' && v !== null && 'nanoseconds' in v;
export const isLocationValue = (v: Value): v is GoLocation =>
  typeof v === 'object' && v !== null && 'offsetAt' in v;

export function typeOf(v: Value): GoType | undefined {
  if (v === null) return undefined;
  switch (typeof v) {
    case 'boolean':
      return BOOL;
    case 'bigint':
      return INT;
    case 'number':
      return FLOAT;
    case 'string':
      return STRING;
    default:
      if (v instanceof Uint8Array) return BYTES;
      if (isTimeValue(v)) return TIME;
      if (isDurationValue(v)) return DURATION;
      if (isLocationValue(v)) return LOCATION;
      return v.type;
  }
}

/** Go's `%T`. */
export const typeName = (v: Value): string => typeOf(v)?.name ?? '<nil>';

/** nil, a nil slice. */
export const isNilValue = (v: Value): boolean => v === null || (v instanceof GoList && v.isNil);

const KEY_RANK = { nil: 0, number: 1, text: 2, other: 3 } as const;

function keyRank(key: Value): number {
  if (key === null) return KEY_RANK.nil;
  if (typeof key === 'bigint' || typeof key === 'number' || key instanceof GoInt) return KEY_RANK.number;
  return typeof key === 'string' ? KEY_RANK.text : KEY_RANK.other;
}

function compareKeys(a: Value, b: Value): number {
  const rank = keyRank(a) - keyRank(b);
  if (rank !== 0) return rank;
  if (typeof a === 'string' && typeof b === 'string') return compareGoKeys(a, b);
  const x = a instanceof GoInt ? Number(a.value) : Number(a);
  const y = b instanceof GoInt ? Number(b.value) : Number(b);
  return x - y;
}

/** Go's `%v`. Functions, which Go prints as an address, print as their type. */
export function formatValue(v: Value): string {
  if (v === null) return '<nil>';
  switch (typeof v) {
    case 'number':
      return formatGoFloat(v);
    case 'string':
      return v;
    case 'boolean':
    case 'bigint':
      return String(v);
    default:
      if (v instanceof Uint8Array) return `[${v.join(' ')}]`;
      if (v instanceof GoInt) return v.label ?? String(v.value);
      if (v instanceof GoList) return `[${v.items.map(formatValue).join(' ')}]`;
      if (v instanceof GoFunc) return v.type.name;
      if (v instanceof GoMap) {
        const entries = v.sorted().map(({ key, value }) => `${formatValue(key)}:${formatValue(value)}`);
        return `map[${entries.join(' ')}]`;
      }
      if (isTimeValue(v)) return formatGoTime(v);
      if (isDurationValue(v)) return formatGoDuration(v.nanoseconds);
      return v.name;
  }
}

/** The nesting that a measured value may have. */
export const MAX_DEPTH = 500;

/** Decoded JSON as Go's `interface{}` holds it: numbers are floats, objects are `map[string]interface {}`. */
export function fromJson(json: unknown, depth = 0): Value {
  if (depth > MAX_DEPTH) throw new RangeError(`the value nests deeper than ${MAX_DEPTH} levels`);
  if (json === null || json === undefined) return null;
  if (typeof json === 'string') return json.toWellFormed();
  if (typeof json === 'number' || typeof json === 'boolean') return json;
  if (Array.isArray(json))
    return new GoList(
      ANY_SLICE,
      json.map((item) => fromJson(item, depth + 1)),
    );
  if (typeof json !== 'object') throw new TypeError(`a ${typeof json} is no JSON value`);
  const map = new GoMap(STRING_MAP);
  for (const [key, value] of Object.entries(json)) {
    if (value !== undefined) map.set(key.toWellFormed(), fromJson(value, depth + 1));
  }
  return map;
}

export const floatList = (items: readonly number[]): GoList => new GoList(FLOAT_SLICE, items);
export const anyList = (items: readonly Value[]): GoList => new GoList(ANY_SLICE, items);
export const listOfType = (elem: GoType, items: readonly Value[]): GoList => new GoList(sliceOf(elem), items);

/** What a missing key of a map gives. */
export const zeroOf = (type: GoType | undefined): Value =>
  type?.kind === 'slice' && type !== ANY ? new GoList(type, [], true) : null;
