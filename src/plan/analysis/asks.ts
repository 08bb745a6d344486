/**
 * Whether a condition names the result that holds nothing to judge: no data, NaN, or infinity. It does so in words: it
 * looks at the length of the result itself, compares it with an empty list or nil, guards against nil, or calls `isNaN`
 * or `isInf`. That it merely comes out true for such a result is no naming. Pure.
 */

import { mapChildren } from '../../lang/expr/ast.ts';
import type { Node } from '../../lang/expr/ast.ts';
import { builtinNamed } from '../../lang/expr/builtins.ts';
import { parse } from '../../lang/expr/parser.ts';

export type Void = 'noData' | 'nan' | 'infinite';

const MAX_REMEMBERED = 2_000;
const MAX_NUMBERS = 16;
const remembered = new Map<string, Facts>();

interface Facts {
  readonly names: ReadonlySet<Void>;
  readonly asks: ReadonlySet<Void>;
  readonly numbers: ReadonlySet<number>;
  readonly series: number;
}

/** The case stands in it somehow. */
export const namesVoid = (condition: string, what: Void): boolean => factsOf(condition).names.has(what);

/**
 * It tells the case from all others: `len(result) == 0` and `len(result) > 0` do, `len(result) < 3` does not, and neither
 * does an `isNaN` by which numbers are filtered. Whether the case then passes is for the verdict to show.
 */
export const asksFor = (condition: string, what: Void): boolean => factsOf(condition).asks.has(what);

/** The numbers that a condition compares with, as far as they stand in it: where its answer may change. */
export const numbersIn = (condition: string): readonly number[] => [...factsOf(condition).numbers];

/**
 * How many series of a list of results the condition can look at: one for `result[0]`, all of them (Infinity) as soon
 * as it takes the list as a whole.
 */
export const seriesLookedAt = (condition: string): number => factsOf(condition).series;

function factsOf(condition: string): Facts {
  const known = remembered.get(condition);
  if (known !== undefined) return known;
  const facts = readFacts(condition);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(condition, facts);
  return facts;
}

function readFacts(condition: string): Facts {
  const names = new Set<Void>();
  const asks = new Set<Void>();
  const numbers = new Set<number>();
  const places = new Set<string>();
  let whole = false;
  let filters = 0;
  const visit = (node: Node): Node => {
    if (namesNoData(node)) names.add('noData');
    if (tellsNoData(node)) asks.add('noData');
    for (const [name, what] of NOT_FINITE) {
      if (!calls(node, name)) continue;
      names.add(what);
      if (filters === 0) asks.add(what);
    }
    const place = onePlace(node);
    if (place !== undefined) {
      places.add(place);
      return node;
    }
    if (isResult(node)) whole = true;
    if ((node.kind === 'integer' || node.kind === 'float') && numbers.size < MAX_NUMBERS)
      numbers.add(Number(node.value)).add(-Number(node.value));
    const filter = calls(node, 'filter') ? 1 : 0;
    filters += filter;
    const visited = mapChildren(node, visit);
    filters -= filter;
    return visited;
  };
  try {
    visit(parse(condition, (name) => builtinNamed(name) !== undefined));
  } catch {
    // A condition with a fault gives an error of its own and never success.
  }
  return { names, asks, numbers, series: whole ? Infinity : places.size };
}

/** `result[0]`, `first(result)`, `last(result)`: one place of the list. */
function onePlace(node: Node): string | undefined {
  if (node.kind === 'member' && isResult(node.object)) {
    const { property } = node;
    if (property.kind === 'integer') return String(property.value);
    if (property.kind === 'unary' && property.operator === '-' && property.operand.kind === 'integer')
      return `-${property.operand.value}`;
  }
  for (const name of ['first', 'last'])
    if (isCallOf(node, name, isResult)) return name === 'first' ? '0' : '-1';
  return undefined;
}

const NOT_FINITE = [
  ['isNaN', 'nan'],
  ['isInf', 'infinite'],
] as const;

const namesNoData = (node: Node): boolean => isLength(node) || isAboutNil(node);
const tellsNoData = (node: Node): boolean => tellsZeroFromOne(node) || isAboutNil(node);

const isLength = (node: Node): boolean =>
  isCallOf(node, 'len', isResultOrPart) || isCallOf(node, 'count', isResultOrPart);

function isAboutNil(node: Node): boolean {
  if (calls(node, 'isNil') || calls(node, 'default')) return true;
  if (node.kind !== 'binary') return false;
  if (node.operator === '??') return true;
  if (node.operator !== '==' && node.operator !== '!=') return false;
  return (isResult(node.left) && isNothing(node.right)) || (isResult(node.right) && isNothing(node.left));
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** A length that is compared with a number, and the answer is another one for an empty list than for one series. */
function tellsZeroFromOne(node: Node): boolean {
  if (node.kind !== 'binary' || !Object.hasOwn(COMPARISONS, node.operator)) return false;
  const { left, right, operator } = node;
  const [length, other] = isLength(left) ? [left, right] : [right, left];
  if (!isLength(length) || (other.kind !== 'integer' && other.kind !== 'float')) return false;
  const n = Number(other.value);
  const compared = (size: number): boolean | undefined =>
    length === left ? COMPARISONS[operator]?.(size, n) : COMPARISONS[operator]?.(n, size);
  return compared(0) !== compared(1);
}

/** The function is one of the language, or of ours. */
const calls = (node: Node, name: string): boolean => argsOf(node, name) !== undefined;

/** Of one argument. */
function isCallOf(node: Node, name: string, of: (argument: Node | undefined) => boolean): boolean {
  const args = argsOf(node, name);
  return args?.length === 1 && of(args[0]);
}

function argsOf(node: Node, name: string): readonly Node[] | undefined {
  if (node.kind === 'builtin') return node.name === name ? node.args : undefined;
  const isCall = node.kind === 'call' && node.callee.kind === 'identifier' && node.callee.name === name;
  return isCall ? node.args : undefined;
}

const isResult = (node: Node | undefined): boolean => node?.kind === 'identifier' && node.name === 'result';
/** `result.Values`: a list within the result. */
const isResultOrPart = (node: Node | undefined): boolean =>
  isResult(node) ||
  (node?.kind === 'member' && isResultOrPart(node.object)) ||
  (node?.kind === 'chain' && isResultOrPart(node.operand));
const isNothing = (node: Node): boolean =>
  node.kind === 'nil' || (node.kind === 'array' && node.nodes.length === 0);
