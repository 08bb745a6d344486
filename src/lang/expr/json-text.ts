/** Values as Go's encoding/json prints them. */

import { formatGoJsonNumber } from '../go-format.ts';
import { compareGoKeys, goJsonString } from '../go-json.ts';
import { panic } from './error.ts';
import { RFC3339_NANO, formatLayout } from './go-layout.ts';
import { STRING } from './types.ts';
import {
  GoInt,
  GoList,
  GoMap,
  MAX_DEPTH,
  formatValue,
  isDurationValue,
  isLocationValue,
  isTimeValue,
  typeName,
} from './values.ts';
import type { Value } from './values.ts';

/** JSON text, on one line or indented by two spaces. Panics on what JSON cannot hold (NaN, functions, keys other than text). */
export function toJson(v: Value, pretty: boolean, depth = 0): string {
  if (depth > MAX_DEPTH) return panic('json: the value nests too deeply');
  if (v === null) return 'null';
  if (typeof v === 'boolean' || typeof v === 'bigint') return String(v);
  if (typeof v === 'string') return goJsonString(v);
  if (typeof v === 'number') {
    return Number.isFinite(v) ? formatGoJsonNumber(v) : panic(`json: unsupported value: ${formatValue(v)}`);
  }
  if (v instanceof Uint8Array) return `"${Buffer.from(v).toString('base64')}"`;
  if (v instanceof GoInt) return String(v.value);
  if (isTimeValue(v)) return `"${formatLayout(v, RFC3339_NANO)}"`;
  if (isDurationValue(v)) return String(v.nanoseconds);
  if (isLocationValue(v)) return '{}';
  if (v instanceof GoList) {
    if (v.isNil) return 'null';
    return bracket(
      '[',
      ']',
      v.items.map((item) => toJson(item, pretty, depth + 1)),
      pretty,
      depth,
    );
  }
  if (!(v instanceof GoMap) || v.type.key !== STRING) return panic(`json: unsupported type: ${typeName(v)}`);
  const members = v
    .sorted()
    .map(({ key, value }) => ({ key: formatValue(key), value }))
    .sort((a, b) => compareGoKeys(a.key, b.key))
    .map(({ key, value }) => `${goJsonString(key)}:${pretty ? ' ' : ''}${toJson(value, pretty, depth + 1)}`);
  return bracket('{', '}', members, pretty, depth);
}

function bracket(
  open: string,
  close: string,
  parts: readonly string[],
  pretty: boolean,
  depth: number,
): string {
  if (!pretty || parts.length === 0) return `${open}${parts.join(',')}${close}`;
  const inner = `\n${'  '.repeat(depth + 1)}`;
  return `${open}${inner}${parts.join(`,${inner}`)}\n${'  '.repeat(depth)}${close}`;
}
