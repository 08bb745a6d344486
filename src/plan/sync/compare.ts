/** The diff: what a server-side apply dry run gives, beside what is there. Spec 11 section 4. */

import { deepEqual, isObject, type Json, type JsonObject, objectOf } from '../../lang/json.ts';
import type { Comparison } from './types.ts';

const SERVER_FIELDS = [
  'managedFields',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'uid',
  'selfLink',
];
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Without what the server writes and what a store leaves out. */
export function comparable(object: JsonObject): JsonObject {
  const { status: _status, metadata, ...rest } = object;
  const kept: JsonObject = {};
  for (const [name, value] of Object.entries(objectOf(metadata))) {
    if (SERVER_FIELDS.includes(name) || value === undefined) continue;
    if (name === 'annotations' && isObject(value)) {
      const { [LAST_APPLIED]: _applied, ...annotations } = value;
      if (Object.keys(annotations).length > 0) kept[name] = annotations;
    } else if (!(isObject(value) && Object.keys(value).length === 0)) {
      kept[name] = value;
    }
  }
  return { ...rest, metadata: kept };
}

const MAX_PATHS = 5;

/** Paths where the two differ, at most five, such as `spec.replicas`. */
export function differingPaths(a: Json | undefined, b: Json | undefined, path = ''): string[] {
  if (deepEqual(a, b)) return [];
  if (isObject(a) && isObject(b)) {
    const paths: string[] = [];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (paths.length >= MAX_PATHS) break;
      paths.push(...differingPaths(a[key], b[key], path === '' ? key : `${path}.${key}`));
    }
    return paths.slice(0, MAX_PATHS);
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    const paths: string[] = [];
    for (const [index, item] of a.entries()) {
      if (paths.length >= MAX_PATHS) break;
      paths.push(...differingPaths(item, b[index], `${path}[${index}]`));
    }
    return paths.slice(0, MAX_PATHS);
  }
  return [path === '' ? '(whole object)' : path];
}

export function compareWithDryRun(live: JsonObject, dryRun: JsonObject): Comparison {
  const paths = differingPaths(comparable(live), comparable(dryRun));
  return paths.length === 0 ? { state: 'equal' } : { state: 'differs', paths };
}
