/** Success and failure conditions of metrics, and time expressions of range queries (spec 05 section 7). Pure. */

import { NumberSyntaxError, parseGoFloat, parseGoInt } from './go-parse.ts';
import { ExpressionError, compileExpression } from './expr/index.ts';
import type { Environment, EnvironmentTypes, Position } from './expr/index.ts';
import { panic } from './expr/error.ts';
import { integerIn, truncate } from './expr/operators.ts';
import { ANY, BOOL, FLOAT, INT64, funcOf } from './expr/types.ts';
import {
  GoFunc,
  GoInt,
  GoList,
  floatList,
  formatValue,
  fromJson,
  isTimeValue,
  typeName,
} from './expr/values.ts';
import type { Value } from './expr/values.ts';
import type { Json } from './json.ts';

/** A measured value. Numbers may be NaN or infinite; `resultType` says which Go type it has. */
export type ConditionValue = Json;

/**
 * - `json`: decoded JSON; numbers are floats, so that they are checked when they run.
 * - `vector`: a list of floats, as from Prometheus.
 * - `scalar`: a float.
 * - `pointer`: a float or null.
 */
export type ResultType = 'json' | 'vector' | 'scalar' | 'pointer';

export type ConditionPhase = 'Successful' | 'Failed' | 'Inconclusive' | 'Error';

export interface ConditionInput {
  result: ConditionValue;
  resultType: ResultType;
  /** Absent or empty: not set. */
  successCondition?: string | undefined;
  failureCondition?: string | undefined;
  /** What `now()` gives: ms since 1970. */
  nowMs: number;
}

export interface ConditionOutcome {
  phase: ConditionPhase;
  /** With phase Error: the measurement's message. */
  error?: string;
  /** The condition that decided: what a failure or success is based on. Absent where none was set or both were undecided. */
  decidedBy?: 'successCondition' | 'failureCondition';
}

const NO_DATA = 'metric result is nil or empty: no data returned from the metric provider';

/** Judges a measured value. Both conditions are evaluated before either decides, so that an error in one always shows. */
export function evaluateConditions(input: ConditionInput): ConditionOutcome {
  let env: Environment;
  try {
    env = conditionEnvironment(input.result, input.resultType);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) {
      return { phase: 'Error', error: `could not read the measured value: ${error.message}` };
    }
    throw error;
  }
  const result = env.get('result') ?? null;
  const verdicts: Partial<Record<'successCondition' | 'failureCondition', boolean>> = {};
  for (const which of ['successCondition', 'failureCondition'] as const) {
    const source = input[which];
    if (source === undefined || source === '') continue;
    const verdict = evaluateBool(source, env, input.nowMs);
    if (typeof verdict === 'boolean') {
      verdicts[which] = verdict;
    } else {
      const isEmpty = result === null || (result instanceof GoList && result.items.length === 0);
      return {
        phase: 'Error',
        error: `could not evaluate ${which} "${source}": ${isEmpty ? NO_DATA : verdict.error}`,
      };
    }
  }
  return decide(verdicts.successCondition, verdicts.failureCondition);
}

function decide(success: boolean | undefined, failure: boolean | undefined): ConditionOutcome {
  if (failure === true) return { phase: 'Failed', decidedBy: 'failureCondition' };
  if (success === true) return { phase: 'Successful', decidedBy: 'successCondition' };
  if (success === undefined) {
    return failure === undefined
      ? { phase: 'Successful' }
      : { phase: 'Successful', decidedBy: 'failureCondition' };
  }
  return failure === undefined
    ? { phase: 'Failed', decidedBy: 'successCondition' }
    : { phase: 'Inconclusive' };
}

function evaluateBool(source: string, env: Environment, nowMs: number): boolean | { error: string } {
  try {
    const outcome = compileExpression(source, env).run(env, nowMs);
    return typeof outcome === 'boolean' ? outcome : { error: `expected bool, but got ${typeName(outcome)}` };
  } catch (error) {
    if (error instanceof ExpressionError) return { error: error.message };
    throw error;
  }
}

function resultValue(result: ConditionValue, type: ResultType): Value {
  if (type !== 'vector') return fromJson(result);
  if (!Array.isArray(result)) throw new TypeError('a vector is a list of numbers');
  return floatList(
    result.map((item) => {
      if (typeof item !== 'number') throw new TypeError('a vector is a list of numbers');
      return item;
    }),
  );
}

/** The names that a condition can use. Throws RangeError or TypeError for a value that can't be one. */
export const conditionEnvironment = (result: ConditionValue, type: ResultType): Environment =>
  environment(resultValue(result, type));

function environment(result: Value): Environment {
  const isNil = result === null;
  return new Map<string, Value>([
    ['result', result],
    ['asInt', AS_INT],
    ['asFloat', AS_FLOAT],
    ['isNaN', IS_NAN],
    ['isInf', IS_INF],
    // Both look at the measured value whatever they are given (spec 05 section 7).
    ['isNil', new GoFunc(funcOf([ANY], BOOL), () => isNil)],
    ['default', new GoFunc(funcOf([ANY, ANY], ANY), ([, fallback = null]) => (isNil ? fallback : result))],
  ]);
}

const IS_NAN = new GoFunc(funcOf([FLOAT], BOOL), ([x]) => Number.isNaN(x));
const IS_INF = new GoFunc(funcOf([FLOAT], BOOL), ([x]) => x === Infinity || x === -Infinity);

const AS_INT = new GoFunc(funcOf([ANY], INT64), ([x = null]) => {
  if (typeof x === 'string')
    return new GoInt(
      INT64,
      fromText(() => parseGoInt(x)),
    );
  const n = typeof x === 'number' ? truncate(x) : integerIn(x);
  return n === undefined
    ? panic(`asInt() not supported on ${typeName(x)} ${formatValue(x)}`)
    : new GoInt(INT64, n);
});

const AS_FLOAT = new GoFunc(funcOf([ANY], FLOAT), ([x = null]) => {
  if (typeof x === 'string') return fromText(() => parseGoFloat(x));
  const n = typeof x === 'number' ? x : integerIn(x);
  return n === undefined ? panic(`asFloat() not supported on ${typeName(x)} ${formatValue(x)}`) : Number(n);
});

function fromText<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NumberSyntaxError) return panic(error.message);
    throw error;
  }
}

/** Names and function types of a condition whose result is not there yet. */
const UNKNOWN_RESULT: EnvironmentTypes = new Map<string, Value | undefined>([
  ...environment(null),
  ['result', undefined],
]);

export interface ConditionFault {
  position: Position;
  /** What is wrong, for the condition of the object that holds the expression. */
  message: string;
}

/**
 * Finds what is wrong with a condition whatever its result will be: syntax, unknown names, types that never fit, an
 * outcome that is never a bool. For admission; undefined means nothing is wrong.
 */
export function checkCondition(source: string): ConditionFault | undefined {
  try {
    const { type } = compileExpression(source, UNKNOWN_RESULT);
    if (type === undefined || type === 'bool') return undefined;
    const got = type === 'unknown' ? 'nil' : type;
    return {
      position: { offset: 0, line: 1, column: 1 },
      message: `the condition must be true or false, but it is always of type ${got}: compare it with something, such as \`result > 0.95\``,
    };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const { position, snippet } = error;
    const where = `line ${position.line}, column ${position.column}`;
    return { position, message: `${error.message} (${where})${snippet === '' ? '' : `\n${snippet}`}` };
  }
}

const TIME_ENVIRONMENT: Environment = new Map<string, Value>([
  ['isNaN', IS_NAN],
  ['isInf', IS_INF],
]);

/**
 * The instant that an expression of a range query gives, in ms since 1970: `now()`, `now() - duration("1h")`,
 * `date("2026-01-01")`. Throws ExpressionError, with `expected time.Time, but got <type>` for any other outcome.
 */
export function evaluateTimeExpression(source: string, nowMs: number): number {
  const outcome = compileExpression(source, TIME_ENVIRONMENT).run(TIME_ENVIRONMENT, nowMs);
  if (!isTimeValue(outcome))
    throw new ExpressionError(`expected time.Time, but got ${typeName(outcome)}`, source, 0);
  return Number(outcome.ns / 1000n) / 1000;
}
