/** Kubernetes JSONPath templates to nodes: text with actions in braces (client-go's syntax). */

import { NumberSyntaxError, parseGoFloat, parseGoInt } from '../go-parse.ts';
import { describeRune } from '../regexp.ts';
import { JsonPathError } from './error.ts';

/** One bound of `[start:end:step]`. `derived`: the end that follows from `[n]` alone. */
export interface Bound {
  readonly value: number;
  readonly known: boolean;
  readonly derived?: true;
}

export type PathNode =
  | { readonly kind: 'list'; readonly nodes: PathNode[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'array'; readonly bounds: readonly [Bound, Bound, Bound] }
  | { readonly kind: 'filter'; readonly left: PathList; readonly right: PathList; readonly operator: string }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'recursive' }
  | { readonly kind: 'union'; readonly lists: readonly PathList[] }
  | { readonly kind: 'identifier'; readonly name: string };
export type PathList = Extract<PathNode, { kind: 'list' }>;

const MAX_PATH = 16_384;
/** Unions and filters hold paths of their own. */
const MAX_NESTING = 50;

/** Parses a template. Throws JsonPathError. */
export function parseTemplate(text: string): PathList {
  if (text.length > MAX_PATH) throw new JsonPathError(`the path is longer than ${MAX_PATH} characters`);
  return new TemplateParser(text, 0).parse();
}

const fail = (message: string): never => {
  throw new JsonPathError(message);
};

const isLineEnd = (char: string): boolean => char === '\r' || char === '\n';
const isTerminator = (char: string): boolean => char === '' || ' \t\r\n.,[]$@{}'.includes(char);
const isWordChar = (char: string): boolean => /^[_\p{L}\p{Nd}]$/u.test(char);
const isDigit = (char: string): boolean => /^\p{Nd}$/u.test(char);

class TemplateParser {
  private readonly chars: readonly string[];
  private readonly nesting: number;
  private readonly root: PathList = { kind: 'list', nodes: [] };
  private start = 0;
  private at = 0;

  constructor(text: string, nesting: number) {
    this.chars = Array.from(text);
    this.nesting = nesting;
  }

  parse(): PathList {
    while (this.at < this.chars.length) {
      if (this.chars[this.at] !== '{') {
        this.at += 1;
        continue;
      }
      this.text();
      this.at += 1;
      this.consume();
      const action: PathList = { kind: 'list', nodes: [] };
      this.root.nodes.push(action);
      this.action(action.nodes);
    }
    this.text();
    return this.root;
  }

  /** A path inside this one. */
  private nested(text: string): PathList {
    if (this.nesting >= MAX_NESTING) fail(`the path nests deeper than ${MAX_NESTING} levels`);
    const [first] = new TemplateParser(`{${text}}`, this.nesting + 1).parse().nodes;
    return first?.kind === 'list' ? first : { kind: 'list', nodes: [] };
  }

  private text(): void {
    if (this.at > this.start) this.root.nodes.push({ kind: 'text', text: this.consume() });
  }

  private consume(): string {
    const value = this.chars.slice(this.start, this.at).join('');
    this.start = this.at;
    return value;
  }

  private peek(offset = 0): string {
    return this.chars[this.at + offset] ?? '';
  }

  private next(): string {
    const char = this.peek();
    if (char !== '') this.at += 1;
    return char;
  }

  private startsWith(prefix: string): boolean {
    return [...prefix].every((char, i) => this.peek(i) === char);
  }

  /** Everything up to the closing brace. */
  private action(nodes: PathNode[]): void {
    for (;;) {
      if (this.startsWith('}')) {
        this.at += 1;
        this.consume();
        return;
      }
      if (this.startsWith('[?(')) this.filter(nodes);
      else if (this.startsWith('..')) this.recursive(nodes);
      else this.part(nodes);
    }
  }

  private part(nodes: PathNode[]): void {
    const char = this.next();
    if (char === '' || isLineEnd(char)) fail('unclosed action');
    else if (char === ' ' || char === '@' || char === '$') this.consume();
    else if (char === '[') this.array(nodes);
    else if (char === '"' || char === "'") this.quote(nodes, char);
    else if (char === '.') this.field(nodes);
    else {
      this.at -= 1;
      if (char === '+' || char === '-' || isDigit(char)) this.number(nodes);
      else if (isWordChar(char)) this.identifier(nodes);
      else fail(`unrecognized character in action: ${describeRune(char)}`);
    }
  }

  private identifier(nodes: PathNode[]): void {
    while (!isTerminator(this.peek())) this.at += 1;
    const name = this.consume();
    nodes.push(
      name === 'true' || name === 'false'
        ? { kind: 'bool', value: name === 'true' }
        : { kind: 'identifier', name },
    );
  }

  private recursive(nodes: PathNode[]): void {
    if (nodes.at(-1)?.kind === 'recursive') fail('invalid multiple recursive descent');
    this.at += 2;
    this.consume();
    nodes.push({ kind: 'recursive' });
    if (isWordChar(this.peek())) this.field(nodes);
  }

  private number(nodes: PathNode[]): void {
    if (this.peek() === '+' || this.peek() === '-') this.at += 1;
    while (this.peek() === '.' || isDigit(this.peek())) this.at += 1;
    const text = this.consume();
    const node = readNumber(text);
    if (node === undefined) fail(`cannot parse number ${text}`);
    else nodes.push(node);
  }

  private array(nodes: PathNode[]): void {
    for (let char = this.next(); char !== ']'; char = this.next()) {
      if (char === '' || char === '\n') fail('unterminated array');
    }
    const inside = this.consume().slice(1, -1);
    const text = inside === '*' ? ':' : inside;
    const members = text.split(',');
    if (members.length > 1) {
      const lists = members.map((member) => this.nested(`[${member.replaceAll(/^ +| +$/g, '')}]`));
      nodes.push({ kind: 'union', lists });
      return;
    }
    const key = /^'([^']*)'$/.exec(text)?.[1];
    if (key === undefined) nodes.push({ kind: 'array', bounds: readBounds(text) });
    else nodes.push(...this.nested(`.${key}`).nodes);
  }

  private filter(nodes: PathNode[]): void {
    this.at += 3;
    this.consume();
    let quote = '';
    let closed = false;
    for (;;) {
      const char = this.next();
      if (char === '' || char === '\n') fail('unterminated filter');
      if (char === '"' || char === "'") {
        if (quote === '') quote = char;
        else if (char === quote && this.peek(-2) !== '\\') closed = true;
      } else if (char === ')' && (quote !== '') === closed) {
        break;
      }
    }
    if (this.next() !== ']') fail('unclosed array expect ]');
    const text = this.consume().slice(0, -2);
    const comparison = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text);
    if (comparison === null) {
      nodes.push({
        kind: 'filter',
        left: this.nested(text),
        right: { kind: 'list', nodes: [] },
        operator: 'exists',
      });
      return;
    }
    const [, left = '', operator = '', right = ''] = comparison;
    nodes.push({ kind: 'filter', left: this.nested(left), right: this.nested(right), operator });
  }

  private quote(nodes: PathNode[], quote: string): void {
    for (;;) {
      const char = this.next();
      if (char === '' || char === '\n') fail('unterminated quoted string');
      if (char === quote && this.peek(-2) !== '\\') break;
    }
    const literal = this.consume();
    const text = unquote(literal);
    if (text === undefined) fail(`unquote string ${literal} error invalid syntax`);
    else nodes.push({ kind: 'text', text });
  }

  private field(nodes: PathNode[]): void {
    this.consume();
    while (!isTerminator(this.peek())) {
      if (this.next() === '\\') this.next();
    }
    const name = this.consume();
    nodes.push(name === '*' ? { kind: 'wildcard' } : { kind: 'field', name: name.replaceAll('\\', '') });
  }
}

function readNumber(text: string): PathNode | undefined {
  try {
    return { kind: 'int', value: parseGoInt(text) };
  } catch (error) {
    if (!(error instanceof NumberSyntaxError)) throw error;
  }
  try {
    return { kind: 'float', value: parseGoFloat(text) };
  } catch (error) {
    if (error instanceof NumberSyntaxError) return undefined;
    throw error;
  }
}

function readBounds(text: string): [Bound, Bound, Bound] {
  const match = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text);
  if (match === null) return fail(`invalid array index ${text}`);
  const [, first = '', second = '', third = ''] = match;
  const read = (digits: string): Bound => {
    if (!/^-?\d+$/.test(digits) || !Number.isSafeInteger(Number(digits))) {
      return fail(`array index ${digits} is not a number`);
    }
    return { value: Number(digits), known: true };
  };
  const unknown: Bound = { value: 0, known: false };
  const start = first === '' ? unknown : read(first);
  const behindColon = (part: string): Bound => (part.length > 1 ? read(part.slice(1)) : unknown);
  const end: Bound =
    second === '' ? { value: start.value + 1, known: true, derived: true } : behindColon(second);
  return [start, end, behindColon(third)];
}

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\'"]))/y;
const NAMED: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** The text of a quoted literal, or undefined where its escapes are wrong. */
function unquote(literal: string): string | undefined {
  const quote = literal[0];
  const body = literal.slice(1, -1);
  if (literal.length < 2) return undefined;
  let out = '';
  for (let i = 0; i < body.length; i += 1) {
    if (body[i] === quote) return undefined;
    if (body[i] !== '\\') {
      out += body[i];
      continue;
    }
    ESCAPE.lastIndex = i;
    const match = ESCAPE.exec(body);
    if (match === null) return undefined;
    const [all, x, u, wide, octal, simple] = match;
    i += all.length - 1;
    if (simple !== undefined) {
      if ((simple === "'" || simple === '"') && simple !== quote) return undefined;
      out += NAMED.get(simple) ?? simple;
      continue;
    }
    const code = octal === undefined ? Number.parseInt(x ?? u ?? wide ?? '', 16) : Number.parseInt(octal, 8);
    const isByte = x !== undefined || octal !== undefined;
    if (code > (isByte ? 0xff : 0x10ffff) || (code >= 0xd800 && code < 0xe000)) return undefined;
    // A lone byte above ASCII is no text.
    out += isByte && code >= 0x80 ? '\ufffd' : String.fromCodePoint(code);
  }
  return out;
}
