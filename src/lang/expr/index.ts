/**
 * The expression language of conditions: expr-lang 1.17 (spec 05 section 7). Pure, without `eval`, with budgets of
 * source length, tree depth, steps and memory; nothing reaches a JavaScript prototype.
 *
 *     const program = compileExpression('result > limit', new Map([['result', 0.5], ['limit', 1]]));
 *     program.run(new Map([['result', 0.5], ['limit', 1]]), Date.now());
 */

import { builtinNamed } from './builtins.ts';
import { check } from './check.ts';
import { ExpressionError } from './error.ts';
import { evaluate } from './evaluate.ts';
import { NIL, UNKNOWN, isUnknown, natureName, ofType } from './nature.ts';
import type { Nature } from './nature.ts';
import { optimize } from './optimize.ts';
import { parse } from './parser.ts';
import type { Node } from './ast.ts';
import { STRING_MAP } from './types.ts';
import { GoMap, isNilValue, typeOf } from './values.ts';
import type { Value } from './values.ts';

export { ExpressionError } from './error.ts';
export type { Position } from './error.ts';

/** Variables and functions by name. */
export type Environment = ReadonlyMap<string, Value>;

export interface Program {
  readonly source: string;
  /** The Go type of the outcome, where it is known before the run. */
  readonly type: string | undefined;
  /** Runs with an environment of the same types. `nowMs` is what `now()` gives. Throws ExpressionError. */
  run(env: Environment, nowMs: number): Value;
}

/** What the checker may know of a name: a value of its type, or nothing (`undefined`: any type will do). */
export type EnvironmentTypes = ReadonlyMap<string, Value | undefined>;

const MAX_CACHED = 1000;
const cache = new Map<string, Program | ExpressionError>();

/** Compiles a source against the types of an environment, once for each pair of them. Throws ExpressionError. */
export function compileExpression(source: string, types: EnvironmentTypes = new Map()): Program {
  const names = new Map([...types].map(([name, value]) => [name, natureOf(value)]));
  const key = `${[...names].map(([name, nature]) => `${name} ${signature(nature)}`).join(',')}\n${source}`;
  const known = cache.get(key);
  if (known !== undefined) {
    // Used lately: to the end of the line of those that must go.
    cache.delete(key);
    cache.set(key, known);
  }
  const program = known ?? compileQuietly(source, names);
  if (known === undefined) {
    cache.set(key, program);
    const [oldest] = cache.keys();
    if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest);
  }
  if (program instanceof ExpressionError) {
    throw new ExpressionError(program.message, source, program.position.offset);
  }
  return program;
}

const signature = (nature: Nature): string => (nature.isNil === true ? 'nil' : natureName(nature));

function natureOf(value: Value | undefined): Nature {
  if (value === undefined) return UNKNOWN;
  const type = isNilValue(value) ? undefined : typeOf(value);
  return type === undefined ? NIL : ofType(type);
}

function compileQuietly(source: string, names: ReadonlyMap<string, Nature>): Program | ExpressionError {
  try {
    return compile(source, names);
  } catch (error) {
    if (error instanceof ExpressionError) return error;
    throw error;
  }
}

function compile(source: string, names: ReadonlyMap<string, Nature>): Program {
  const tree = parse(source, (name) => builtinNamed(name) !== undefined);
  const outcome = check(tree, source, names);
  const node: Node = optimize(tree, source);
  return {
    source,
    type: isUnknown(outcome) ? undefined : natureName(outcome),
    run: (env, nowMs) => {
      const map = new GoMap(STRING_MAP);
      for (const [name, value] of env) map.set(name, value);
      return evaluate(node, source, map, BigInt(Math.round(nowMs * 1000)) * 1000n);
    },
  };
}
