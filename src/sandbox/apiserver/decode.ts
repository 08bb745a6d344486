/**
 * From a request's JSON to the object that the server works on, as Go's decoder and encoder would leave it:
 * unknown fields dropped (and reported), nulls and omitted zeros gone, wrong types refused with Go's own words.
 */

import { isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { canonicalQuantity } from '../../lang/quantity.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import { corruptBase64At } from './base64.ts';
import { fieldOf, type Schema } from './schema.ts';

export interface Decoded {
  value: JsonObject;
  /** `unknown field "spec.foo"`, in the order of the fields. */
  unknown: string[];
}

export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Deeper objects are refused; the real server's limit is of the same size. */
const MAX_DEPTH = 200;

/** A deep copy without undefined values. */
export function cloneJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => cloneJson(item ?? null)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    const item = (value as JsonObject)[key];
    if (item === undefined) continue;
    if (key === '__proto__') Object.defineProperty(out, key, { value: cloneJson(item), enumerable: true });
    else out[key] = cloneJson(item);
  }
  return out as T;
}

const goKind = (value: Json): string => {
  if (Array.isArray(value)) return 'array';
  if (isObject(value)) return 'object';
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'bool' : 'string';
};

function goTypeName(schema: Schema): string {
  switch (schema.shape) {
    case 'scalar':
      if (schema.scalar === 'integer') return schema.format ?? 'int64';
      if (schema.scalar === 'boolean') return 'bool';
      if (schema.scalar === 'number') return 'float64';
      if (schema.scalar === 'string') return schema.format === 'byte' ? '[]uint8' : 'string';
      return schema.goType ?? 'string';
    case 'list':
      return `[]${schema.items === undefined ? 'string' : goTypeName(schema.items)}`;
    case 'map':
      return `map[string]${schema.values === undefined ? 'string' : goTypeName(schema.values)}`;
    default:
      return schema.goType === undefined ? 'interface {}' : `v1.${schema.goType}`;
  }
}

/** Decodes a built-in object. Throws `DecodeError`. */
export function decodeBuiltin(schema: Schema, input: JsonObject): Decoded {
  const unknown: string[] = [];
  /** `struct`: Go's innermost struct; `path`: JSON names without indexes; `full`: with them. */
  const visit = (
    at: Schema,
    value: Json,
    struct: string,
    path: string,
    full: string,
    depth: number,
  ): Json | undefined => {
    if (depth > MAX_DEPTH) throw new DecodeError('exceeded max depth');
    if (value === null) return undefined;
    const refuse = (): never => {
      const field = path === '' ? '' : `${struct}.${path}`;
      const given = typeof value === 'number' && at.scalar === 'integer' ? `number ${value}` : goKind(value);
      throw new DecodeError(
        field === ''
          ? `json: cannot unmarshal ${given} into Go value of type ${goTypeName(at)}`
          : `json: cannot unmarshal ${given} into Go struct field ${field} of type ${goTypeName(at)}`,
      );
    };
    switch (at.shape) {
      case 'struct': {
        if (!isObject(value)) return refuse();
        const out: JsonObject = {};
        const inside = at.goType ?? struct;
        for (const name of Object.keys(value)) {
          const child = value[name];
          if (child === undefined) continue;
          const field = at.fields?.get(name);
          const here = full === '' ? name : `${full}.${name}`;
          if (field === undefined) {
            if (at.values === undefined) unknown.push(`unknown field "${here}"`);
            else out[name] = cloneJson(child);
            continue;
          }
          const made = visit(field, child, inside, path === '' ? name : `${path}.${name}`, here, depth + 1);
          if (made !== undefined && !(field.omitZero === true && isZero(made))) out[name] = made;
        }
        return out;
      }
      case 'map': {
        if (!isObject(value)) return refuse();
        if (isFixedText(at, value)) return value;
        const out: JsonObject = {};
        for (const name of Object.keys(value)) {
          const child = value[name];
          if (child === undefined) continue;
          const made = visit(at.values as Schema, child, struct, path, `${full}.${name}`, depth + 1);
          // Go reads null into the zero value of the element.
          out[name] = made ?? (at.values?.scalar === 'string' ? '' : null);
        }
        return out;
      }
      case 'list': {
        if (!Array.isArray(value)) return refuse();
        return value.map(
          (item, index) =>
            visit(at.items as Schema, item ?? null, struct, path, `${full}[${index}]`, depth + 1) ?? {},
        );
      }
      case 'scalar':
        return scalar(at, value, refuse);
      default:
        return cloneJson(value);
    }
  };
  return { value: visit(schema, input, '', '', '', 0) as JsonObject, unknown };
}

/** Labels and the like, as they are stored: they stay the same value, so that nobody looks for changes in them. */
const isFixedText = ({ values }: Schema, map: JsonObject): boolean =>
  values?.scalar === 'string' &&
  values.format === undefined &&
  Object.isFrozen(map) &&
  Object.values(map).every((value) => typeof value === 'string');

const isZero = (value: Json): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

function scalar(schema: Schema, value: Json, refuse: () => never): Json {
  switch (schema.scalar) {
    case 'string': {
      if (typeof value !== 'string') return refuse();
      const corrupt = schema.format === 'byte' ? corruptBase64At(value) : undefined;
      if (corrupt !== undefined) throw new DecodeError(`illegal base64 data at input byte ${corrupt}`);
      return value;
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse();
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) ? value : refuse();
    case 'number':
      return typeof value === 'number' ? value : refuse();
    case 'int-or-string':
      return typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))
        ? value
        : refuse();
    case 'quantity':
      if (typeof value !== 'string' && typeof value !== 'number') return refuse();
      try {
        return canonicalQuantity(value);
      } catch (error) {
        throw new DecodeError((error as Error).message);
      }
    case 'time':
    case 'micro-time': {
      if (typeof value !== 'string') return refuse();
      if (value === '') return null;
      const micro = schema.scalar === 'micro-time';
      const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00';
      const shown = JSON.stringify(value);
      const time = parseTime(value);
      if (time === undefined) {
        throw new DecodeError(`parsing time ${shown} as "${layout}": cannot parse ${shown} as "2006"`);
      }
      // MicroTime wants its six digits.
      if (micro && !/\.\d{6}(Z|[+-])/.test(value)) {
        const rest = value.slice(19);
        throw new DecodeError(
          `parsing time ${shown} as "${layout}": cannot parse ${JSON.stringify(rest)} as ".000000"`,
        );
      }
      return micro ? value : formatTime(time);
    }
    default:
      return value;
  }
}

/**
 * Decodes a custom resource: unknown fields are pruned, nulls that the schema does not allow are dropped,
 * `metadata` is read as the built-in it is. Values keep their types; validation judges them later.
 */
export function decodeCustom(schema: Schema, input: JsonObject): Decoded {
  const unknown: string[] = [];
  const visit = (at: Schema, value: Json, full: string, depth: number): Json => {
    if (depth > MAX_DEPTH) throw new DecodeError('exceeded max depth');
    if (Array.isArray(value)) {
      const { items } = at;
      if (at.shape !== 'list' || items === undefined) return cloneJson(value);
      return value.map((item, index) => visit(items, item ?? null, `${full}[${index}]`, depth + 1));
    }
    if (!isObject(value)) return value;
    if (at.shape === 'scalar' || at.shape === 'list') return cloneJson(value);
    const out: JsonObject = {};
    for (const name of Object.keys(value)) {
      const child = value[name];
      if (child === undefined) continue;
      const here = full === '' ? name : `${full}.${name}`;
      const field = fieldOf(at, name);
      if (field === undefined) {
        unknown.push(`unknown field "${here}"`);
        continue;
      }
      if (child === null && field.nullable !== true && field.shape !== 'free' && at.shape !== 'free')
        continue;
      if (name === 'metadata' && (full === '' || at.embedded === true) && isObject(child)) {
        const metadata = decodeBuiltin(field, child);
        unknown.push(...metadata.unknown.map((line) => line.replace('"', `"${here}.`)));
        out[name] = metadata.value;
        continue;
      }
      const made = visit(field, child, here, depth + 1);
      if (name === '__proto__') Object.defineProperty(out, name, { value: made, enumerable: true });
      else out[name] = made;
    }
    return out;
  };
  const value = visit(schema, input, '', 0) as JsonObject;
  unknown.sort();
  return { value, unknown };
}

/** Fills in the defaults of a structural schema, in place, down to fields that a default itself brings. */
export function applyCustomDefaults(schema: Schema, value: Json): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) applyCustomDefaults(schema.items, item);
    return;
  }
  if (!isObject(value) || Object.isFrozen(value)) return;
  if (schema.fields !== undefined) {
    for (const [name, field] of schema.fields) {
      const present = value[name];
      if (
        (present === undefined || (present === null && field.nullable !== true)) &&
        field.default !== undefined
      ) {
        value[name] = cloneJson(field.default);
      }
      const child = value[name];
      if (child !== undefined && field.shape !== 'scalar') applyCustomDefaults(field, child);
    }
  }
  if (schema.values !== undefined && schema.shape === 'map') {
    for (const child of Object.values(value))
      if (child !== undefined) applyCustomDefaults(schema.values, child);
  }
}
