/** An API server in memory that keeps objects, tells watchers, and counts writes: nothing else costs anything. */

import { isDeepStrictEqual } from 'node:util';
import { ApiError, keyOf } from '../../src/kube/api.ts';
import type { KubeApi, KubeObject, ResourceType, WatchEvent, WatchOptions } from '../../src/kube/api.ts';
import type { Json, JsonObject } from '../../src/lang/json.ts';
import { applyMergePatch } from '../../src/lang/patch/merge.ts';

export interface PatchSeen {
  readonly key: string;
  readonly body: JsonObject;
  /** Keys of the status that the patch holds and that are as they were before. */
  readonly unchanged: readonly string[];
}

interface Stream {
  readonly plural: string;
  readonly queue: WatchEvent[];
  wake: () => void;
}

const refused = (): Promise<never> => Promise.reject(new Error('not used here'));

export class RecordingApi implements KubeApi {
  /** Told of each patch; what it keeps is its own affair. */
  onPatch: (patch: PatchSeen) => void = () => {};
  events = 0;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #streams = new Set<Stream>();
  #version = 1;

  put(type: ResourceType, object: KubeObject): void {
    this.#store(type, object);
  }

  get(type: ResourceType, ref: { namespace?: string | undefined; name: string }): Promise<KubeObject> {
    const found = this.#table(type).get(keyOf(ref));
    return found === undefined ? this.#notFound(ref.name) : Promise.resolve(found);
  }

  list(type: ResourceType): ReturnType<KubeApi['list']> {
    return Promise.resolve({
      items: [...this.#table(type).values()],
      resourceVersion: String(this.#version),
      continue: undefined,
    });
  }

  async *watch(type: ResourceType, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, void> {
    const stream: Stream = { plural: type.plural, queue: [], wake: () => {} };
    this.#streams.add(stream);
    const { signal } = options;
    const onAbort = (): void => stream.wake();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        const event = stream.queue.shift();
        if (signal?.aborted === true) return;
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => (stream.wake = resolve));
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#streams.delete(stream);
    }
  }

  create(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    if (type.kind === 'Event') this.events++;
    return Promise.resolve(object);
  }

  patch(...[type, ref, patch]: Parameters<KubeApi['patch']>): Promise<KubeObject> {
    const key = keyOf(ref);
    const old = this.#table(type).get(key);
    if (old === undefined) return this.#notFound(key);
    const body = patch.body as JsonObject;
    const next = applyMergePatch(old as unknown as Json, body) as unknown as KubeObject;
    const before = (old['status'] ?? {}) as JsonObject;
    const status = (body['status'] ?? {}) as JsonObject;
    const unchanged = Object.keys(status).filter((name) => isDeepStrictEqual(before[name], status[name]));
    this.onPatch({ key, body, unchanged });
    return Promise.resolve(this.#store(type, next));
  }

  replace = refused;
  delete = refused;

  #notFound(name: string): Promise<never> {
    return Promise.reject(new ApiError({ code: 404, reason: 'NotFound', message: `${name} not found` }));
  }

  #table(type: ResourceType): Map<string, KubeObject> {
    const known = this.#objects.get(type.plural) ?? new Map<string, KubeObject>();
    this.#objects.set(type.plural, known);
    return known;
  }

  #store(type: ResourceType, object: KubeObject): KubeObject {
    const resourceVersion = String(this.#version++);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion } };
    const table = this.#table(type);
    const key = keyOf(stored.metadata);
    const event: WatchEvent = { type: table.has(key) ? 'MODIFIED' : 'ADDED', object: stored };
    table.set(key, stored);
    for (const stream of this.#streams) {
      if (stream.plural !== type.plural) continue;
      stream.queue.push(event);
      stream.wake();
    }
    return stored;
  }
}
