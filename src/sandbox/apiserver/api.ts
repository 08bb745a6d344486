/**
 * The in-process `KubeApi`: the server's verbs behind promises that resolve in a microtask, watches as async
 * iterables, no sockets and no timers of its own. An interceptor can fail, delay, repeat or drop what passes.
 */

import {
  ApiError,
  ApiUnreachable,
  type DeleteOptions,
  type KubeApi,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type ObjectRef,
  type Patch,
  type ResourceType,
  type WatchEvent,
  type WatchOptions,
  type WriteOptions,
} from '../../kube/api.ts';
import type { Timer } from '../../kube/clock.ts';
import type { UserInfo } from './resource.ts';
import type { ApiServer } from './server.ts';

/** One call, as an interceptor sees it. */
export interface Call {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'delete';
  readonly type: ResourceType;
  readonly ref: Partial<ObjectRef>;
  readonly subresource: string | undefined;
  /** The object or patch that is sent. */
  readonly body: unknown;
  readonly user: UserInfo;
}

export interface Interceptor {
  /**
   * Stands around a call. `proceed` carries it out, each time it is called; not calling it loses the request,
   * throwing after it loses the answer (`ApiUnreachable`: a time-out whose write was applied).
   */
  call?<T>(call: Call, proceed: () => Promise<T>): Promise<T>;
  /** Stands before a watch event. Calling `deliver` later delays it, never drops it, twice repeats it. */
  event?(event: WatchEvent, call: Call, deliver: (event: WatchEvent) => void): void;
}

export interface ApiOptions {
  intercept?: Interceptor | undefined;
}

const ADMIN: UserInfo = { name: 'sandbox', groups: ['system:masters'] };

export function createApi(server: ApiServer, user: UserInfo = ADMIN, options: ApiOptions = {}): KubeApi {
  const { intercept } = options;
  const request = { user };

  async function run<T>(call: Call, signal: AbortSignal | undefined, work: () => T): Promise<T> {
    signal?.throwIfAborted();
    const proceed = async (): Promise<T> => {
      await undefined;
      signal?.throwIfAborted();
      try {
        return work();
      } catch (error) {
        throw named(error);
      }
    };
    const result = await (intercept?.call === undefined ? proceed() : intercept.call(call, proceed));
    signal?.throwIfAborted();
    return result;
  }

  const describe = (
    verb: Call['verb'],
    type: ResourceType,
    ref: Partial<ObjectRef>,
    subresource?: string,
    body?: unknown,
  ): Call => ({ verb, type, ref, subresource, body, user });

  return {
    get: (type, ref, callOptions = {}): Promise<KubeObject> =>
      run(describe('get', type, ref, callOptions.subresource), callOptions.signal, () =>
        server.get(type, ref, callOptions.subresource),
      ),
    list: (type, listOptions: ListOptions = {}): Promise<KubeList> =>
      run(describe('list', type, { namespace: listOptions.namespace }), listOptions.signal, () =>
        server.list(type, listOptions),
      ),
    watch: (type, watchOptions: WatchOptions = {}): AsyncIterable<WatchEvent> =>
      new WatchStream(
        server,
        type,
        watchOptions,
        describe('watch', type, { namespace: watchOptions.namespace }),
        intercept,
      ),
    create: (type, object, writeOptions: WriteOptions & { ref?: ObjectRef } = {}): Promise<KubeObject> =>
      run(
        describe('create', type, writeOptions.ref ?? object.metadata, writeOptions.subresource, object),
        writeOptions.signal,
        () => server.create(type, object, writeOptions, request),
      ),
    replace: (type, object, writeOptions: WriteOptions = {}): Promise<KubeObject> =>
      run(
        describe('replace', type, object.metadata, writeOptions.subresource, object),
        writeOptions.signal,
        () => server.replace(type, object, writeOptions, request),
      ),
    patch: (type, ref, patch: Patch, writeOptions: WriteOptions = {}): Promise<KubeObject> =>
      run(describe('patch', type, ref, writeOptions.subresource, patch), writeOptions.signal, () =>
        server.patch(type, ref, patch, writeOptions, request),
      ),
    delete: (type, ref, deleteOptions: DeleteOptions = {}): Promise<KubeObject> =>
      run(describe('delete', type, ref, undefined, deleteOptions), deleteOptions.signal, () =>
        server.delete(type, ref, deleteOptions, request),
      ),
  };
}

/** Some failures have no reason on the wire; our HTTP client then says the code's own, and so does this one. */
const named = (error: unknown): unknown =>
  error instanceof ApiError && error.reason === '' && error.code === 500
    ? new ApiError({ ...error.status, reason: 'InternalError' }, error.retryAfterMs)
    : error;

/** A client that reads too slowly is cut off, as a real server would. */
const MAX_QUEUE = 200_000;

class WatchStream implements AsyncIterable<WatchEvent> {
  readonly #server: ApiServer;
  readonly #type: ResourceType;
  readonly #options: WatchOptions;
  readonly #call: Call;
  readonly #intercept: Interceptor | undefined;

  constructor(
    server: ApiServer,
    type: ResourceType,
    options: WatchOptions,
    call: Call,
    intercept: Interceptor | undefined,
  ) {
    this.#server = server;
    this.#type = type;
    this.#options = options;
    this.#call = call;
    this.#intercept = intercept;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<WatchEvent> {
    const { signal, idleTimeoutMs } = this.#options;
    const { clock } = this.#server;
    const queue: WatchEvent[] = [];
    let head = 0;
    let ended = false;
    let failure: Error | undefined;
    let wake: (() => void) | undefined;
    let idle: Timer | undefined;
    const notify = (): void => {
      wake?.();
      wake = undefined;
    };
    const rest = (): void => {
      idle?.cancel();
      if (idleTimeoutMs === undefined) return;
      idle = clock.setTimer(idleTimeoutMs, () => {
        ended = true;
        notify();
      });
    };
    const accept = (event: WatchEvent): void => {
      if (ended) return;
      queue.push(event);
      if (queue.length - head > MAX_QUEUE) {
        failure = new ApiUnreachable('the watch was closed because its reader is too slow');
        ended = true;
      }
      rest();
      notify();
    };
    const intercept = this.#intercept;
    const sink = {
      event: (event: WatchEvent): void => {
        if (intercept?.event === undefined) accept(event);
        else intercept.event(event, this.#call, accept);
      },
      end: (): void => {
        ended = true;
        notify();
      },
    };
    const open = async (): Promise<() => void> => {
      await undefined;
      signal?.throwIfAborted();
      try {
        return this.#server.watch(this.#type, this.#options, sink);
      } catch (error) {
        throw named(error);
      }
    };
    signal?.throwIfAborted();
    const stop = await (intercept?.call === undefined ? open() : intercept.call(this.#call, open));
    rest();
    const abort = (): void => {
      ended = true;
      notify();
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      for (;;) {
        while (head < queue.length) {
          const event = queue[head++] as WatchEvent;
          if (head > 1024 && head * 2 > queue.length) {
            queue.splice(0, head);
            head = 0;
          }
          yield event;
          signal?.throwIfAborted();
        }
        signal?.throwIfAborted();
        if (failure !== undefined) throw failure;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      stop();
      idle?.cancel();
      signal?.removeEventListener('abort', abort);
    }
  }
}
