/** Runs a checked tree within budgets of memory and steps. */

import { RegexpError, compileRegexp } from '../regexp.ts';
import type { Regexp } from '../regexp.ts';
import type { BinaryNode, BuiltinNode, MemberNode, Node } from './ast.ts';
import { builtinNamed } from './builtins.ts';
import type { Run } from './builtin.ts';
import { itemsOf, sortByKey } from './builtins-lists.ts';
import { ExpressionError, Fault, panic } from './error.ts';
import {
  arithmetic,
  asBool,
  asBytes,
  asInteger,
  asString,
  callValue,
  compare,
  equal,
  fetch,
  isIn,
  negate,
  power,
  rawLength,
  slice,
  toFloat,
  toInt,
  wrap,
} from './operators.ts';
import { ANY_SLICE, GROUPS, INT_SLICE, STRING_MAP } from './types.ts';
import { GoList, GoMap, anyList, isHashable, isNilValue, typeName } from './values.ts';
import type { Value } from './values.ts';

/** Elements of lists and characters of texts that one run may make, as in Go. */
const MEMORY_BUDGET = 1_000_000;
/** Nodes that one run may visit: about a second. */
const STEP_BUDGET = 5_000_000;

/** Stands for what can be counted, not read. */
const UNREADABLE = new GoList(ANY_SLICE, []);

interface Scope {
  readonly items: readonly Value[];
  index: number;
  acc: Value;
}

/** Evaluates a tree. `env` holds the variables and functions; `now` is the time in ns since 1970. Throws ExpressionError. */
export function evaluate(root: Node, source: string, env: GoMap, now: bigint): Value {
  const evaluator = new Evaluator(env, now);
  try {
    return evaluator.eval(root);
  } catch (error) {
    if (error instanceof Fault || error instanceof RegexpError) {
      throw new ExpressionError(error.message, source, evaluator.at);
    }
    if (error instanceof RangeError) {
      throw new ExpressionError('the evaluation needs too much memory', source, evaluator.at);
    }
    throw error;
  }
}

/** Thrown to leave a chain at the link that was nil. */
const NIL_LINK = Symbol('nil link');

class Evaluator implements Run {
  readonly now: bigint;
  /** The place of the node at work, for errors. */
  at = 0;
  private readonly env: GoMap;
  private readonly scopes: Scope[] = [];
  private readonly variables: { name: string; value: Value }[] = [];
  private readonly patterns = new Map<string, Regexp>();
  private memory = 0;
  private steps = 0;

  constructor(env: GoMap, now: bigint) {
    this.env = env;
    this.now = now;
  }

  grow(size: number): void {
    this.memory += size;
    if (this.memory >= MEMORY_BUDGET) panic('memory budget exceeded');
  }

  spend(steps: number): void {
    this.steps += steps;
    if (this.steps > STEP_BUDGET) panic(`the evaluation takes more than ${STEP_BUDGET} steps`);
  }

  /** Evaluates a node; a fault inside is noted at the innermost node that was at work. */
  eval(node: Node): Value {
    this.spend(1);
    switch (node.kind) {
      case 'nil':
        return null;
      case 'integer':
      case 'float':
      case 'bool':
      case 'string':
      case 'bytes':
      case 'constant':
        return node.value;
      case 'identifier':
        return this.identifier(node.name);
      case 'unary': {
        const operand = this.eval(node.operand);
        this.at = node.at;
        if (node.operator === '!' || node.operator === 'not') return !asBool(operand);
        return node.operator === '-' ? negate(operand) : operand;
      }
      case 'binary':
        return this.binary(node);
      case 'chain':
        return this.chain(node.operand);
      case 'member':
        return this.member(node);
      case 'slice': {
        const object = this.eval(node.object);
        const length = rawLength(object);
        if (node.to === undefined && length === undefined) {
          this.at = node.at;
          return panic(`invalid argument for len (type ${typeName(object)})`);
        }
        const to = node.to === undefined ? BigInt(length ?? 0) : this.eval(node.to);
        const from = node.from === undefined ? 0n : this.eval(node.from);
        this.at = node.at;
        return slice(object, from, to);
      }
      case 'call': {
        const args = node.args.map((arg) => this.eval(arg));
        const callee = this.eval(node.callee);
        this.at = node.at;
        return callValue(callee, args);
      }
      case 'builtin':
        return this.builtin(node);
      case 'predicate':
        return this.eval(node.body);
      case 'pointer':
        this.at = node.at;
        return this.pointer(node.name);
      case 'let': {
        this.variables.push({ name: node.name, value: this.eval(node.value) });
        const value = this.eval(node.body);
        this.variables.pop();
        return value;
      }
      case 'sequence':
        return node.nodes.reduce<Value>((_, each) => this.eval(each), null);
      case 'conditional': {
        const test = this.eval(node.test);
        this.at = node.at;
        return this.eval(asBool(test) ? node.consequent : node.otherwise);
      }
      case 'array': {
        const items = node.nodes.map((each) => this.eval(each));
        this.at = node.at;
        this.grow(items.length);
        return anyList(items);
      }
      case 'map': {
        const pairs = node.pairs.map(({ key, value }) => [this.eval(key), this.eval(value)] as const);
        this.at = node.at;
        this.grow(pairs.length);
        const map = new GoMap(STRING_MAP);
        // The first of two equal keys wins, as in Go.
        for (const [key, value] of pairs.toReversed()) map.set(asString(key), value);
        return map;
      }
    }
  }

  private identifier(name: string): Value {
    const variable = this.variables.findLast((each) => each.name === name);
    if (variable !== undefined) return variable.value;
    return name === '$env' ? this.env : (this.env.get(name)?.value ?? null);
  }

  private pointer(name: string): Value {
    const scope = this.scopes.at(-1);
    if (scope === undefined) return null;
    if (name === 'index') return BigInt(scope.index);
    if (name === 'acc') return scope.acc;
    return scope.items[scope.index] === UNREADABLE
      ? panic('reflect: call of reflect.Value.Index on map Value')
      : (scope.items[scope.index] ?? null);
  }

  private chain(operand: Node): Value {
    const scopes = this.scopes.length;
    try {
      const value = this.eval(operand);
      return isNilValue(value) ? null : value;
    } catch (error) {
      if (error !== NIL_LINK) throw error;
      this.scopes.length = scopes;
      return null;
    }
  }

  private member(node: MemberNode): Value {
    const object = this.eval(node.object);
    if (node.optional && isNilValue(object)) throw NIL_LINK;
    const property = this.eval(node.property);
    this.at = node.at;
    return fetch(object, property);
  }

  private binary(node: BinaryNode): Value {
    const { operator } = node;
    if (operator === '??') {
      const left = this.eval(node.left);
      return isNilValue(left) ? this.eval(node.right) : left;
    }
    const left = this.eval(node.left);
    if (operator === '&&' || operator === 'and' || operator === '||' || operator === 'or') {
      this.at = node.at;
      const decisive = operator === '||' || operator === 'or';
      return asBool(left) === decisive ? decisive : this.eval(node.right);
    }
    const right = this.eval(node.right);
    this.at = node.at;
    switch (operator) {
      case '==':
        return this.equality(node, left, right);
      case '!=':
        return !this.equality(node, left, right);
      case '<':
      case '>':
      case '<=':
      case '>=':
        return compare(operator, left, right);
      case '+':
      case '-':
      case '*':
      case '/':
      case '%': {
        const value = arithmetic(operator, left, right);
        if (typeof value === 'string') this.spend(value.length / 16);
        return value;
      }
      case '**':
      case '^':
        return power(toFloat(left), toFloat(right));
      case 'in':
        this.spend(right instanceof GoList ? right.items.length : 1);
        return isIn(left, right);
      case '..':
        return this.range(toInt(left), toInt(right));
      default:
        return this.textTest(operator, left, right);
    }
  }

  /** Where both sides were known to be int or string, Go compares as such and fails on anything else. */
  private equality(node: BinaryNode, left: Value, right: Value): boolean {
    const [l, r] = [node.left.nature?.type, node.right.nature?.type];
    if (l !== undefined && l.kind === r?.kind && !l.named && r.named === false) {
      if (l.kind === 'int') return asInteger(left) === asInteger(right);
      if (l.kind === 'string') return asString(left) === asString(right);
    }
    this.spend(left instanceof GoList ? left.items.length : 1);
    return equal(left, right);
  }

  private range(from: bigint, to: bigint): GoList {
    const size = wrap(to - from + 1n);
    if (size <= 0n) return new GoList(INT_SLICE, []);
    this.grow(Number(size));
    return new GoList(
      INT_SLICE,
      Array.from({ length: Number(size) }, (_, i) => from + BigInt(i)),
    );
  }

  private textTest(operator: string, left: Value, right: Value): boolean {
    if (isNilValue(left) || isNilValue(right)) return false;
    if (operator === 'matches') {
      const pattern = asString(right);
      const text = typeof left === 'string' ? left : new TextDecoder().decode(asBytes(left));
      this.spend(text.length / 4 + pattern.length * 4);
      let regexp = this.patterns.get(pattern);
      if (regexp === undefined) {
        regexp = compileRegexp(pattern);
        this.patterns.set(pattern, regexp);
      }
      return regexp.test(text);
    }
    const [text, part] = [asString(left), asString(right)];
    this.spend(text.length / 16);
    if (operator === 'contains') return text.includes(part);
    return operator === 'startsWith' ? text.startsWith(part) : text.endsWith(part);
  }

  private builtin(node: BuiltinNode): Value {
    const [first, second, third] = node.args;
    if (first !== undefined && LOOPS.has(node.name)) return this.loop(node, first, second, third);
    const args = node.args.map((arg) => this.eval(arg));
    this.at = node.at;
    const builtin = builtinNamed(node.name);
    return builtin === undefined ? panic(`unknown builtin ${node.name}`) : builtin.call(args, this);
  }

  private loop(
    node: BuiltinNode,
    listNode: Node,
    predicate: Node | undefined,
    extra: Node | undefined,
  ): Value {
    const list = this.eval(listNode);
    this.at = node.at;
    const items = loopItems(list);
    const scope: Scope = { items, index: 0, acc: null };
    this.scopes.push(scope);
    const value = this.looped(node, scope, predicate, extra);
    this.scopes.pop();
    return value;
  }

  private looped(
    node: BuiltinNode,
    scope: Scope,
    predicate: Node | undefined,
    extra: Node | undefined,
  ): Value {
    const { items } = scope;
    const body = (): Value => (predicate === undefined ? this.pointer('') : this.eval(predicate));
    const test = (): boolean => {
      const value = body();
      this.at = node.at;
      return asBool(value);
    };
    /** Runs over the elements until `visit` answers true. */
    const each = (visit: () => boolean, backwards = false): boolean => {
      for (let i = 0; i < items.length; i += 1) {
        scope.index = backwards ? items.length - 1 - i : i;
        if (visit()) return true;
      }
      return false;
    };
    const mapped = (): Value => (node.map === undefined ? this.pointer('') : this.eval(node.map));
    switch (node.name) {
      case 'all':
        return !each(() => !test());
      case 'none':
        return !each(test);
      case 'any':
        return each(test);
      case 'one':
      case 'count': {
        let count = 0n;
        each(() => {
          if (test()) count += 1n;
          return count === node.enough;
        });
        return node.name === 'one' ? count === 1n : count;
      }
      case 'filter': {
        const kept: Value[] = [];
        each(() => {
          if (test()) kept.push(mapped());
          return false;
        });
        this.grow(kept.length);
        return anyList(kept);
      }
      case 'map': {
        const values: Value[] = [];
        each(() => {
          values.push(body());
          return false;
        });
        this.at = node.at;
        this.grow(values.length);
        return anyList(values);
      }
      case 'sum': {
        let total: Value = 0n;
        each(() => {
          const value = body();
          this.at = node.at;
          total = arithmetic('+', value, total);
          return false;
        });
        return total;
      }
      case 'find':
      case 'findLast':
        if (each(test, node.name === 'findLast')) return mapped();
        return node.throws === true ? panic('reflect: slice index out of range') : null;
      case 'findIndex':
      case 'findLastIndex':
        return each(test, node.name === 'findLastIndex') ? BigInt(scope.index) : null;
      case 'groupBy':
        return this.groupBy(node, scope, body);
      case 'sortBy':
        return this.sortBy(node, scope, body, extra);
      default:
        return this.reduce(node, scope, body, extra);
    }
  }

  private groupBy(node: BuiltinNode, scope: Scope, body: () => Value): Value {
    const groups = new Map<unknown, Value[]>();
    const index = new GoMap(GROUPS);
    for (scope.index = 0; scope.index < scope.items.length; scope.index += 1) {
      const key = body();
      this.at = node.at;
      if (!isHashable(key)) return panic(`hash of unhashable type: ${typeName(key)}`);
      const known = index.get(key)?.value;
      const group = groups.get(known);
      const item = this.pointer('');
      if (group === undefined) {
        const members = [item];
        const list = new GoList(ANY_SLICE, members);
        groups.set(list, members);
        index.set(key, list);
      } else {
        group.push(item);
      }
    }
    return index;
  }

  private sortBy(node: BuiltinNode, scope: Scope, body: () => Value, orderNode: Node | undefined): Value {
    const order = orderNode === undefined ? 'asc' : this.eval(orderNode);
    this.at = node.at;
    if (typeof order !== 'string') return panic('sortBy order argument must be a string');
    if (order !== 'asc' && order !== 'desc') return panic('unknown order, use asc or desc');
    const keys: Value[] = [];
    for (scope.index = 0; scope.index < scope.items.length; scope.index += 1) {
      keys.push(body());
      this.at = node.at;
      this.pointer('');
    }
    this.at = node.at;
    this.grow(keys.length);
    return anyList(sortByKey(scope.items, keys, order === 'desc', this));
  }

  private reduce(node: BuiltinNode, scope: Scope, body: () => Value, initial: Node | undefined): Value {
    scope.index = 0;
    if (initial !== undefined) scope.acc = this.eval(initial);
    else {
      if (scope.items.length === 0) return panic('reduce of empty array with no initial value');
      scope.acc = this.pointer('');
      scope.index = 1;
    }
    for (; scope.index < scope.items.length; scope.index += 1) {
      scope.acc = body();
      this.at = node.at;
    }
    return scope.acc;
  }
}

const LOOPS = new Set([
  'all',
  'none',
  'any',
  'one',
  'filter',
  'map',
  'count',
  'sum',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'groupBy',
  'sortBy',
  'reduce',
]);

/** What a predicate runs over; Go's reflection words what it cannot. */
function loopItems(list: Value): readonly Value[] {
  const items = itemsOf(list);
  if (items !== undefined) return items;
  if (list === null) return panic('reflect: call of reflect.Value.Len on zero Value');
  const kind = typeof list === 'bigint' ? 'int' : typeof list === 'number' ? 'float64' : typeof list;
  const length = rawLength(list);
  if (length === undefined) {
    return panic(
      `reflect: call of reflect.Value.Len on ${kind === 'boolean' ? 'bool' : kind === 'object' ? 'struct' : kind} Value`,
    );
  }
  if (typeof list === 'string') return Array.from({ length }, (_, i) => fetch(list, BigInt(i)));
  // Go counts the entries of a map and fails only where a predicate looks at one.
  return Array.from({ length }, () => UNREADABLE);
}
