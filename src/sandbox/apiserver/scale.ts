/** The `scale` subresource: one small view on two numbers and a selector of the parent. */

import { isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { formatSelector, selectorFrom } from '../../lang/selector.ts';
import type { KubeObject } from '../../kube/api.ts';
import type { ScalePaths } from './resource.ts';

function read(object: KubeObject, path: string): Json | undefined {
  let at: Json | undefined = object as unknown as JsonObject;
  for (const name of path.split('.')) at = isObject(at) ? at[name] : undefined;
  return at;
}

const count = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);

export function scaleOf(object: KubeObject, paths: ScalePaths): KubeObject {
  const { metadata } = object;
  const replicas = count(read(object, paths.spec));
  const selector = paths.selector === undefined ? undefined : read(object, paths.selector);
  const text = isObject(selector) ? formatSelector(selectorFrom(selector)) : selector;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      ...(metadata.creationTimestamp === undefined ? {} : { creationTimestamp: metadata.creationTimestamp }),
    },
    // Go leaves a zero out here.
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: count(read(object, paths.status)),
      ...(typeof text === 'string' && text !== '' ? { selector: text } : {}),
    },
  };
}

/** The parent with another number of replicas; everything else is shared. */
export function withReplicas(object: KubeObject, paths: ScalePaths, replicas: number): KubeObject {
  const set = (value: JsonObject, path: readonly string[]): JsonObject => {
    const [name, ...rest] = path;
    if (name === undefined) return value;
    const child = value[name];
    return { ...value, [name]: rest.length === 0 ? replicas : set(isObject(child) ? child : {}, rest) };
  };
  return set(object as unknown as JsonObject, paths.spec.split('.')) as unknown as KubeObject;
}
