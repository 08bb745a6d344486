/**
 * `KubeApi` over HTTP: one pool of keep-alive connections, raw JSON, bounded times and sizes, a client-side rate limit,
 * and retries only where they can do no harm.
 */

import type { Dispatcher } from 'undici';
import { isObject, type JsonObject } from '../../lang/json.ts';
import type {
  ApiError,
  CallOptions,
  DeleteOptions,
  KubeApi,
  KubeList,
  KubeObject,
  ListOptions,
  ObjectRef,
  Patch,
  ResourceType,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../api.ts';
import { ApiUnreachable, apiVersionOf } from '../api.ts';
import { type Clock, sleep, systemClock } from '../clock.ts';
import type { Connection, Impersonation } from '../kubeconfig.ts';
import {
  type Answer,
  exchange,
  ExchangeFailed,
  type Limits,
  openStream,
  type Outgoing,
  reasonOf,
  type Stream,
} from './exchange.ts';
import { type AnswerHeaders, failureOf, failureOfStatus } from './failure.ts';
import { LineSplitter } from './lines.ts';
import { objectPath, query, resourcePath } from './paths.ts';
import { ConnectionPool } from './pool.ts';
import { Throttle } from './throttle.ts';

/** One request as it went over the wire; a retry is another one. Labels as in spec 08 section 5. */
export interface RequestObservation {
  readonly kind: string;
  readonly namespace: string;
  /** `N/A` for calls on a collection. */
  readonly name: string;
  readonly verb: 'Get' | 'List' | 'Watch' | 'Create' | 'Update' | 'Patch' | 'Delete' | 'Unknown';
  /** `<error>` where no answer came. */
  readonly statusCode: string;
  readonly durationMs: number;
}

export interface HttpApiOptions {
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** Requests a second and burst; absent: no limit. */
  readonly qps?: number | undefined;
  readonly burst?: number | undefined;
  readonly userAgent?: string | undefined;
  readonly onRequest?: ((observation: RequestObservation) => void) | undefined;
}

export interface HttpApi extends KubeApi {
  /** GET of any path (`/version`, `/apis`, `/openapi/v3`), as parsed JSON. */
  getJson(path: string, options?: CallOptions): Promise<unknown>;
  /** The same connection and limits, acting as somebody else. */
  impersonate(as: Impersonation): HttpApi;
  /** Ends all connections. */
  close(): void;
}

export function createHttpApi(connection: Connection, options: HttpApiOptions = {}): HttpApi {
  const clock = options.clock ?? systemClock;
  const { origin, pathname } = connection.server;
  const shared: Shared = {
    connection,
    origin,
    prefix: pathname.replace(/\/+$/, ''),
    clock,
    random: options.random ?? Math.random,
    pool: new ConnectionPool(connection),
    throttle: new Throttle(clock, options.qps ?? 0, options.burst ?? 1),
    userAgent: options.userAgent ?? 'sluice',
    onRequest: options.onRequest,
  };
  return new PooledHttpApi(shared, connection.impersonate);
}

interface Shared {
  readonly connection: Connection;
  readonly origin: string;
  /** Of each path: the API server may stand behind something. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly pool: ConnectionPool;
  readonly throttle: Throttle;
  readonly userAgent: string;
  readonly onRequest: ((observation: RequestObservation) => void) | undefined;
}

/** What a request is, apart from its bytes. */
interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly verb: RequestObservation['verb'];
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly options: CallOptions;
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Eviction answers 429 while a budget forbids it; that is for the caller to judge. */
  readonly noRetry?: boolean;
}

const GET_TIMEOUT_MS = 15_000;
const LIST_TIMEOUT_MS = 60_000;
/** Admission webhooks may take ten seconds each. */
const WRITE_TIMEOUT_MS = 30_000;
const WATCH_HEAD_TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

const MAX_ATTEMPTS = 4;
/** A longer Retry-After is left to the work queue, which doesn't block a worker. */
const MAX_WAIT_MS = 5_000;

const PATCH_TYPES: Record<Patch['type'], string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

class PooledHttpApi implements HttpApi {
  readonly #shared: Shared;
  readonly #as: Impersonation | undefined;

  constructor(shared: Shared, as: Impersonation | undefined) {
    this.#shared = shared;
    this.#as = as;
  }

  impersonate(as: Impersonation): HttpApi {
    return new PooledHttpApi(this.#shared, as);
  }

  close(): void {
    this.#shared.pool.close();
  }

  async getJson(path: string, options: CallOptions = {}): Promise<unknown> {
    return this.#call({ method: 'GET', path, verb: 'Unknown', kind: 'N/A', options });
  }

  async get(
    type: ResourceType,
    ref: ObjectRef,
    options: CallOptions & { subresource?: string } = {},
  ): Promise<KubeObject> {
    const path = objectPath(type, ref, options.subresource);
    return asObject(
      await this.#call({ method: 'GET', path, verb: 'Get', ...named(type, ref), options }),
      path,
    );
  }

  async list(type: ResourceType, options: ListOptions = {}): Promise<KubeList> {
    const path =
      resourcePath(type, options.namespace) +
      query({
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        limit: options.limit,
        continue: options.continue,
        resourceVersion: options.resourceVersion,
        resourceVersionMatch: options.resourceVersionMatch,
      });
    const body = await this.#call({
      method: 'GET',
      path,
      verb: 'List',
      kind: type.plural,
      namespace: options.namespace,
      options,
    });
    return asList(body, type, path);
  }

  async *watch(type: ResourceType, options: WatchOptions = {}): AsyncGenerator<WatchEvent, void, void> {
    const path =
      resourcePath(type, options.namespace) +
      query({
        watch: true,
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        resourceVersion: options.resourceVersion,
        allowWatchBookmarks: options.allowWatchBookmarks,
        timeoutSeconds: options.timeoutSeconds,
      });
    const call: Call = {
      method: 'GET',
      path,
      verb: 'Watch',
      kind: type.plural,
      namespace: options.namespace,
      options,
    };
    const response = await this.#openStream(call);
    options.onOpen?.();
    const { clock } = this.#shared;
    const idleMs = options.idleTimeoutMs;
    let heardAt = clock.monotonic();
    const onIdle = (): void => {
      const left = heardAt + (idleMs ?? 0) - clock.monotonic();
      if (left > 0) idle = clock.setTimer(left, onIdle);
      else {
        response.destroy(new Error(`nothing heard for ${idleMs} ms`));
        this.#shared.pool.retire();
      }
    };
    let idle = idleMs === undefined ? undefined : clock.setTimer(idleMs, onIdle);
    const lines = new LineSplitter(MAX_EVENT_BYTES);
    try {
      for await (const chunk of response) {
        heardAt = clock.monotonic();
        for (const line of lines.push(chunk)) yield eventOf(line, type, `watch ${path}`);
      }
    } catch (error) {
      if (error instanceof ApiUnreachable || (error as Error).name === 'ApiError') throw error;
      throw new ApiUnreachable(`watch ${path}: ${reasonOf(error)}`, { cause: error });
    } finally {
      idle?.cancel();
      response.destroy(new Error('nobody reads it any more'));
    }
    if (lines.cut) throw new ApiUnreachable(`watch ${path}: the stream ended in the middle of an event`);
  }

  async create(
    type: ResourceType,
    object: KubeObject,
    options: WriteOptions & { ref?: ObjectRef } = {},
  ): Promise<KubeObject> {
    const { subresource } = options;
    const target = subresource === undefined ? undefined : (options.ref ?? object.metadata);
    const namespace = options.ref?.namespace ?? object.metadata.namespace;
    if (type.namespaced && (namespace === undefined || namespace === '')) {
      throw new TypeError(`${type.kind} ${object.metadata.name}: namespaced, but no namespace was given`);
    }
    const path =
      (target === undefined ? resourcePath(type, namespace) : objectPath(type, target, subresource)) +
      writeQuery(options);
    const body = await this.#call({
      method: 'POST',
      path,
      verb: 'Create',
      kind: type.plural,
      namespace,
      name: object.metadata.name,
      contentType: 'application/json',
      body: object,
      options,
      onWarning: options.onWarning,
      noRetry: subresource === 'eviction',
    });
    return asObject(body, path);
  }

  async replace(type: ResourceType, object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    const path = objectPath(type, object.metadata, options.subresource) + writeQuery(options);
    const body = await this.#call({
      method: 'PUT',
      path,
      verb: 'Update',
      ...named(type, object.metadata),
      contentType: 'application/json',
      body: object,
      options,
      onWarning: options.onWarning,
    });
    return asObject(body, path);
  }

  async patch(
    type: ResourceType,
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<KubeObject> {
    if (patch.type === 'apply' && !options.fieldManager) {
      throw new TypeError(`${type.kind} ${ref.name}: server-side apply needs a fieldManager`);
    }
    const force = patch.type === 'apply' ? patch.force : undefined;
    const path = objectPath(type, ref, options.subresource) + writeQuery(options, force);
    const body = await this.#call({
      method: 'PATCH',
      path,
      verb: 'Patch',
      ...named(type, ref),
      contentType: PATCH_TYPES[patch.type],
      body: patch.body,
      options,
      onWarning: options.onWarning,
    });
    return asObject(body, path);
  }

  async delete(type: ResourceType, ref: ObjectRef, options: DeleteOptions = {}): Promise<KubeObject> {
    const path = objectPath(type, ref);
    const body = await this.#call({
      method: 'DELETE',
      path,
      verb: 'Delete',
      ...named(type, ref),
      contentType: 'application/json',
      body: {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy: options.propagationPolicy,
        gracePeriodSeconds: options.gracePeriodSeconds,
        preconditions: options.preconditions,
        dryRun: options.dryRun === true ? ['All'] : undefined,
      },
      options,
    });
    return asObject(body, path);
  }

  // ---- one call, with its retries

  async #call(call: Call): Promise<unknown> {
    const { connection } = this.#shared;
    const read = call.method === 'GET';
    const timeoutMs =
      connection.requestTimeoutMs ??
      (call.verb === 'List' ? LIST_TIMEOUT_MS : read ? GET_TIMEOUT_MS : WRITE_TIMEOUT_MS);
    const what = `${call.method} ${call.path.split('?')[0] ?? ''}`;
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      let failure: ApiError;
      try {
        const { code, headers, body } = await this.#send(call, exchange, {
          clock: this.#shared.clock,
          timeoutMs,
          maxBytes: MAX_BODY_BYTES,
        });
        for (const warning of warningsIn(headers)) call.onWarning?.(warning);
        if (code >= 200 && code < 300) return parsed(body, what);
        failure = failureOf(code, headers, body, what);
      } catch (error) {
        if (!(error instanceof ExchangeFailed)) throw error;
        if (error.timedOut) this.#shared.pool.retire();
        // A read that failed may be asked again; a write may have been applied, and is the caller's to judge.
        if (!read || error.timedOut || attempt >= MAX_ATTEMPTS || call.options.signal?.aborted) throw error;
        // An old connection of the pool, that the server had closed meanwhile, is no reason to wait.
        if (attempt > 1) await this.#wait(100 * 2 ** attempt, call);
        continue;
      }
      if (failure.code === 401 && !renewed) {
        // Nothing was done; the credentials may have been rotated.
        renewed = true;
        connection.credentials.invalidate();
        continue;
      }
      const wait = failure.retryAfterMs ?? 100 * 2 ** attempt;
      const again =
        failure.code === 429
          ? failure.retryAfterMs !== undefined
          : read &&
            ([502, 503, 504].includes(failure.code) ||
              (failure.code >= 500 && failure.retryAfterMs !== undefined));
      if (!again || call.noRetry === true || attempt >= MAX_ATTEMPTS || wait > MAX_WAIT_MS) throw failure;
      await this.#wait(wait, call);
    }
  }

  async #wait(ms: number, call: Call): Promise<void> {
    try {
      await sleep(this.#shared.clock, ms * (1 + 0.25 * this.#shared.random()), call.options.signal);
    } catch (error) {
      throw new ApiUnreachable(`${call.method} ${call.path}: given up`, { cause: error });
    }
  }

  async #openStream(call: Call): Promise<Stream> {
    const what = `watch ${call.path}`;
    const { code, headers, body } = await this.#send(call, openStream, {
      clock: this.#shared.clock,
      timeoutMs: WATCH_HEAD_TIMEOUT_MS,
      maxBytes: MAX_EVENT_BYTES,
    });
    if (code === 200) return body;
    if (code === 401) this.#shared.connection.credentials.invalidate();
    throw failureOf(code, headers, await this.#reasonIn(body), what);
  }

  /** What an answer says that is no stream of events. */
  async #reasonIn(body: Stream): Promise<string> {
    const late = this.#shared.clock.setTimer(GET_TIMEOUT_MS, () => body.destroy(new Error('too late')));
    const parts: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const part of body) {
        parts.push(part);
        bytes += part.length;
        if (bytes > MAX_EVENT_BYTES) body.destroy(new Error('too long'));
      }
    } finally {
      late.cancel();
    }
    return Buffer.concat(parts).toString('utf8');
  }

  async #send<Body>(
    call: Call,
    by: (pool: Dispatcher, outgoing: Outgoing, limits: Limits) => Promise<Answer<Body>>,
    limits: Limits,
  ): Promise<Answer<Body>> {
    const { origin, prefix, clock, throttle, userAgent, onRequest } = this.#shared;
    const { method, options } = call;
    try {
      await throttle.pass(options.priority ?? 'normal', options.signal);
    } catch (error) {
      throw new ApiUnreachable(`${method} ${call.path}: given up before it was sent`, { cause: error });
    }
    const { pool, authorization } = await this.#shared.pool.ready().catch((error: unknown) => {
      throw new ApiUnreachable(reasonOf(error), { cause: error });
    });
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = ['accept', 'application/json', 'user-agent', userAgent];
    if (authorization !== undefined) headers.push('authorization', authorization);
    if (body !== undefined) headers.push('content-type', call.contentType ?? 'application/json');
    if (this.#as !== undefined) {
      headers.push('impersonate-user', this.#as.user);
      for (const group of this.#as.groups ?? []) headers.push('impersonate-group', group);
      if (this.#as.uid !== undefined) headers.push('impersonate-uid', this.#as.uid);
    }
    const path = prefix + call.path;
    const began = clock.monotonic();
    let statusCode = '<error>';
    try {
      const answer = await by(pool, { origin, method, path, headers, body, signal: options.signal }, limits);
      statusCode = String(answer.code);
      return answer;
    } catch (error) {
      if (call.verb === 'Watch' && error instanceof ExchangeFailed && error.timedOut)
        this.#shared.pool.retire();
      throw error;
    } finally {
      onRequest?.({
        kind: call.kind,
        namespace: call.namespace ?? '',
        name: call.name ?? 'N/A',
        verb: call.verb,
        statusCode,
        durationMs: clock.monotonic() - began,
      });
    }
  }
}

const named = (type: ResourceType, ref: ObjectRef): Pick<Call, 'kind' | 'namespace' | 'name'> => ({
  kind: type.plural,
  namespace: ref.namespace,
  name: ref.name,
});

function writeQuery(options: WriteOptions, force?: boolean): string {
  return query({
    fieldManager: options.fieldManager,
    dryRun: options.dryRun === true ? 'All' : undefined,
    fieldValidation: options.fieldValidation,
    force,
  });
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const begins = text.slice(0, 60).replaceAll(/\s+/g, ' ');
    throw new ApiUnreachable(`${what}: the answer is not JSON (it begins with ${JSON.stringify(begins)})`, {
      cause: error,
    });
  }
}

function asObject(body: unknown, path: string): KubeObject {
  if (!isObject(body) || typeof body['kind'] !== 'string') {
    throw new ApiUnreachable(`${path}: the answer is not a Kubernetes object`);
  }
  return body as unknown as KubeObject;
}

function asList(body: unknown, type: ResourceType, path: string): KubeList {
  const items = isObject(body) ? (body['items'] ?? []) : undefined;
  const metadata = isObject(body) ? (body['metadata'] ?? {}) : undefined;
  if (!Array.isArray(items) || !isObject(metadata)) {
    throw new ApiUnreachable(`${path}: the answer is not a list of Kubernetes objects`);
  }
  const remaining = metadata['remainingItemCount'];
  return {
    items: items.map((item) => {
      if (!isObject(item) || !isObject(item['metadata'])) {
        throw new ApiUnreachable(`${path}: an item of the list has no metadata`);
      }
      return { ...item, apiVersion: apiVersionOf(type), kind: type.kind } as unknown as KubeObject;
    }),
    resourceVersion: textOf(metadata, 'resourceVersion') ?? '',
    continue: textOf(metadata, 'continue'),
    remainingItemCount: typeof remaining === 'number' ? remaining : undefined,
  };
}

const textOf = (object: JsonObject, key: string): string | undefined => {
  const value = object[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

function eventOf(line: string, type: ResourceType, what: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch (error) {
    throw new ApiUnreachable(`${what}: a line is not JSON`, { cause: error });
  }
  if (!isObject(event)) throw new ApiUnreachable(`${what}: a line is not a watch event`);
  if (event['type'] === 'ERROR') throw failureOfStatus(event['object'], what);
  const object = event['object'];
  if (!EVENT_TYPES.has(event['type']) || !isObject(object) || !isObject(object['metadata'])) {
    throw new ApiUnreachable(`${what}: a line is not a watch event of ${type.plural}`);
  }
  return event as unknown as WatchEvent;
}

/** The texts of `Warning: 299 - "text"` headers. */
function warningsIn(headers: AnswerHeaders): string[] {
  const header = headers['warning'];
  if (header === undefined) return [];
  return [...String(header).matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? '').replaceAll(/\\(.)/g, '$1'),
  );
}
