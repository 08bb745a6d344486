/**
 * The hash that names the ReplicaSet of a pod template (spec 02 section 3): FNV-1a 32 over the JSON that
 * Go's `encoding/json` prints of the typed `PodTemplateSpec`, then a safe encoding of its decimal form.
 * Checked against Go itself on random templates (`test/lang/go`). Pure.
 *
 * The typed form is what the struct table knows (`core-v1-fields.ts`). A field that it doesn't know, a null,
 * and a value of the wrong type leave no trace, as in the reference, where decoding drops them: a typing
 * error makes no revision of its own, and the hash of a template that carries a newer field is the same for
 * ever. The price: an edit of nothing but a field newer than the table makes no new hash. The callers can see
 * such fields by `untypedFields` and say so. Regenerating the table later gives templates that use the new
 * field another hash; their ReplicaSets are then found by equality (`podTemplatesEqual`).
 */

import { compareGoKeys, goJson, goJsonNumber, goJsonString } from './go-json.ts';
import { fnv32a, safeEncode } from './hash.ts';
import { isObject, type JsonObject } from './json.ts';
import { POD_TEMPLATE_SPEC, type Field, type FieldType, type Struct } from './pod-template-structs.ts';
import { canonicalQuantity, QuantityError } from './quantity.ts';
import { formatTime, parseTime } from './time.ts';

/**
 * At most ten characters, safe in names and labels. `collisionCount` is `status.collisionCount`; 0 and absent
 * differ, as in the reference.
 */
export function podTemplateHash(template: JsonObject, collisionCount?: number): string {
  const json = new TextEncoder().encode(podTemplateJson(template));
  if (collisionCount === undefined) return safeEncode(String(fnv32a(json)));
  // Eight bytes, the count as a little-endian uint32 in the first four.
  const bytes = new Uint8Array(json.length + 8);
  bytes.set(json);
  new DataView(bytes.buffer).setUint32(json.length, collisionCount, true);
  return safeEncode(String(fnv32a(bytes)));
}

/** The text that is hashed: the template as Go prints it. */
export function podTemplateJson(template: JsonObject): string {
  return printStruct(POD_TEMPLATE_SPEC, template, 0);
}

/** Deeper than any typed template goes; `raw` values end here too. */
const MAX_DEPTH = 100;

function printStruct(struct: Struct, value: unknown, depth: number): string {
  const object = isObject(value) ? value : {};
  let out = '{';
  for (const field of struct.fields) {
    const given = Object.hasOwn(object, field.name) ? object[field.name] : undefined;
    const text = printField(field, given, depth + 1);
    if (text === undefined) continue;
    if (out.length > 1) out += ',';
    out += `"${field.name}":${text}`;
  }
  return `${out}}`;
}

/** Undefined where Go leaves the field out. */
function printField({ type, omitEmpty, omitZero }: Field, value: unknown, depth: number): string | undefined {
  const text = print(type, value, depth);
  if (omitEmpty && EMPTY[type.kind]?.has(text) === true) return undefined;
  // The only type with `omitzero` is Time, whose zero prints as null.
  if (omitZero && text === 'null') return undefined;
  return text;
}

/** What `omitempty` leaves out; structs (and Quantity, Time, IntOrString, which are structs) are never empty. */
const EMPTY: Partial<Record<FieldType['kind'], ReadonlySet<string>>> = {
  string: new Set(['""']),
  bool: new Set(['false']),
  int: new Set(['0']),
  pointer: new Set(['null']),
  list: new Set(['null', '[]']),
  map: new Set(['null', '{}']),
  bytes: new Set(['null', '""']),
};

function print(type: FieldType, value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) return 'null';
  switch (type.kind) {
    case 'string':
      return typeof value === 'string' ? goJsonString(value) : '""';
    case 'bool':
      return value === true ? 'true' : 'false';
    case 'int':
      return printInt(value) ?? '0';
    case 'quantity':
      return printQuantity(value) ?? '"0"';
    case 'time': {
      const time = parseTime(value);
      return time === undefined || time === ZERO_TIME ? 'null' : `"${formatTime(time)}"`;
    }
    case 'int-or-string':
      return typeof value === 'string' ? goJsonString(value) : (printInt(value) ?? '0');
    case 'bytes':
      return typeof value === 'string' ? goJsonString(value) : 'null';
    case 'raw':
      return value === undefined ? 'null' : goJson(value);
    case 'pointer':
      return isOf(type.of, value) ? print(type.of, value, depth) : 'null';
    case 'list':
      return Array.isArray(value)
        ? `[${value.map((item) => print(type.of, item, depth + 1)).join(',')}]`
        : 'null';
    case 'map':
      return isObject(value) ? printMap(type.of, value, depth) : 'null';
    case 'struct':
      return printStruct(type.struct, value, depth);
  }
}

/** Go's zero time, 1 January of the year 1. */
const ZERO_TIME = -62_135_596_800_000;

function printMap(type: FieldType, object: JsonObject, depth: number): string {
  const parts: string[] = [];
  for (const key of Object.keys(object).sort(compareGoKeys)) {
    const value = object[key];
    // An entry that can't be read is taken out, the others stay (spec 08 section 3).
    if (value === undefined || (value !== null && !isOf(type, value))) continue;
    parts.push(`${goJsonString(key)}:${print(type, value, depth + 1)}`);
  }
  return `{${parts.join(',')}}`;
}

/** Could Go decode the value into the type? Only then does a pointer point to something. */
function isOf(type: FieldType, value: unknown): boolean {
  switch (type.kind) {
    case 'string':
    case 'bytes':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return printInt(value) !== undefined;
    case 'quantity':
      return printQuantity(value) !== undefined;
    case 'time':
      return parseTime(value) !== undefined;
    case 'int-or-string':
      return typeof value === 'string' || printInt(value) !== undefined;
    case 'raw':
    case 'pointer':
      return value !== null && value !== undefined;
    case 'list':
      return Array.isArray(value);
    case 'map':
    case 'struct':
      return isObject(value);
  }
}

function printInt(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return Number.isSafeInteger(value) ? goJsonNumber(value + 0) : BigInt(value).toString();
}

function printQuantity(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    // Canonical text is plain ASCII without anything to escape.
    return `"${canonicalQuantity(typeof value === 'string' ? value.trim() : value)}"`;
  } catch (error) {
    if (error instanceof QuantityError) return undefined;
    throw error;
  }
}
