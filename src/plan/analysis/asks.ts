/**
 * Whether a condition asks for a result that holds nothing to judge: no data, NaN, or infinity. It does so in words: it
 * looks at the length of the result itself, compares it with an empty list or nil, guards against nil, or calls `isNaN`
 * or `isInf`. That it merely comes out true for such a result is no asking. Pure.
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
  readonly asks: ReadonlySet<Void>;
  readonly numbers: ReadonlySet<number>;
  readonly series: number;
}

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
  const asks = new Set<Void>();
  const numbers = new Set<number>();
  const places = new Set<string>();
  let whole = false;
  const visit = (node: Node): Node => {
    if (asksForNoData(node)) asks.add('noData');
    if (calls(node, 'isNaN')) asks.add('nan');
    if (calls(node, 'isInf')) asks.add('infinite');
    const place = onePlace(node);
    if (place !== undefined) {
      places.add(place);
      return node;
    }
    if (isResult(node)) whole = true;
    if ((node.kind === 'integer' || node.kind === 'float') && numbers.size < MAX_NUMBERS)
      numbers.add(Number(node.value)).add(-Number(node.value));
    return mapChildren(node, visit);
  };
  try {
    visit(parse(condition, (name) => builtinNamed(name) !== undefined));
  } catch {
    // A condition with a fault gives an error of its own and never success.
  }
  return { asks, numbers, series: whole ? Infinity : places.size };
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
    if (calls(node, name) && argsOf(node).length === 1 && isResult(argsOf(node)[0]))
      return name === 'first' ? '0' : '-1';
  return undefined;
}

function asksForNoData(node: Node): boolean {
  if (calls(node, 'len') || calls(node, 'count'))
    return argsOf(node).length === 1 && isResultOrPart(argsOf(node)[0]);
  if (calls(node, 'isNil') || calls(node, 'default')) return true;
  if (node.kind !== 'binary') return false;
  if (node.operator === '??') return true;
  if (node.operator !== '==' && node.operator !== '!=') return false;
  return (isResult(node.left) && isNothing(node.right)) || (isResult(node.right) && isNothing(node.left));
}

function calls(node: Node, name: string): boolean {
  if (node.kind === 'builtin') return node.name === name;
  return node.kind === 'call' && node.callee.kind === 'identifier' && node.callee.name === name;
}

const argsOf = (node: Node): readonly Node[] =>
  node.kind === 'builtin' || node.kind === 'call' ? node.args : [];
const isResult = (node: Node | undefined): boolean => node?.kind === 'identifier' && node.name === 'result';
/** `result.Values`: a list within the result. */
const isResultOrPart = (node: Node | undefined): boolean =>
  isResult(node) ||
  (node?.kind === 'member' && isResultOrPart(node.object)) ||
  (node?.kind === 'chain' && isResultOrPart(node.operand));
const isNothing = (node: Node): boolean =>
  node.kind === 'nil' || (node.kind === 'array' && node.nodes.length === 0);
