/** Builtins on text, and the codecs (JSON, base64). */

import { JsonSyntaxError, parseGoJson } from '../go-json-syntax.ts';
import type { Builtin, Run } from './builtin.ts';
import { panic } from './error.ts';
import { toJson } from './json-text.ts';
import { asString, isAscii, toInt, utf8 } from './operators.ts';
import { ANY, ANY_SLICE, BOOL, INT, STRING, STRING_SLICE, funcOf } from './types.ts';
import type { GoType } from './types.ts';
import { GoList, fromJson, listOfType, typeName } from './values.ts';
import type { Value } from './values.ts';

const SPACE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const SPACES_AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, 'gu');

function text(
  name: string,
  types: readonly GoType[],
  call: (strings: readonly string[], args: readonly Value[], run: Run) => Value,
  { lastFirst = false } = {},
): Builtin {
  // Arguments are texts but for a count at the end; which one Go looks at first shows in its error.
  const texts = Math.max(
    ...types.map(({ params = [] }) => params.filter((param) => param === STRING).length),
  );
  return {
    name,
    types,
    call: (args, run) => {
      const given = args.slice(0, texts);
      const strings = lastFirst ? given.toReversed().map(asString).toReversed() : given.map(asString);
      run.spend(strings.reduce((sum, each) => sum + each.length, 0) / 16);
      return call(strings, args, run);
    },
  };
}

function trimSet(value: string, cutset: string): string {
  const cut = new Set(cutset);
  const chars = Array.from(value);
  let start = 0;
  let end = chars.length;
  while (start < end && cut.has(chars[start] ?? '')) start += 1;
  while (end > start && cut.has(chars[end - 1] ?? '')) end -= 1;
  return chars.slice(start, end).join('');
}

/** Upper and lower case character by character; Go does not turn one into several. */
function mapCase(value: string, change: (char: string) => string): string {
  if (isAscii(value)) return change(value);
  return Array.from(value, (char) => {
    const changed = change(char);
    return Array.from(changed).length === 1 ? changed : char;
  }).join('');
}

/** Go's SplitN and SplitAfterN; `limit` below 0 is no limit, 0 gives a nil list. */
function split(value: string, separator: string, limit: number, keep: boolean, run: Run): GoList {
  if (limit === 0) return new GoList(STRING_SLICE, [], true);
  let parts: string[];
  if (separator === '') {
    const chars = Array.from(value);
    parts =
      limit > 0 && chars.length > limit
        ? [...chars.slice(0, limit - 1), chars.slice(limit - 1).join('')]
        : chars;
  } else {
    parts = value.split(separator);
    if (limit > 0 && parts.length > limit) {
      parts = [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
    }
    if (keep) parts = parts.map((part, i) => (i < parts.length - 1 ? part + separator : part));
  }
  run.grow(parts.length);
  return listOfType(STRING, parts);
}

function replace(value: string, from: string, to: string, limit: number, run: Run): string {
  if (from === to || limit === 0) return value;
  const parts = from === '' ? ['', ...Array.from(value), ''] : value.split(from);
  if (from === '' && value === '') parts.length = 2;
  const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
  run.grow(count * to.length);
  return (
    parts
      .slice(0, count)
      .map((part) => part + to)
      .join('') + parts.slice(count).join(from)
  );
}

/** The place of a part in bytes, as Go counts. */
const byteIndex = (value: string, index: number): bigint =>
  BigInt(index < 0 || isAscii(value) ? index : utf8(value.slice(0, index)).length);

const S_S = funcOf([STRING], STRING);
const SS_S = funcOf([STRING, STRING], STRING);
const SS_BOOL = funcOf([STRING, STRING], BOOL);
const SS_INT = funcOf([STRING, STRING], INT);
const SS_LIST = funcOf([STRING, STRING], STRING_SLICE);
const SSI_LIST = funcOf([STRING, STRING, INT], STRING_SLICE);

const splitter = (name: string, keep: boolean): Builtin =>
  text(name, [SS_LIST, SSI_LIST], ([value = '', separator = ''], args, run) =>
    split(value, separator, args[2] === undefined ? -1 : Number(toInt(args[2])), keep, run),
  );

function join(args: readonly Value[], run: Run): string {
  const [list, glue] = args;
  const separator = glue === undefined ? '' : asString(glue);
  if (!(list instanceof GoList) || (list.type !== STRING_SLICE && list.type !== ANY_SLICE)) {
    return panic(
      `invalid argument for join (type ${list === undefined || list === null ? '%!s(<nil>)' : typeName(list)})`,
    );
  }
  const parts = list.items.map(asString);
  run.grow(parts.reduce((sum, part) => sum + part.length + separator.length, 0) / 16);
  return parts.join(separator);
}

function decodeJson(value: string): Value {
  try {
    return fromJson(parseGoJson(value));
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof RangeError) return panic(error.message);
    throw error;
  }
}

/** Standard base64 with padding; line breaks are skipped. */
function decodeBase64(value: string): string {
  const alphabet = /^[A-Za-z0-9+/]$/;
  const bytes = utf8(value);
  let digits = '';
  let padding = 0;
  for (const [i, byte] of bytes.entries()) {
    const char = String.fromCharCode(byte);
    if (char === '\n' || char === '\r') continue;
    const isPadding = char === '=' && (digits.length + padding) % 4 >= 2;
    if ((padding > 0 && (!isPadding || padding >= 2)) || (!isPadding && !alphabet.test(char))) {
      return panic(`illegal base64 data at input byte ${padding > 0 && padding < 2 && !isPadding ? i : i}`);
    }
    if (isPadding) padding += 1;
    else digits += char;
    if (padding > 0 && (digits.length + padding) % 4 === 0 && i < bytes.length - 1) {
      const rest = value.slice(i + 1).search(/[^\r\n]/);
      if (rest >= 0) return panic(`illegal base64 data at input byte ${i + 1 + rest}`);
    }
  }
  if ((digits.length + padding) % 4 !== 0) {
    const whole = bytes.length;
    return panic(
      `illegal base64 data at input byte ${padding > 0 ? whole : whole - ((digits.length + padding) % 4)}`,
    );
  }
  return Buffer.from(digits, 'base64').toString('utf8');
}

export const TEXT_BUILTINS: readonly Builtin[] = [
  text('trim', [S_S, SS_S], ([value = '', cutset]) =>
    cutset === undefined ? value.replace(SPACES_AROUND, '') : trimSet(value, cutset),
  ),
  text(
    'trimPrefix',
    [SS_S, S_S],
    ([value = '', prefix = ' ']) => (value.startsWith(prefix) ? value.slice(prefix.length) : value),
    { lastFirst: true },
  ),
  text(
    'trimSuffix',
    [SS_S, S_S],
    ([value = '', suffix = ' ']) =>
      suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value,
    { lastFirst: true },
  ),
  text('upper', [S_S], ([value = '']) => mapCase(value, (char) => char.toUpperCase())),
  text('lower', [S_S], ([value = '']) => mapCase(value, (char) => char.toLowerCase())),
  splitter('split', false),
  splitter('splitAfter', true),
  text(
    'replace',
    [funcOf([STRING, STRING, STRING, INT], STRING), funcOf([STRING, STRING, STRING], STRING)],
    ([value = '', from = '', to = ''], args, run) =>
      replace(value, from, to, args[3] === undefined ? -1 : Number(toInt(args[3])), run),
  ),
  text('repeat', [funcOf([STRING, INT], STRING)], ([value = ''], args, run) => {
    const count = toInt(args[1] ?? null);
    if (count < 0n) return panic(`invalid argument for repeat (expected positive integer, got ${count})`);
    if (count > 1_000_000n) return panic('memory budget exceeded');
    run.grow(utf8(value).length * Number(count));
    return value.repeat(Number(count));
  }),
  {
    name: 'join',
    types: [
      funcOf([STRING_SLICE, STRING], STRING),
      funcOf([ANY_SLICE, STRING], STRING),
      funcOf([ANY_SLICE], STRING),
      funcOf([STRING_SLICE, STRING], STRING),
      funcOf([STRING_SLICE], STRING),
    ],
    call: join,
  },
  text('indexOf', [SS_INT], ([value = '', part = '']) => byteIndex(value, value.indexOf(part))),
  text('lastIndexOf', [SS_INT], ([value = '', part = '']) => byteIndex(value, value.lastIndexOf(part))),
  text('hasPrefix', [SS_BOOL], ([value = '', part = '']) => value.startsWith(part)),
  text('hasSuffix', [SS_BOOL], ([value = '', part = '']) => value.endsWith(part)),
  {
    name: 'toJSON',
    types: [funcOf([ANY], STRING)],
    call: ([value = null], run) => {
      const json = toJson(value, true);
      run.spend(json.length / 16);
      return json;
    },
  },
  text('fromJSON', [funcOf([STRING], ANY)], ([value = '']) => decodeJson(value)),
  text('toBase64', [S_S], ([value = '']) => Buffer.from(value, 'utf8').toString('base64')),
  text('fromBase64', [S_S], ([value = '']) => decodeBase64(value)),
];
