/** Paths and queries of the Kubernetes API. */

import type { ObjectRef, ResourceType } from '../api.ts';

/** `/api/v1/namespaces/ns/pods[/name[/sub]]`, `/apis/group/version/...`. Every part is escaped. */
export function resourcePath(
  type: ResourceType,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const root = type.group === '' ? ['api', type.version] : ['apis', type.group, type.version];
  const parts = [...root];
  if (type.namespaced && namespace !== undefined && namespace !== '') parts.push('namespaces', namespace);
  parts.push(type.plural);
  if (name !== undefined) parts.push(name);
  if (subresource !== undefined) parts.push(subresource);
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** The path of one object. A missing name or namespace is a mistake of the caller, and would hit a collection. */
export function objectPath(type: ResourceType, ref: ObjectRef, subresource?: string): string {
  if (ref.name === '') throw new TypeError(`${type.kind}: an object without a name was addressed`);
  if (type.namespaced && (ref.namespace === undefined || ref.namespace === '')) {
    throw new TypeError(`${type.kind} ${ref.name}: namespaced, but no namespace was given`);
  }
  return resourcePath(type, ref.namespace, ref.name, subresource);
}

export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '' && value !== false) search.set(key, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
