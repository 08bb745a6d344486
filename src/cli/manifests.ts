/** Manifests from files, read as strictly as the reference reads them: no unknown fields, no duplicate keys. */

import { customResourceDefinitions } from '../api/crd.ts';
import { isObject, type JsonObject } from '../lang/json.ts';
import { untypedFields } from '../lang/pod-template.ts';
import { parseYamlDocuments, type YamlDocument, YamlError } from '../lang/yaml.ts';
import { nearest } from './args/suggest.ts';
import { CliError } from './errors.ts';
import type { CliIo } from './io.ts';
import { at, listAt, textAt } from './model/read.ts';
import { builtInSchema, type FieldSchema, METADATA } from './manifest-fields.ts';

/** A manifest, and where it stands. */
export interface Document {
  readonly manifest: JsonObject;
  readonly file: string;
  lineOf(path: readonly (string | number)[]): number;
}

/** Every document of the file; `-` is standard input. Rejects with `CliError`. */
export const readManifests = async (io: CliIo, path: string): Promise<JsonObject[]> =>
  (await readDocuments(io, path)).map(({ manifest }) => manifest);

export async function readDocuments(io: CliIo, path: string): Promise<Document[]> {
  let text: string;
  try {
    text = await io.readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`${labelOf(path)} can't be read: ${reason}`);
  }
  return parse(text, path).map(({ value, lineOf }, i) => {
    if (isObject(value)) return { manifest: value, file: labelOf(path), lineOf };
    throw new CliError(
      `${labelOf(path)}: document ${i + 1} is no object: a manifest has apiVersion, kind and metadata`,
    );
  });
}

function parse(text: string, path: string): YamlDocument[] {
  try {
    return parseYamlDocuments(text, labelOf(path));
  } catch (error) {
    if (error instanceof YamlError) throw new CliError(error.message);
    throw error;
  }
}

export const labelOf = (path: string): string => (path === '-' ? 'standard input' : path);

/** `Rollout "web"`. */
export const nameOf = (manifest: JsonObject): string =>
  `${textAt(manifest, 'kind')} ${JSON.stringify(textAt(manifest, 'metadata', 'name'))}`;

/** Throws `CliError` for the first field that the kind does not have; kinds that we don't know pass. */
export function checkFields(manifest: JsonObject, path: string): void {
  const [found] = unknownFields(manifest);
  if (found === undefined) return;
  const near = nearest(found.name, found.known);
  throw new CliError(
    `error unmarshaling JSON: while decoding JSON: json: unknown field ${JSON.stringify(found.name)}`,
    `it stands at ${found.path} of ${nameOf(manifest)} in ${labelOf(path)}` +
      (near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`),
  );
}

export interface UnknownField {
  readonly name: string;
  readonly path: string;
  readonly known: readonly string[];
}

/** Every field that the kind does not have, in their order; none for kinds that we don't know. */
export function unknownFields(manifest: JsonObject): UnknownField[] {
  const schema = schemaOf(textAt(manifest, 'apiVersion'), textAt(manifest, 'kind'));
  if (schema === undefined) return [];
  return [...unknownIn(schema, manifest, ''), ...unknownTemplateFields(manifest)];
}

function unknownIn(schema: FieldSchema, value: unknown, path: string): UnknownField[] {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return [];
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return [];
    return value.flatMap((item, i) => unknownIn(items, item, `${path}[${i}]`));
  }
  if (!isObject(value)) return [];
  const { properties, additionalProperties } = schema;
  return Object.entries(value).flatMap(([name, item]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (additionalProperties !== undefined) return unknownIn(additionalProperties, item, at);
    if (properties === undefined) return [];
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (field === undefined) return [{ name, path: at, known: Object.keys(properties) }];
    return unknownIn(field, item, at);
  });
}

/** Pod templates stand outside of our schemas; their fields have a table of their own. */
function unknownTemplateFields(manifest: JsonObject): UnknownField[] {
  const templates: [string, unknown][] = [
    ['spec.template', at(manifest, 'spec', 'template')],
    ...listAt(manifest, 'spec', 'templates').map((item, i): [string, unknown] => [
      `spec.templates[${i}].template`,
      at(item, 'template'),
    ]),
  ];
  return templates.flatMap(([path, template]) =>
    (isObject(template) ? untypedFields(template) : []).map((field) => ({
      name: field.slice(field.lastIndexOf('.') + 1),
      path: `${path}.${field}`,
      known: [],
    })),
  );
}

const schemas = new Map<string, FieldSchema>();

function schemaOf(apiVersion: string, kind: string): FieldSchema | undefined {
  if (apiVersion !== 'argoproj.io/v1alpha1') return builtInSchema(apiVersion, kind);
  if (schemas.size === 0) {
    for (const definition of customResourceDefinitions()) {
      const schema = at(definition, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema') as FieldSchema;
      const properties = { ...schema.properties, metadata: METADATA };
      schemas.set(textAt(definition, 'spec', 'names', 'kind'), { ...schema, properties });
    }
  }
  return schemas.get(kind);
}
