/** Source text to tokens. */

import { quoteGo } from '../go-format.ts';
import { describeRune } from '../regexp.ts';
import { ExpressionError } from './error.ts';

export type TokenKind = 'Identifier' | 'Number' | 'String' | 'Bytes' | 'Operator' | 'Bracket' | 'EOF';

export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  readonly at: number;
  /** For bytes literals. */
  readonly bytes?: Uint8Array;
}

/** A token as error texts name it: `Operator("=")`, `EOF`. */
export const describeToken = (token: Token): string =>
  token.value === '' ? token.kind : `${token.kind}(${quoteGo(token.value)})`;

const WORD_START = /^[\p{L}_$]$/u;
const WORD = /^[\p{L}\p{Nd}_$]$/u;
const SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/u;
const WORD_OPERATORS = new Set([
  'not',
  'in',
  'or',
  'and',
  'matches',
  'contains',
  'startsWith',
  'endsWith',
  'let',
  'if',
  'else',
]);
/** Operators that may follow `not`. */
const NEGATABLE = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);

export const isIdentifier = (text: string): boolean => /^[\p{L}_$][\p{L}\p{Nd}_$]*$/u.test(text);

/** Reads tokens as they are asked for, so that a fault of the syntax shows before one of the text behind it. */
export class Lexer {
  private readonly source: string;
  private readonly chars: readonly string[];
  private readonly tokens: Token[] = [];
  private start = 0;
  private at = 0;

  constructor(source: string) {
    this.source = source;
    this.chars = Array.from(source);
  }

  /** The token of an index; the last one is EOF. Throws ExpressionError. */
  token(index: number): Token {
    while (this.tokens.length <= index && this.tokens.at(-1)?.kind !== 'EOF') {
      this.start = this.at;
      if (this.at < this.chars.length) this.scan();
      else this.tokens.push({ kind: 'EOF', value: '', at: Math.max(this.at - 1, 0) });
    }
    return this.tokens[index] ?? { kind: 'EOF', value: '', at: Math.max(this.at - 1, 0) };
  }

  private fail(message: string): never {
    throw new ExpressionError(
      message,
      this.source,
      this.at > this.chars.length ? this.chars.length : Math.max(this.at - 1, 0),
    );
  }

  private peek(): string {
    return this.chars[this.at] ?? '';
  }

  /** The next character, or "" past the end. Past the end the position still moves on, so that errors point there. */
  private next(): string {
    const char = this.chars[this.at] ?? '';
    this.at += 1;
    return char;
  }

  private accept(valid: string): boolean {
    const char = this.peek();
    if (char === '' || !valid.includes(char)) return false;
    this.at += 1;
    return true;
  }

  private acceptRun(valid: string): void {
    while (this.accept(valid));
  }

  private acceptWord(): void {
    while (WORD.test(this.peek())) this.at += 1;
  }

  private word(): string {
    return this.chars.slice(this.start, this.at).join('');
  }

  private emit(kind: TokenKind, value = this.word(), bytes?: Uint8Array): void {
    this.tokens.push({ kind, value, at: this.start, ...(bytes === undefined ? {} : { bytes }) });
    this.start = this.at;
  }

  private scan(): void {
    const char = this.next();
    if (SPACE.test(char)) return;
    if (char === "'" || char === '"') {
      this.quoted(char);
      return this.emit('String', this.unescape(this.word()));
    }
    if (char === '`') return this.raw();
    if ((char === 'b' || char === 'B') && (this.peek() === "'" || this.peek() === '"')) {
      this.quoted(this.next());
      const bytes = this.unescapeBytes(this.word().slice(1));
      return this.emit('Bytes', new TextDecoder().decode(bytes), bytes);
    }
    if (/^[0-9]$/.test(char)) {
      this.at -= 1;
      return this.number();
    }
    switch (char) {
      case '?':
        this.accept('.?');
        return this.emit('Operator');
      case '/':
        return this.slash();
      case '#':
        return this.pointer();
      case '|':
        this.accept('|');
        return this.emit('Operator');
      case ':':
        this.accept(':');
        return this.emit('Operator');
      case '.':
        if (/^[0-9]$/.test(this.peek())) {
          this.at -= 1;
          return this.number();
        }
        this.accept('.');
        return this.emit('Operator');
      default:
        break;
    }
    if ('([{)]}'.includes(char)) return this.emit('Bracket');
    if (',;%+-^'.includes(char)) return this.emit('Operator');
    if ('&!=*<>'.includes(char)) {
      this.accept('&=*');
      return this.emit('Operator');
    }
    if (!WORD_START.test(char) && !WORD.test(char))
      this.fail(`unrecognized character: ${describeRune(char)}`);
    this.acceptWord();
    const word = this.word();
    this.emit(WORD_OPERATORS.has(word) ? 'Operator' : 'Identifier');
    if (word === 'not') this.afterNot();
  }

  /** The operator of `not in`, on the same line; anything else is read anew. */
  private afterNot(): void {
    this.acceptRun(' ');
    this.start = this.at;
    this.acceptWord();
    if (NEGATABLE.has(this.word())) this.emit('Operator');
    else this.at = this.start;
  }

  private slash(): void {
    if (this.accept('/')) {
      while (this.at < this.chars.length && this.next() !== '\n');
      return;
    }
    if (!this.accept('*')) return this.emit('Operator');
    for (;;) {
      const char = this.next();
      if (char === '') this.fail('unclosed comment');
      if (char === '*' && this.accept('/')) return;
    }
  }

  private pointer(): void {
    this.accept('#');
    this.emit('Operator');
    this.acceptWord();
    if (this.at > this.start) this.emit('Identifier');
  }

  private number(): void {
    let digits = '0123456789_';
    if (this.accept('0')) {
      if (this.accept('xX')) digits = '0123456789abcdefABCDEF_';
      else if (this.accept('oO')) digits = '01234567_';
      else if (this.accept('bB')) digits = '01_';
    }
    this.acceptRun(digits);
    const whole = this.at;
    if (this.accept('.')) {
      if (this.peek() === '.') {
        this.at = whole; // the dots of a range
        return this.emit('Number');
      }
      this.acceptRun(digits);
    }
    if (this.accept('eE')) {
      this.accept('+-');
      this.acceptRun(digits);
    }
    if (WORD.test(this.peek())) {
      this.at += 1;
      this.fail(`bad number syntax: ${quoteGo(this.word())}`);
    }
    this.emit('Number');
  }

  private quoted(quote: string): void {
    let char = this.next();
    while (char !== quote) {
      if (char === '\n' || char === '') this.fail('literal not terminated');
      char = char === '\\' ? this.escape(quote) : this.next();
    }
  }

  /** Reads over an escape; answers the character behind it. */
  private escape(quote: string): string {
    const char = this.next();
    if ('abfnrtv\\'.includes(char) && char !== '') return this.next();
    if (char === quote) return this.next();
    if (/^[0-7]$/.test(char)) return this.digits(char, /^[0-7]$/, 3);
    if (char === 'x') return this.digits(this.next(), HEX_DIGIT, 2);
    if (char === 'U') return this.digits(this.next(), HEX_DIGIT, 8);
    if (char !== 'u') this.fail('invalid char escape');
    if (this.peek() !== '{') return this.digits(this.next(), HEX_DIGIT, 4);
    this.at += 1;
    let count = 0;
    while (this.peek() !== '}') {
      if (!HEX_DIGIT.test(this.peek()) || count >= 6) this.fail('invalid char escape');
      this.at += 1;
      count += 1;
    }
    if (count === 0) this.fail('invalid char escape');
    this.at += 1;
    return this.next();
  }

  private digits(first: string, valid: RegExp, count: number): string {
    let char = first;
    let left = count;
    while (left > 0 && valid.test(char)) {
      char = this.next();
      left -= 1;
    }
    if (left > 0) this.fail('invalid char escape');
    return char;
  }

  private raw(): void {
    for (;;) {
      const char = this.next();
      if (char === '') this.fail('literal not terminated');
      if (char !== '`') continue;
      if (this.peek() !== '`') break;
      this.at += 1;
    }
    this.emit(
      'String',
      this.chars
        .slice(this.start + 1, this.at - 1)
        .join('')
        .replaceAll('``', '`'),
    );
  }

  private unescape(literal: string): string {
    const inside = literal.replaceAll(/\r\n?/g, '\n').slice(1, -1);
    return inside.replaceAll(
      /\\(u\{([0-9a-fA-F]+)\}|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|.)/gsu,
      (_, all: string, ...codes: (string | undefined)[]) => {
        const hex = codes.slice(0, 4).find((code) => code !== undefined);
        const octal = codes[4];
        if (hex === undefined && octal === undefined) return SIMPLE_ESCAPES.get(all) ?? all;
        if (octal !== undefined && octal > '377') this.fail('unable to unescape string');
        const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
        if (code > 0x10ffff) this.fail('unable to unescape string');
        return code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCodePoint(code);
      },
    );
  }

  private unescapeBytes(literal: string): Uint8Array {
    const inside = literal.replaceAll(/\r\n?/g, '\n').slice(1, -1);
    const out: number[] = [];
    for (const [, escaped, hex, octal] of inside.matchAll(
      /(\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|.)|[^\\])/gsu,
    )) {
      const text = escaped ?? '';
      if (hex !== undefined) out.push(Number.parseInt(hex, 16));
      else if (octal !== undefined) {
        if (octal > '377') this.fail('unable to unescape string');
        out.push(Number.parseInt(octal, 8));
      } else if (text.startsWith('\\')) {
        const char = SIMPLE_ESCAPES.get(text.slice(1));
        if (char === undefined) this.fail('unable to unescape string');
        out.push(char.charCodeAt(0));
      } else out.push(...new TextEncoder().encode(text));
    }
    return Uint8Array.from(out);
  }
}

const HEX_DIGIT = /^[0-9a-fA-F]$/;
const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
]);
