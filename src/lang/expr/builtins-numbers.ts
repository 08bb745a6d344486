/** Builtins on numbers and between types. */

import { NumberSyntaxError, parseGoFloat, parseGoInt } from '../go-parse.ts';
import { aggregate, isNumberKind, rounding, single } from './builtin.ts';
import type { Builtin } from './builtin.ts';
import { panic } from './error.ts';
import { compare, integerIn, numberIn, toFloat, truncate, wrap } from './operators.ts';
import type { Comparison } from './operators.ts';
import { ANY, FLOAT, FLOAT_SLICE, INT, INT_SLICE, STRING, ANY_SLICE, funcOf } from './types.ts';
import type { GoType } from './types.ts';
import { GoInt, GoList, formatValue, isDurationValue, typeName, typeOf } from './values.ts';
import type { Value } from './values.ts';

const isTextOrNumber = (kind: string): boolean => kind === 'string' || isNumberKind(kind);
const invalid = (name: string) => (type: string) => `invalid argument for ${name} (type ${type})`;

function rounder(name: string, round: (x: number) => number): Builtin {
  return {
    name,
    validate: rounding(name),
    call: ([x = null]) => {
      if (typeof x === 'number') return round(x);
      const n = integerIn(x);
      return n === undefined ? panic(`invalid argument for ${name} (type ${typeName(x)})`) : Number(n);
    },
  };
}

/** Half away from zero. */
const roundHalfAway = (x: number): number => {
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : Object.is(whole, 0) && x < 0 ? -0 : whole;
};

function int(x: Value): bigint {
  if (typeof x === 'string') {
    try {
      return parseGoInt(x, 'Atoi');
    } catch (error) {
      if (error instanceof NumberSyntaxError) return panic(`invalid operation: int(${x})`);
      throw error;
    }
  }
  if (isDurationValue(x)) return x.nanoseconds;
  if (x instanceof GoInt) return x.value;
  if (x === null) return panic('reflect: call of reflect.Value.Type on zero Value');
  const n = numberIn(x);
  if (n === undefined) return panic(`invalid operation: int(${typeName(x)})`);
  return typeof n === 'bigint' ? n : truncate(n);
}

function float(x: Value): number {
  if (typeof x !== 'string') return toFloat(x);
  try {
    return parseGoFloat(x);
  } catch (error) {
    if (error instanceof NumberSyntaxError) return panic(`invalid operation: float(${x})`);
    throw error;
  }
}

function abs(x: Value): Value {
  if (typeof x === 'number') return x < 0 ? -x : x;
  if (typeof x === 'bigint') return x < 0n ? wrap(-x) : x;
  const n = integerIn(x);
  if (x instanceof GoInt && n !== undefined) return n < 0n ? new GoInt(x.type, wrap(-n)) : x;
  return panic(`invalid argument for abs (type ${typeName(x)})`);
}

function kindName(x: Value): string {
  if (x === null) return 'nil';
  const type = typeOf(x);
  if (type === undefined) return 'nil';
  if (type.named) return type.name;
  switch (type.kind) {
    case 'int':
    case 'int64':
      return 'int';
    case 'uint8':
      return 'uint';
    case 'float64':
      return 'float';
    case 'slice':
    case 'array':
      return 'array';
    case 'ptr':
      return type.elem?.name ?? 'unknown';
    default:
      return type.kind;
  }
}

/** Lists within lists that an aggregate may look into. */
const MAX_NESTING = 1000;

/** Largest or smallest. Text alone is given back, as Go does. */
function extreme(name: string, isWorse: Comparison, args: readonly Value[], depth = 0): Value {
  if (depth > MAX_NESTING) return panic('recursion depth exceeded');
  let best: Value = null;
  const offer = (candidate: Value): void => {
    if (best === null || compare(isWorse, best, candidate)) best = candidate;
  };
  for (const arg of args) {
    if (arg instanceof GoList) {
      const direct = arg.type === ANY_SLICE;
      for (const item of arg.items) {
        if (numberIn(item) !== undefined) offer(item);
        else if (item instanceof GoList) {
          const nested = extreme(name, isWorse, [item], depth + 1);
          if (nested !== null) offer(nested);
          else if (!direct) return panic(`invalid argument for ${name} (type <nil>)`);
        } else return panic(`invalid argument for ${name} (type ${typeName(item)})`);
      }
    } else if (numberIn(arg) !== undefined || isDurationValue(arg) || arg instanceof GoInt) {
      offer(arg);
    } else if (args.length === 1) {
      return arg;
    } else {
      return panic(`invalid argument for ${name} (type ${typeName(arg)})`);
    }
  }
  return best;
}

/** All numbers in lists of any depth, as floats. */
function numbers(name: string, args: readonly Value[], out: number[] = [], depth = 0): number[] {
  if (depth > MAX_NESTING) return panic('recursion depth exceeded');
  for (const arg of args) {
    const n = numberIn(arg);
    if (n !== undefined) out.push(Number(n));
    else if (isDurationValue(arg)) out.push(Number(arg.nanoseconds));
    else if (arg instanceof GoInt) out.push(Number(arg.value));
    else if (arg instanceof GoList) numbers(name, arg.items, out, depth + 1);
    else return panic(`invalid argument for ${name} (type ${typeName(arg)})`);
  }
  return out;
}

/** NaN first, as Go sorts floats. */
const byFloat = (a: number, b: number): number => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b);

function sumOf(args: readonly Value[]): number {
  // Go adds up nested lists by themselves; the order of additions shows in the last digit.
  let total = 0;
  for (const arg of args)
    total += arg instanceof GoList ? sumOf(arg.items) : (numbers('mean', [arg])[0] ?? 0);
  return total;
}

function flatSum(args: readonly Value[]): number {
  let total = 0;
  for (const arg of args) {
    if (!(arg instanceof GoList)) total += numbers('mean', [arg])[0] ?? 0;
    else if (arg.type === ANY_SLICE || arg.type === FLOAT_SLICE || arg.type === INT_SLICE) {
      for (const item of arg.items)
        total += item instanceof GoList ? flatSum([item]) : (numbers('mean', [item])[0] ?? 0);
    } else total += sumOf([arg]);
  }
  return total;
}

const shiftCount = (n: bigint): bigint =>
  n < 0n ? panic(`invalid operation: negative shift count ${n} (type int)`) : n > 64n ? 64n : n;

function bitwise(name: string, apply: (x: bigint, y: bigint) => bigint): Builtin {
  return {
    name,
    types: [funcOf([INT, INT], INT)],
    call: (args) => {
      const [x = 0n, y = 0n] = args.map(
        (arg) =>
          integerIn(arg) ?? panic(`cannot use ${typeName(arg)} as argument (type int) to call ${name}`),
      );
      return wrap(apply(x, y));
    },
  };
}

export const NUMBER_BUILTINS: readonly Builtin[] = [
  { name: 'type', types: [funcOf([ANY], STRING)], call: ([x = null]) => kindName(x) },
  {
    name: 'abs',
    validate: single(isNumberKind, invalid('abs'), (type: GoType) => type),
    call: ([x = null]) => abs(x),
  },
  rounder('ceil', Math.ceil),
  rounder('floor', Math.floor),
  rounder('round', roundHalfAway),
  { name: 'int', validate: single(isTextOrNumber, invalid('int'), INT), call: ([x = null]) => int(x) },
  {
    name: 'float',
    validate: single(isTextOrNumber, invalid('float'), FLOAT),
    call: ([x = null]) => float(x),
  },
  {
    name: 'string',
    types: [funcOf([ANY], STRING)],
    call: ([x = null], run) => {
      const text = formatValue(x);
      run.spend(text.length / 16);
      return text;
    },
  },
  { name: 'max', validate: aggregate('max'), call: (args) => extreme('max', '<', args) },
  { name: 'min', validate: aggregate('min'), call: (args) => extreme('min', '>', args) },
  {
    name: 'mean',
    validate: aggregate('mean'),
    call: (args) => {
      const { length } = numbers('mean', args);
      return length === 0 ? 0 : flatSum(args) / length;
    },
  },
  {
    name: 'median',
    validate: aggregate('median'),
    call: (args) => {
      const sorted = numbers('median', args).sort(byFloat);
      const middle = Math.floor(sorted.length / 2);
      const upper = sorted[middle];
      if (upper === undefined) return 0;
      return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
    },
  },
  bitwise('bitand', (x, y) => x & y),
  bitwise('bitor', (x, y) => x | y),
  bitwise('bitxor', (x, y) => x ^ y),
  bitwise('bitnand', (x, y) => x & ~y),
  bitwise('bitshl', (x, y) => x << shiftCount(y)),
  bitwise('bitshr', (x, y) => x >> shiftCount(y)),
  bitwise('bitushr', (x, y) => BigInt.asUintN(64, x) >> shiftCount(y)),
  {
    name: 'bitnot',
    types: [funcOf([INT], INT)],
    call: ([x = null]) =>
      ~(integerIn(x) ?? panic(`cannot use ${typeName(x)} as argument (type int) to call bitnot`)),
  },
];
