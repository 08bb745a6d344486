/** Lists as a replica of the API server that lags behind would answer them. */

import {
  apiVersionOf,
  keyOf,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type ResourceType,
} from '../../src/kube/api.ts';
import { matchesSelector, parseSelector } from '../../src/lang/selector.ts';
import type { SandboxCluster } from '../../src/sandbox/index.ts';

/** undefined where the history does not reach so far back. */
export function pastList(
  server: SandboxCluster['server'],
  type: ResourceType,
  options: ListOptions,
  revision: number,
): KubeList | undefined {
  const store = server.storage.store(type);
  const changes = store.since(revision);
  if (changes === undefined) return undefined;
  const objects = new Map<string, KubeObject>();
  // An empty name stands for all of them.
  for (const object of store.values(options.namespace || undefined))
    objects.set(keyOf(object.metadata), object);
  for (const { object, before } of changes.toReversed()) {
    const key = keyOf(object.metadata);
    if (before === undefined) objects.delete(key);
    else objects.set(key, before);
  }
  const selector = parseSelector(options.labelSelector ?? '');
  const items = [...objects.values()]
    .filter((object) => matchesSelector(selector, object.metadata.labels ?? {}))
    .map((object) => ({ ...object, apiVersion: apiVersionOf(type), kind: type.kind }));
  return { items, resourceVersion: String(revision) };
}
