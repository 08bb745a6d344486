/**
 * JSON as Go's `encoding/json` prints it after it was decoded into a struct: fields in the order of the
 * struct, `omitempty`, sorted map keys. What Go could not decode (unknown fields, wrong types) is left out. Pure.
 */

import { compareGoKeys, goJson, goJsonNumber, goJsonString } from './go-json.ts';
import { isObject, type JsonObject } from './json.ts';
import { QuantityError } from './quantity.ts';
import type { Field, FieldType, Struct } from './struct-table.ts';
import { formatTime, parseTime } from './time.ts';

export interface PrintOptions {
  /** How a quantity is written; throws `QuantityError` for what is none. */
  readonly quantity: (value: string | number) => string;
  /** Print absent lists as empty ones, for comparisons that don't tell them apart. */
  readonly nilIsEmpty: boolean;
}

export function printTyped(struct: Struct, value: JsonObject, options: PrintOptions): string {
  return new Printer(options).struct(struct, value, 0);
}

/** Deeper than any struct goes. */
const MAX_DEPTH = 100;

/** Go's zero time, 1 January of the year 1. */
const ZERO_TIME = -62_135_596_800_000;

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

class Printer {
  readonly #options: PrintOptions;

  constructor(options: PrintOptions) {
    this.#options = options;
  }

  struct(struct: Struct, value: unknown, depth: number): string {
    const object = isObject(value) ? value : {};
    let out = '{';
    for (const field of struct.fields) {
      const given = Object.hasOwn(object, field.name) ? object[field.name] : undefined;
      const text = this.#field(field, given, depth + 1);
      if (text === undefined) continue;
      if (out.length > 1) out += ',';
      out += `"${field.name}":${text}`;
    }
    return `${out}}`;
  }

  /** Undefined where Go leaves the field out. */
  #field({ type, omitEmpty, omitZero }: Field, value: unknown, depth: number): string | undefined {
    if (value === undefined && omitEmpty && EMPTY[type.kind] !== undefined) return undefined;
    const text = this.#print(type, value, depth);
    if (omitEmpty && EMPTY[type.kind]?.has(text) === true) return undefined;
    // The only type with `omitzero` is Time, whose zero prints as null.
    if (omitZero && text === 'null') return undefined;
    return text;
  }

  #print(type: FieldType, value: unknown, depth: number): string {
    if (depth > MAX_DEPTH) return 'null';
    switch (type.kind) {
      case 'string':
        return typeof value === 'string' ? goJsonString(value) : '""';
      case 'bool':
        return value === true ? 'true' : 'false';
      case 'int':
        return printInt(value) ?? '0';
      case 'quantity':
        return this.#quantity(value) ?? '"0"';
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
        return this.#isOf(type.of, value) ? this.#print(type.of, value, depth) : 'null';
      case 'list':
        if (!Array.isArray(value)) return this.#options.nilIsEmpty ? '[]' : 'null';
        return `[${value.map((item) => this.#print(type.of, item, depth + 1)).join(',')}]`;
      case 'map':
        return isObject(value) ? this.#map(type.of, value, depth) : 'null';
      case 'struct':
        return this.struct(type.struct, value, depth);
    }
  }

  #map(type: FieldType, object: JsonObject, depth: number): string {
    const parts: string[] = [];
    for (const key of Object.keys(object).sort(compareGoKeys)) {
      const value = object[key];
      // An entry that can't be read is taken out, the others stay (spec 08 section 3).
      if (value === undefined || (value !== null && !this.#isOf(type, value))) continue;
      parts.push(`${goJsonString(key)}:${this.#print(type, value, depth + 1)}`);
    }
    return `{${parts.join(',')}}`;
  }

  /** Could Go decode the value into the type? Only then does a pointer point to something. */
  #isOf(type: FieldType, value: unknown): boolean {
    switch (type.kind) {
      case 'string':
      case 'bytes':
        return typeof value === 'string';
      case 'bool':
        return typeof value === 'boolean';
      case 'int':
        return printInt(value) !== undefined;
      case 'quantity':
        return this.#quantity(value) !== undefined;
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

  #quantity(value: unknown): string | undefined {
    if (typeof value !== 'string' && typeof value !== 'number') return undefined;
    try {
      return `"${this.#options.quantity(typeof value === 'string' ? value.trim() : value)}"`;
    } catch (error) {
      if (error instanceof QuantityError) return undefined;
      throw error;
    }
  }
}

function printInt(value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  return Number.isSafeInteger(value) ? goJsonNumber(value + 0) : BigInt(value).toString();
}
