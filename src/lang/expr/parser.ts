/** Tokens to a syntax tree, by precedence climbing. Every loop and recursion is bounded. */

import { NumberSyntaxError, parseGoFloat, parseGoInt, parseGoPrefixedInt } from '../go-parse.ts';
import type { BuiltinNode, Node, NodeFields } from './ast.ts';
import { ExpressionError } from './error.ts';
import { Lexer, describeToken, isIdentifier } from './lexer.ts';
import type { Token, TokenKind } from './lexer.ts';

/** Longest source, in UTF-16 units. */
const MAX_SOURCE = 65_536;
/** Most nodes of a tree, as in Go. */
const MAX_NODES = 10_000;
/** Deepest tree and deepest nesting of brackets. */
const MAX_LEVELS = 400;

const UNARY: ReadonlyMap<string, number> = new Map([
  ['not', 50],
  ['!', 50],
  ['-', 90],
  ['+', 90],
]);
const BINARY: ReadonlyMap<string, { precedence: number; right?: true }> = new Map([
  ['|', { precedence: 0 }],
  ['or', { precedence: 10 }],
  ['||', { precedence: 10 }],
  ['and', { precedence: 15 }],
  ['&&', { precedence: 15 }],
  ...['==', '!=', '<', '>', '>=', '<=', 'in', 'matches', 'contains', 'startsWith', 'endsWith'].map(
    (operator) => [operator, { precedence: 20 }] as const,
  ),
  ['..', { precedence: 25 }],
  ['+', { precedence: 30 }],
  ['-', { precedence: 30 }],
  ['*', { precedence: 60 }],
  ['/', { precedence: 60 }],
  ['%', { precedence: 60 }],
  ['**', { precedence: 100, right: true }],
  ['^', { precedence: 100, right: true }],
  ['??', { precedence: 500 }],
]);
const COMPARISONS = new Set(['<', '>', '>=', '<=']);
const NEGATABLE = new Set(['contains', 'matches', 'startsWith', 'endsWith', 'in']);

type Argument = 'expression' | 'predicate' | 'predicate?' | 'expression?';
/** Builtins with a predicate, whose arguments have their own syntax. */
const PREDICATE_BUILTINS: ReadonlyMap<string, readonly Argument[]> = new Map<string, readonly Argument[]>([
  ...[
    'all',
    'none',
    'any',
    'one',
    'filter',
    'map',
    'find',
    'findIndex',
    'findLast',
    'findLastIndex',
    'groupBy',
  ].map((name) => [name, ['expression', 'predicate']] as const),
  ['count', ['expression', 'predicate?']],
  ['sum', ['expression', 'predicate?']],
  ['sortBy', ['expression', 'predicate', 'expression?']],
  ['reduce', ['expression', 'predicate', 'expression?']],
]);

/** Parses a source. `isBuiltin` says which other names are functions of the language. Throws ExpressionError. */
export function parse(source: string, isBuiltin: (name: string) => boolean): Node {
  if (source.length > MAX_SOURCE) {
    throw new ExpressionError(`the expression is longer than ${MAX_SOURCE} characters`, source, 0);
  }
  return new Parser(source, isBuiltin).parse();
}

class Parser {
  private readonly source: string;
  private readonly isBuiltin: (name: string) => boolean;
  private readonly lexer: Lexer;
  private index = 0;
  private nodes = 0;
  private level = 0;
  private predicates = 0;

  constructor(source: string, isBuiltin: (name: string) => boolean) {
    this.source = source;
    this.isBuiltin = isBuiltin;
    this.lexer = new Lexer(source);
  }

  parse(): Node {
    const node = this.sequence();
    if (this.current.kind !== 'EOF') this.unexpected();
    return node;
  }

  private get current(): Token {
    return this.lexer.token(this.index);
  }

  private fail(message: string, token = this.current): never {
    throw new ExpressionError(message, this.source, token.at);
  }

  private unexpected(token = this.current): never {
    this.fail(`unexpected token ${describeToken(token)}`, token);
  }

  private is(kind: TokenKind, value?: string): boolean {
    return this.current.kind === kind && (value === undefined || this.current.value === value);
  }

  private next(): Token {
    const token = this.current;
    if (token.kind === 'EOF') this.fail('unexpected end of expression');
    this.index += 1;
    return token;
  }

  private expect(kind: TokenKind, value?: string): Token {
    if (!this.is(kind, value)) this.unexpected();
    return this.next();
  }

  private node(fields: NodeFields, at: number, children: readonly (Node | undefined)[] = []): Node {
    this.nodes += 1;
    if (this.nodes > MAX_NODES) this.fail('compilation failed: expression exceeds maximum allowed nodes');
    const depth = 1 + Math.max(0, ...children.map((child) => child?.depth ?? 0));
    if (depth > MAX_LEVELS) this.fail(`the expression nests deeper than ${MAX_LEVELS} levels`);
    return { ...fields, at, depth } as Node;
  }

  private sequence(): Node {
    const nodes = [this.expression(0)];
    while (this.is('Operator', ';')) {
      this.next();
      if (this.is('EOF')) break;
      nodes.push(this.expression(0));
    }
    const [first] = nodes;
    return nodes.length === 1 && first !== undefined
      ? first
      : this.node({ kind: 'sequence', nodes }, first?.at ?? 0, nodes);
  }

  private expression(precedence: number): Node {
    this.level += 1;
    if (this.level > MAX_LEVELS) this.fail(`the expression nests deeper than ${MAX_LEVELS} levels`);
    const node = this.statement(precedence);
    this.level -= 1;
    return node;
  }

  private statement(precedence: number): Node {
    if (precedence === 0 && this.is('Operator', 'let')) return this.declaration();
    if (precedence === 0 && this.is('Operator', 'if')) return this.ifElse();
    const node = this.operators(this.primary(), precedence);
    return precedence === 0 ? this.ternary(node) : node;
  }

  private operators(first: Node, precedence: number): Node {
    let left = first;
    let previous = '';
    while (this.is('Operator')) {
      const before = this.index;
      const negate = this.is('Operator', 'not');
      if (negate) {
        this.next();
        if (!NEGATABLE.has(this.current.value)) this.unexpected();
      }
      const token = this.current;
      const operator = BINARY.get(token.value);
      if (operator === undefined || operator.precedence < precedence) {
        this.index = before;
        break;
      }
      this.next();
      if (token.value === '|') {
        left = this.call(this.expect('Identifier'), [left]);
      } else if (previous === '??' && token.value !== '??') {
        this.fail(
          `Operator (${token.value}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.`,
          token,
        );
      } else if (COMPARISONS.has(token.value)) {
        left = this.comparisons(left, token, operator.precedence);
      } else {
        const right = this.expression(
          operator.right === true ? operator.precedence : operator.precedence + 1,
        );
        left = this.node({ kind: 'binary', operator: token.value, left, right }, token.at, [left, right]);
        if (negate) left = this.node({ kind: 'unary', operator: 'not', operand: left }, token.at, [left]);
      }
      previous = token.value;
    }
    return left;
  }

  /** `a < b < c` means `a < b && b < c`. */
  private comparisons(first: Node, firstToken: Token, precedence: number): Node {
    let left = first;
    let token = firstToken;
    let all: Node | undefined;
    for (;;) {
      const right = this.expression(precedence + 1);
      const one = this.node({ kind: 'binary', operator: token.value, left, right }, token.at, [left, right]);
      all =
        all === undefined
          ? one
          : this.node({ kind: 'binary', operator: '&&', left: all, right: one }, token.at, [all, one]);
      if (!this.is('Operator') || !COMPARISONS.has(this.current.value)) return all;
      left = right;
      token = this.next();
    }
  }

  private declaration(): Node {
    this.next();
    const name = this.expect('Identifier');
    this.expect('Operator', '=');
    const value = this.expression(0);
    this.expect('Operator', ';');
    this.level += 1;
    if (this.level > MAX_LEVELS) this.fail(`the expression nests deeper than ${MAX_LEVELS} levels`);
    const body = this.sequence();
    this.level -= 1;
    return this.node({ kind: 'let', name: name.value, value, body }, name.at, [value, body]);
  }

  private block(): Node {
    this.expect('Bracket', '{');
    const node = this.sequence();
    this.expect('Bracket', '}');
    return node;
  }

  private ifElse(): Node {
    this.next();
    const test = this.expression(0);
    const consequent = this.block();
    this.expect('Operator', 'else');
    const otherwise = this.is('Operator', 'if') ? this.expression(0) : this.block();
    return this.node({ kind: 'conditional', test, consequent, otherwise }, 0, [test, consequent, otherwise]);
  }

  private ternary(first: Node): Node {
    let node = first;
    while (this.is('Operator', '?')) {
      this.next();
      let consequent = node;
      if (this.is('Operator', ':')) {
        this.next();
      } else {
        consequent = this.expression(0);
        this.expect('Operator', ':');
      }
      const otherwise = this.expression(0);
      node = this.node({ kind: 'conditional', test: node, consequent, otherwise }, this.current.at, [
        node,
        consequent,
        otherwise,
      ]);
    }
    return node;
  }

  private primary(): Node {
    const token = this.current;
    if (token.kind === 'Operator') {
      const precedence = UNARY.get(token.value);
      if (precedence !== undefined) {
        this.next();
        const operand = this.expression(precedence);
        return this.postfix(
          this.node({ kind: 'unary', operator: token.value, operand }, token.at, [operand]),
        );
      }
    }
    if (this.is('Bracket', '(')) {
      this.next();
      const inner = this.sequence();
      this.expect('Bracket', ')');
      return this.postfix(inner);
    }
    if (this.predicates > 0 && (this.is('Operator', '#') || this.is('Operator', '.'))) {
      let name = '';
      if (token.value === '#') {
        this.next();
        if (this.is('Identifier')) name = this.next().value;
      }
      return this.postfix(this.node({ kind: 'pointer', name }, token.at));
    }
    if (this.is('Operator', '::')) {
      this.next();
      return this.postfix(this.call(this.expect('Identifier'), []));
    }
    return this.secondary();
  }

  private secondary(): Node {
    const token = this.current;
    switch (token.kind) {
      case 'Identifier':
        this.next();
        if (token.value === 'true' || token.value === 'false') {
          return this.node({ kind: 'bool', value: token.value === 'true' }, token.at);
        }
        if (token.value === 'nil') return this.node({ kind: 'nil' }, token.at);
        return this.postfix(
          this.is('Bracket', '(')
            ? this.call(token, [])
            : this.node({ kind: 'identifier', name: token.value }, token.at),
        );
      case 'Number':
        this.next();
        return this.number(token);
      case 'String':
        this.next();
        return this.postfix(this.node({ kind: 'string', value: token.value }, token.at));
      case 'Bytes':
        this.next();
        return this.postfix(this.node({ kind: 'bytes', value: token.bytes ?? new Uint8Array() }, token.at));
      default:
        if (this.is('Bracket', '[')) return this.postfix(this.array());
        if (this.is('Bracket', '{')) return this.postfix(this.map());
        return this.unexpected();
    }
  }

  private number(token: Token): Node {
    const text = token.value.replaceAll('_', '');
    const prefix = text.slice(0, 2).toLowerCase();
    const base = { '0x': 'hex', '0b': 'binary', '0o': 'octal' }[prefix];
    const isFloat = base !== 'hex' && /[.eE]/.test(text);
    try {
      if (isFloat) return this.node({ kind: 'float', value: parseGoFloat(text) }, token.at);
      const value = base === undefined ? parseGoInt(text) : parseGoPrefixedInt(text);
      return this.node({ kind: 'integer', value }, token.at);
    } catch (error) {
      if (!(error instanceof NumberSyntaxError)) throw error;
      return this.fail(`invalid ${isFloat ? 'float' : (base ?? 'integer')} literal: ${error.message}`);
    }
  }

  /** A call by name; `given` holds what a pipe puts in front. */
  private call(name: Token, given: readonly Node[]): Node {
    const signature = PREDICATE_BUILTINS.get(name.value);
    if (signature !== undefined) return this.predicateCall(name, given, signature);
    const args = this.args(given);
    if (this.isBuiltin(name.value)) {
      return this.node({ kind: 'builtin', name: name.value, args }, name.at, args);
    }
    const callee = this.node({ kind: 'identifier', name: name.value }, name.at);
    return this.node({ kind: 'call', callee, args }, name.at, args);
  }

  private predicateCall(name: Token, given: readonly Node[], signature: readonly Argument[]): Node {
    const args = [...given];
    this.expect('Bracket', '(');
    const wanted = signature.slice(given.length);
    for (const [i, argument] of wanted.entries()) {
      if (this.is('Bracket', ')')) {
        if (argument.endsWith('?')) break;
        this.fail(`expected at least ${wanted.length} arguments`);
      }
      if (i > 0) this.expect('Operator', ',');
      args.push(argument.startsWith('predicate') ? this.predicate() : this.expression(0));
    }
    if (this.is('Operator', ',')) this.next();
    this.expect('Bracket', ')');
    const fields: NodeFields<BuiltinNode> = { kind: 'builtin', name: name.value, args };
    return this.node(fields, name.at, args);
  }

  private predicate(): Node {
    const { at } = this.current;
    this.predicates += 1;
    let body: Node;
    if (this.is('Bracket', '{')) {
      this.next();
      body = this.sequence();
      this.predicates -= 1;
      this.expect('Bracket', '}');
    } else {
      body = this.expression(0);
      if (this.is('Operator', ';')) this.fail('wrap predicate with brackets { and }');
      this.predicates -= 1;
    }
    return this.node({ kind: 'predicate', body }, at, [body]);
  }

  private args(given: readonly Node[]): Node[] {
    const args = [...given];
    this.expect('Bracket', '(');
    while (!this.is('Bracket', ')')) {
      if (args.length > given.length) this.expect('Operator', ',');
      if (this.is('Bracket', ')')) break;
      args.push(this.expression(0));
    }
    this.next();
    return args;
  }

  private array(): Node {
    const open = this.next();
    const nodes: Node[] = [];
    while (!this.is('Bracket', ']')) {
      if (nodes.length > 0) this.expect('Operator', ',');
      if (this.is('Bracket', ']')) break;
      nodes.push(this.expression(0));
    }
    this.next();
    return this.node({ kind: 'array', nodes }, open.at, nodes);
  }

  private map(): Node {
    const open = this.next();
    const pairs: { key: Node; value: Node }[] = [];
    while (!this.is('Bracket', '}')) {
      if (pairs.length > 0) this.expect('Operator', ',');
      if (this.is('Bracket', '}')) break;
      if (pairs.length > 0 && this.is('Operator', ',')) this.unexpected();
      const key = this.key();
      this.expect('Operator', ':');
      pairs.push({ key, value: this.expression(0) });
    }
    this.next();
    return this.node(
      { kind: 'map', pairs },
      open.at,
      pairs.flatMap(({ key, value }) => [key, value]),
    );
  }

  private key(): Node {
    const token = this.current;
    if (token.kind === 'Number' || token.kind === 'String' || token.kind === 'Identifier') {
      this.next();
      return this.node({ kind: 'string', value: token.value }, token.at);
    }
    if (this.is('Bracket', '(')) return this.expression(0);
    return this.fail(
      `a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses (unexpected token ${describeToken(token)})`,
    );
  }

  private postfix(first: Node): Node {
    let node = first;
    for (;;) {
      if (this.is('Operator', '.') || this.is('Operator', '?.')) {
        const optional = this.current.value === '?.';
        this.next();
        node = optional && this.is('Bracket', '[') ? this.subscript(node, true) : this.field(node, optional);
      } else if (this.is('Bracket', '[')) {
        node = this.subscript(node, false);
      } else {
        return node;
      }
    }
  }

  private field(node: Node, optional: boolean): Node {
    const name = this.next();
    if (name.kind !== 'Identifier' && (name.kind !== 'Operator' || !isIdentifier(name.value))) {
      this.fail('expected name');
    }
    const inChain = node.kind === 'chain';
    const object = node.kind === 'chain' ? node.operand : node;
    const property = this.node({ kind: 'string', value: name.value }, name.at);
    const method = this.is('Bracket', '(');
    let link = this.node({ kind: 'member', object, property, optional, method }, name.at, [object]);
    if (method) {
      const args = this.args([]);
      link = this.node({ kind: 'call', callee: link, args }, name.at, [link, ...args]);
    }
    return inChain || optional ? this.node({ kind: 'chain', operand: link }, name.at, [link]) : link;
  }

  private subscript(object: Node, optional: boolean): Node {
    const open = this.next();
    const slice = (from: Node | undefined): Node => {
      this.next();
      const to = this.is('Bracket', ']') ? undefined : this.expression(0);
      const node = this.node({ kind: 'slice', object, from, to }, open.at, [object, from, to]);
      this.expect('Bracket', ']');
      return node;
    };
    if (this.is('Operator', ':')) return slice(undefined);
    const property = this.expression(0);
    if (this.is('Operator', ':')) return slice(property);
    let node = this.node({ kind: 'member', object, property, optional, method: false }, open.at, [
      object,
      property,
    ]);
    if (optional) node = this.node({ kind: 'chain', operand: node }, open.at, [node]);
    this.expect('Bracket', ']');
    return node;
  }
}
