/**
 * Reads built-in objects that a client sends in Kubernetes' protobuf, as kubectl's `create` and `auth can-i` do. The
 * field numbers stand in the schemas. Answers are always JSON, which every such client takes.
 */

import type { Json, JsonObject } from '../../lang/json.ts';
import type { Schema } from '../apiserver/schema.ts';

export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
const MAX_DEPTH = 100;

interface Field {
  number: number;
  /** Varint, or the bytes of what has a length. */
  value: bigint | Buffer;
}

function* fields(bytes: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('a number does not end');
  };
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) throw new ProtobufError('a field is cut off');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, value: varint() };
        break;
      case 1:
        yield { number, value: take(8) };
        break;
      case 2:
        yield { number, value: take(Number(varint())) };
        break;
      case 5:
        yield { number, value: take(4) };
        break;
      default:
        throw new ProtobufError(`wire type ${tag % 8} is unknown`);
    }
  }
}

const message = (value: bigint | Buffer): Buffer => {
  if (typeof value === 'bigint') throw new ProtobufError('a message was expected');
  return value;
};
const integer = (value: bigint | Buffer): number => {
  if (typeof value !== 'bigint') throw new ProtobufError('a number was expected');
  return Number(BigInt.asIntN(64, value));
};
const text = (value: bigint | Buffer): string => message(value).toString('utf8');

interface Slot {
  name: string;
  schema: Schema;
}
/** A number's field, or the numbers below it where Go inlines a struct. */
type Layout = Map<number, Slot | Layout>;

const layouts = new WeakMap<Schema, Layout>();

function layoutOf(schema: Schema): Layout {
  const known = layouts.get(schema);
  if (known !== undefined) return known;
  const layout: Layout = new Map();
  layouts.set(schema, layout);
  for (const [name, field] of schema.fields ?? []) {
    const path = [...(field.proto ?? [])];
    const last = path.pop();
    if (last === undefined) continue;
    let at = layout;
    for (const number of path) {
      let inner = at.get(number);
      if (!(inner instanceof Map)) {
        inner = new Map();
        at.set(number, inner);
      }
      at = inner;
    }
    at.set(last, { name, schema: field });
  }
  return layout;
}

function readStruct(layout: Layout, bytes: Buffer, out: JsonObject, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new ProtobufError('the object is nested too deeply');
  for (const { number, value } of fields(bytes)) {
    const slot = layout.get(number);
    if (slot === undefined) continue;
    if (slot instanceof Map) {
      readStruct(slot, message(value), out, depth + 1);
      continue;
    }
    const { name, schema } = slot;
    if (schema.shape === 'list') {
      const list = Array.isArray(out[name]) ? out[name] : [];
      list.push(readValue(schema.items as Schema, value, depth + 1));
      out[name] = list;
    } else if (schema.shape === 'map') {
      const map = (out[name] ?? {}) as JsonObject;
      let key = '';
      let entry: Json = schema.values?.scalar === 'string' ? '' : {};
      for (const part of fields(message(value))) {
        if (part.number === 1) key = text(part.value);
        else if (part.number === 2) entry = readValue(schema.values as Schema, part.value, depth + 1);
      }
      Object.defineProperty(map, key, { value: entry, enumerable: true, configurable: true, writable: true });
      out[name] = map;
    } else out[name] = readValue(schema, value, depth + 1);
  }
  return out;
}

function readValue(schema: Schema, value: bigint | Buffer, depth: number): Json {
  if (schema.shape === 'struct') return readStruct(layoutOf(schema), message(value), {}, depth);
  if (schema.shape !== 'scalar') {
    // Opaque data travels as JSON in the first field.
    for (const part of fields(message(value)))
      if (part.number === 1) return JSON.parse(text(part.value)) as Json;
    return {};
  }
  switch (schema.scalar) {
    case 'string':
      return schema.format === 'byte' ? message(value).toString('base64') : text(value);
    case 'boolean':
      return integer(value) !== 0;
    case 'integer':
      return integer(value);
    case 'number':
      return message(value).readDoubleLE(0);
    default:
      return readSpecial(schema, message(value));
  }
}

/** Quantity, Time, MicroTime, IntOrString. */
function readSpecial(schema: Schema, bytes: Buffer): Json {
  const parts = new Map([...fields(bytes)].map((part) => [part.number, part.value]));
  const count = (number: number): number => {
    const value = parts.get(number);
    return value === undefined ? 0 : integer(value);
  };
  if (schema.scalar === 'quantity') return text(parts.get(1) ?? Buffer.alloc(0));
  if (schema.scalar === 'int-or-string')
    return count(1) === 1 ? text(parts.get(3) ?? Buffer.alloc(0)) : count(2);
  if (parts.size === 0) return null;
  const time = new Date(count(1) * 1000).toISOString().slice(0, 19);
  if (schema.scalar === 'time') return `${time}Z`;
  return `${time}.${String(Math.floor(count(2) / 1000)).padStart(6, '0')}Z`;
}

/** `schema`: of the kind that is expected. Throws `ProtobufError`. */
export function readProtobuf(body: Buffer, schema: Schema): JsonObject {
  if (!body.subarray(0, 4).equals(MAGIC))
    throw new ProtobufError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  let apiVersion = '';
  let kind = '';
  let raw: Buffer = Buffer.alloc(0);
  for (const { number, value } of fields(body.subarray(4))) {
    if (number === 2) raw = message(value);
    if (number !== 1) continue;
    for (const part of fields(message(value))) {
      if (part.number === 1) apiVersion = text(part.value);
      else if (part.number === 2) kind = text(part.value);
    }
  }
  return { apiVersion, kind, ...readStruct(layoutOf(schema), raw, {}, 0) };
}
