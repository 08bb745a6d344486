/**
 * The API server over HTTPS, for kubectl and everything else that speaks the Kubernetes API: authentication by bearer
 * token, discovery, OpenAPI, Tables, watches as streams of JSON lines. Everything it says comes from `ApiServer`.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { parseYaml } from '../../lang/yaml.ts';
import { ApiError, type KubeObject, type Patch, type WatchEvent, type WriteOptions } from '../../kube/api.ts';
import type { ApiServer, RequestInfo } from '../apiserver/server.ts';
import type { Resource, UserInfo } from '../apiserver/resource.ts';
import {
  badRequest,
  internalError,
  invalidObject,
  methodNotAllowed,
  noSuchResource,
  notImplemented,
  notSupported,
  unsupportedMediaType,
} from '../apiserver/errors.ts';
import { evictionSchema } from '../apiserver/catalog.ts';
import { PATCH_TYPES } from '../apiserver/patching.ts';
import { makeCertificates } from './certificate.ts';
import { aggregated, classic, VERSION } from './discovery.ts';
import { duplicateFields } from './duplicates.ts';
import { OPENAPI_V2_ANSWER, OPENAPI_V2_PROTOBUF, openApiV2, openApiV2Bytes } from './openapi-v2.ts';
import { OpenApi } from './openapi.ts';
import { targetOf, type Target } from './path.ts';
import { ProtobufError, readProtobuf } from './protobuf.ts';
import { partial, representationOf, table, type IncludeObject, type Representation } from './table.ts';

export interface User extends UserInfo {
  /** The bearer token. */
  readonly token: string;
}

export interface HttpsOptions {
  /** Default: 127.0.0.1. */
  host?: string | undefined;
  /** Default: 0, a free one. */
  port?: number | undefined;
  /** Default: one administrator with a random token. */
  users?: readonly User[] | undefined;
  /** Told of failures that no client caused. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface HttpsServer {
  readonly url: string;
  readonly token: string;
  /** PEM of the certificate authority. */
  readonly ca: string;
  /** A kubeconfig for the first user; `namespace`: of its context. */
  kubeconfig(namespace?: string): string;
  close(): Promise<void>;
}

const MAX_BODY = 3 * 1024 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 60_000;
/** A watcher that doesn't read is cut off when this much waits for it. */
const MAX_UNREAD = 64 * 1024 * 1024;
const MAX_WARNINGS = 20;
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Starts listening. Rejects when the address can't be bound. */
export async function serveHttps(
  cluster: { readonly server: ApiServer },
  options: HttpsOptions = {},
): Promise<HttpsServer> {
  const host = options.host ?? '127.0.0.1';
  const users = options.users ?? [
    { name: 'admin', groups: ['system:masters'], token: randomBytes(24).toString('base64url') },
  ];
  const certificates = makeCertificates([...new Set(['localhost', '127.0.0.1', host])], Date.now());
  const front = new Front(cluster.server, users, options.onError ?? (() => {}));
  const server = createServer(
    {
      key: certificates.key,
      cert: certificates.certificate,
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: 10_000,
      keepAliveTimeout: 90_000,
    },
    (request, response) => void front.handle(request, response),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', options.onError ?? (() => {}));
  server.on('tlsClientError', () => {});
  const { port } = server.address() as AddressInfo;
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const [first] = users;
  return {
    url,
    token: first?.token ?? '',
    ca: certificates.ca,
    kubeconfig: (namespace = 'default') =>
      kubeconfigText(url, certificates.ca, first?.name ?? 'admin', first?.token ?? '', namespace),
    close: () =>
      new Promise((resolve) => {
        front.closeWatches();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const text = (value: string): string => JSON.stringify(value);

function kubeconfigText(url: string, ca: string, user: string, token: string, namespace: string): string {
  return `apiVersion: v1
kind: Config
current-context: sluice-sandbox
clusters:
- name: sluice-sandbox
  cluster:
    server: ${text(url)}
    certificate-authority-data: ${Buffer.from(ca).toString('base64')}
users:
- name: ${text(user)}
  user:
    token: ${text(token)}
contexts:
- name: sluice-sandbox
  context:
    cluster: sluice-sandbox
    user: ${text(user)}
    namespace: ${text(namespace)}
`;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  readonly method: string;
  readonly warnings: string[];
}

class Front {
  readonly #server: ApiServer;
  readonly #users: readonly User[];
  readonly #openapi: OpenApi;
  readonly #onError: (error: unknown) => void;
  readonly #watches = new Set<() => void>();

  constructor(server: ApiServer, users: readonly User[], onError: (error: unknown) => void) {
    this.#server = server;
    this.#users = users;
    this.#openapi = new OpenApi(server);
    this.#onError = onError;
  }

  closeWatches(): void {
    for (const close of this.#watches) close();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    try {
      await this.#route(request, response);
    } catch (error) {
      if (!(error instanceof ApiError)) this.#onError(error);
      const failure =
        error instanceof ApiError
          ? error
          : internalError(`Internal error occurred: ${(error as Error).message}`);
      if (response.headersSent) response.destroy();
      else {
        if (failure.retryAfterMs !== undefined) {
          response.setHeader('Retry-After', String(Math.max(1, Math.ceil(failure.retryAfterMs / 1000))));
        }
        send(response, failure.code, statusBody(failure));
      }
      if (!request.readableEnded) request.resume();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let url: URL;
    let parts: string[];
    try {
      url = new URL(request.url ?? '/', 'https://sandbox');
      parts = url.pathname
        .split('/')
        .filter((part) => part !== '')
        .map(decodeURIComponent);
    } catch {
      throw badRequest('the URL can not be read');
    }
    const method = request.method ?? 'GET';
    if (parts[0] === 'healthz' || parts[0] === 'readyz' || parts[0] === 'livez') {
      response.setHeader('Content-Type', 'text/plain; charset=utf-8');
      response.end('ok');
      return;
    }
    const user = this.#authenticate(request);
    if (user === undefined) {
      throw new ApiError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
    }
    const exchange: Exchange = { request, response, query: url.searchParams, user, method, warnings: [] };
    if (parts[0] === 'version') return send(response, 200, VERSION);
    if (parts[0] === 'openapi') return this.#sendOpenApi(parts.slice(1), request, response);
    const target = targetOf(parts);
    if (target !== undefined) return this.#resource(target, exchange);
    if (parts.length === 0)
      return send(response, 200, { paths: ['/api', '/apis', '/healthz', '/openapi/v3', '/version'] });
    if (parts[0] !== 'api' && parts[0] !== 'apis') throw noSuchResource();
    const accept = request.headers.accept ?? '';
    if (
      parts.length === 1 &&
      accept.includes('APIGroupDiscoveryList') &&
      /[; ]v=v2(?:[;, ]|$)/.test(accept)
    ) {
      const body = aggregated(this.#server, parts[0] === 'api');
      response.setHeader('Vary', 'Accept');
      return send(
        response,
        200,
        body,
        'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      );
    }
    const body = classic(this.#server, parts);
    if (body === undefined) throw noSuchResource();
    return send(response, 200, body);
  }

  #authenticate(request: IncomingMessage): UserInfo | undefined {
    const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined) return undefined;
    const user = this.#users.find((item) => sameText(item.token, given));
    const impersonated = request.headers['impersonate-user'];
    if (user === undefined || typeof impersonated !== 'string') return user;
    const groups = request.headers['impersonate-group'];
    const list = groups === undefined ? [] : String(groups).split(', ');
    return { name: impersonated, groups: list };
  }

  #sendOpenApi(parts: readonly string[], request: IncomingMessage, response: ServerResponse): void {
    if (parts[0] === 'v2' && parts.length === 1) {
      if (!request.headers.accept?.includes(OPENAPI_V2_PROTOBUF)) return send(response, 200, openApiV2);
      response.writeHead(200, { 'Content-Type': OPENAPI_V2_ANSWER });
      response.end(openApiV2Bytes);
      return;
    }
    if (parts[0] !== 'v3') throw noSuchResource();
    if (parts.length === 1) return send(response, 200, this.#openapi.index());
    const document = this.#openapi.document(parts.slice(1).join('/'));
    if (document === undefined) throw noSuchResource();
    response.setHeader('Etag', `"${document.hash}"`);
    response.setHeader('Content-Type', 'application/json');
    response.end(document.text);
  }

  async #resource(target: Target, exchange: Exchange): Promise<void> {
    const resource = this.#server.find(target.group, target.version, target.plural);
    if (resource === undefined) throw noSuchResource();
    if (target.namespace !== undefined && !resource.type.namespaced) throw noSuchResource();
    if (target.subresource !== undefined) checkSubresource(resource, target.subresource);
    const { method } = exchange;
    if (target.name === undefined) {
      if (method === 'GET') return this.#list(resource, target, exchange);
      if (method === 'POST') return this.#create(resource, target, exchange);
      if (method === 'DELETE') return this.#deleteCollection(resource, target, exchange);
      throw methodNotAllowed();
    }
    if (resource.type.namespaced && target.namespace === undefined) throw noSuchResource();
    switch (method) {
      case 'GET':
        return this.#get(resource, target, exchange);
      case 'POST':
        if (target.subresource !== 'eviction') throw methodNotAllowed();
        return this.#create(resource, target, exchange);
      case 'PUT':
        return this.#replace(resource, target, exchange);
      case 'PATCH':
        return this.#patch(resource, target, exchange);
      case 'DELETE':
        if (target.subresource !== undefined) throw methodNotAllowed();
        return this.#delete(resource, target, exchange);
      default:
        throw methodNotAllowed();
    }
  }

  #representation(exchange: Exchange): Representation {
    const accept = exchange.request.headers.accept;
    const found = representationOf(accept);
    if (found === undefined) {
      throw new ApiError({
        code: 406,
        reason: 'NotAcceptable',
        message:
          'only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io',
      });
    }
    return found;
  }

  #get(resource: Resource, target: Target, exchange: Exchange): void {
    const object = this.#server.get(resource.type, refOf(target), target.subresource);
    this.#answer(resource, object, exchange, 200, target.subresource === 'scale');
  }

  #answer(resource: Resource, object: KubeObject, exchange: Exchange, code: number, plain = false): void {
    const { response } = exchange;
    for (const warning of exchange.warnings.slice(0, MAX_WARNINGS)) {
      response.appendHeader('Warning', `299 - ${JSON.stringify(warning).replace(/[^\x20-\x7e]/g, '?')}`);
    }
    const representation =
      plain || object.kind !== resource.type.kind ? 'object' : this.#representation(exchange);
    if (representation === 'table') {
      const metadata = { resourceVersion: object.metadata.resourceVersion ?? '' };
      send(
        response,
        code,
        table(resource, [object], metadata, this.#server.clock.now(), includeOf(exchange)),
      );
    } else
      send(
        response,
        code,
        representation === 'metadata' ? partial(object) : (object as unknown as JsonObject),
      );
  }

  #list(resource: Resource, target: Target, exchange: Exchange): void {
    const { query, response } = exchange;
    if (resource.review !== undefined) throw methodNotAllowed();
    if (isTrue(query.get('watch'))) return this.#watch(resource, target, exchange);
    const list = this.#server.list(resource.type, {
      namespace: target.namespace,
      labelSelector: query.get('labelSelector') ?? undefined,
      fieldSelector: query.get('fieldSelector') ?? undefined,
      limit: integer(query, 'limit'),
      continue: query.get('continue') ?? undefined,
      resourceVersion: query.get('resourceVersion') ?? undefined,
      resourceVersionMatch: (query.get('resourceVersionMatch') ?? undefined) as 'Exact' | undefined,
    });
    const metadata: JsonObject = {
      resourceVersion: list.resourceVersion,
      ...(list.continue === undefined ? {} : { continue: list.continue }),
      ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
    };
    const representation = this.#representation(exchange);
    if (representation === 'table') {
      return send(
        response,
        200,
        table(resource, list.items, metadata, this.#server.clock.now(), includeOf(exchange)),
      );
    }
    const { group, version } = resource.type;
    if (representation === 'metadata') {
      return send(response, 200, {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: list.items.map(partial),
      });
    }
    return send(response, 200, {
      kind: resource.listKind,
      apiVersion: group === '' ? version : `${group}/${version}`,
      metadata,
      // Built-in lists leave kind and apiVersion out of their items, as Go does.
      items: list.items.map((item) => {
        if (resource.custom) return item as unknown as JsonObject;
        const { kind: _, apiVersion: __, ...rest } = item;
        return rest as unknown as JsonObject;
      }),
    });
  }

  #watch(resource: Resource, target: Target, exchange: Exchange): void {
    const { query, request, response } = exchange;
    const representation = this.#representation(exchange);
    const include = includeOf(exchange);
    let columns = true;
    const shape = (event: WatchEvent): JsonObject => {
      if (representation === 'object') return event.object as unknown as JsonObject;
      if (representation === 'metadata') return partial(event.object);
      const metadata = { resourceVersion: event.object.metadata.resourceVersion ?? '' };
      const objects = event.type === 'BOOKMARK' ? [] : [event.object];
      const made = table(resource, objects, metadata, this.#server.clock.now(), include, columns);
      columns = false;
      return made;
    };
    let stop: (() => void) | undefined;
    const close = (): void => {
      this.#watches.delete(close);
      stop?.();
      stop = undefined;
      if (!response.writableEnded) response.end();
    };
    const write = (body: JsonObject): void => {
      if (response.writableEnded || response.destroyed) return;
      response.write(`${JSON.stringify(body)}\n`);
      if (response.writableLength > MAX_UNREAD) {
        close();
        response.destroy();
      }
    };
    const start = (): void => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
      response.flushHeaders();
    };
    const early: WatchEvent[] = [];
    let open = false;
    try {
      stop = this.#server.watch(
        resource.type,
        {
          namespace: target.namespace,
          labelSelector: query.get('labelSelector') ?? undefined,
          fieldSelector: query.get('fieldSelector') ?? undefined,
          resourceVersion: query.get('resourceVersion') ?? undefined,
          allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
          timeoutSeconds: integer(query, 'timeoutSeconds'),
          ...(query.has('sendInitialEvents')
            ? { sendInitialEvents: isTrue(query.get('sendInitialEvents')) }
            : {}),
        },
        {
          event: (event) => (open ? write({ type: event.type, object: shape(event) }) : early.push(event)),
          end: close,
        },
      );
    } catch (error) {
      // A watch that is too old is told in its stream, as the real server does.
      if (!(error instanceof ApiError) || error.code !== 410) throw error;
      start();
      write({ type: 'ERROR', object: statusBody(error) });
      response.end();
      return;
    }
    start();
    open = true;
    for (const event of early) write({ type: event.type, object: shape(event) });
    this.#watches.add(close);
    request.on('close', close);
    response.on('close', close);
  }

  async #create(resource: Resource, target: Target, exchange: Exchange): Promise<void> {
    const schema = target.subresource === 'eviction' ? evictionSchema : resource.schema;
    const { object, info } = await this.#readObject(exchange, resource, schema);
    const metadata = objectMetadata(object);
    if (target.subresource === undefined) {
      setNamespace(metadata, target);
    }
    const created = this.#server.create(
      resource.type,
      { ...object, metadata } as unknown as KubeObject,
      {
        ...this.#writeOptions(exchange, 'CreateOptions'),
        ...(target.subresource === undefined
          ? {}
          : { subresource: target.subresource as 'eviction', ref: refOf(target) }),
      },
      info,
    );
    this.#answer(resource, created, exchange, 201);
  }

  async #replace(resource: Resource, target: Target, exchange: Exchange): Promise<void> {
    const { object, info } = await this.#readObject(exchange, resource);
    const metadata = objectMetadata(object);
    setNamespace(metadata, target);
    const replaced = this.#server.replace(
      resource.type,
      { ...object, metadata } as unknown as KubeObject,
      {
        ...this.#writeOptions(exchange, 'UpdateOptions'),
        ref: refOf(target),
        ...(target.subresource === undefined ? {} : { subresource: target.subresource as 'status' }),
      },
      info,
    );
    this.#answer(resource, replaced, exchange, 200, target.subresource === 'scale');
  }

  async #patch(resource: Resource, target: Target, exchange: Exchange): Promise<void> {
    const { request, query, user } = exchange;
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
    const text = await readBody(request);
    const patch = readPatch(type, text, resource, isTrue(query.get('force')));
    const options = this.#writeOptions(exchange, 'PatchOptions', patch.type === 'apply');
    const ref = refOf(target);
    const existed =
      patch.type !== 'apply' ||
      this.#server.store(resource).get(resource.type.namespaced ? ref : { name: ref.name }) !== undefined;
    const patched = this.#server.patch(
      resource.type,
      ref,
      patch,
      {
        ...options,
        ...(target.subresource === undefined ? {} : { subresource: target.subresource as 'status' }),
      },
      { user, duplicates: patch.type === 'json' ? [] : duplicatesIn(text) },
    );
    this.#answer(resource, patched, exchange, existed ? 200 : 201, target.subresource === 'scale');
  }

  async #delete(resource: Resource, target: Target, exchange: Exchange): Promise<void> {
    const options = await this.#deleteOptions(exchange);
    const deleted = this.#server.delete(resource.type, refOf(target), options, { user: exchange.user });
    this.#answer(resource, deleted, exchange, 200);
  }

  async #deleteCollection(resource: Resource, target: Target, exchange: Exchange): Promise<void> {
    if (resource.review !== undefined) throw methodNotAllowed();
    if (resource.type.namespaced && target.namespace === undefined) throw methodNotAllowed();
    const options = await this.#deleteOptions(exchange);
    const list = this.#server.list(resource.type, {
      namespace: target.namespace,
      labelSelector: exchange.query.get('labelSelector') ?? undefined,
      fieldSelector: exchange.query.get('fieldSelector') ?? undefined,
    });
    for (const item of list.items) {
      this.#server.delete(resource.type, item.metadata, options, { user: exchange.user });
    }
    const { group, version } = resource.type;
    send(exchange.response, 200, {
      kind: resource.listKind,
      apiVersion: group === '' ? version : `${group}/${version}`,
      metadata: { resourceVersion: list.resourceVersion },
      items: list.items as unknown as JsonObject[],
    });
  }

  async #deleteOptions(exchange: Exchange): Promise<Parameters<ApiServer['delete']>[2]> {
    const text = await readBody(exchange.request);
    const body = text.trim() === '' ? {} : parseJson(text);
    if (!isObject(body)) throw badRequest('the body of a delete must be DeleteOptions');
    const { query } = exchange;
    const policy = query.get('propagationPolicy') ?? body['propagationPolicy'];
    const grace = integer(query, 'gracePeriodSeconds') ?? body['gracePeriodSeconds'];
    const dryRun = query.getAll('dryRun').length > 0 ? query.getAll('dryRun') : body['dryRun'];
    return {
      ...(typeof policy === 'string' ? { propagationPolicy: policy as 'Background' } : {}),
      ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
      ...(isObject(body['preconditions'])
        ? { preconditions: body['preconditions'] as { uid?: string } }
        : {}),
      dryRun: readDryRun(dryRun, 'DeleteOptions'),
    };
  }

  #writeOptions(exchange: Exchange, kind: string, apply = false): WriteOptions {
    const { query, request, warnings } = exchange;
    const manager = query.get('fieldManager');
    const agent = (request.headers['user-agent'] ?? '').split('/')[0] ?? '';
    const validation = query.get('fieldValidation');
    return {
      ...(manager === null
        ? apply
          ? {}
          : { fieldManager: agent === '' ? 'unknown' : agent }
        : { fieldManager: manager }),
      ...(validation === null || validation === '' ? {} : { fieldValidation: validation as 'Strict' }),
      dryRun: readDryRun(query.getAll('dryRun'), kind),
      onWarning: (text) => warnings.push(text),
    };
  }

  async #readObject(
    exchange: Exchange,
    resource: Resource,
    schema = resource.schema,
  ): Promise<{ object: JsonObject; info: RequestInfo }> {
    const type = (exchange.request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
    if (type === PROTOBUF && !resource.custom) {
      const bytes = await readBytes(exchange.request);
      try {
        return { object: readProtobuf(bytes, schema), info: { user: exchange.user } };
      } catch (error) {
        if (error instanceof ProtobufError || error instanceof SyntaxError) throw badRequest(error.message);
        throw error;
      }
    }
    const accepted = ['application/json', 'application/yaml', '*/*', ''];
    // curl's default stands for "whatever it is", as it does with the real server.
    const form = type === 'application/x-www-form-urlencoded';
    if (!accepted.includes(type) && !form) {
      throw unsupportedMediaType(['application/json', 'application/yaml']);
    }
    const text = await readBody(exchange.request);
    const value = type === 'application/yaml' ? readYaml(text) : parseJson(text);
    if (!isObject(value)) throw badRequest('the body of the request is not an object');
    const duplicates = type === 'application/yaml' ? [] : duplicatesIn(text);
    return { object: value, info: { user: exchange.user, duplicates } };
  }
}

const duplicatesIn = (text: string): string[] => {
  try {
    return duplicateFields(text);
  } catch {
    return [];
  }
};

function checkSubresource(resource: Resource, name: string): void {
  if (name === 'status' && resource.hasStatus) return;
  if (name === 'scale' && resource.scale !== undefined) return;
  if (resource.type.kind === 'Pod') {
    if (name === 'eviction') return;
    if (
      ['log', 'exec', 'attach', 'portforward', 'proxy', 'binding', 'ephemeralcontainers', 'resize'].includes(
        name,
      )
    ) {
      throw notImplemented(
        `the sandbox does not implement pods/${name}: its pods have no containers behind them`,
      );
    }
  }
  throw noSuchResource();
}

const refOf = (target: Target): { namespace?: string; name: string } => ({
  ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
  name: target.name ?? '',
});

function objectMetadata(object: JsonObject): JsonObject {
  const { metadata } = object;
  return isObject(metadata) ? { ...metadata } : {};
}

function setNamespace(metadata: JsonObject, target: Target): void {
  if (target.namespace === undefined) return;
  const given = metadata['namespace'];
  if (given === undefined || given === '' || given === null) metadata['namespace'] = target.namespace;
  else if (given !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

function readPatch(type: string, text: string, resource: Resource, force: boolean): Patch {
  switch (type) {
    case PATCH_TYPES.merge:
      return { type: 'merge', body: parsePatch(text) as JsonObject };
    case PATCH_TYPES.json:
      return { type: 'json', body: parsePatch(text) as never };
    case PATCH_TYPES.strategic:
      return { type: 'strategic', body: parsePatch(text) as JsonObject };
    case PATCH_TYPES.apply:
      return { type: 'apply', body: readYaml(text) as JsonObject, force };
    default:
      throw unsupportedMediaType(
        Object.values(PATCH_TYPES).filter((item) => !resource.custom || item !== PATCH_TYPES.strategic),
      );
  }
}

function parsePatch(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`);
  }
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized (must be of type JSON): ${(error as Error).message}`,
    );
  }
}

function readYaml(text: string): Json {
  if (text.trimStart().startsWith('{')) return parseJson(text);
  let documents: Json[];
  try {
    documents = parseYaml(text);
  } catch (error) {
    throw badRequest(`error decoding YAML: ${(error as Error).message}`);
  }
  if (documents.length !== 1)
    throw badRequest(`error decoding YAML: ${documents.length} documents where one is wanted`);
  return documents[0] as Json;
}

function readDryRun(value: unknown, kind: string): boolean {
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
  if (list.length === 0) return false;
  if (list.every((item) => item === 'All')) return true;
  throw invalidObject({ group: 'meta.k8s.io', kind }, '', [notSupported('dryRun', list, ['All'])]);
}

const isTrue = (text: string | null): boolean =>
  text === '1' || text === 'true' || text === 'True' || text === '';

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d{1,15}$/.test(text))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

const includeOf = (exchange: Exchange): IncludeObject => {
  const wanted = exchange.query.get('includeObject');
  return wanted === 'None' || wanted === 'Object' ? wanted : 'Metadata';
};

async function readBody(request: IncomingMessage): Promise<string> {
  return (await readBytes(request)).toString('utf8');
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY) {
      throw new ApiError({
        code: 413,
        reason: 'RequestEntityTooLarge',
        message: `Request entity too large: limit is ${MAX_BODY}`,
      });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function statusBody(error: ApiError): JsonObject {
  const { status } = error;
  const token = (status as { continue?: string }).continue;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: token === undefined ? {} : { continue: token },
    status: 'Failure',
    message: status.message,
    ...(status.reason === '' ? {} : { reason: status.reason }),
    ...(status.details === undefined ? {} : { details: status.details }),
    code: status.code,
  };
}

function send(response: ServerResponse, code: number, body: JsonObject, type = 'application/json'): void {
  response.writeHead(code, { 'Content-Type': type, 'Cache-Control': 'no-cache, private' });
  response.end(`${JSON.stringify(body)}\n`);
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
