/**
 * What the API server makes of our kinds. Where another CRD of the same name is installed (that of Argo Rollouts),
 * fields that it doesn't know are pruned before a controller sees them, without a word.
 *
 * Read from `/openapi/v3`, which every authenticated client may read: no right on CRDs is needed.
 */

import { isObject } from '../lang/json.ts';
import type { JsonObject } from '../lang/json.ts';

export interface SchemaGaps {
  readonly kind: string;
  /** Paths of fields that are in our schema and not in the served one, such as `spec.strategy.canary.x`. */
  readonly pruned: readonly string[];
  /** Whether `status.observedGeneration` may be a number. */
  readonly takesNumber: boolean;
}

const MAX_DEPTH = 40;

/**
 * Holds the served schema of `group/version, kind` against `ours`, a structural schema. Undefined where the document
 * doesn't have the kind (it is published some seconds after its CRD).
 */
export function schemaGaps(
  document: unknown,
  group: string,
  kind: string,
  ours: JsonObject,
): SchemaGaps | undefined {
  const components = isObject(document) && isObject(document['components']) ? document['components'] : {};
  const schemas = isObject(components['schemas']) ? components['schemas'] : {};
  const served = Object.values(schemas).find((schema) => isKind(schema, group, kind));
  if (!isObject(served)) return undefined;
  const pruned: string[] = [];
  compare(ours, served, [], pruned);
  const status = property(property(served, 'status'), 'observedGeneration');
  return {
    kind,
    pruned,
    takesNumber: status['x-kubernetes-int-or-string'] === true || Object.keys(status).length === 0,
  };
}

function isKind(schema: unknown, group: string, kind: string): boolean {
  const names = isObject(schema) ? schema['x-kubernetes-group-version-kind'] : undefined;
  return (
    Array.isArray(names) &&
    names.some((name) => isObject(name) && name['group'] === group && name['kind'] === kind)
  );
}

function property(schema: JsonObject, name: string): JsonObject {
  const { properties } = schema;
  const value = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isObject(value) ? value : {};
}

function compare(ours: JsonObject, served: JsonObject, path: readonly string[], pruned: string[]): void {
  // References only lead to types of Kubernetes itself (metadata), which are the same everywhere.
  if (path.length > MAX_DEPTH || served['x-kubernetes-preserve-unknown-fields'] === true) return;
  if (served['$ref'] !== undefined || served['allOf'] !== undefined) return;
  const wanted = isObject(ours['properties']) ? ours['properties'] : {};
  const known = isObject(served['properties']) ? served['properties'] : {};
  for (const [name, schema] of Object.entries(wanted)) {
    if (path.length === 0 && ['apiVersion', 'kind', 'metadata'].includes(name)) continue;
    const at = [...path, name];
    const there = Object.hasOwn(known, name) ? known[name] : undefined;
    if (isObject(there)) compare(isObject(schema) ? schema : {}, there, at, pruned);
    else if (!isObject(served['additionalProperties'])) pruned.push(at.join('.').replaceAll('.[]', '[]'));
  }
  for (const [key, step] of [
    ['items', '[]'],
    ['additionalProperties', '*'],
  ] as const) {
    const [mine, theirs] = [ours[key], served[key]];
    if (isObject(mine) && isObject(theirs)) compare(mine, theirs, [...path, step], pruned);
  }
}
