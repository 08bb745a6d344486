/** Manifests as a cluster to read from, alone or laid over a real one. */

import type { KubeApi, KubeList, KubeObject, ObjectRef, ResourceType } from '../../kube/api.ts';
import { ApiError, apiVersionOf, isNotFound } from '../../kube/api.ts';
import { listAll } from '../../kube/list-all.ts';
import type { JsonObject } from '../../lang/json.ts';
import { isObject } from '../../lang/json.ts';
import { textAt } from '../model/read.ts';

export type Source = Pick<KubeApi, 'get' | 'list'>;

/** `below`: what is there besides the manifests; objects of the same name are hidden by them. */
export function manifestSource(
  manifests: readonly JsonObject[],
  namespace: string,
  below: Source | undefined,
): Source {
  const objects = manifests.flatMap((manifest, i) => asStored(manifest, namespace, i));
  const ofType = (type: ResourceType): KubeObject[] =>
    objects.filter(({ apiVersion, kind }) => kind === type.kind && groupOf(apiVersion) === type.group);
  const isSame = (type: ResourceType, object: KubeObject, ref: ObjectRef): boolean =>
    object.metadata.name === ref.name && (!type.namespaced || object.metadata.namespace === ref.namespace);

  return {
    async get(type, ref, options) {
      const own = ofType(type).find((object) => isSame(type, object, ref));
      if (own !== undefined) return own;
      if (below !== undefined) return below.get(type, ref, options);
      throw notFound(type, ref.name);
    },
    async list(type, options): Promise<KubeList> {
      const own = ofType(type).filter(
        ({ metadata }) => !type.namespaced || metadata.namespace === options?.namespace,
      );
      const others = below === undefined ? [] : await listAll(below, type, options ?? {});
      const hidden = (object: KubeObject): boolean =>
        own.some(({ metadata }) => isSame(type, object, metadata));
      return { items: [...own, ...others.filter((object) => !hidden(object))], resourceVersion: '' };
    },
  };
}

/** Undefined where there is none. */
export async function readIfThere(
  source: Source,
  type: ResourceType,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  try {
    return await source.get(type, ref, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** A manifest with what an API server would have given it. */
function asStored(manifest: JsonObject, namespace: string, index: number): KubeObject[] {
  const metadata = isObject(manifest['metadata']) ? manifest['metadata'] : {};
  if (textAt(metadata, 'name') === '') return [];
  return [
    {
      ...manifest,
      apiVersion: textAt(manifest, 'apiVersion'),
      kind: textAt(manifest, 'kind'),
      metadata: {
        namespace,
        uid: `manifest-${index}`,
        generation: 1,
        ...metadata,
        name: textAt(metadata, 'name'),
        // Unlike any that a server gives: the versions of a store are compared.
        resourceVersion: '1',
      },
    },
  ];
}

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

function notFound(type: ResourceType, name = ''): ApiError {
  const resource = type.group === '' ? type.plural : `${type.plural}.${type.group}`;
  return new ApiError({
    code: 404,
    reason: 'NotFound',
    message: `${resource} "${name}" not found in the manifests (${apiVersionOf(type)})`,
  });
}
