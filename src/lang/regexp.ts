/**
 * Regular expressions with Go's RE2 syntax, matched in linear time (a Thompson automaton, simulated), so that a pattern
 * from a template can never hang the controller. Back-references and look-around do not exist here, as in Go. Pure.
 */

import { isPrintable } from './go-format.ts';

/** A pattern that Go would refuse (with Go's text), or a match that is too much work. */
export class RegexpError extends Error {
  override name = 'RegexpError';
}

export interface Regexp {
  /** Whether the pattern is found anywhere in `text`. Throws RegexpError when the work passes its limit. */
  test(text: string): boolean;
}

const MAX_PATTERN = 4096;
const MAX_REPEAT = 1000;
const MAX_DEPTH = 200;
const MAX_INSTRUCTIONS = 20_000;
/** Automaton steps for one match: about a second. */
const MAX_WORK = 30_000_000;

type Tree =
  | { op: 'empty' }
  | { op: 'char'; set: CharSet }
  | { op: 'assert'; kind: Assertion }
  | { op: 'concat' | 'alternate'; parts: Tree[] }
  | { op: 'repeat'; part: Tree; min: number; max: number };
type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word' | 'no-word';
type CharSet = (code: number) => boolean;
type Instruction =
  | { op: 'match' }
  | { op: 'char'; set: CharSet; next: number }
  | { op: 'assert'; kind: Assertion; next: number }
  | { op: 'split'; next: number; other: number };

/** Compiles a pattern; throws RegexpError with Go's text, such as "error parsing regexp: missing closing ): `(`". */
export function compileRegexp(pattern: string): Regexp {
  if (pattern.length > MAX_PATTERN) {
    throw new RegexpError(`error parsing regexp: expression too large: more than ${MAX_PATTERN} characters`);
  }
  const program = assemble(new PatternParser(pattern).parse());
  return { test: (text) => simulate(program, text) };
}

interface Flags {
  fold: boolean;
  dotAll: boolean;
  multiLine: boolean;
}

function fail(reason: string, part: string): never {
  throw new RegexpError(`error parsing regexp: ${reason}: \`${part}\``);
}

class PatternParser {
  private readonly source: string;
  private readonly chars: readonly string[];
  private at = 0;
  private depth = 0;
  private flags: Flags = { fold: false, dotAll: false, multiLine: false };

  constructor(pattern: string) {
    this.source = pattern;
    this.chars = Array.from(pattern);
  }

  parse(): Tree {
    const tree = this.alternation();
    if (this.at < this.chars.length) fail('unexpected )', this.source);
    return tree;
  }

  private rest(): string {
    return this.chars.slice(this.at).join('');
  }

  private take(text: string): boolean {
    if (
      !this.chars
        .slice(this.at, this.at + text.length)
        .join('')
        .startsWith(text)
    )
      return false;
    this.at += text.length;
    return true;
  }

  private alternation(): Tree {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) fail('expression nests too deeply', this.source);
    const parts = [this.concatenation()];
    while (this.take('|')) parts.push(this.concatenation());
    this.depth -= 1;
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { op: 'alternate', parts };
  }

  private concatenation(): Tree {
    const parts: Tree[] = [];
    while (this.at < this.chars.length) {
      const char = this.chars[this.at];
      if (char === '|' || char === ')') break;
      if (char === '*' || char === '+' || char === '?') fail('missing argument to repetition operator', char);
      if (this.quotation(parts)) continue;
      const start = this.at;
      if (char === '{' && this.bounds() !== undefined) {
        fail('missing argument to repetition operator', this.chars.slice(start, this.at).join(''));
      }
      const atom = this.atom();
      if (atom !== undefined) parts.push(this.repetition(atom, start));
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { op: 'concat', parts };
  }

  /** `\Q...\E`: literal text; a repetition after it belongs to its last character. */
  private quotation(parts: Tree[]): boolean {
    if (!this.take('\\Q')) return false;
    while (this.at < this.chars.length && !this.take('\\E')) {
      const char = this.chars[this.at] ?? '';
      this.at += 1;
      const literal: Tree = { op: 'char', set: this.literal(char) };
      const closes = this.chars[this.at] === '\\' && this.chars[this.at + 1] === 'E';
      if (closes) this.at += 2;
      parts.push(closes ? this.repetition(literal, this.at) : literal);
      if (closes) break;
    }
    return true;
  }

  private repetition(atom: Tree, start: number): Tree {
    let tree = atom;
    let repeated = false;
    for (;;) {
      const begin = this.at;
      const bounds = this.bounds();
      if (bounds === undefined) return tree;
      this.take('?');
      const text = this.chars.slice(begin, this.at).join('');
      if (repeated)
        fail(
          'invalid nested repetition operator',
          this.chars
            .slice(start, this.at)
            .join('')
            .slice(-2 * text.length),
        );
      if (
        bounds.min > MAX_REPEAT ||
        (bounds.max !== Infinity && bounds.max > MAX_REPEAT) ||
        bounds.min > bounds.max
      ) {
        fail('invalid repeat count', text);
      }
      tree = { op: 'repeat', part: tree, ...bounds };
      if (unrolled(tree) > MAX_REPEAT) fail('invalid repeat count', text);
      repeated = true;
      start = begin;
    }
  }

  private bounds(): { min: number; max: number } | undefined {
    if (this.take('*')) return { min: 0, max: Infinity };
    if (this.take('+')) return { min: 1, max: Infinity };
    if (this.take('?')) return { min: 0, max: 1 };
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.rest().slice(0, 40));
    if (counted === null) return undefined;
    this.at += counted[0].length;
    const min = Number(counted[1]);
    if (counted[2] === undefined) return { min, max: min };
    return { min, max: counted[3] === '' || counted[3] === undefined ? Infinity : Number(counted[3]) };
  }

  /** One atom, or undefined for a flag group such as `(?i)`, which is nothing by itself. */
  private atom(): Tree | undefined {
    const char = this.chars[this.at] ?? '';
    this.at += 1;
    switch (char) {
      case '(':
        return this.group();
      case '[':
        return { op: 'char', set: this.charClass() };
      case '.':
        return { op: 'char', set: this.flags.dotAll ? () => true : (code) => code !== 10 };
      case '^':
        return { op: 'assert', kind: this.flags.multiLine ? 'line-start' : 'text-start' };
      case '$':
        return { op: 'assert', kind: this.flags.multiLine ? 'line-end' : 'text-end' };
      case '\\':
        return this.escape();
      default:
        return { op: 'char', set: this.literal(char) };
    }
  }

  private group(): Tree | undefined {
    const saved = { ...this.flags };
    const begin = this.at - 1;
    if (this.take('?')) {
      if (this.take('P<') || this.take('<')) this.groupName(begin);
      else if (!this.groupFlags(begin)) return undefined;
    }
    const tree = this.alternation();
    if (!this.take(')')) fail('missing closing )', this.source);
    this.flags = saved;
    return tree;
  }

  private groupName(begin: number): void {
    const end = this.chars.indexOf('>', this.at);
    const name = this.chars.slice(this.at, Math.max(end, this.at)).join('');
    if (!/^\w+$/.test(name)) {
      fail('invalid named capture', this.chars.slice(begin, end < 0 ? undefined : end + 1).join(''));
    }
    this.at = end + 1;
  }

  /** Reads `i-s:`; true where a group follows, false after `)`. Both leave the flags set. */
  private groupFlags(begin: number): boolean {
    let on = true;
    let any = false;
    for (;;) {
      const char = this.chars[this.at];
      if (char === undefined) fail('invalid or unsupported Perl syntax', this.chars.slice(begin).join(''));
      this.at += 1;
      if (char === 'i') this.flags.fold = on;
      else if (char === 's') this.flags.dotAll = on;
      else if (char === 'm') this.flags.multiLine = on;
      else if (char === '-' && on) {
        on = false;
        any = false;
        continue;
      } else if ((char === ':' || char === ')') && (any || on)) return char === ':';
      else if (char !== 'U')
        fail('invalid or unsupported Perl syntax', this.chars.slice(begin, this.at).join(''));
      any = true;
    }
  }

  private literal(char: string): CharSet {
    const code = char.codePointAt(0) ?? 0;
    if (!this.flags.fold || char.toLowerCase() === char.toUpperCase()) return (other) => other === code;
    return memo(new RegExp(`^\\u{${code.toString(16)}}$`, 'iu'));
  }

  private escape(): Tree {
    const char = this.chars[this.at];
    switch (char) {
      case 'A':
        this.at += 1;
        return { op: 'assert', kind: 'text-start' };
      case 'z':
        this.at += 1;
        return { op: 'assert', kind: 'text-end' };
      case 'b':
        this.at += 1;
        return { op: 'assert', kind: 'word' };
      case 'B':
        this.at += 1;
        return { op: 'assert', kind: 'no-word' };
      default: {
        const named = this.namedClass();
        if (named !== undefined)
          return { op: 'char', set: memo(new RegExp(`^[${named}]$`, this.flags.fold ? 'iu' : 'u')) };
        return { op: 'char', set: this.literal(this.escapedChar()) };
      }
    }
  }

  /** `\d`, `\pL`, `\p{Greek}` after the backslash, as the inside of a JavaScript class with the flag u. */
  private namedClass(): string | undefined {
    const char = this.chars[this.at];
    const perl = { d: '0-9', w: '0-9A-Za-z_', s: '\\t\\n\\f\\r ' }[char?.toLowerCase() ?? ''];
    if (char !== undefined && perl !== undefined && 'dswDSW'.includes(char)) {
      this.at += 1;
      return char === char.toLowerCase() ? perl : complement(perl);
    }
    if (char !== 'p' && char !== 'P') return undefined;
    const match = /^[pP](?:\{(\^?)(\w+)\}|([A-Z]))/.exec(this.rest());
    if (match === null)
      return fail('invalid character class range', `\\${this.chars.slice(this.at, this.at + 2).join('')}`);
    const name = match[2] ?? match[3] ?? '';
    const negated = (char === 'P') !== (match[1] === '^');
    for (const property of name === 'Any' ? ['Any'] : [`General_Category=${name}`, `Script=${name}`]) {
      const text = `\\${negated ? 'P' : 'p'}{${property}}`;
      if (isValidPattern(`[${text}]`)) {
        this.at += match[0].length;
        return text;
      }
    }
    return fail('invalid character class range', `\\${match[0]}`);
  }

  /** The character that an escape stands for; `at` is behind the backslash. */
  private escapedChar(): string {
    const begin = this.at - 1;
    const char = this.chars[this.at];
    if (char === undefined) return fail('trailing backslash at end of expression', '');
    this.at += 1;
    const simple = { a: '\u0007', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }[char];
    if (simple !== undefined) return simple;
    if (/^[0-7]$/.test(char)) {
      const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(char + this.rest().slice(0, 2));
      if (octal !== null) {
        this.at += octal[0].length - 1;
        return String.fromCodePoint(Number.parseInt(octal[0], 8));
      }
    }
    if (char === 'x') {
      const hex = /^(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(this.rest());
      const code = Number.parseInt(hex?.[1] ?? hex?.[2] ?? '', 16);
      if (hex !== null && code <= 0x10ffff) {
        this.at += hex[0].length;
        return String.fromCodePoint(code);
      }
      this.at += /^\{[0-9A-Fa-f]*/.exec(this.rest())?.[0].length ?? 1;
    }
    if (/^[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]$/.test(char)) return char;
    return fail('invalid escape sequence', this.chars.slice(begin, this.at).join(''));
  }

  private charClass(): CharSet {
    const begin = this.at - 1;
    const negated = this.take('^');
    let body = '';
    for (let first = true; first || this.chars[this.at] !== ']'; first = false) {
      if (this.at >= this.chars.length) fail('missing closing ]', this.chars.slice(begin).join(''));
      const next = this.chars[this.at + 1];
      if (this.chars[this.at] === '-' && !first && next !== ']') {
        const wrong = next === undefined ? '-' : `-${next}`;
        fail('invalid character class range', wrong);
      }
      body += this.posixClass() ?? this.classRange();
    }
    this.at += 1;
    const pattern = `^[${negated ? '^' : ''}${body}]$`;
    return memo(new RegExp(pattern, this.flags.fold ? 'iu' : 'u'));
  }

  private posixClass(): string | undefined {
    const match = /^\[:(\^?)(\w*):\]/.exec(this.rest());
    if (match === null) return undefined;
    const inside = POSIX.get(match[2] ?? '');
    if (inside === undefined) return fail('invalid character class range', match[0]);
    this.at += match[0].length;
    return match[1] === '^' ? complement(inside) : inside;
  }

  private classRange(): string {
    const begin = this.at;
    if (this.chars[this.at] === '\\') {
      this.at += 1;
      const named = this.namedClass();
      if (named !== undefined) return named;
      this.at -= 1;
    }
    const low = this.classChar();
    let high = low;
    if (this.chars[this.at] === '-' && this.at + 1 < this.chars.length && this.chars[this.at + 1] !== ']') {
      this.at += 1;
      high = this.classChar();
      if (high < low) fail('invalid character class range', this.chars.slice(begin, this.at).join(''));
    }
    return `\\u{${low.toString(16)}}-\\u{${high.toString(16)}}`;
  }

  private classChar(): number {
    const char = this.chars[this.at];
    if (char === undefined) return fail('missing closing ]', this.source);
    this.at += 1;
    return (char === '\\' ? this.escapedChar() : char).codePointAt(0) ?? 0;
  }
}

const POSIX: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\0-\\x7f'],
  ['blank', '\\t '],
  ['cntrl', '\\0-\\x1f\\x7f'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\[-`\\{-~'],
  ['space', '\\t\\n\\v\\f\\r '],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
]);

function isValidPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u').source !== '';
  } catch {
    return false;
  }
}

/** The ranges that an ASCII class leaves out, so that negated classes can be members of a class. */
function complement(inside: string): string {
  const member = new RegExp(`^[${inside}]$`, 'u');
  let out = '';
  let start = -1;
  for (let code = 0; code <= 0x80; code += 1) {
    const outside = code < 0x80 && !member.test(String.fromCharCode(code));
    if (outside && start < 0) start = code;
    if (!outside && start >= 0) {
      out += `\\u{${start.toString(16)}}-\\u{${(code - 1).toString(16)}}`;
      start = -1;
    }
  }
  return `${out}\\u{80}-\\u{10ffff}`;
}

/** A set from a one-character pattern; answers for ASCII are computed once. */
function memo(single: RegExp): CharSet {
  const ascii: (boolean | undefined)[] = [];
  return (code) => {
    if (code >= 0x80) return single.test(String.fromCodePoint(code));
    const known = ascii[code];
    if (known !== undefined) return known;
    const answer = single.test(String.fromCharCode(code));
    ascii[code] = answer;
    return answer;
  };
}

/** How often the innermost part of nested counted repetitions is written out. */
function unrolled(tree: Tree): number {
  if (tree.op === 'repeat') {
    const count = tree.max === Infinity ? Math.max(tree.min, 1) : Math.max(tree.max, 1);
    return count * unrolled(tree.part);
  }
  if (tree.op === 'concat' || tree.op === 'alternate') return Math.max(1, ...tree.parts.map(unrolled));
  return 1;
}

function assemble(tree: Tree): Instruction[] {
  const program: Instruction[] = [{ op: 'match' }];
  const emit = (instruction: Instruction): number => {
    if (program.length >= MAX_INSTRUCTIONS)
      throw new RegexpError('error parsing regexp: expression too large');
    return program.push(instruction) - 1;
  };
  /** Emits `part` so that it continues at `next`; answers where it starts. Built from the end to the start. */
  const build = (part: Tree, next: number): number => {
    switch (part.op) {
      case 'empty':
        return next;
      case 'char':
        return emit({ op: 'char', set: part.set, next });
      case 'assert':
        return emit({ op: 'assert', kind: part.kind, next });
      case 'concat':
        return part.parts.reduceRight((after, each) => build(each, after), next);
      case 'alternate':
        return part.parts
          .map((each) => build(each, next))
          .reduceRight((other, each) => emit({ op: 'split', next: each, other }));
      case 'repeat': {
        let entry = next;
        if (part.max === Infinity) {
          const loop: Instruction = { op: 'split', next, other: next };
          entry = emit(loop);
          loop.next = build(part.part, entry);
          // x{n,} is n copies and a loop over one more.
        } else {
          for (let i = part.min; i < part.max; i += 1) {
            entry = emit({ op: 'split', next: build(part.part, entry), other: next });
          }
        }
        for (let i = 0; i < part.min; i += 1) entry = build(part.part, entry);
        return entry;
      }
    }
  };
  const start = build(tree, 0);
  // A search may begin anywhere, so the start is tried again at every character.
  emit({ op: 'split', next: start, other: start });
  return program;
}

const isWordCode = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);

function holds(kind: Assertion, before: number, after: number): boolean {
  switch (kind) {
    case 'text-start':
      return before < 0;
    case 'text-end':
      return after < 0;
    case 'line-start':
      return before < 0 || before === 10;
    case 'line-end':
      return after < 0 || after === 10;
    case 'word':
      return isWordCode(before) !== isWordCode(after);
    case 'no-word':
      return isWordCode(before) === isWordCode(after);
  }
}

function simulate(program: readonly Instruction[], text: string): boolean {
  const start = program.length - 1;
  const seen = new Int32Array(program.length).fill(-1);
  let threads: number[] = [];
  let work = 0;
  let before = -1;
  let offset = 0;
  for (let round = 0; ; round += 1) {
    const after = offset < text.length ? (text.codePointAt(offset) ?? -1) : -1;
    // Follow splits and assertions from every live thread and from a fresh start.
    const pending = [...threads.toReversed(), start];
    const ready: Extract<Instruction, { op: 'char' }>[] = [];
    while (pending.length > 0) {
      const index = pending.pop() ?? 0;
      if (seen[index] === round) continue;
      seen[index] = round;
      work += 1;
      const instruction = program[index];
      if (instruction === undefined) continue;
      if (instruction.op === 'match') return true;
      if (instruction.op === 'char') ready.push(instruction);
      else if (instruction.op === 'split') pending.push(instruction.other, instruction.next);
      else if (holds(instruction.kind, before, after)) pending.push(instruction.next);
    }
    if (after < 0) return false;
    threads = [];
    for (const instruction of ready) if (instruction.set(after)) threads.push(instruction.next);
    work += ready.length;
    if (work > MAX_WORK) {
      throw new RegexpError(
        `matching the regular expression against ${text.length} characters is too much work: simplify it`,
      );
    }
    before = after;
    offset += after > 0xffff ? 2 : 1;
  }
}

/** A character as Go prints it in `%#U`: `U+0040 '@'`. */
export function describeRune(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return isPrintable(char) ? `U+${code} '${char}'` : `U+${code}`;
}
