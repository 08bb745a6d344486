/**
 * The one model of an object's shape in the sandbox. It is made from OpenAPI (built-in kinds, `builtin.json`) or
 * from a CRD's structural schema, and drives server-side apply, strict field validation, pruning, defaulting
 * and the printing of Go's decoding errors.
 */

import { isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { OMIT_ZERO, PROTO, VALUE } from './openapi/digest.ts';

export type Shape =
  | 'struct' // named fields
  | 'map' // free keys, one element type
  | 'list'
  | 'scalar'
  | 'free'; // anything: a map merges by key and a list is atomic (`free`), or the whole is one value (`atomic`)

export interface Schema {
  shape: Shape;
  /** Fields of a struct. A struct may have `values` too (a CRD's preserved unknown fields). */
  fields?: Map<string, Schema>;
  /** Elements of a map. */
  values?: Schema;
  items?: Schema;
  /** Lists: `map` merges by `keys`, `set` by value. */
  list?: 'atomic' | 'set' | 'map';
  keys?: readonly string[];
  /** Maps, structs and free values that server-side apply treats as one value. */
  atomic?: boolean;
  /** Unknown fields are kept. */
  preserve?: boolean;
  default?: Json;
  scalar?: 'string' | 'integer' | 'number' | 'boolean' | 'int-or-string' | 'quantity' | 'time' | 'micro-time';
  format?: string;
  /** The name of Go's type, for decoding errors: `DeploymentSpec`. */
  goType?: string;
  nullable?: boolean;
  /** Numbers of the field in protobuf, from the outside in. */
  proto?: readonly number[];
  /** Go leaves the field out when it is zero. */
  omitZero?: boolean;
  /** Go's empty object has it, too: a struct without pointer, a list without `omitempty`. */
  value?: boolean;
  /** CRDs: the raw structural schema, for value validation. */
  raw?: JsonObject;
  /** `metadata` and the like of an embedded resource. */
  embedded?: boolean;
}

/** Unknown data below preserve-unknown-fields: maps merge, lists are atomic. */
export const DEDUCED: Schema = { shape: 'free', preserve: true };
/** Data that is one value for every purpose (RawExtension, JSON). */
export const ATOMIC: Schema = { shape: 'free', atomic: true, preserve: true };

const SCALARS: Record<string, Schema['scalar']> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'micro-time',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'int-or-string',
};

const OPAQUE = new Set([
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  'io.k8s.apimachinery.pkg.runtime.RawExtension',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray',
  // It refers to itself without end, and nobody applies parts of it.
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps',
]);

const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** Builds schemas from the components of an OpenAPI document; each component once. */
export class SchemaLoader {
  readonly #components: Record<string, JsonObject>;
  readonly #made = new Map<string, Schema>();

  constructor(components: Record<string, JsonObject>) {
    this.#components = components;
  }

  component(name: string): Schema {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const source = this.#components[name];
    if (source === undefined) throw new Error(`no schema is named ${name}`);
    const scalar = SCALARS[name];
    const schema: Schema =
      scalar !== undefined
        ? { shape: 'scalar', scalar, goType: name.slice(name.lastIndexOf('.') + 1) }
        : OPAQUE.has(name)
          ? { ...ATOMIC }
          : { shape: 'struct' };
    this.#made.set(name, schema);
    if (schema.shape === 'struct') {
      Object.assign(schema, this.fromOpenApi(source));
      schema.goType = name.slice(name.lastIndexOf('.') + 1);
    }
    return schema;
  }

  fromOpenApi(source: JsonObject): Schema {
    const ref = text(source['$ref']);
    if (ref !== undefined) {
      const target = this.component(ref);
      const overrides: Partial<Schema> = {};
      if (source['default'] !== undefined) overrides.default = source['default'];
      const mapType = text(source['x-kubernetes-map-type']);
      if (mapType !== undefined) overrides.atomic = mapType === 'atomic';
      if (source[VALUE] === true) overrides.value = true;
      if (Array.isArray(source[PROTO])) overrides.proto = source[PROTO] as number[];
      return Object.keys(overrides).length === 0 ? target : { ...target, ...overrides };
    }
    const schema = shapeOf(source, (child) => this.fromOpenApi(child));
    if (source['default'] !== undefined) schema.default = source['default'];
    if (source[OMIT_ZERO] === true) schema.omitZero = true;
    if (source[VALUE] === true) schema.value = true;
    if (Array.isArray(source[PROTO])) schema.proto = source[PROTO] as number[];
    return schema;
  }
}

function listType(source: JsonObject): Pick<Schema, 'list' | 'keys'> {
  const declared = text(source['x-kubernetes-list-type']);
  if (declared === 'map') {
    const keys = source['x-kubernetes-list-map-keys'];
    return { list: 'map', keys: Array.isArray(keys) ? keys.map(String) : [] };
  }
  if (declared === 'set' || declared === 'atomic') return { list: declared };
  // Older built-in types only say how strategic merge patch treats the list.
  if ((text(source['x-kubernetes-patch-strategy']) ?? '').split(',').includes('merge')) {
    const key = text(source['x-kubernetes-patch-merge-key']);
    return key === undefined ? { list: 'set' } : { list: 'map', keys: [key] };
  }
  return { list: 'atomic' };
}

function shapeOf(source: JsonObject, child: (of: JsonObject) => Schema): Schema {
  const type = text(source['type']);
  if (source['x-kubernetes-int-or-string'] === true) return { shape: 'scalar', scalar: 'int-or-string' };
  if (type === 'array') {
    const items = isObject(source['items']) ? child(source['items']) : DEDUCED;
    return { shape: 'list', items, ...listType(source) };
  }
  const preserve = source['x-kubernetes-preserve-unknown-fields'] === true;
  const atomic = text(source['x-kubernetes-map-type']) === 'atomic';
  const extra: Partial<Schema> = { ...(atomic ? { atomic } : {}), ...(preserve ? { preserve } : {}) };
  if (isObject(source['properties'])) {
    const fields = new Map<string, Schema>();
    for (const [name, property] of Object.entries(source['properties'])) {
      if (isObject(property)) fields.set(name, child(property));
    }
    return { shape: 'struct', fields, ...extra, ...(preserve ? { values: DEDUCED } : {}) };
  }
  if (isObject(source['additionalProperties'])) {
    return { shape: 'map', values: child(source['additionalProperties']), ...extra };
  }
  if (type === 'string' || type === 'integer' || type === 'number' || type === 'boolean') {
    const format = text(source['format']);
    return { shape: 'scalar', scalar: type, ...(format === undefined ? {} : { format }) };
  }
  if (preserve) return { ...DEDUCED, ...extra };
  return { ...ATOMIC };
}

/** The schema of a custom resource: the CRD's structural schema with the metadata that every object has. */
export function customSchema(structural: JsonObject, objectMeta: Schema): Schema {
  const make = (source: JsonObject): Schema => {
    const schema = shapeOf(source, make);
    schema.raw = source;
    if (source['default'] !== undefined) schema.default = source['default'];
    if (source['nullable'] === true) schema.nullable = true;
    if (source['x-kubernetes-embedded-resource'] === true) {
      schema.embedded = true;
      if (schema.shape === 'free') {
        schema.shape = 'struct';
        schema.fields = new Map();
        schema.values = DEDUCED;
      }
      for (const [name, field] of typeMeta(objectMeta)) {
        if (name !== 'metadata' || schema.fields?.has('metadata') !== true) schema.fields?.set(name, field);
      }
    }
    return schema;
  };
  const root = make(structural);
  if (root.shape !== 'struct') {
    root.shape = 'struct';
    root.fields = new Map();
    delete root.atomic;
    if (root.preserve === true) root.values = DEDUCED;
  }
  for (const [name, field] of typeMeta(objectMeta)) root.fields?.set(name, field);
  return root;
}

const STRING: Schema = { shape: 'scalar', scalar: 'string' };
const typeMeta = (objectMeta: Schema): [string, Schema][] => [
  ['apiVersion', STRING],
  ['kind', STRING],
  ['metadata', objectMeta],
];

/** The schema of a field of a struct, of an entry of a map, or undefined where the field is not declared. */
export function fieldOf(schema: Schema, name: string): Schema | undefined {
  const field = schema.fields?.get(name);
  if (field !== undefined) return field;
  if (schema.values !== undefined) return schema.values;
  return schema.shape === 'free' ? schema : undefined;
}

/** What Go prints for an object that nobody filled in: its structs, empty, and its plain lists, null. */
export function emptyObject(schema: Schema): JsonObject {
  const out: JsonObject = {};
  for (const [name, field] of schema.fields ?? []) {
    if (field.value !== true) continue;
    out[name] = field.shape === 'struct' ? emptyObject(field) : null;
  }
  return out;
}
