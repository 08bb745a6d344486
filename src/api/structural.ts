/**
 * From zod to what Kubernetes and editors read: structural OpenAPI schemas for CRDs, and JSON Schema. Pure.
 *
 * `z.toJSONSchema` gives a document that no API server accepts: open objects, bounds that zod adds to integers,
 * unions. The rewrite below knows every keyword that our schemas may produce and refuses any other, so that a
 * new construct in a schema fails in a test and not on a user's cluster.
 */

import * as z from 'zod';
import { isObject, type JsonObject } from '../lang/json.ts';

const PRESERVE = 'x-kubernetes-preserve-unknown-fields';
const INT_OR_STRING = 'x-kubernetes-int-or-string';

/** Copied as they are. */
const KEPT = new Set([
  'type',
  'format',
  'enum',
  'default',
  'description',
  PRESERVE,
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
]);
/** What zod adds by itself: the bounds of its integers, and whether more fields may follow. */
const DROPPED = new Set(['minimum', 'maximum', 'additionalProperties', 'x-required']);

/** The structural schema of `schema`. Throws for constructs that structural schemas don't have. */
export function structuralSchema(schema: z.ZodType): JsonObject {
  const raw = z.toJSONSchema(schema, {
    io: 'input',
    target: 'openapi-3.0',
    cycles: 'throw',
    reused: 'inline',
  });
  return rewrite(raw as JsonObject, '');
}

function rewrite(node: JsonObject, path: string): JsonObject {
  if (node[INT_OR_STRING] === true) return intOrString(node);
  if (node['x-opaque'] === true) return { type: 'object', [PRESERVE]: true };
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(node)) {
    if (KEPT.has(key)) out[key] = value;
    else if (key === 'properties') out['properties'] = rewriteProperties(value as JsonObject, path);
    else if (key === 'items') out['items'] = rewrite(value as JsonObject, `${path}[]`);
    else if (key !== 'required' && !DROPPED.has(key)) {
      throw new Error(`${path === '' ? 'schema' : path}: ${key} has no place in a structural schema`);
    }
  }
  const required = requiredFields(node);
  if (required.length > 0) out['required'] = required;
  // A map has no fields of its own; beside named fields the schema of others is forbidden.
  const others = node['additionalProperties'];
  if (node['properties'] === undefined && isObject(others) && Object.keys(others).length > 0) {
    out['additionalProperties'] = rewrite(others, `${path}{}`);
  }
  return out;
}

function rewriteProperties(properties: JsonObject, path: string): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, node]) => [
      name,
      rewrite(node as JsonObject, path === '' ? name : `${path}.${name}`),
    ]),
  );
}

function requiredFields(node: JsonObject): string[] {
  const byZod = new Set(Array.isArray(node['required']) ? node['required'] : []);
  return Object.entries((node['properties'] ?? {}) as JsonObject)
    .filter(([name, field]) => byZod.has(name) || (field as JsonObject)['x-required'] === true)
    .map(([name]) => name);
}

/** API servers accept exactly this form. */
function intOrString(node: JsonObject): JsonObject {
  const { description, default: fallback } = node;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    [INT_OR_STRING]: true,
  };
}

/** A structural schema as plain JSON Schema, in which a field that an API server would prune is an error. */
export function editorSchema(structural: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(structural)) {
    if (key.startsWith('x-kubernetes-')) continue;
    if (key === 'properties') {
      out[key] = Object.fromEntries(
        Object.entries(value as JsonObject).map(([name, node]) => [name, editorSchema(node as JsonObject)]),
      );
    } else if (key === 'items' || key === 'additionalProperties')
      out[key] = editorSchema(value as JsonObject);
    else if (key !== 'format' || value === 'date-time') out[key] = value;
  }
  const closed = structural['properties'] !== undefined && structural[PRESERVE] !== true;
  if (closed) out['additionalProperties'] = false;
  return out;
}
