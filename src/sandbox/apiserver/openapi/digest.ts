/**
 * Reduces the OpenAPI v3 documents of a real API server to what the sandbox needs of the built-in kinds:
 * the shape of every field, its list and map types, patch strategy and non-trivial default. Descriptions,
 * paths and the kinds that the sandbox does not serve are left out. `builtin.json` is its output for
 * Kubernetes 1.36; `npm test` checks that the file is such a digest, `test/cluster/builtin.ts` makes it, and the
 * cluster suite holds it against a real server.
 */

import { isObject, type Json, type JsonObject } from '../../../lang/json.ts';

export interface OpenApiDigest {
  /** `gitVersion` of the server the documents came from. */
  version: string;
  /** `group/version/Kind` (`v1/Kind` in the core group) to the name of its schema. */
  kinds: Record<string, string>;
  schemas: Record<string, JsonObject>;
}

const KEPT = new Set([
  'type',
  'format',
  'properties',
  'items',
  'additionalProperties',
  'required',
  'default',
  'oneOf',
  '$ref',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
]);

const kindOf = (entry: Json | undefined): string | undefined => {
  if (!isObject(entry)) return undefined;
  const group = entry['group'] === '' ? '' : `${String(entry['group'])}/`;
  return `${group}${String(entry['version'])}/${String(entry['kind'])}`;
};

const shortRef = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);

/** Go's zero values say nothing: the server fills them in for every absent non-pointer field. */
const isTrivialDefault = (value: Json | undefined): boolean =>
  value === '' || value === 0 || value === false || (isObject(value) && Object.keys(value).length === 0);

function reduce(schema: JsonObject): JsonObject {
  const out: JsonObject = {};
  const allOf = schema['allOf'];
  if (Array.isArray(allOf) && isObject(allOf[0])) Object.assign(out, reduce(allOf[0]));
  for (const [key, value] of Object.entries(schema)) {
    if (!KEPT.has(key) || value === undefined) continue;
    if (key === 'default' && isTrivialDefault(value)) continue;
    if (key === '$ref') out['$ref'] = shortRef(String(value));
    else if (key === 'properties' && isObject(value)) {
      out['properties'] = Object.fromEntries(
        Object.entries(value).map(([name, property]) => [name, reduce(property as JsonObject)]),
      );
    } else if ((key === 'items' || key === 'additionalProperties') && isObject(value))
      out[key] = reduce(value);
    else out[key] = value;
  }
  return out;
}

/** What the OpenAPI documents don't say of a Go field. */
interface GoField {
  /** No pointer: where it is a struct, it is always there. */
  value: boolean;
  /** Left out of the JSON when zero: no pointer, and `omitempty`. */
  omitted: boolean;
  /** Numbers in protobuf, from the outside in: more than one where a struct is inlined in JSON. */
  proto: number[];
}

const STRUCT = /^type (\w+) struct \{\n([\s\S]*?)^\}/gm;
const FIELD =
  /^\t(?:\w+ +)?(\*?)([^\s`*]\S*) +`json:"(\w*)(,inline)?(,omit\w+)*"(?:[^`]*? protobuf:"\w+,(\d+),)?/gm;

/** `sources` maps the prefix of schema names (`io.k8s.api.apps.v1`) to the text of that package's `types.go`. */
function goFields(sources: Record<string, string>): Map<string, GoField> {
  const found = new Map<string, GoField>();
  for (const [prefix, text] of Object.entries(sources)) {
    const bodies = new Map([...text.matchAll(STRUCT)].map((match) => [match[1] ?? '', match[2] ?? '']));
    const visit = (owner: string, struct: string, outer: number[], depth: number): void => {
      for (const match of (bodies.get(struct) ?? '').matchAll(FIELD)) {
        const proto = match[6] === undefined ? [] : [...outer, Number(match[6])];
        if (match[4] !== undefined) {
          if (depth < 4 && proto.length > 0) visit(owner, match[2] ?? '', proto, depth + 1);
          continue;
        }
        const value = match[1] === '';
        const omitted = value && match[5] !== undefined;
        found.set(`${prefix}.${owner}.${match[3] ?? ''}`, { value, omitted, proto });
      }
    };
    for (const struct of bodies.keys()) visit(struct, struct, [], 0);
  }
  return found;
}

/** Where a scalar, list or map is left out when zero; structs are never (Go's `omitempty` has no effect on them). */
export const OMIT_ZERO = 'x-omit-zero';
/** A struct (empty) or list (null) that is there even when the object doesn't set it. */
export const VALUE = 'x-value';
/** The field's numbers in protobuf, from the outside in. */
export const PROTO = 'x-proto';

/**
 * `documents`: the bodies of `/openapi/v3/<group>/<version>`. `kinds`: `group/version/Kind`, those to keep.
 * `goSources`: see `goFields`.
 */
export function digestOpenApi(
  documents: JsonObject[],
  kinds: string[],
  version: string,
  goSources: Record<string, string>,
): OpenApiDigest {
  const go = goFields(goSources);
  const all = new Map<string, JsonObject>();
  const names = new Map<string, string>();
  for (const document of documents) {
    const components = document['components'];
    const schemas = isObject(components) ? components['schemas'] : undefined;
    if (!isObject(schemas)) continue;
    for (const [name, schema] of Object.entries(schemas)) {
      if (!isObject(schema)) continue;
      all.set(name, schema);
      const tags = schema['x-kubernetes-group-version-kind'];
      const tag = Array.isArray(tags) && tags.length === 1 ? kindOf(tags[0]) : undefined;
      if (tag !== undefined) names.set(tag, name);
    }
  }
  const digest: OpenApiDigest = { version, kinds: {}, schemas: {} };
  const take = (name: string): void => {
    if (digest.schemas[name] !== undefined) return;
    const source = all.get(name);
    if (source === undefined) throw new Error(`schema ${name} is not in the documents`);
    const schema = reduce(source);
    digest.schemas[name] = schema;
    for (const [field, property] of Object.entries(
      (schema['properties'] ?? {}) as Record<string, JsonObject>,
    )) {
      const known = go.get(`${name}.${field}`);
      if (known === undefined) continue;
      if (known.proto.length > 0) property[PROTO] = known.proto;
      const isList = property['type'] === 'array';
      const isMap = property['additionalProperties'] !== undefined;
      const isScalar = property['type'] !== undefined && property['type'] !== 'object';
      if ((isScalar && known.omitted) || isMap) property[OMIT_ZERO] = true;
      else if ((isList || property['$ref'] !== undefined) && known.value) property[VALUE] = true;
    }
    const refs = (value: Json | undefined): void => {
      if (Array.isArray(value)) value.forEach(refs);
      else if (isObject(value)) {
        if (typeof value['$ref'] === 'string') take(value['$ref']);
        Object.values(value).forEach(refs);
      }
    };
    refs(schema);
  };
  for (const kind of kinds) {
    const name = names.get(kind);
    if (name === undefined) throw new Error(`kind ${kind} is not in the documents`);
    digest.kinds[kind] = name;
    take(name);
  }
  digest.schemas = Object.fromEntries(Object.entries(digest.schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return digest;
}
