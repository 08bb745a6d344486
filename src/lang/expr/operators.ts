/** The operators on values, with the panics that Go would raise (as Fault). */

import { compareGoKeys } from '../go-json.ts';
import { panic } from './error.ts';
import {
  GoFunc,
  GoInt,
  GoList,
  GoMap,
  formatValue,
  isDurationValue,
  isHashable,
  isNilValue,
  isTimeValue,
  typeName,
  typeOf,
  zeroOf,
} from './values.ts';
import type { Value } from './values.ts';
import { durationOf, timeAt } from './go-time.ts';
import { methodOf } from './methods.ts';
import { ANY, ANY_SLICE, STRING, UINT8, isIntegerType } from './types.ts';
import type { GoType } from './types.ts';

const MIN_INT64 = -(2n ** 63n);

/** A float to int64 as amd64 does it: what does not fit is the smallest integer. */
export function truncate(x: number): bigint {
  if (!Number.isFinite(x)) return MIN_INT64;
  const whole = BigInt(Math.trunc(x));
  return whole >= MIN_INT64 && whole < 2n ** 63n ? whole : MIN_INT64;
}

export const wrap = (n: bigint): bigint => BigInt.asIntN(64, n);

/** The integer in a value of a builtin integer type (not time.Duration or time.Month). */
export function integerIn(v: Value): bigint | undefined {
  if (typeof v === 'bigint') return v;
  return v instanceof GoInt && isIntegerType(v.type) ? v.value : undefined;
}

/** The number in a value of a builtin numeric type: bigint for integers. */
export const numberIn = (v: Value): bigint | number | undefined => (typeof v === 'number' ? v : integerIn(v));

export function toInt(v: Value): bigint {
  const n = numberIn(v);
  if (n === undefined) return panic(`invalid operation: int(${typeName(v)})`);
  return typeof n === 'bigint' ? n : truncate(n);
}

export function toFloat(v: Value): number {
  const n = numberIn(v);
  return n === undefined ? panic(`invalid operation: float(${typeName(v)})`) : Number(n);
}

/** A type assertion, as Go's runtime words its failure. */
function assertion(v: Value, wanted: string): never {
  return panic(`interface conversion: interface {} is ${v === null ? 'nil' : typeName(v)}, not ${wanted}`);
}
export const asBool = (v: Value): boolean => (typeof v === 'boolean' ? v : assertion(v, 'bool'));
export const asString = (v: Value): string => (typeof v === 'string' ? v : assertion(v, 'string'));
export const asInteger = (v: Value): bigint => (typeof v === 'bigint' ? v : assertion(v, 'int'));
export const asBytes = (v: Value): Uint8Array => (v instanceof Uint8Array ? v : assertion(v, '[]uint8'));

export function equal(a: Value, b: Value): boolean {
  const x = numberIn(a);
  const y = numberIn(b);
  if (x !== undefined && y !== undefined) {
    return typeof x === 'bigint' && typeof y === 'bigint' ? x === y : Number(x) === Number(y);
  }
  if (a instanceof GoList && b instanceof GoList) {
    const listed = equalLists(a, b);
    if (listed !== undefined) return listed;
  }
  if (isTimeValue(a) && isTimeValue(b)) return a.ns === b.ns;
  if (isNilValue(a) && isNilValue(b)) return true;
  return deepEqual(a, b);
}

const FLAT = new Set(['[]string', '[]int', '[]int64', '[]float64']);

/** Lists compare element by element where one is `[]interface {}` or both have one simple type. */
function equalLists(a: GoList, b: GoList): boolean | undefined {
  const fits = (x: GoList, y: GoList): boolean =>
    x.type === ANY_SLICE && (y.type === ANY_SLICE || FLAT.has(y.type.name));
  if (!fits(a, b) && !fits(b, a) && !(a.type === b.type && FLAT.has(a.type.name))) return undefined;
  return a.items.length === b.items.length && a.items.every((item, i) => equal(item, b.items[i] ?? null));
}

/** Go's reflect.DeepEqual: types must be the same, too. */
function deepEqual(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeOf(a) !== typeOf(b)) return false;
  if (a instanceof GoList && b instanceof GoList) {
    return (
      a.isNil === b.isNil &&
      a.items.length === b.items.length &&
      a.items.every((item, i) => deepEqual(item, b.items[i] ?? null))
    );
  }
  if (a instanceof GoMap && b instanceof GoMap) {
    return (
      a.size === b.size &&
      a.sorted().every(({ key, value }) => {
        const other = b.get(key);
        return other !== undefined && deepEqual(value, other.value);
      })
    );
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  }
  if (a instanceof GoInt && b instanceof GoInt) return a.value === b.value;
  if (isTimeValue(a) && isTimeValue(b)) return a.ns === b.ns && a.zone.name === b.zone.name;
  if (isDurationValue(a) && isDurationValue(b)) return a.nanoseconds === b.nanoseconds;
  return false;
}

export type Comparison = '<' | '>' | '<=' | '>=';

/** -1, 0 or 1; NaN where neither is smaller; undefined where Go knows no order. */
function order(a: Value, b: Value): number | undefined {
  const x = numberIn(a);
  const y = numberIn(b);
  if (x !== undefined && y !== undefined) {
    if (typeof x === 'bigint' && typeof y === 'bigint') return x < y ? -1 : x > y ? 1 : 0;
    const [p, q] = [Number(x), Number(y)];
    return p < q ? -1 : p > q ? 1 : p === q ? 0 : NaN;
  }
  if (typeof a === 'string' && typeof b === 'string') return compareGoKeys(a, b);
  if (isTimeValue(a) && isTimeValue(b)) return a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0;
  if (isDurationValue(a) && isDurationValue(b)) return Number(a.nanoseconds - b.nanoseconds);
  return undefined;
}

export function compare(operator: Comparison, a: Value, b: Value): boolean {
  const sign = order(a, b);
  if (sign === undefined) return panic(`invalid operation: ${typeName(a)} ${operator} ${typeName(b)}`);
  switch (operator) {
    case '<':
      return sign < 0;
    case '>':
      return sign > 0;
    case '<=':
      return sign <= 0;
    case '>=':
      return sign >= 0;
  }
}

export function arithmetic(operator: '+' | '-' | '*' | '/' | '%', a: Value, b: Value): Value {
  const x = numberIn(a);
  const y = numberIn(b);
  if (x !== undefined && y !== undefined) {
    if (operator === '/') return Number(x) / Number(y);
    if (typeof x === 'bigint' && typeof y === 'bigint') return integerArithmetic(operator, x, y);
    if (operator !== '%') return floatArithmetic(operator, Number(x), Number(y));
  }
  return (
    specialArithmetic(operator, a, b) ?? panic(`invalid operation: ${typeName(a)} ${operator} ${typeName(b)}`)
  );
}

function integerArithmetic(operator: '+' | '-' | '*' | '%', x: bigint, y: bigint): bigint {
  switch (operator) {
    case '+':
      return wrap(x + y);
    case '-':
      return wrap(x - y);
    case '*':
      return wrap(x * y);
    case '%':
      return y === 0n ? panic('runtime error: integer divide by zero') : x % y;
  }
}

function floatArithmetic(operator: '+' | '-' | '*', x: number, y: number): number {
  if (operator === '+') return x + y;
  return operator === '-' ? x - y : x * y;
}

/** Text, times and durations. */
function specialArithmetic(operator: string, a: Value, b: Value): Value | undefined {
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  const [p, q] = [
    isDurationValue(a) ? a.nanoseconds : undefined,
    isDurationValue(b) ? b.nanoseconds : undefined,
  ];
  if (operator === '*') {
    if (p === undefined && q === undefined) return undefined;
    const [x, y] = [p ?? numberIn(a), q ?? numberIn(b)];
    if (x === undefined || y === undefined) return undefined;
    // A duration times a float is a float in Go.
    return typeof x === 'number' || typeof y === 'number' ? Number(x) * Number(y) : durationOf(x * y);
  }
  if (operator !== '+' && operator !== '-') return undefined;
  const sign = operator === '+' ? 1n : -1n;
  if (p !== undefined && q !== undefined) return durationOf(p + sign * q);
  if (isTimeValue(a) && q !== undefined) return timeAt(a.ns + sign * q, a.zone);
  if (operator === '+' && p !== undefined && isTimeValue(b)) return timeAt(b.ns + p, b.zone);
  if (operator === '-' && isTimeValue(a) && isTimeValue(b)) return durationOf(saturate(a.ns - b.ns));
  return undefined;
}

const saturate = (ns: bigint): bigint =>
  ns > 2n ** 63n - 1n ? 2n ** 63n - 1n : ns < MIN_INT64 ? MIN_INT64 : ns;

export function negate(v: Value): Value {
  if (typeof v === 'number') return -v;
  if (typeof v === 'bigint') return wrap(-v);
  if (v instanceof GoInt && isIntegerType(v.type)) {
    return new GoInt(v.type, v.type === UINT8 ? BigInt.asUintN(8, -v.value) : wrap(-v.value));
  }
  return panic(`invalid operation: - ${typeName(v)}`);
}

/** x to the power y as Go computes it: repeated squaring of the mantissa, so that last digits agree. */
export function power(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (x === -1 && Math.abs(y) === Infinity) return 1;
  if (!Number.isFinite(x) || !Number.isFinite(y) || x === 0 || y === 1 || Math.abs(y) === 0.5) return x ** y;
  const magnitude = Math.abs(y);
  let whole = Math.floor(magnitude);
  let fraction = magnitude - whole;
  if ((fraction !== 0 && x < 0) || whole >= 2 ** 31) return x ** y;
  let mantissa = 1;
  let exponent = 0;
  if (fraction !== 0) {
    if (fraction > 0.5) {
      fraction -= 1;
      whole += 1;
    }
    mantissa = Math.exp(fraction * Math.log(x));
  }
  let [base, baseExponent] = split(x);
  for (let bits = whole; bits > 0; bits = Math.floor(bits / 2)) {
    if (Math.abs(baseExponent) > 4096) return x ** y;
    if (bits % 2 === 1) {
      mantissa *= base;
      exponent += baseExponent;
    }
    base *= base;
    baseExponent *= 2;
    if (base < 0.5) {
      base += base;
      baseExponent -= 1;
    }
  }
  if (y < 0) {
    mantissa = 1 / mantissa;
    exponent = -exponent;
  }
  // In two steps, so that neither factor overflows where the result would not.
  const half = Math.trunc(exponent / 2);
  return Math.abs(exponent) > 2200 ? x ** y : mantissa * 2 ** half * 2 ** (exponent - half);
}

/** x = mantissa times 2 to the exponent, with the mantissa in 0.5..1. */
function split(x: number): [number, number] {
  let mantissa = x;
  let exponent = 0;
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    exponent += 1;
  }
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    exponent -= 1;
  }
  return [mantissa, exponent];
}

/** A key as reflection would look it up; panics where the map's keys have another type. */
export function mapKey(map: GoMap, key: Value): Value {
  const wanted = map.type.key ?? ANY;
  if (key === null) return wanted === STRING ? '' : null;
  if (wanted !== ANY && typeOf(key) !== wanted) {
    return panic(
      `reflect.Value.MapIndex: value of type ${typeName(key)} is not assignable to type ${wanted.name}`,
    );
  }
  if (!isHashable(key)) return panic(`runtime error: hash of unhashable type ${typeName(key)}`);
  return key;
}

const encoder = new TextEncoder();
export const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);
const decodeBytes = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Text as UTF-8, whose bytes are what Go indexes. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** The length that indexes and slices count in: bytes for text. */
export function rawLength(v: Value): number | undefined {
  if (typeof v === 'string') return isAscii(v) ? v.length : utf8(v).length;
  if (v instanceof Uint8Array) return v.length;
  if (v instanceof GoList) return v.items.length;
  return v instanceof GoMap ? v.size : undefined;
}

export const byteValue = (byte: number): GoInt => new GoInt(UINT8, BigInt(byte));

/** The element at an index that is in range. */
function elementAt(v: GoList | Uint8Array | string, index: number): Value {
  if (v instanceof GoList) return v.items[index] ?? null;
  return byteValue((typeof v === 'string' ? utf8(v) : v)[index] ?? 0);
}

export const isIndexable = (v: Value): v is GoList | Uint8Array | string =>
  v instanceof GoList || v instanceof Uint8Array || typeof v === 'string';

/** `object[key]` and `object.key`. */
export function fetch(object: Value, key: Value): Value {
  const method = typeof key === 'string' ? methodOf(object, key) : undefined;
  if (method !== undefined) return method;
  if (isIndexable(object)) {
    const length = rawLength(object) ?? 0;
    const index = toInt(key);
    const position = index < 0n ? BigInt(length) + index : index;
    if (position < 0n || position >= BigInt(length)) {
      return panic(`index out of range: ${position} (array length is ${length})`);
    }
    return elementAt(object, Number(position));
  }
  if (object instanceof GoMap) {
    const entry = object.get(mapKey(object, key));
    return entry === undefined ? zeroOf(object.type.elem) : entry.value;
  }
  return panic(`cannot fetch ${formatValue(key)} from ${typeName(object)}`);
}

export function slice(object: Value, from: Value, to: Value): Value {
  if (!isIndexable(object)) return panic(`cannot slice ${formatValue(from)}`);
  const length = BigInt(rawLength(object) ?? 0);
  const clamp = (n: bigint): bigint => {
    const positive = n < 0n ? length + n : n;
    return positive < 0n ? 0n : positive;
  };
  let a = clamp(toInt(from));
  let b = clamp(toInt(to));
  if (b > length) b = length;
  if (a > b) a = b;
  const [start, end] = [Number(a), Number(b)];
  if (object instanceof GoList) return new GoList(object.type, object.items.slice(start, end), object.isNil);
  if (object instanceof Uint8Array) return object.slice(start, end);
  return isAscii(object) ? object.slice(start, end) : decodeBytes(utf8(object).slice(start, end));
}

export function isIn(needle: Value, container: Value): boolean {
  if (container === null) return false;
  if (container instanceof GoList) return container.items.some((item) => equal(item, needle));
  if (container instanceof Uint8Array) return [...container].some((byte) => equal(byteValue(byte), needle));
  if (container instanceof GoMap) return container.get(mapKey(container, needle)) !== undefined;
  return panic(`operator "in" not defined on ${typeName(container)}`);
}

/** Calls a value with arguments, checking what Go's reflection would. */
export function callValue(callee: Value, args: readonly Value[]): Value {
  if (callee === null) return panic('invalid operation: cannot call nil');
  if (!(callee instanceof GoFunc)) {
    return panic(`invalid operation: cannot call non-function of type ${typeName(callee)}`);
  }
  const params = callee.type.params ?? [];
  if (args.length !== params.length) {
    return panic(`invalid number of arguments: expected ${params.length}, got ${args.length}`);
  }
  return callee.call(args.map((arg, i) => converted(arg, params[i] ?? ANY)));
}

function converted(arg: Value, param: GoType): Value {
  const type = typeOf(arg);
  if (param === ANY || type === param) return arg;
  if (type === undefined && ['ptr', 'slice', 'map', 'func'].includes(param.kind)) return null;
  return panic(
    `interface conversion: interface {} is ${type === undefined ? 'nil' : type.name}, not ${param.name}`,
  );
}
