/**
 * JSON as YAML in the style in which kubectl prints it: sorted keys, block style, lists not indented
 * below their key, several lines as a literal block. What any reader of YAML 1.1 or 1.2 could take for
 * something else than text is quoted.
 */

import type { Json, JsonObject } from '../json.ts';
import { compareKeys } from './key-order.ts';
import { formatGoFloat, staysText } from './scalar.ts';

/** Ends with a line break. Values that are undefined count as absent. */
export function printYaml(value: Json): string {
  if (isEmpty(value) || typeof value !== 'object' || value === null) return `${inline(value, '')}\n`;
  const out: string[] = [];
  block(value, '', out);
  return `${out.join('\n')}\n`;
}

type Container = Json[] | JsonObject;

const isEmpty = (value: Json): boolean =>
  typeof value === 'object' && value !== null && entries(value).length === 0;

function entries(container: Container): [string, Json][] {
  if (Array.isArray(container)) return container.map((item) => ['', item ?? null]);
  return Object.keys(container)
    .filter((key) => container[key] !== undefined)
    .sort(compareKeys)
    .map((key) => [key, container[key] as Json]);
}

/** Adds the lines of a container that isn't empty, each indented. */
function block(container: Container, indent: string, out: string[]): void {
  for (const [key, value] of entries(container)) {
    if (Array.isArray(container)) {
      item('- ', value, indent, out);
      continue;
    }
    const name = quoteKey(key);
    if (name === undefined) {
      out.push(`${indent}? ${doubleQuoted(key)}`);
      item(': ', value, indent, out);
    } else if (typeof value === 'object' && value !== null && !isEmpty(value)) {
      out.push(`${indent}${name}:`);
      block(value, Array.isArray(value) ? indent : `${indent}  `, out);
    } else {
      out.push(`${indent}${name}: ${inline(value, indent)}`);
    }
  }
}

/** A value behind a mark of two characters; its first line stands on the line of the mark. */
function item(mark: string, value: Json, indent: string, out: string[]): void {
  if (typeof value !== 'object' || value === null || isEmpty(value)) {
    out.push(`${indent}${mark}${inline(value, indent)}`);
    return;
  }
  const first = out.length;
  block(value, `${indent}  `, out);
  out[first] = indent + mark + (out[first] as string).slice(indent.length + 2);
}

/** A scalar or an empty container; the lines of a literal block are indented below `indent`. */
function inline(value: Json, indent: string): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : formatGoFloat(value);
  }
  if (typeof value === 'string') return text(value, indent);
  return Array.isArray(value) ? '[]' : '{}';
}

function text(value: string, indent: string): string {
  if (UNPRINTABLE.test(value) || !value.isWellFormed()) return doubleQuoted(value);
  if (value.includes('\n')) return literal(value, indent) ?? doubleQuoted(value);
  if (!staysText(value)) return doubleQuoted(value);
  return canBePlain(value) ? value : `'${value.replaceAll("'", "''")}'`;
}

/** What kubectl escapes: control characters, line breaks other than `\n`, byte order marks, all above U+FFFF. */
const UNPRINTABLE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff\u{10000}-\u{10ffff}]/u;

function canBePlain(value: string): boolean {
  if (/^[\s,[\]{}#&*!|>'"%@`]|\s$/.test(value) || /^[-?:](?:\s|$)/.test(value)) return false;
  if (value.startsWith('---') || value.startsWith('...')) return false;
  return !/:(?:\s|$)|\s#/.test(value);
}

/** Undefined where a literal block could not hold the text. */
function literal(value: string, indent: string): string | undefined {
  const lines = value.split('\n');
  // Trailing blanks get lost in editors, a leading blank needs an indentation indicator.
  if (/^[ \n]/.test(value) || lines.some((line) => line.endsWith(' '))) return undefined;
  const trailing = /\n*$/.exec(value)?.[0].length ?? 0;
  const chomp = trailing === 0 ? '-' : trailing === 1 ? '' : '+';
  const body = value.endsWith('\n') ? lines.slice(0, -1) : lines;
  return [`|${chomp}`, ...body.map((line) => (line === '' ? '' : `${indent}  ${line}`))].join('\n');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\xa0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(value: string): string {
  let out = '"';
  for (const char of value.toWellFormed()) {
    out += ESCAPES[char] ?? (UNPRINTABLE.test(char) ? escape(char.codePointAt(0) ?? 0) : char);
  }
  return `${out}"`;
}

function escape(code: number): string {
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Undefined where the key is too long to stand before a colon on the same line. */
function quoteKey(key: string): string | undefined {
  if (key.length > 128) return undefined;
  return key.includes('\n') ? doubleQuoted(key) : text(key, '');
}
