/** What the checker knows about a node before it runs: a Go type, "nil", or nothing yet. */

import {
  ANY,
  ANY_SLICE,
  BOOL,
  DURATION,
  FLOAT,
  INT,
  STRING,
  TIME,
  isAssignable,
  isFloatType,
  isIntegerType,
  isListType,
} from './types.ts';
import type { GoType } from './types.ts';

export interface Nature {
  /** Absent: nil, or not known before it runs. */
  readonly type?: GoType;
  readonly isNil?: true;
  /** For lists what the elements are, where that is known better than the type says; for predicates the result. */
  readonly ref?: Nature;
}

export const UNKNOWN: Nature = {};
export const NIL: Nature = { isNil: true };
export const ofType = (type: GoType): Nature => ({ type });
export const listOf = (elem: Nature): Nature => ({ type: ANY_SLICE, ref: elem });
export const BOOLEAN = ofType(BOOL);
export const INTEGER = ofType(INT);

export const isUnknown = (n: Nature): boolean => (n.type === undefined && n.isNil !== true) || n.type === ANY;
export const natureName = (n: Nature): string => n.type?.name ?? 'unknown';
export const isInteger = (n: Nature): boolean => isIntegerType(n.type);
export const isFloat = (n: Nature): boolean => isFloatType(n.type);
export const isNumber = (n: Nature): boolean => isInteger(n) || isFloat(n);
export const isBool = (n: Nature): boolean => n.type?.kind === 'bool';
export const isString = (n: Nature): boolean => n.type?.kind === 'string';
export const isTime = (n: Nature): boolean => n.type === TIME;
export const isDuration = (n: Nature): boolean => n.type === DURATION;
export const isList = (n: Nature): boolean => isListType(n.type);
export const isMap = (n: Nature): boolean => n.type?.kind === 'map';

export function elementOf(n: Nature): Nature {
  if (isList(n) && n.ref !== undefined) return n.ref;
  return n.type?.elem === undefined ? UNKNOWN : ofType(n.type.elem);
}

/** A pointer's target; every other nature as it is. */
export const dereference = (n: Nature): Nature =>
  n.type?.kind === 'ptr' && n.type.elem !== undefined ? ofType(n.type.elem) : n;

const NILLABLE = new Set(['ptr', 'interface', 'func', 'map', 'slice']);

export function assignable(from: Nature, to: Nature): boolean {
  if (from.isNil === true && to.type !== undefined && NILLABLE.has(to.type.kind)) return true;
  return from.type !== undefined && to.type !== undefined && isAssignable(from.type, to.type);
}

export function comparable(a: Nature, b: Nature): boolean {
  return (
    isUnknown(a) ||
    isUnknown(b) ||
    a.isNil === true ||
    b.isNil === true ||
    (isNumber(a) && isNumber(b)) ||
    (isDuration(a) && isDuration(b)) ||
    (isTime(a) && isTime(b)) ||
    (isList(a) && isList(b)) ||
    assignable(a, b)
  );
}

/** Whether the two could fit once they run: one or both are unknown, and a known one passes a test. */
export function mayFit(a: Nature, b: Nature, ...tests: readonly ((n: Nature) => boolean)[]): boolean {
  const passes = (n: Nature): boolean => tests.some((test) => test(n));
  if (isUnknown(a)) return isUnknown(b) || passes(b);
  return isUnknown(b) && passes(a);
}

/** The result of arithmetic on two numbers. */
export const promote = (a: Nature, b: Nature): Nature => ofType(isFloat(a) || isFloat(b) ? FLOAT : INT);

export const stringNature = ofType(STRING);
