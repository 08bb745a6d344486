/** What a builtin function of the language is, and the checks that many of them share. */

import { panic } from './error.ts';
import { ANY, FLOAT } from './types.ts';
import type { GoType } from './types.ts';
import type { Value } from './values.ts';

/** What a run lends to the functions it calls. */
export interface Run {
  /** Nanoseconds since 1970. */
  readonly now: bigint;
  /** Counts elements of new lists and characters of new texts against the memory budget. */
  grow(size: number): void;
  /** Counts work against the step budget. */
  spend(steps: number): void;
}

/** Types of the arguments; undefined is a literal nil. */
export type ArgumentTypes = readonly (GoType | undefined)[];

export interface Builtin {
  readonly name: string;
  /** Overloads, tried in order. */
  readonly types?: readonly GoType[];
  /** Or a check that gives the result's type or panics. */
  readonly validate?: (args: ArgumentTypes) => GoType;
  readonly call: (args: readonly Value[], run: Run) => Value;
}

/** A type as Go prints it in these errors. */
export const shown = (type: GoType | undefined): string => type?.name ?? '%!s(<nil>)';

/** The kind with pointers followed; "nil" for a literal nil. */
export function kindOf(type: GoType | undefined): string {
  if (type === undefined) return 'nil';
  return type.kind === 'ptr' ? (type.elem?.kind ?? 'nil') : type.kind;
}

export const isNumberKind = (kind: string): boolean =>
  kind === 'int' || kind === 'int64' || kind === 'uint8' || kind === 'float64';
export const isListKind = (kind: string): boolean => kind === 'slice' || kind === 'array';

export function expectCount(args: ArgumentTypes, count: number): void {
  if (args.length !== count) {
    panic(`invalid number of arguments (expected ${count}, got ${args.length})`);
  }
}

/** One argument of certain kinds (or not known yet). */
export function single(
  accepts: (kind: string) => boolean,
  complaint: (type: string) => string,
  result: GoType | ((type: GoType) => GoType),
): (args: ArgumentTypes) => GoType {
  return (args) => {
    expectCount(args, 1);
    const [type] = args;
    const kind = kindOf(type);
    if (type === undefined || (kind !== 'interface' && !accepts(kind))) return panic(complaint(shown(type)));
    return typeof result === 'function' ? result(type) : result;
  };
}

export const rounding = (name: string): ((args: ArgumentTypes) => GoType) =>
  single(isNumberKind, (type) => `invalid argument for ${name} (type ${type})`, FLOAT);

/** Any number of numbers and lists. */
export const aggregate =
  (name: string) =>
  (args: ArgumentTypes): GoType => {
    const [first] = args;
    if (args.length === 0) return panic(`not enough arguments to call ${name}`);
    for (const type of args) {
      const kind = kindOf(type);
      if (kind === 'interface' || isListKind(kind)) return ANY;
      if (!isNumberKind(kind)) return panic(`invalid argument for ${name} (type ${shown(type)})`);
    }
    return first ?? ANY;
  };
