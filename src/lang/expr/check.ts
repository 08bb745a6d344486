/**
 * The type check before a run. A condition is checked against the type of the result at hand, so that a wrong type is an
 * error even in a branch that would not run (spec 05 section 7). Error texts are those of expr-lang.
 */

import { RegexpError, compileRegexp } from '../regexp.ts';
import type {
  ArrayNode,
  BinaryNode,
  BuiltinNode,
  CallNode,
  ConditionalNode,
  FloatNode,
  LetNode,
  MemberNode,
  Node,
  PointerNode,
  SliceNode,
  UnaryNode,
} from './ast.ts';
import { builtinNamed, builtinType } from './builtins.ts';
import type { Builtin } from './builtin.ts';
import { ExpressionError, Fault } from './error.ts';
import { methodType } from './methods.ts';
import {
  BOOLEAN,
  INTEGER,
  NIL,
  UNKNOWN,
  assignable,
  comparable,
  dereference,
  elementOf,
  isBool,
  isDuration,
  isInteger,
  isList,
  isMap,
  isNumber,
  isString,
  isTime,
  isUnknown,
  listOf,
  mayFit,
  natureName,
  ofType,
  promote,
  stringNature,
} from './nature.ts';
import type { Nature } from './nature.ts';
import {
  ANY,
  ANY_SLICE,
  BYTES,
  DURATION,
  FLOAT,
  GROUPS,
  STRING_MAP,
  TIME,
  funcOf,
  isFloatType,
  isIntegerType,
} from './types.ts';
import type { GoType } from './types.ts';
import { typeOf } from './values.ts';

/** Chained comparisons share their middle terms, so that a tree can be larger than its nodes are many. */
const MAX_VISITS = 50_000;

interface Scope {
  collection: Nature;
  pointers: ReadonlyMap<string, Nature>;
}

/** Checks a tree and notes the nature of every node in it. `names` are the variables and functions of the environment. */
export function check(root: Node, source: string, names: ReadonlyMap<string, Nature>): Nature {
  return new Checker(source, names).visit(root);
}

class Checker {
  private readonly source: string;
  private readonly names: ReadonlyMap<string, Nature>;
  private readonly scopes: Scope[] = [];
  private visits = 0;
  private readonly variables: { name: string; nature: Nature }[] = [];

  constructor(source: string, names: ReadonlyMap<string, Nature>) {
    this.source = source;
    this.names = names;
  }

  private fail(node: Node, message: string): never {
    throw new ExpressionError(message, this.source, node.at);
  }

  visit(node: Node): Nature {
    this.visits += 1;
    if (this.visits > MAX_VISITS)
      this.fail(node, 'the expression is too large once its comparisons are written out');
    const nature = this.natureOf(node);
    node.nature = nature;
    return nature;
  }

  private natureOf(node: Node): Nature {
    switch (node.kind) {
      case 'nil':
        return NIL;
      case 'integer':
        return INTEGER;
      case 'float':
        return ofType(FLOAT);
      case 'bool':
        return BOOLEAN;
      case 'string':
        return stringNature;
      case 'bytes':
        return ofType(BYTES);
      case 'constant': {
        const type = typeOf(node.value);
        return type === undefined ? UNKNOWN : ofType(type);
      }
      case 'identifier':
        return this.identifier(node, node.name);
      case 'unary':
        return this.unary(node);
      case 'binary':
        return this.binary(node);
      case 'chain':
        return this.visit(node.operand);
      case 'member':
        return this.member(node);
      case 'slice':
        return this.slice(node);
      case 'call':
        return this.call(node);
      case 'builtin':
        return this.builtin(node);
      case 'predicate': {
        const body = this.visit(node.body);
        const results = isUnknown(body) ? [ANY] : body.type === undefined ? [] : [body.type];
        return { type: funcOf([ANY], ...results), ref: body };
      }
      case 'pointer':
        return this.pointer(node);
      case 'let':
        return this.declaration(node);
      case 'sequence':
        return node.nodes.reduce((_, each) => this.visit(each), UNKNOWN);
      case 'conditional':
        return this.conditional(node);
      case 'array':
        return this.array(node);
      case 'map':
        for (const { key, value } of node.pairs) {
          this.visit(key);
          this.visit(value);
        }
        return ofType(STRING_MAP);
    }
  }

  private identifier(node: Node, name: string): Nature {
    const variable = this.variables.findLast((each) => each.name === name);
    if (variable !== undefined) return variable.nature;
    return name === '$env' ? UNKNOWN : this.name(node, name, true, true);
  }

  private name(node: Node, name: string, strict: boolean, builtins: boolean): Nature {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    const builtin = builtins ? builtinNamed(name) : undefined;
    if (builtin !== undefined) return ofType(builtinType(builtin));
    return strict ? this.fail(node, `unknown name ${name}`) : UNKNOWN;
  }

  private unary(node: UnaryNode): Nature {
    const operand = dereference(this.visit(node.operand));
    if (node.operator === '!' || node.operator === 'not') {
      if (isBool(operand) || isUnknown(operand)) return BOOLEAN;
    } else if (isNumber(operand)) {
      return operand;
    } else if (isUnknown(operand)) {
      return UNKNOWN;
    }
    return this.fail(node, `invalid operation: ${node.operator} (mismatched type ${natureName(operand)})`);
  }

  private binary(node: BinaryNode): Nature {
    const l = dereference(this.visit(node.left));
    const r = dereference(this.visit(node.right));
    const result = node.operator === 'in' ? this.membership(node, l, r) : this.operation(node, l, r);
    if (result !== undefined) return result;
    return this.fail(
      node,
      `invalid operation: ${node.operator} (mismatched types ${natureName(l)} and ${natureName(r)})`,
    );
  }

  /** The result of an operator, or undefined where it does not fit its operands. */
  private operation(node: BinaryNode, l: Nature, r: Nature): Nature | undefined {
    const both = (test: (n: Nature) => boolean): boolean => test(l) && test(r);
    const either = (result: Nature, ...tests: ((n: Nature) => boolean)[]): Nature | undefined =>
      mayFit(l, r, ...tests) ? result : undefined;
    switch (node.operator) {
      case '==':
      case '!=':
        return comparable(l, r) ? BOOLEAN : undefined;
      case 'or':
      case '||':
      case 'and':
      case '&&':
        return both(isBool) ? BOOLEAN : either(BOOLEAN, isBool);
      case '<':
      case '>':
      case '>=':
      case '<=':
        if (both(isNumber) || both(isString) || both(isTime) || both(isDuration)) return BOOLEAN;
        return either(BOOLEAN, isNumber, isString, isTime, isDuration);
      case '+':
        if (both(isNumber)) return promote(l, r);
        if (both(isString)) return stringNature;
        if ((isTime(l) && isDuration(r)) || (isDuration(l) && isTime(r))) return ofType(TIME);
        if (both(isDuration)) return ofType(DURATION);
        return either(UNKNOWN, isNumber, isString, isTime, isDuration);
      case '-':
        if (both(isNumber)) return promote(l, r);
        if (both(isTime) || both(isDuration)) return ofType(DURATION);
        if (isTime(l) && isDuration(r)) return ofType(TIME);
        return either(UNKNOWN, isNumber, isTime, isDuration);
      case '*':
        if (both(isNumber)) return promote(l, r);
        if (both((n) => isNumber(n) || isDuration(n))) return ofType(DURATION);
        return either(UNKNOWN, isNumber, isDuration);
      case '/':
      case '**':
      case '^':
        return both(isNumber) ? ofType(FLOAT) : either(ofType(FLOAT), isNumber);
      case '%':
        return both(isInteger) ? INTEGER : either(INTEGER, isInteger);
      case '..':
        return both(isInteger) || mayFit(l, r, isInteger) ? listOf(INTEGER) : undefined;
      case 'matches':
        this.pattern(node);
        if ((isString(l) || l.type === BYTES) && isString(r)) return BOOLEAN;
        return either(BOOLEAN, isString);
      case 'contains':
      case 'startsWith':
      case 'endsWith':
        return both(isString) ? BOOLEAN : either(BOOLEAN, isString);
      case '??':
        return coalesce(l, r);
      default:
        return this.fail(node, `unknown operator (${node.operator})`);
    }
  }

  private pattern(node: BinaryNode): void {
    if (node.right.kind !== 'string') return;
    try {
      compileRegexp(node.right.value);
    } catch (error) {
      if (error instanceof RegexpError) this.fail(node, error.message);
      throw error;
    }
  }

  private membership(node: BinaryNode, l: Nature, r: Nature): Nature | undefined {
    if (r.type?.kind === 'struct' && (isString(l) || isUnknown(l))) return BOOLEAN;
    if (isMap(r)) {
      const key = ofType(r.type?.key ?? ANY);
      if (isUnknown(l) || assignable(l, key)) return BOOLEAN;
      return this.fail(node, `cannot use ${natureName(l)} as type ${natureName(key)} in map key`);
    }
    if (isList(r)) {
      const elem = elementOf(r);
      if (comparable(l, elem)) return BOOLEAN;
      return this.fail(node, `cannot use ${natureName(l)} as type ${natureName(elem)} in array`);
    }
    return (isUnknown(l) && isString(r)) || isUnknown(r) ? BOOLEAN : undefined;
  }

  private member(node: MemberNode): Nature {
    if (node.object.kind === 'identifier' && node.object.name === '$env') {
      if (node.property.kind !== 'string') return UNKNOWN;
      return this.name(node, node.property.value, !node.optional, false);
    }
    const outer = this.visit(node.object);
    const property = this.visit(node.property);
    if (isUnknown(outer)) return UNKNOWN;
    const field = node.property.kind === 'string' ? node.property.value : undefined;
    if (field !== undefined) {
      if (outer.isNil === true) this.fail(node, `type nil has no field ${field}`);
      const method = outer.type === undefined ? undefined : methodType(outer.type, field);
      if (method !== undefined) return ofType(method);
    }
    const base = dereference(outer);
    if (isMap(base)) {
      const key = ofType(base.type?.key ?? ANY);
      if (!assignable(property, key) && !isUnknown(property)) {
        this.fail(
          node.property,
          `cannot use ${natureName(property)} to get an element from ${natureName(base)}`,
        );
      }
      return elementOf(base);
    }
    if (isList(base)) {
      if (!isInteger(property) && !isUnknown(property)) {
        this.fail(
          node.property,
          `array elements can only be selected using an integer (got ${natureName(property)})`,
        );
      }
      return elementOf(base);
    }
    if (field !== undefined) {
      this.fail(node, `type ${natureName(base)} has no ${node.method ? 'method' : 'field'} ${field}`);
    }
    return this.fail(node, `type ${natureName(base)}[${natureName(property)}] is undefined`);
  }

  private slice(node: SliceNode): Nature {
    const base = this.visit(node.object);
    if (isUnknown(base)) return UNKNOWN;
    if (!isString(base) && !isList(base)) this.fail(node, `cannot slice ${natureName(base)}`);
    for (const bound of [node.from, node.to]) {
      if (bound === undefined) continue;
      const nature = dereference(this.visit(bound));
      if (!isInteger(nature) && !isUnknown(nature)) {
        this.fail(bound, `non-integer slice index ${natureName(nature)}`);
      }
    }
    return base;
  }

  private call(node: CallNode): Nature {
    const { callee } = node;
    if (callee.kind === 'identifier' && callee.name === '$env') {
      this.fail(node, 'map[string]interface {} is not callable');
    }
    const nature = this.visit(callee);
    if (isUnknown(nature)) {
      // Go does not look at the arguments here; they are checked as they run.
      for (const arg of node.args) this.quietly(arg);
      return UNKNOWN;
    }
    let name = 'function';
    if (callee.kind === 'identifier') name = callee.name;
    if (callee.kind === 'member' && callee.property.kind === 'string') name = callee.property.value;
    if (nature.isNil === true) this.fail(node, `${name} is nil; cannot call nil as function`);
    if (nature.type?.kind !== 'func') this.fail(node, `${natureName(nature)} is not callable`);
    const outcome = this.overload(name, nature.type, node, node.args, []);
    return outcome instanceof ExpressionError ? raise(outcome) : outcome;
  }

  /** Notes natures where Go leaves them out; names that do not exist are then nil when they run. */
  private quietly(node: Node): void {
    try {
      this.visit(node);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
    }
  }

  private builtin(node: BuiltinNode): Nature {
    switch (node.name) {
      case 'all':
      case 'none':
      case 'any':
      case 'one':
        this.predicateCall(node, true);
        return BOOLEAN;
      case 'filter': {
        const { collection } = this.predicateCall(node, true);
        return isUnknown(collection) ? ofType(ANY_SLICE) : listOf(elementOf(collection));
      }
      case 'map':
        return listOf(this.predicateCall(node, false, new Map([['index', INTEGER]])).result);
      case 'count':
        this.predicateCall(node, true);
        return INTEGER;
      case 'sum': {
        const { collection, predicate } = this.collection(node);
        if (node.args.length < 2) return isUnknown(collection) ? UNKNOWN : elementOf(collection);
        const [result] = predicate?.type?.results ?? [];
        if (result !== undefined) return ofType(result);
        break;
      }
      case 'find':
      case 'findLast': {
        const { collection } = this.predicateCall(node, true);
        return isUnknown(collection) ? UNKNOWN : elementOf(collection);
      }
      case 'findIndex':
      case 'findLastIndex':
        this.predicateCall(node, true);
        return INTEGER;
      case 'groupBy': {
        const { collection } = this.predicateCall(node, false);
        return { type: GROUPS, ref: listOf(elementOf(collection)) };
      }
      case 'sortBy':
        return this.sortBy(node);
      case 'reduce':
        return this.reduce(node);
      case 'get':
        return this.get(node);
      default:
        break;
    }
    const builtin = builtinNamed(node.name);
    return builtin === undefined
      ? this.fail(node, `unknown builtin ${node.name}`)
      : this.plain(builtin, node);
  }

  /** The collection of a predicate call and, where there is one, its predicate. */
  private collection(
    node: BuiltinNode,
    pointers: ReadonlyMap<string, Nature> = new Map(),
  ): { collection: Nature; predicate: Nature | undefined } {
    const [list, predicateNode] = node.args;
    if (list === undefined) return this.fail(node, `not enough arguments to call ${node.name}`);
    const collection = dereference(this.visit(list));
    if (!isList(collection) && !isUnknown(collection)) {
      this.fail(list, `builtin ${node.name} takes only array (got ${natureName(collection)})`);
    }
    if (predicateNode === undefined) return { collection, predicate: undefined };
    this.scopes.push({ collection, pointers });
    const predicate = this.visit(predicateNode);
    this.scopes.pop();
    return { collection, predicate };
  }

  private predicateCall(
    node: BuiltinNode,
    isTest: boolean,
    pointers?: ReadonlyMap<string, Nature>,
  ): { collection: Nature; result: Nature } {
    const { collection, predicate } = this.collection(node, pointers);
    const predicateNode = node.args[1];
    if (predicate === undefined || predicateNode === undefined) return { collection, result: UNKNOWN };
    const [type] = predicate.type?.results ?? [];
    if (type === undefined) this.fail(predicateNode, 'predicate should has one input and one output param');
    if (isTest && type.kind !== 'bool' && type !== ANY) {
      this.fail(predicateNode, `predicate should return boolean (got ${type.name})`);
    }
    return { collection, result: predicate.ref ?? UNKNOWN };
  }

  private sortBy(node: BuiltinNode): Nature {
    const { collection, predicate } = this.collection(node);
    const [, predicateNode = node, orderNode] = node.args;
    if (orderNode !== undefined) {
      const order = this.visit(orderNode);
      if (!isString(order) && !isUnknown(order)) {
        this.fail(orderNode, `sortBy order argument must be a string (got ${natureName(order)})`);
      }
    }
    if ((predicate?.type?.results ?? []).length !== 1) {
      this.fail(predicateNode, 'predicate should has one input and one output param');
    }
    return collection;
  }

  private reduce(node: BuiltinNode): Nature {
    const pointers = new Map([
      ['index', INTEGER],
      ['acc', UNKNOWN],
    ]);
    const { predicate } = this.collection(node, pointers);
    const [, predicateNode = node, initial] = node.args;
    if (initial !== undefined) this.visit(initial);
    if ((predicate?.type?.results ?? []).length !== 1) {
      this.fail(predicateNode, 'predicate should has two input and one output param');
    }
    return predicate?.ref ?? UNKNOWN;
  }

  private get(node: BuiltinNode): Nature {
    const [object, key] = node.args;
    if (object === undefined || key === undefined || node.args.length !== 2) {
      return this.fail(node, `invalid number of arguments (expected 2, got ${node.args.length})`);
    }
    const base = this.visit(object);
    const property = dereference(this.visit(key));
    if (object.kind === 'identifier' && object.name === '$env') {
      return (key.kind === 'string' ? this.names.get(key.value) : undefined) ?? UNKNOWN;
    }
    if (isUnknown(base)) return UNKNOWN;
    if (isList(base)) {
      if (!isInteger(property) && !isUnknown(property)) {
        this.fail(key, `non-integer slice index ${natureName(property)}`);
      }
      return elementOf(base);
    }
    if (isMap(base)) {
      if (!assignable(property, ofType(base.type?.key ?? ANY)) && !isUnknown(property)) {
        this.fail(key, `cannot use ${natureName(property)} to get an element from ${natureName(base)}`);
      }
      return elementOf(base);
    }
    return this.fail(object, `type ${natureName(base)} does not support indexing`);
  }

  private plain(builtin: Builtin, node: BuiltinNode): Nature {
    const { validate, types } = builtin;
    if (validate !== undefined) {
      const args = node.args.map((arg) => {
        const nature = this.visit(arg);
        return isUnknown(nature) ? ANY : nature.type;
      });
      try {
        return ofType(validate(args));
      } catch (error) {
        if (error instanceof Fault) this.fail(node, error.message);
        throw error;
      }
    }
    let last: ExpressionError | undefined;
    const seen: Nature[] = [];
    for (const type of types ?? []) {
      const outcome = this.overload(builtin.name, type, node, node.args, seen);
      if (!(outcome instanceof ExpressionError)) return outcome;
      last = outcome;
    }
    return last === undefined ? this.fail(node, `no matching overload for ${builtin.name}`) : raise(last);
  }

  /** The result of calling a function type, or what does not fit. `seen` keeps natures from one overload to the next. */
  private overload(
    name: string,
    type: GoType,
    node: Node,
    args: Node[],
    seen: Nature[],
  ): Nature | ExpressionError {
    const params = type.params ?? [];
    const result = ofType(type.results?.[0] ?? ANY);
    const natureAt = (i: number, arg: Node): Nature => (seen[i] ??= this.visit(arg));
    if (args.length !== params.length) {
      for (const [i, arg] of args.entries()) natureAt(i, arg);
      const what = args.length > params.length ? 'too many' : 'not enough';
      return new ExpressionError(`${what} arguments to call ${name}`, this.source, node.at);
    }
    for (const [i, arg] of args.entries()) {
      const nature = natureAt(i, arg);
      const param = params[i] ?? ANY;
      if (isFloatType(param) && isInteger(nature)) {
        args[i] = withFloats(arg);
        continue;
      }
      if (isIntegerType(param) && isInteger(nature)) continue;
      if (nature.isNil === true) {
        if (param.kind === 'ptr' || param.kind === 'interface') continue;
        const text = `cannot use nil as argument (type ${param.name}) to call ${name}`;
        return new ExpressionError(text, this.source, arg.at);
      }
      if (!isUnknown(nature) && !assignable(nature, ofType(param))) {
        const text = `cannot use ${natureName(nature)} as argument (type ${param.name}) to call ${name} `;
        return new ExpressionError(text, this.source, arg.at);
      }
    }
    return result;
  }

  private pointer(node: PointerNode): Nature {
    const scope = this.scopes.at(-1);
    if (scope === undefined) return this.fail(node, 'cannot use pointer accessor outside predicate');
    if (node.name === '') return isUnknown(scope.collection) ? UNKNOWN : elementOf(scope.collection);
    return scope.pointers.get(node.name) ?? this.fail(node, `unknown pointer #${node.name}`);
  }

  private declaration(node: LetNode): Nature {
    if (this.names.has(node.name)) this.fail(node, `cannot redeclare ${node.name}`);
    if (builtinNamed(node.name) !== undefined) this.fail(node, `cannot redeclare builtin ${node.name}`);
    if (this.variables.some((variable) => variable.name === node.name)) {
      this.fail(node, `cannot redeclare variable ${node.name}`);
    }
    const nature = this.visit(node.value);
    this.variables.push({ name: node.name, nature });
    const body = this.visit(node.body);
    this.variables.pop();
    return body;
  }

  private conditional(node: ConditionalNode): Nature {
    const test = dereference(this.visit(node.test));
    if (!isBool(test) && !isUnknown(test)) {
      this.fail(node.test, `non-bool expression (type ${natureName(test)}) used as condition`);
    }
    const a = this.visit(node.consequent);
    const b = this.visit(node.otherwise);
    if (a.isNil === true) return b;
    if (b.isNil === true) return a;
    if (!assignable(a, b)) return UNKNOWN;
    if (isList(a) && isList(b)) {
      const [x, y] = [elementOf(a), elementOf(b)];
      if (!assignable(x, y) || !assignable(y, x)) return ofType(ANY_SLICE);
    }
    return a;
  }

  private array(node: ArrayNode): Nature {
    const natures = node.nodes.map((each) => this.visit(each));
    const last = natures.at(-1) ?? UNKNOWN;
    return natures.every((n) => n.type?.kind === last.type?.kind) ? listOf(last) : ofType(ANY_SLICE);
  }
}

function raise(error: ExpressionError): never {
  throw error;
}

function coalesce(l: Nature, r: Nature): Nature {
  if (l.isNil === true) return r;
  if (r.isNil === true) return l;
  return assignable(r, l) ? l : UNKNOWN;
}

/** Integer literals where a function wants a float, through signs and sums, as floats. */
function withFloats(node: Node): Node {
  if (node.kind === 'integer') {
    const { at, depth } = node;
    const float: FloatNode = { kind: 'float', value: Number(node.value), at, depth, nature: ofType(FLOAT) };
    return float;
  }
  if (node.kind === 'unary') return { ...node, operand: withFloats(node.operand) };
  if (node.kind === 'binary' && ['+', '-', '*'].includes(node.operator)) {
    return { ...node, left: withFloats(node.left), right: withFloats(node.right) };
  }
  return node;
}
