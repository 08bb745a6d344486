/** Reads JSON with the error texts of Go's encoding/json. Pure. */

import { isPrintable } from './go-format.ts';
import type { Json } from './json.ts';

export class JsonSyntaxError extends Error {
  override name = 'JsonSyntaxError';
}

const MAX_DEPTH = 500;

/** Parses JSON; throws JsonSyntaxError with the text that Go gives. */
export function parseGoJson(text: string): Json {
  new JsonScanner(text).check();
  return JSON.parse(text) as Json;
}

const DIGIT = /^[0-9]$/;

/** Walks over a text and says what is wrong with it, without building anything. */
class JsonScanner {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  check(): void {
    this.value(0);
    this.space();
    if (this.at < this.text.length) this.fail('after top-level value');
  }

  private fail(where: string): never {
    const code = this.text.codePointAt(this.at);
    // At the end Go tries a space, which only the inside of a token refuses.
    const inToken = /^(?:in (?!string literal)|after decimal)/.test(where);
    if (code === undefined && inToken) throw new JsonSyntaxError(`invalid character ' ' ${where}`);
    if (code === undefined) throw new JsonSyntaxError('unexpected end of JSON input');
    throw new JsonSyntaxError(`invalid character ${quoteChar(String.fromCodePoint(code))} ${where}`);
  }

  private space(): void {
    while (this.at < this.text.length && ' \t\r\n'.includes(this.text[this.at] ?? '')) this.at += 1;
  }

  private is(char: string): boolean {
    return this.text[this.at] === char;
  }

  private accept(char: string): boolean {
    if (!this.is(char)) return false;
    this.at += 1;
    return true;
  }

  private digits(where: string): void {
    if (!DIGIT.test(this.text[this.at] ?? '')) this.fail(where);
    while (DIGIT.test(this.text[this.at] ?? '')) this.at += 1;
  }

  private value(depth: number): void {
    if (depth > MAX_DEPTH) throw new JsonSyntaxError('exceeded max depth');
    this.space();
    const char = this.text[this.at] ?? '';
    if (this.accept('{')) return this.object(depth);
    if (this.accept('[')) return this.array(depth);
    if (this.accept('"')) return this.string();
    if (char === '-' || DIGIT.test(char)) return this.number();
    const word = WORDS.get(char);
    if (word === undefined) return this.fail('looking for beginning of value');
    for (const letter of word)
      if (!this.accept(letter)) this.fail(`in literal ${word} (expecting '${letter}')`);
  }

  private number(): void {
    const start = this.at;
    this.accept('-');
    if (!this.accept('0')) this.digits('in numeric literal');
    if (this.accept('.')) this.digits('after decimal point in numeric literal');
    if (this.accept('e') || this.accept('E')) {
      if (!this.accept('+')) this.accept('-');
      this.digits('in exponent of numeric literal');
    }
    const literal = this.text.slice(start, this.at);
    if (!Number.isFinite(Number(literal))) {
      throw new JsonSyntaxError(`json: cannot unmarshal number ${literal} into Go value of type float64`);
    }
  }

  private string(): void {
    while (!this.accept('"')) {
      const char = this.text[this.at] ?? '';
      if (char < ' ') this.fail('in string literal');
      this.at += 1;
      if (char === '\\') this.escape();
    }
  }

  private escape(): void {
    if (!this.accept('u')) {
      if (this.at >= this.text.length || !'bfnrt\\/"'.includes(this.text[this.at] ?? '')) {
        this.fail('in string escape code');
      }
      this.at += 1;
      return;
    }
    for (let i = 0; i < 4; i += 1) {
      if (!/^[0-9a-fA-F]$/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape');
      this.at += 1;
    }
  }

  private object(depth: number): void {
    this.space();
    if (this.accept('}')) return;
    for (;;) {
      this.space();
      if (!this.accept('"')) this.fail('looking for beginning of object key string');
      this.string();
      this.space();
      if (!this.accept(':')) this.fail('after object key');
      this.value(depth + 1);
      this.space();
      if (this.accept('}')) return;
      if (!this.accept(',')) this.fail('after object key:value pair');
    }
  }

  private array(depth: number): void {
    this.space();
    if (this.accept(']')) return;
    for (;;) {
      this.value(depth + 1);
      this.space();
      if (this.accept(']')) return;
      if (!this.accept(',')) this.fail('after array element');
    }
  }
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['t', 'true'],
  ['f', 'false'],
  ['n', 'null'],
]);
const NAMED: ReadonlyMap<string, string> = new Map([
  ["'", "\\'"],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\r', '\\r'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\v', '\\v'],
  ['\u0007', '\\a'],
]);

function quoteChar(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex =
    code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  return `'${NAMED.get(char) ?? (isPrintable(char) ? char : hex)}'`;
}
