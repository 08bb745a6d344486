/** The registry of builtin functions. */

import type { Builtin } from './builtin.ts';
import { LIST_BUILTINS } from './builtins-lists.ts';
import { NUMBER_BUILTINS } from './builtins-numbers.ts';
import { TEXT_BUILTINS } from './builtins-text.ts';
import { TIME_BUILTINS } from './builtins-time.ts';
import { panic } from './error.ts';
import { ANY, ANY_SLICE, BOOL, ERROR, GROUPS, INT, STRING, funcOf } from './types.ts';
import type { GoType } from './types.ts';

const TEST = funcOf([ANY], BOOL);
const VALUE = funcOf([ANY], ANY);

/** The types of the functions with a predicate; the evaluator runs them itself. */
const PREDICATE_TYPES: Record<string, GoType> = {
  all: funcOf([ANY_SLICE, TEST], BOOL),
  none: funcOf([ANY_SLICE, TEST], BOOL),
  any: funcOf([ANY_SLICE, TEST], BOOL),
  one: funcOf([ANY_SLICE, TEST], BOOL),
  filter: funcOf([ANY_SLICE, TEST], ANY_SLICE),
  map: funcOf([ANY_SLICE, VALUE], ANY_SLICE),
  find: funcOf([ANY_SLICE, TEST], ANY),
  findIndex: funcOf([ANY_SLICE, TEST], INT),
  findLast: funcOf([ANY_SLICE, TEST], ANY),
  findLastIndex: funcOf([ANY_SLICE, TEST], INT),
  count: funcOf([ANY_SLICE, TEST], INT),
  sum: funcOf([ANY_SLICE, TEST], INT),
  groupBy: funcOf([ANY_SLICE, VALUE], GROUPS),
  sortBy: funcOf([ANY_SLICE, TEST, STRING], ANY_SLICE),
  reduce: funcOf([ANY_SLICE, funcOf([ANY, ANY], ANY), ANY], ANY),
};

const registry: ReadonlyMap<string, Builtin> = new Map(
  [
    ...Object.entries(PREDICATE_TYPES).map(([name, type]): Builtin => ({
      name,
      types: [type],
      call: () => panic(`${name} needs a predicate`),
    })),
    ...NUMBER_BUILTINS,
    ...TEXT_BUILTINS,
    ...LIST_BUILTINS,
    ...TIME_BUILTINS,
  ].map((builtin) => [builtin.name, builtin]),
);

export const builtinNamed = (name: string): Builtin | undefined => registry.get(name);

/** The type of a builtin that is named without being called. */
export const builtinType = (builtin: Builtin): GoType =>
  builtin.types?.[0] ?? funcOf([ANY_SLICE], ANY, ERROR);
