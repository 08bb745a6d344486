/** Lists and objects as `meta.k8s.io` Tables, which is what `kubectl get` prints, and as PartialObjectMetadata. */

import type { JsonObject } from '../../lang/json.ts';
import type { KubeObject } from '../../kube/api.ts';
import type { Resource } from '../apiserver/resource.ts';

export type Representation = 'object' | 'table' | 'metadata';
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** The first of the accepted types that the server can make; undefined: none (406). */
export function representationOf(accept: string | undefined): Representation | undefined {
  if (accept === undefined || accept.trim() === '') return 'object';
  for (const entry of accept.split(',')) {
    const [type = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const given = new Map(parameters.map((part) => part.split('=') as [string, string]));
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const as = given.get('as');
    if (as === undefined) return 'object';
    if (given.get('g') !== 'meta.k8s.io' || given.get('v') !== 'v1') continue;
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'metadata';
  }
  return undefined;
}

export const partial = (object: KubeObject): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata as unknown as JsonObject,
});

function row(resource: Resource, object: KubeObject, now: number, include: IncludeObject): JsonObject {
  return {
    cells: resource.cells(object, now),
    ...(include === 'None'
      ? {}
      : { object: include === 'Object' ? (object as unknown as JsonObject) : partial(object) }),
  };
}

const columnDefinitions = (resource: Resource): JsonObject[] =>
  resource.columns.map((column) => ({
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
  }));

export function table(
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: JsonObject,
  now: number,
  include: IncludeObject,
  withColumns = true,
): JsonObject {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: withColumns ? columnDefinitions(resource) : [],
    rows: objects.map((object) => row(resource, object, now, include)),
  };
}
