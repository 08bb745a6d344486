/**
 * Rewrites that expr-lang applies between check and run. They are here because they show: `5 % 0` fails before it runs,
 * `x && true` is `x`, `filter(...)[0]` has its own error, and a constant sum of a large range costs no memory.
 */

import { mapChildren } from './ast.ts';
import type { ArrayNode, BinaryNode, BuiltinNode, Node, NodeFields, PredicateNode } from './ast.ts';
import { ExpressionError } from './error.ts';
import { BOOLEAN, INTEGER, ofType, stringNature } from './nature.ts';
import type { Nature } from './nature.ts';
import { arithmetic, power, wrap } from './operators.ts';
import { ANY, ANY_SLICE, FLOAT, INT, STRING_MAP, mapOf } from './types.ts';
import { GoList, GoMap } from './values.ts';
import type { Value } from './values.ts';

type Rule = (node: Node) => Node;

/** Applies a rule to every node, children first. */
function everywhere(node: Node, rule: Rule): Node {
  return rule(mapChildren(node, (child) => everywhere(child, rule)));
}

export function optimize(root: Node, source: string): Node {
  let node = everywhere(root, literalMembership);
  for (let round = 0; round < 1000; round += 1) {
    const folder = new Folder(source);
    node = everywhere(node, (each) => folder.fold(each));
    if (!folder.applied) break;
  }
  const rules = [rangeMembership, mapOfFilter, lenOfFilter, lastOfFilter, firstOfFilter, combine, sumOfRange];
  for (const rule of [...rules, sumOfList, sumOfMap, countIsAny, countEnough]) node = everywhere(node, rule);
  return node;
}

/** The new node at the place of an old one, with the old one's nature unless a better one is given. */
function replace(old: Node, node: NodeFields, nature = old.nature): Node {
  return { ...node, at: old.at, depth: old.depth, ...(nature === undefined ? {} : { nature }) } as Node;
}

function literal(old: Node, value: bigint | number | boolean | string): Node {
  switch (typeof value) {
    case 'bigint':
      return replace(old, { kind: 'integer', value: wrap(value) }, INTEGER);
    case 'number':
      return replace(old, { kind: 'float', value }, ofType(FLOAT));
    case 'boolean':
      return replace(old, { kind: 'bool', value }, BOOLEAN);
    default:
      return replace(old, { kind: 'string', value }, stringNature);
  }
}

class Folder {
  applied = false;
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  fold(node: Node): Node {
    const folded = this.folded(node);
    if (folded === undefined) return node;
    this.applied = true;
    return folded;
  }

  private folded(node: Node): Node | undefined {
    switch (node.kind) {
      case 'unary':
        return foldUnary(node.operator, node.operand, node);
      case 'binary':
        return this.binary(node);
      case 'array':
        return foldList(node);
      case 'builtin':
        return mergeFilters(node);
      default:
        return undefined;
    }
  }

  private binary(node: BinaryNode): Node | undefined {
    const { left, right, operator } = node;
    switch (operator) {
      case 'and':
      case '&&':
        return foldLogic(node, true);
      case 'or':
      case '||':
        return foldLogic(node, false);
      case '==':
        if (
          (left.kind === 'integer' && right.kind === 'integer') ||
          (left.kind === 'string' && right.kind === 'string') ||
          (left.kind === 'bool' && right.kind === 'bool')
        ) {
          return literal(node, left.value === right.value);
        }
        return undefined;
      case '+':
        if (left.kind === 'string' && right.kind === 'string') return literal(node, left.value + right.value);
        break;
      case '%':
        if (left.kind !== 'integer' || right.kind !== 'integer') return undefined;
        if (right.value === 0n) throw new ExpressionError('integer divide by zero', this.source, node.at);
        return literal(node, left.value % right.value);
      default:
        break;
    }
    const [x, y] = [numeral(left), numeral(right)];
    if (x === undefined || y === undefined) return undefined;
    if (operator === '**' || operator === '^') return literal(node, power(Number(x), Number(y)));
    if (operator !== '+' && operator !== '-' && operator !== '*' && operator !== '/') return undefined;
    const value = arithmetic(operator, x, y);
    return typeof value === 'bigint' || typeof value === 'number' ? literal(node, value) : undefined;
  }
}

const numeral = (node: Node): bigint | number | undefined =>
  node.kind === 'integer' || node.kind === 'float' ? node.value : undefined;

function foldUnary(operator: string, operand: Node, node: Node): Node | undefined {
  if (operator === '!' || operator === 'not') {
    return operand.kind === 'bool' ? literal(node, !operand.value) : undefined;
  }
  const value = numeral(operand);
  if (value === undefined) return undefined;
  return literal(node, operator === '-' ? -value : value);
}

const constantOf = (side: Node): boolean | undefined => (side.kind === 'bool' ? side.value : undefined);

/** `and` with true, `or` with false give the other side as it is; the dominant constant wins otherwise. */
function foldLogic(node: BinaryNode, neutral: boolean): Node | undefined {
  const { left, right } = node;
  const kept = (side: Node): Node => ({ ...side, at: node.at, ...natured(node.nature) });
  if (constantOf(left) === neutral) return kept(right);
  if (constantOf(right) === neutral) return kept(left);
  return constantOf(left) === undefined && constantOf(right) === undefined
    ? undefined
    : literal(node, !neutral);
}

const natured = (nature: Nature | undefined): { nature?: Nature } => (nature === undefined ? {} : { nature });

function foldList(node: ArrayNode): Node | undefined {
  const values: Value[] = [];
  for (const each of node.nodes) {
    if (each.kind !== 'integer' && each.kind !== 'float' && each.kind !== 'string' && each.kind !== 'bool') {
      return undefined;
    }
    values.push(each.value);
  }
  if (values.length === 0) return undefined;
  return replace(node, { kind: 'constant', value: new GoList(ANY_SLICE, values) }, ofType(ANY_SLICE));
}

const bodyOf = (node: Node | undefined): Node | undefined =>
  node?.kind === 'predicate' ? node.body : undefined;

function joined(operator: string, left: Node, right: Node): PredicateNode {
  const depth = Math.max(left.depth, right.depth);
  const body: Node = { kind: 'binary', operator, left, right, at: 0, depth };
  return { kind: 'predicate', body, at: 0, depth };
}

function mergeFilters(node: BuiltinNode): Node | undefined {
  const [inner, outer] = node.args;
  if (node.name !== 'filter' || node.args.length !== 2 || !isFilter(inner)) return undefined;
  const [list, first] = inner.args;
  const [a, b] = [bodyOf(first), bodyOf(outer)];
  if (list === undefined || a === undefined || b === undefined) return undefined;
  return replace(node, { kind: 'builtin', name: 'filter', args: [list, joined('&&', a, b)] });
}

const isFilter = (node: Node | undefined): node is BuiltinNode =>
  node?.kind === 'builtin' && node.name === 'filter' && node.args.length === 2;

/** `x in [1, 2]` with an int x and `x in ["a", "b"]` look a key up, so that x must have the very type of the keys. */
function literalMembership(node: Node): Node {
  if (node.kind !== 'binary' || node.operator !== 'in' || node.right.kind !== 'array') return node;
  const { nodes } = node.right;
  const isInt = node.left.nature?.type?.kind === 'int' && nodes.every((each) => each.kind === 'integer');
  if (nodes.length === 0 || !(isInt || nodes.every((each) => each.kind === 'string'))) return node;
  const keys = new GoMap(isInt ? mapOf(INT, ANY) : STRING_MAP);
  for (const each of nodes) if (each.kind === 'integer' || each.kind === 'string') keys.set(each.value, null);
  const right = replace(node.right, { kind: 'constant', value: keys }, ofType(keys.type));
  return { ...node, right };
}

function rangeMembership(node: Node): Node {
  if (node.kind !== 'binary' || node.operator !== 'in' || node.left.nature?.type?.kind !== 'int') return node;
  const bounds = integerRange(node.right);
  if (bounds === undefined) return node;
  const test = (operator: string, right: Node): Node =>
    replace(node, { kind: 'binary', operator, left: node.left, right }, BOOLEAN);
  const [low, high] = bounds;
  return replace(node, {
    kind: 'binary',
    operator: 'and',
    left: test('>=', low),
    right: test('<=', high),
  });
}

function integerRange(
  node: Node | undefined,
): [Node & { kind: 'integer' }, Node & { kind: 'integer' }] | undefined {
  if (node?.kind !== 'binary' || node.operator !== '..') return undefined;
  const { left, right } = node;
  return left.kind === 'integer' && right.kind === 'integer' ? [left, right] : undefined;
}

function mapOfFilter(node: Node): Node {
  if (node.kind !== 'builtin' || node.name !== 'map' || node.args.length !== 2) return node;
  const [filter, predicate] = node.args;
  const body = bodyOf(predicate);
  if (!isFilter(filter) || filter.map !== undefined || body === undefined || usesIndex(body)) return node;
  return replace(node, { kind: 'builtin', name: 'filter', args: filter.args, map: body });
}

function usesIndex(node: Node): boolean {
  if (node.kind === 'pointer' && node.name === 'index') return true;
  let found = false;
  mapChildren(node, (child) => {
    found ||= usesIndex(child);
    return child;
  });
  return found;
}

function lenOfFilter(node: Node): Node {
  if (node.kind !== 'builtin' || node.name !== 'len' || !isFilter(node.args[0])) return node;
  return replace(node, { kind: 'builtin', name: 'count', args: node.args[0].args });
}

const pickOfFilter =
  (builtin: string, index: bigint, name: string): Rule =>
  (node) => {
    const throws = node.kind === 'member' && !node.optional;
    let filter: Node | undefined;
    if (throws && node.property.kind === 'integer' && node.property.value === index) filter = node.object;
    if (node.kind === 'builtin' && node.name === builtin) [filter] = node.args;
    if (!isFilter(filter)) return node;
    const map = filter.map === undefined ? {} : { map: filter.map };
    return replace(node, { kind: 'builtin', name, args: filter.args, throws, ...map });
  };
const lastOfFilter = pickOfFilter('last', -1n, 'findLast');
const firstOfFilter = pickOfFilter('first', 0n, 'find');

/** `all(x, p) && all(x, q)` is `all(x, p && q)`, and so for `any` with or, `none` with and. */
function combine(node: Node): Node {
  if (node.kind !== 'binary' || node.left.kind !== 'builtin' || node.right.kind !== 'builtin') return node;
  const { left, right, operator } = node;
  const merged = combinedOperator(left.name, operator);
  const [a, b] = [bodyOf(left.args[1]), bodyOf(right.args[1])];
  const [list, other] = [left.args[0], right.args[0]];
  if (merged === undefined || left.name !== right.name || a === undefined || b === undefined) return node;
  if (list === undefined || other === undefined || outline(list) !== outline(other)) return node;
  const predicate = joined(merged, a, b);
  predicate.body = combine(predicate.body);
  return replace(node, { kind: 'builtin', name: left.name, args: [list, predicate] });
}

function combinedOperator(name: string, operator: string): string | undefined {
  const isAnd = operator === 'and' || operator === '&&';
  const isOr = operator === 'or' || operator === '||';
  if ((name === 'all' && isAnd) || (name === 'any' && isOr)) return operator;
  return name === 'none' && isAnd ? (operator === 'and' ? 'or' : '||') : undefined;
}

/** What a node says, without its places and natures. */
const outline = (node: Node): string =>
  JSON.stringify(node, (key, value: unknown) => {
    if (key === 'at' || key === 'nature' || key === 'depth') return undefined;
    if (typeof value === 'bigint') return `${value}n`;
    return value instanceof GoMap ? value.sorted() : value;
  });

/** Sums over a range of literals, by the formula. */
function sumOfRange(node: Node): Node {
  if (node.kind !== 'builtin') return node;
  const [list, predicate, initial] = node.args;
  const range = integerRange(list);
  if (range === undefined) return node;
  const [from, to] = range.map((bound) => bound.value);
  if (from === undefined || to === undefined || to < from) return node;
  const count = wrap(to - from + 1n);
  const sum = wrap(wrap(count * wrap(from + to)) / 2n);
  const body = bodyOf(predicate);
  if (node.name === 'sum') {
    if (predicate === undefined) return literal(node, sum);
    const result = body === undefined ? undefined : linearSum(body, sum, count);
    return result === undefined ? node : literal(node, result);
  }
  if (node.name !== 'reduce' || body?.kind !== 'binary' || body.operator !== '+') return node;
  const names = [body.left, body.right].map((side) => (side.kind === 'pointer' ? side.name : undefined));
  if (!(names.includes('') && names.includes('acc'))) return node;
  if (initial === undefined) return literal(node, sum);
  return initial.kind === 'integer' ? literal(node, initial.value + sum) : node;
}

const isElement = (node: Node): boolean => node.kind === 'pointer' && node.name === '';

/** The sum of `#`, `# * k`, `# + k`, `# - k`, `k - #` over a range, from the sum of `#` and the count. */
function linearSum(body: Node, sum: bigint, count: bigint): bigint | undefined {
  if (isElement(body)) return sum;
  if (body.kind !== 'binary') return undefined;
  const elementFirst = isElement(body.left);
  const constant = elementFirst ? body.right : body.left;
  if (constant.kind !== 'integer' || !(elementFirst || isElement(body.right))) return undefined;
  switch (body.operator) {
    case '*':
      return constant.value * sum;
    case '+':
      return sum + count * constant.value;
    case '-':
      return elementFirst ? sum - count * constant.value : count * constant.value - sum;
    default:
      return undefined;
  }
}

/** `sum([a, b, c])` is `a + (b + c)`. */
function sumOfList(node: Node): Node {
  if (node.kind !== 'builtin' || node.name !== 'sum' || node.args.length !== 1) return node;
  const [list] = node.args;
  if (list?.kind !== 'array' || list.nodes.length < 2) return node;
  // A long list would make a tree as deep as it is long; its sum is the same.
  if (list.nodes.length > 100) return node;
  // Only the outermost sum stands where the call stood.
  return list.nodes.reduceRight((right, left, i) => {
    const at = i === 0 ? node.at : 0;
    return { kind: 'binary', operator: '+', left, right, at, depth: node.depth + list.nodes.length };
  });
}

function sumOfMap(node: Node): Node {
  if (node.kind !== 'builtin' || node.name !== 'sum' || node.args.length !== 1) return node;
  const [map] = node.args;
  if (map?.kind !== 'builtin' || map.name !== 'map' || map.args.length !== 2) return node;
  return replace(node, { kind: 'builtin', name: 'sum', args: map.args });
}

function countIsAny(node: Node): Node {
  if (node.kind !== 'binary' || node.left.kind !== 'builtin' || node.right.kind !== 'integer') return node;
  const { left, right, operator } = node;
  if (left.name !== 'count' || left.args.length !== 2) return node;
  const some = (operator === '>' && right.value === 0n) || (operator === '>=' && right.value === 1n);
  return some ? replace(node, { kind: 'builtin', name: 'any', args: left.args }) : node;
}

/** `count(...) > 5` needs no more than six. */
function countEnough(node: Node): Node {
  if (node.kind !== 'binary' || node.left.kind !== 'builtin' || node.right.kind !== 'integer') return node;
  const { left, right, operator } = node;
  if (left.name !== 'count' || left.args.length !== 2) return node;
  let enough = 0n;
  if (operator === '>=' || operator === '<') enough = right.value;
  if (operator === '>' || operator === '<=') enough = right.value + 1n;
  return enough <= 1n ? node : { ...node, left: { ...left, enough } };
}
