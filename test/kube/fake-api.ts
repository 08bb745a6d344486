/** A Kubernetes API in a few lines: objects, revisions, watches, and faults on demand. Only for tests of the machinery. */

import {
  ApiError,
  ApiUnreachable,
  apiVersionOf,
  type CallOptions,
  type DeleteOptions,
  type KubeApi,
  type KubeList,
  type KubeObject,
  keyOf,
  type ListOptions,
  type ObjectRef,
  type Patch,
  type ResourceType,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from '../../src/kube/api.ts';
import { type Json, isObject, type JsonObject } from '../../src/lang/json.ts';

export interface Call {
  verb: 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'delete';
  plural: string;
  key: string;
  body?: unknown;
  options?: unknown;
}

interface Stream {
  type: ResourceType;
  namespace: string | undefined;
  queue: WatchEvent[];
  wake: () => void;
  end: 'open' | 'closed' | Error;
}

const fail = (code: number, reason: string, message: string): ApiError =>
  new ApiError({ code, reason, message });
export const notFound = (what: string): ApiError => fail(404, 'NotFound', `${what} not found`);
export const gone = (): ApiError => fail(410, 'Expired', 'too old resource version');

export class FakeApi implements KubeApi {
  revision = 100;
  readonly calls: Call[] = [];
  /** Called before each call; what it throws is the answer. `after` throws when the call was applied. */
  before: ((call: Call) => void | Promise<void>) | undefined;
  after: ((call: Call) => void) | undefined;
  /** Watch events are not delivered while this is set. */
  holdEvents = false;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #log: { type: ResourceType; revision: number; event: WatchEvent }[] = [];
  readonly #streams = new Set<Stream>();
  #uid = 0;

  callsOf(verb: Call['verb'], plural?: string): Call[] {
    return this.calls.filter(
      (call) => call.verb === verb && (plural === undefined || call.plural === plural),
    );
  }

  objectsOf(type: ResourceType): KubeObject[] {
    return [...this.#table(type).values()];
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Cuts all watches: closed by the server, or broken with `error`. */
  cutStreams(error?: Error): void {
    for (const stream of this.#streams) {
      stream.end = error ?? 'closed';
      stream.wake();
    }
  }

  /** The server forgets what happened so far: older watches get 410. */
  compact(): void {
    this.#log.length = 0;
    this.revision += 1;
    this.#log.push();
    this.compactedAt = this.revision;
  }
  compactedAt = 0;

  releaseEvents(): void {
    this.holdEvents = false;
    for (const stream of this.#streams) stream.wake();
  }

  bookmark(type: ResourceType): void {
    this.revision += 1;
    const object: KubeObject = {
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: { name: '', resourceVersion: String(this.revision) },
    };
    for (const stream of this.#streams) {
      if (stream.type.plural === type.plural) this.#push(stream, { type: 'BOOKMARK', object });
    }
  }

  // ---- what somebody else does, without a call being counted

  put(type: ResourceType, object: KubeObject): KubeObject {
    const known = this.#table(type).get(keyOf(object.metadata));
    return this.#store(type, {
      ...object,
      metadata: { ...object.metadata, uid: known?.metadata.uid ?? object.metadata.uid ?? this.#newUid() },
    });
  }

  drop(type: ResourceType, ref: ObjectRef): void {
    const table = this.#table(type);
    const object = table.get(keyOf(ref));
    if (object === undefined) return;
    table.delete(keyOf(ref));
    this.revision += 1;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } };
    this.#emit(type, { type: 'DELETED', object: last });
  }

  // ---- KubeApi

  async get(type: ResourceType, ref: ObjectRef, options?: CallOptions): Promise<KubeObject> {
    return this.#call({ verb: 'get', plural: type.plural, key: keyOf(ref), options }, options, () =>
      this.#find(type, ref),
    );
  }

  async list(type: ResourceType, options: ListOptions = {}): Promise<KubeList> {
    return this.#call(
      { verb: 'list', plural: type.plural, key: options.namespace ?? '', options },
      options,
      () => {
        const all = [...this.#table(type).values()]
          .filter(
            (object) =>
              options.namespace === undefined ||
              options.namespace === '' ||
              object.metadata.namespace === options.namespace,
          )
          .filter(
            (object) =>
              options.fieldSelector === undefined ||
              options.fieldSelector === `metadata.name=${object.metadata.name}`,
          )
          .sort((a, b) => (keyOf(a.metadata) < keyOf(b.metadata) ? -1 : 1));
        const [from, revision] = (options.continue ?? `0:${this.revision}`).split(':').map(Number) as [
          number,
          number,
        ];
        const to = options.limit === undefined ? all.length : from + options.limit;
        return {
          items: all.slice(from, to),
          resourceVersion: String(revision),
          continue: to < all.length ? `${to}:${revision}` : undefined,
        };
      },
    );
  }

  async *watch(type: ResourceType, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, void> {
    const call: Call = { verb: 'watch', plural: type.plural, key: options.namespace ?? '', options };
    this.calls.push(call);
    await this.before?.(call);
    const from = Number(options.resourceVersion ?? this.revision);
    if (from < this.compactedAt) throw gone();
    const stream: Stream = { type, namespace: options.namespace, queue: [], wake: () => {}, end: 'open' };
    for (const entry of this.#log) {
      if (entry.type.plural === type.plural && entry.revision > from) this.#push(stream, entry.event);
    }
    this.#streams.add(stream);
    options.onOpen?.();
    const onAbort = (): void => {
      stream.end = new ApiUnreachable('given up');
      stream.wake();
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        const event = this.holdEvents ? undefined : stream.queue.shift();
        if (event !== undefined) yield event;
        else if (stream.end === 'closed') return;
        else if (stream.end !== 'open') throw stream.end;
        else await new Promise<void>((resolve) => (stream.wake = resolve));
      }
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
      this.#streams.delete(stream);
    }
  }

  async create(
    type: ResourceType,
    object: KubeObject,
    options?: WriteOptions & { ref?: ObjectRef },
  ): Promise<KubeObject> {
    const key = keyOf(object.metadata);
    return this.#call({ verb: 'create', plural: type.plural, key, body: object, options }, options, () => {
      if (this.#table(type).has(key))
        throw fail(409, 'AlreadyExists', `${type.plural} "${key}" already exists`);
      return this.#store(type, { ...object, metadata: { ...object.metadata, uid: this.#newUid() } });
    });
  }

  async replace(type: ResourceType, object: KubeObject, options?: WriteOptions): Promise<KubeObject> {
    const key = keyOf(object.metadata);
    return this.#call({ verb: 'replace', plural: type.plural, key, body: object, options }, options, () => {
      const known = this.#find(type, object.metadata);
      const wanted = object.metadata.resourceVersion;
      if (wanted !== undefined && wanted !== known.metadata.resourceVersion) {
        throw fail(409, 'Conflict', `${key} has been modified`);
      }
      return this.#store(type, object);
    });
  }

  async patch(type: ResourceType, ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<KubeObject> {
    const call: Call = { verb: 'patch', plural: type.plural, key: keyOf(ref), body: patch.body, options };
    return this.#call(call, options, () => {
      if (patch.type !== 'merge') throw new Error('the fake knows merge patches only');
      return this.#store(
        type,
        merge(this.#find(type, ref) as unknown as Json, patch.body) as unknown as KubeObject,
      );
    });
  }

  async delete(type: ResourceType, ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject> {
    return this.#call({ verb: 'delete', plural: type.plural, key: keyOf(ref), options }, options, () => {
      const object = this.#find(type, ref);
      const uid = options?.preconditions?.uid;
      if (uid !== undefined && uid !== object.metadata.uid) throw fail(409, 'Conflict', 'another uid');
      if ((object.metadata.finalizers ?? []).length > 0) {
        return this.#store(type, {
          ...object,
          metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
        });
      }
      this.drop(type, ref);
      return {
        apiVersion: 'v1',
        kind: 'Status',
        metadata: { name: '' },
        details: { uid: object.metadata.uid },
      };
    });
  }

  // ---- inside

  async #call<T>(call: Call, options: CallOptions | undefined, run: () => T): Promise<T> {
    this.calls.push(call);
    await Promise.resolve();
    if (options?.signal?.aborted) throw new ApiUnreachable('given up');
    await this.before?.(call);
    if (options?.signal?.aborted) throw new ApiUnreachable('given up');
    const answer = run();
    this.after?.(call);
    return structuredClone(answer);
  }

  #table(type: ResourceType): Map<string, KubeObject> {
    const key = `${type.group}/${type.plural}`;
    const table = this.#objects.get(key) ?? new Map<string, KubeObject>();
    this.#objects.set(key, table);
    return table;
  }

  #find(type: ResourceType, ref: ObjectRef): KubeObject {
    const object = this.#table(type).get(keyOf(ref));
    if (object === undefined) throw notFound(`${type.plural} "${keyOf(ref)}"`);
    return object;
  }

  #store(type: ResourceType, object: KubeObject): KubeObject {
    this.revision += 1;
    const stored = structuredClone(object);
    stored.apiVersion = apiVersionOf(type);
    stored.kind = type.kind;
    stored.metadata.resourceVersion = String(this.revision);
    const key = keyOf(stored.metadata);
    const known = this.#table(type).has(key);
    this.#table(type).set(key, stored);
    this.#emit(type, { type: known ? 'MODIFIED' : 'ADDED', object: stored });
    return stored;
  }

  #emit(type: ResourceType, event: WatchEvent): void {
    this.#log.push({ type, revision: this.revision, event });
    for (const stream of this.#streams) if (stream.type.plural === type.plural) this.#push(stream, event);
  }

  #push(stream: Stream, event: WatchEvent): void {
    const { namespace } = stream;
    if (
      namespace !== undefined &&
      namespace !== '' &&
      event.type !== 'BOOKMARK' &&
      event.object.metadata.namespace !== namespace
    )
      return;
    stream.queue.push(structuredClone(event));
    stream.wake();
  }

  #newUid(): string {
    this.#uid += 1;
    return `uid-${this.#uid}`;
  }
}

function merge(target: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = merge(result[key] ?? null, value);
  }
  return result;
}

export function configMap(
  name: string,
  more: Partial<KubeObject['metadata']> = {},
  data: object = {},
): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'ns', ...more }, data };
}
