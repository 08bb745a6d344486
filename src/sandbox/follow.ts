/** Keeps the objects of one type at hand, by list and watch. For the sandbox's own parts, which sit beside its server. */

import { ApiError, type KubeApi, type KubeObject, keyOf, type ResourceType } from '../kube/api.ts';
import { type Clock, sleep } from '../kube/clock.ts';

export interface Followed {
  readonly objects: ReadonlyMap<string, KubeObject>;
}

const RETRY_MS = 200;

/** Calls `changed` after the first list and after every event, until `signal` is aborted. */
export function follow(
  api: KubeApi,
  type: ResourceType,
  clock: Clock,
  signal: AbortSignal,
  changed: (key: string | undefined) => void,
): Followed {
  const objects = new Map<string, KubeObject>();
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const list = await api.list(type, { signal });
        objects.clear();
        for (const item of list.items) objects.set(keyOf(item.metadata), item);
        changed(undefined);
        for await (const event of api.watch(type, { resourceVersion: list.resourceVersion, signal })) {
          if (event.type === 'BOOKMARK') continue;
          const key = keyOf(event.object.metadata);
          if (event.type === 'DELETED') objects.delete(key);
          else objects.set(key, event.object);
          changed(key);
        }
      } catch (error) {
        if (signal.aborted) return;
        // A history that is gone is simply listed again.
        if (error instanceof ApiError && error.code === 410) continue;
      }
      // Never at once: a server that has stopped ends every stream as soon as it is opened.
      await sleep(clock, RETRY_MS, signal).catch(() => {});
    }
  };
  void run();
  return { objects };
}
