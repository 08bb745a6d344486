/**
 * The API server without HTTP: every verb as a synchronous function that returns a frozen object or throws an
 * `ApiError` with the real server's text. Semantics follow kube-apiserver 1.36; `docs/sandbox.md` lists what differs.
 */

import { isPrintable } from '../../lang/go-format.ts';
import { goText, sortKeys } from '../../lang/go-value.ts';
import { deepEqual, deepFreeze, isObject, type JsonObject } from '../../lang/json.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import {
  apiVersionOf,
  keyOf,
  type DeleteOptions,
  type KubeList,
  type KubeObject,
  type ListOptions,
  type ObjectRef,
  type Patch,
  type ResourceType,
  type WatchOptions,
  type WriteOptions,
} from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { randomSuffix, randomUid } from '../random.ts';
import { builtinResources, objectMeta, scaleSchema } from './catalog.ts';
import { resourcesOf } from './custom.ts';
import { cloneJson, DecodeError, decodeBuiltin, decodeCustom, type Decoded } from './decode.ts';
import { deleteObject, type DeletionContext } from './deletion.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  expired,
  forbidden,
  forbiddenField,
  internalError,
  invalid,
  invalidObject,
  methodNotAllowed,
  noSuchResource,
  notFound,
  notSupported,
  OBJECT_MODIFIED,
  required,
  type FieldError,
} from './errors.ts';
import { evictPod } from './eviction.ts';
import { applyConfiguration, sameOwners, trackUpdate, type TrackOptions } from './managed-fields.ts';
import { builtinFinalizerErrors, metadataErrors, metadataUpdateErrors } from './metadata.ts';
import { dnsSubdomainErrors } from './names.ts';
import { patched } from './patching.ts';
import { resourceKey, type Draft, type Resource, type RuleContext, type UserInfo } from './resource.ts';
import { scaleOf, withReplicas } from './scale.ts';
import { trackScale } from './scale-owners.ts';
import { setOf } from './field-set.ts';
import { emptyObject, type Schema } from './schema.ts';
import { select, selected } from './selection.ts';
import { Storage, type Store } from './storage.ts';
import { subscribe, type WatchSink } from './subscription.ts';

export interface ApiServerOptions {
  clock: Clock;
  /** Uniform in [0, 1): uids, generated names, cluster addresses. */
  random: () => number;
  historyLimit?: number | undefined;
}

export interface RequestInfo {
  user: UserInfo;
  /** Duplicate fields that the reader of the body found: `duplicate field "spec.x"`. */
  duplicates?: readonly string[] | undefined;
}

export interface ServerWatchOptions extends WatchOptions {
  sendInitialEvents?: boolean | undefined;
}

export interface ServerListOptions extends ListOptions {
  namespace?: string | undefined;
}

const DEFAULT_USER: UserInfo = { name: 'system:admin', groups: ['system:masters'] };
const SNAPSHOTS = 64;
const MAX_LIMIT_ITEMS = 100_000;
const EVENT_TTL_MS = 3_600_000;
const DEFAULT_WATCH_MS = 30 * 60_000;
/** So many generated names may be taken before a create fails. */
const NAME_TRIES = 8;

export class ApiServer {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: () => number;
  readonly #resources = new Map<string, Resource>();
  /** What lists with `limit` continue from: the state of a store at a revision. */
  readonly #snapshots = new Map<string, readonly KubeObject[]>();
  readonly #addresses = new Set<string>();
  readonly #empty = new WeakMap<Schema, JsonObject>();
  /** Parts of stored custom resources by the schema that pruned them and gave them their defaults. */
  readonly #settled = new WeakMap<object, Schema>();
  readonly #events: { at: number; key: string }[] = [];
  #nextAddress = 1;
  /** Counts every change of what is served, for discovery and OpenAPI. */
  resourcesRevision = 0;

  constructor(options: ApiServerOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.storage = new Storage({ historyLimit: options.historyLimit });
    for (const resource of builtinResources) this.#resources.set(versionKey(resource.type), resource);
    this.storage.onChange((change, type) => {
      if (type.plural === 'customresourcedefinitions')
        this.#serve(change.before, change.type === 'DELETED' ? undefined : change.object);
      if (type.plural === 'services' && type.group === '' && change.type === 'DELETED') {
        const spec = change.object['spec'];
        if (isObject(spec) && typeof spec['clusterIP'] === 'string')
          this.#addresses.delete(spec['clusterIP']);
      }
    });
  }

  /** All kinds that are served, one for each version. */
  resources(): Iterable<Resource> {
    return this.#resources.values();
  }

  /** Throws 404 when the kind is not served. */
  resource(type: Pick<ResourceType, 'group' | 'version' | 'plural'>): Resource {
    const resource = this.#resources.get(versionKey(type));
    if (resource === undefined) throw noSuchResource();
    return resource;
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#resources.get(versionKey({ group, version, plural }));
  }

  #serve(before: KubeObject | undefined, after: KubeObject | undefined): void {
    this.resourcesRevision++;
    if (before !== undefined) {
      for (const resource of resourcesOf(before, objectMeta))
        this.#resources.delete(versionKey(resource.type));
    }
    if (after !== undefined) {
      for (const resource of resourcesOf(after, objectMeta))
        this.#resources.set(versionKey(resource.type), resource);
    }
  }

  store(resource: Resource): Store {
    return this.storage.store(resource.type);
  }

  get(type: ResourceType, ref: ObjectRef, subresource?: string): KubeObject {
    const resource = this.resource(type);
    if (subresource !== undefined && subresource !== 'status' && subresource !== 'scale')
      throw noSuchResource();
    if (subresource === 'status' && !resource.hasStatus) throw noSuchResource();
    const object = this.#existing(resource, ref);
    if (subresource !== 'scale') return this.#asVersion(resource, object);
    if (resource.scale === undefined) throw noSuchResource();
    return deepFreeze(scaleOf(object, resource.scale));
  }

  #existing(resource: Resource, ref: ObjectRef): KubeObject {
    const object = this.store(resource).get(this.#scoped(resource, ref));
    if (object === undefined) throw notFound(resource.type, ref.name);
    return object;
  }

  #scoped(resource: Resource, ref: ObjectRef): ObjectRef {
    if (!resource.type.namespaced) return { name: ref.name };
    if (ref.namespace === undefined || ref.namespace === '') throw methodNotAllowed();
    return ref;
  }

  /** Objects are stored in the version in which they were written; the others differ in `apiVersion` only. */
  #asVersion(resource: Resource, object: KubeObject): KubeObject {
    const apiVersion = apiVersionOf(resource.type);
    return object.apiVersion === apiVersion ? object : deepFreeze({ ...object, apiVersion });
  }

  list(type: ResourceType, options: ServerListOptions = {}): KubeList {
    const resource = this.resource(type);
    if (resource.review !== undefined) throw methodNotAllowed();
    const selection = select(resource, options);
    const store = this.store(resource);
    const current = this.storage.revision;
    let revision = current;
    let start = '';
    checkListOptions(options);
    if (options.continue !== undefined && options.continue !== '') {
      const token = readToken(options.continue);
      revision = token.rv < 0 ? current : token.rv;
      start = token.start;
    } else if (
      options.resourceVersion !== undefined &&
      options.resourceVersion !== '' &&
      options.resourceVersion !== '0'
    ) {
      const wanted = parseRevision(options.resourceVersion, 'list');
      if (wanted > current) throw tooLarge(wanted, current);
      if (options.resourceVersionMatch === 'Exact') revision = wanted;
    }
    const limit = options.limit === undefined || options.limit <= 0 ? MAX_LIMIT_ITEMS : options.limit;
    let items: readonly KubeObject[];
    if (revision === current) items = selected(store, selection);
    else {
      const snapshot = this.#snapshots.get(snapshotKey(resource, revision));
      if (snapshot === undefined)
        throw this.#tooOldToContinue(options.continue === undefined ? undefined : start);
      items = snapshot.filter((object) => selection.matches(object));
    }
    if (start !== '') items = items.filter((object) => listKey(object) > start);
    const page = items.length > limit ? items.slice(0, limit) : items;
    const list: KubeList = {
      items: page.map((object) => this.#asVersion(resource, object)),
      resourceVersion: String(revision),
    };
    const last = page.at(-1);
    if (page.length < items.length && last !== undefined) {
      this.#keepSnapshot(resource, store, revision);
      list.continue = makeToken(revision, listKey(last));
      if (selection.everything) list.remainingItemCount = items.length - page.length;
    }
    return list;
  }

  #keepSnapshot(resource: Resource, store: Store, revision: number): void {
    const key = snapshotKey(resource, revision);
    if (this.#snapshots.has(key)) return;
    this.#snapshots.set(key, store.sorted());
    const oldest = this.#snapshots.keys().next();
    if (this.#snapshots.size > SNAPSHOTS && oldest.done !== true) this.#snapshots.delete(oldest.value);
  }

  /** Forgets what lists and watches could continue from, as etcd's compaction does. */
  compact(): void {
    this.#snapshots.clear();
    this.storage.compact();
  }

  #tooOldToContinue(start: string | undefined): Error {
    if (start === undefined) return expired('The resourceVersion for the provided list is too old.');
    const error = expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    );
    Object.assign(error.status, { continue: makeToken(-1, start) });
    return error;
  }

  /** Delivers synchronously while changes happen; the sink must queue. Returns what stops it. */
  watch(type: ResourceType, options: ServerWatchOptions, sink: WatchSink): () => void {
    const resource = this.resource(type);
    if (resource.review !== undefined) throw methodNotAllowed();
    const selection = select(resource, options);
    const store = this.store(resource);
    const version = options.resourceVersion ?? '';
    const fresh = version === '' || version === '0' || options.sendInitialEvents === true;
    const from = fresh ? this.storage.revision : parseRevision(version);
    if (!fresh && from < store.oldestRevision) {
      throw expired(`too old resource version: ${from} (${store.oldestRevision})`);
    }
    const seconds = options.timeoutSeconds;
    const timeoutMs =
      seconds !== undefined && seconds > 0 ? seconds * 1000 : DEFAULT_WATCH_MS * (1 + this.random());
    const marksInitial = options.sendInitialEvents ?? fresh;
    const sendInitial = fresh && options.sendInitialEvents !== false;
    const asVersion: WatchSink = {
      event: (event) =>
        sink.event(
          event.type === 'BOOKMARK'
            ? event
            : { type: event.type, object: this.#asVersion(resource, event.object) },
        ),
      end: () => sink.end(),
    };
    return subscribe(
      this.clock,
      resource,
      store,
      selection,
      {
        allowWatchBookmarks: options.allowWatchBookmarks ?? false,
        timeoutMs,
        from,
        initial: sendInitial ? selected(store, selection) : undefined,
        markInitial: marksInitial && options.allowWatchBookmarks === true,
        revision: () => this.storage.revision,
      },
      asVersion,
    );
  }

  create(
    type: ResourceType,
    object: KubeObject,
    options: WriteOptions & { ref?: ObjectRef | undefined } = {},
    request: RequestInfo = { user: DEFAULT_USER },
  ): KubeObject {
    const resource = this.resource(type);
    checkWriteOptions('CreateOptions', options);
    if (options.subresource === 'eviction') return this.#evict(resource, object, options, request);
    if (options.subresource !== undefined) throw methodNotAllowed();
    const draft = this.#decode(resource, object as unknown as JsonObject, options, request);
    if (resource.review !== undefined) {
      const answer = resource.review(draft as unknown as JsonObject, request.user);
      return deepFreeze(answer) as unknown as KubeObject;
    }
    return this.#insert(resource, draft, options, (made) =>
      trackUpdate(undefined, made, this.#tracking(resource, options, request)),
    );
  }

  #tracking(resource: Resource, options: WriteOptions, request: RequestInfo): TrackOptions {
    const status = options.subresource === 'status';
    return {
      schema: resource.schema,
      owner: {
        manager: options.fieldManager ?? request.user.name,
        apiVersion: apiVersionOf(resource.type),
        subresource: options.subresource ?? '',
      },
      now: this.clock.now(),
      reset: status ? (resource.custom ? CUSTOM_STATUS_RESET : resource.resetStatus) : resource.resetMain,
      ...(resource.custom ? {} : { empty: this.#emptyObject(resource) }),
    };
  }

  #emptyObject(resource: Resource): JsonObject {
    let empty = this.#empty.get(resource.schema);
    if (empty === undefined) {
      empty = emptyObject(resource.schema);
      this.#empty.set(resource.schema, empty);
    }
    return empty;
  }

  /** The second half of a create, after decoding: admission, rules, storage. */
  #insert(
    resource: Resource,
    draft: Draft,
    options: WriteOptions,
    owners: (draft: Draft) => KubeObject['metadata']['managedFields'],
  ): KubeObject {
    const { metadata } = draft;
    if (!resource.type.namespaced && metadata.namespace !== undefined && metadata.namespace !== '') {
      throw badRequest('namespace may not be set on cluster-scoped objects');
    }
    if (resource.type.namespaced && !metadata.namespace) throw methodNotAllowed();
    const managedFields = owners(draft);
    if (resource.type.namespaced)
      this.#checkNamespace(resource, metadata.namespace ?? '', metadata.name ?? '');
    if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== '') {
      throw internalError('resourceVersion should not be set on objects to be created');
    }
    delete metadata.deletionTimestamp;
    delete (metadata as { selfLink?: string }).selfLink;
    delete metadata.deletionGracePeriodSeconds;
    delete metadata.managedFields;
    delete metadata.generation;
    const generated = metadata.generateName !== undefined && metadata.generateName !== '' && !metadata.name;
    if (generated) metadata.name = this.#generateName(resource, metadata);
    metadata.uid = randomUid(this.random);
    metadata.creationTimestamp = formatTime(this.clock.now());
    resource.rules.prepareCreate?.(draft, this.#ruleContext());
    this.#checkValid(resource, draft, [
      ...metadataErrors(draft, resource.type.namespaced, resource.rules.validateName ?? dnsSubdomainErrors),
      ...(resource.custom ? [] : builtinFinalizerErrors(draft)),
      ...(resource.rules.validate?.(draft) ?? []),
    ]);
    if (managedFields !== undefined) metadata.managedFields = managedFields;
    if (this.store(resource).get({ namespace: metadata.namespace, name: metadata.name }) !== undefined) {
      throw alreadyExists(
        resource.type,
        metadata.name,
        metadata.generateName ? ', the server was not able to generate a unique name for the object' : '',
      );
    }
    if (options.dryRun === true) return deepFreeze(draft);
    if (resource.type.kind === 'Event') this.#expireEvents(keyOf(metadata));
    return this.#store(resource, draft, undefined);
  }

  #generateName(resource: Resource, metadata: Draft['metadata']): string {
    const prefix = (metadata.generateName as string).slice(0, 58);
    let name = '';
    for (let tries = 0; tries < NAME_TRIES; tries++) {
      name = `${prefix}${randomSuffix(this.random)}`;
      if (this.store(resource).get({ namespace: metadata.namespace, name }) === undefined) break;
    }
    return name;
  }

  #ruleContext(): RuleContext {
    return {
      now: this.clock.now(),
      random: this.random,
      allocateClusterIp: (wanted) => this.#allocateAddress(wanted),
    };
  }

  #allocateAddress(wanted: string | undefined): string | undefined {
    if (wanted !== undefined) {
      this.#addresses.add(wanted);
      return wanted;
    }
    for (let tries = 0; tries < 65_000; tries++) {
      const n = this.#nextAddress;
      this.#nextAddress = n >= 65_000 ? 1 : n + 1;
      const address = `10.96.${n >> 8}.${n & 255}`;
      if ((n & 255) === 0 || (n & 255) === 255 || this.#addresses.has(address)) continue;
      this.#addresses.add(address);
      return address;
    }
    return undefined;
  }

  #checkNamespace(resource: Resource, namespace: string, name: string): void {
    const found = this.storage.store(NAMESPACES).get({ name: namespace });
    if (found === undefined) throw notFound(NAMESPACES, namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    throw forbidden(
      resource.type,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    );
  }

  #checkValid(resource: Resource, object: KubeObject, errors: readonly FieldError[]): void {
    if (errors.length > 0) throw invalidObject(resource.type, object.metadata.name ?? '', errors);
  }

  /** Events live for an hour. */
  #expireEvents(key: string): void {
    const now = this.clock.now();
    const store = this.storage.store(EVENTS);
    this.#events.push({ at: now, key });
    let done = 0;
    for (const entry of this.#events) {
      if (entry.at + EVENT_TTL_MS > now) break;
      done++;
      const event = store.byKey(entry.key);
      if (event === undefined) continue;
      const touched = event.metadata.managedFields?.at(-1)?.time ?? event.metadata.creationTimestamp;
      const last = parseTime(touched) ?? entry.at;
      if (last + EVENT_TTL_MS > now) this.#events.push({ at: last, key: entry.key });
      else this.storage.remove(EVENTS, event);
    }
    if (done > 0) this.#events.splice(0, done);
  }

  /** From JSON to a draft with defaults; unknown fields are reported as the request wishes. */
  #decode(
    resource: Resource,
    input: JsonObject,
    options: WriteOptions,
    request: RequestInfo,
    /** Prints the patch, for the refusal. */
    patch?: () => string,
  ): Draft {
    const { type } = resource;
    const apiVersion = apiVersionOf(type);
    if (!isObject(input)) throw badRequest('the body of the request is not an object');
    const version = input['apiVersion'];
    if (version !== undefined && version !== '' && version !== apiVersion) {
      throw badRequest(
        `the API version in the data (${String(version)}) does not match the expected API version (${apiVersion})`,
      );
    }
    const kind = typeof input['kind'] === 'string' && input['kind'] !== '' ? input['kind'] : type.kind;
    const prefix = `${kind} in version "${type.version}" cannot be handled as a ${type.kind}: `;
    /** A patch that leads to an object that can't be decoded is refused as invalid, not as a bad request. */
    const refuse = (text: string): Error =>
      patch === undefined
        ? badRequest(`${prefix}${text}`)
        : invalidObject({ group: '', kind: '' }, '', [invalid('patch', patch(), text)]);
    if (kind !== type.kind && resource.custom) {
      throw invalidObject(
        { group: type.group, kind },
        isObject(input['metadata']) ? String(input['metadata']['name'] ?? '') : '',
        [invalid('kind', kind, `must be ${type.kind}`)],
      );
    }
    if (kind !== type.kind) {
      const to = type.group === '' ? 'core' : (type.group.split('.')[0] as string);
      throw refuse(`converting (${type.version}.${kind}) to (${to}.${type.kind}): unknown conversion`);
    }
    let decoded: Decoded;
    try {
      decoded = resource.custom
        ? decodeCustom(resource.schema, input)
        : decodeBuiltin(resource.schema, input);
    } catch (error) {
      if (error instanceof DecodeError) throw refuse(error.message);
      throw error;
    }
    const problems = [...(request.duplicates ?? []), ...decoded.unknown];
    if (problems.length > 0 && options.fieldValidation !== 'Ignore') {
      if (options.fieldValidation === 'Strict') throw refuse(`strict decoding error: ${problems.join(', ')}`);
      for (const problem of problems) options.onWarning?.(problem);
    }
    const draft = decoded.value as unknown as Draft;
    if (!isObject(draft.metadata)) Object.assign(draft, { metadata: {} });
    const { apiVersion: _, kind: __, ...rest } = draft;
    const ordered = { apiVersion, kind: type.kind, ...rest } as unknown as Draft;
    resource.rules.defaults?.(ordered);
    return ordered;
  }

  replace(
    type: ResourceType,
    object: KubeObject,
    options: WriteOptions & { ref?: ObjectRef | undefined } = {},
    request: RequestInfo = { user: DEFAULT_USER },
  ): KubeObject {
    const resource = this.resource(type);
    if (resource.review !== undefined) throw methodNotAllowed();
    checkWriteOptions('UpdateOptions', options);
    this.#checkSubresource(resource, options.subresource);
    const ref = options.ref ?? object.metadata;
    if (object.metadata.name !== ref.name) throw nameMismatch(object.metadata.name, ref.name);
    if (options.subresource === 'scale') {
      return this.#rescale(resource, ref, object as unknown as JsonObject, options, request);
    }
    const draft = this.#decode(resource, object as unknown as JsonObject, options, request);
    const old = this.#existing(resource, ref);
    if (draft.metadata.resourceVersion === undefined && !resource.unconditionalUpdate) {
      throw invalidObject({ group: type.group, kind: type.plural }, ref.name, [
        invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
      ]);
    }
    const { uid } = draft.metadata;
    if (uid !== undefined && uid !== old.metadata.uid) {
      throw conflict(
        type,
        ref.name,
        `StorageError: invalid object, Code: 4, Key: /registry/${type.plural}/${keyOf(ref)}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid ?? ''}`,
      );
    }
    return this.#update(resource, old, draft, options, request);
  }

  #checkSubresource(resource: Resource, subresource: string | undefined): void {
    if (subresource === undefined) return;
    if (subresource === 'status' && resource.hasStatus) return;
    if (subresource === 'scale' && resource.scale !== undefined) return;
    throw noSuchResource();
  }

  patch(
    type: ResourceType,
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions = {},
    request: RequestInfo = { user: DEFAULT_USER },
  ): KubeObject {
    const resource = this.resource(type);
    if (resource.review !== undefined) throw methodNotAllowed();
    checkWriteOptions('PatchOptions', options);
    this.#checkSubresource(resource, options.subresource);
    if (patch.type === 'apply') {
      if (options.fieldManager === undefined || options.fieldManager === '') {
        throw invalidObject({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
          required('fieldManager', 'is required for apply patch'),
        ]);
      }
      return this.#apply(resource, ref, patch.body, patch.force ?? false, options, request);
    }
    const old = this.#existing(resource, ref);
    if (options.subresource === 'scale') {
      const scale = scaleOf(old, resource.scale as NonNullable<Resource['scale']>);
      return this.#rescale(resource, ref, patched(SCALE, scale, patch), options, request);
    }
    const after = patched(resource, old, patch);
    const name = isObject(after['metadata']) ? after['metadata']['name'] : undefined;
    if (name !== old.metadata.name) throw nameMismatch(String(name), old.metadata.name);
    const shown = (): string =>
      patch.type === 'strategic'
        ? goText(patch.body)
        : JSON.stringify(resource.custom ? sortKeys(after) : after);
    const draft = this.#decodeShared(resource, old, after, options, request, shown);
    return this.#update(resource, old, draft, options, request);
  }

  /** Decodes only what differs from the stored object; the rest stays the same frozen value. */
  #decodeShared(
    resource: Resource,
    old: KubeObject,
    after: JsonObject,
    options: WriteOptions,
    request: RequestInfo,
    shown: () => string,
  ): Draft {
    const changed: JsonObject = {};
    const shared: JsonObject = {};
    for (const name of Object.keys(after)) {
      const value = after[name];
      if (value === undefined) continue;
      if (value === old[name] && isObject(value) && name !== 'metadata') shared[name] = value;
      else changed[name] = value;
    }
    const metadata = changed['metadata'];
    const entries = isObject(metadata) ? metadata['managedFields'] : undefined;
    if (isObject(metadata) && entries !== undefined && entries === (old.metadata.managedFields as unknown)) {
      const { managedFields: _, ...rest } = metadata;
      changed['metadata'] = rest;
    }
    const parts = Object.values(shared);
    const isSettled =
      !resource.custom || parts.every((part) => this.#settled.get(part as object) === resource.schema);
    if (parts.length === 0 || !isSettled) {
      return this.#decode(resource, { ...changed, ...shared }, options, request, shown);
    }
    // Frozen parts are left alone by the rules' defaulting; they were defaulted when they were stored.
    const decodedPart = this.#decodePart(resource, changed, options, request, shown);
    const draft = { ...decodedPart, ...shared } as Draft;
    resource.rules.defaults?.(draft);
    return draft;
  }

  #decodePart(
    resource: Resource,
    part: JsonObject,
    options: WriteOptions,
    request: RequestInfo,
    shown: () => string,
  ): Draft {
    const { defaults: _, ...rules } = resource.rules;
    return this.#decode({ ...resource, rules }, part, options, request, shown);
  }

  #apply(
    resource: Resource,
    ref: ObjectRef,
    body: JsonObject,
    force: boolean,
    options: WriteOptions,
    request: RequestInfo,
  ): KubeObject {
    const { type } = resource;
    const scoped = this.#scoped(resource, ref);
    const apiVersion = apiVersionOf(type);
    if (!isObject(body)) throw badRequest('error decoding YAML: the configuration is not an object');
    if (options.subresource === 'scale') {
      if (!resource.custom) throw badRequest('the sandbox does not apply to the scale subresource');
      throw internalError(
        'failed to create manager for existing fields: failed to convert live object (/; autoscaling/v1, Kind=Scale) to proper version: request to convert CR to an invalid group/version: autoscaling/v1',
      );
    }
    if (body['kind'] !== type.kind || body['apiVersion'] !== apiVersion) {
      throw badRequest(`invalid object type: ${describeType(body)}`);
    }
    const config = cloneJson(body) as unknown as KubeObject;
    if (!isObject(config.metadata)) config.metadata = { name: ref.name };
    if (config.metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
    const old = this.store(resource).get(scoped);
    const tracking = this.#tracking(resource, options, request);
    const applied = applyConfiguration(old, config, force, tracking);
    const name = config.metadata.name ?? ref.name;
    if (name !== ref.name) throw nameMismatch(name, ref.name);
    if (old === undefined) {
      if (options.subresource !== undefined) throw notFound(type, ref.name);
      if (config.metadata.uid !== undefined) {
        throw conflict(
          type,
          ref.name,
          `uid mismatch: the provided object specified uid ${config.metadata.uid}, and no existing object was found`,
        );
      }
      const merged = { ...(applied.object as unknown as JsonObject), apiVersion, kind: type.kind };
      const draft = this.#decode(resource, merged, options, request);
      draft.metadata.name = ref.name;
      if (scoped.namespace !== undefined) draft.metadata.namespace ??= scoped.namespace;
      if (draft.metadata.namespace !== scoped.namespace) throw namespaceMismatch();
      return this.#insert(resource, draft, options, () => applied.managedFields);
    }
    const base = (applied.object ?? old) as unknown as JsonObject;
    const draft = this.#decode(resource, base, options, request);
    draft.metadata.managedFields = applied.managedFields ?? [];
    return this.#update(resource, old, draft, options, request, true);
  }

  #rescale(
    resource: Resource,
    ref: ObjectRef,
    scale: JsonObject,
    options: WriteOptions,
    request: RequestInfo,
  ): KubeObject {
    const paths = resource.scale;
    if (paths === undefined) throw noSuchResource();
    const old = this.#existing(resource, ref);
    let decoded: Decoded;
    try {
      decoded = decodeBuiltin(scaleSchema, scale);
    } catch (error) {
      if (error instanceof DecodeError) throw badRequest(error.message);
      throw error;
    }
    const spec = decoded.value['spec'];
    const replicas = isObject(spec) && typeof spec['replicas'] === 'number' ? spec['replicas'] : 0;
    if (replicas < 0 && !resource.custom) {
      throw invalidObject({ group: 'autoscaling', kind: 'Scale' }, ref.name, [
        invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
      ]);
    }
    const version = isObject(decoded.value['metadata'])
      ? decoded.value['metadata']['resourceVersion']
      : undefined;
    const changed = withReplicas(old, paths, replicas) as Draft;
    const draft = { ...changed, metadata: { ...old.metadata } } as Draft;
    if (typeof version === 'string' && version !== '') draft.metadata.resourceVersion = version;
    const { replicas: before } = scaleOf(old, paths)['spec'] as { replicas?: number };
    const { owner } = this.#tracking(resource, options, request);
    const entries = old.metadata.managedFields;
    draft.metadata.managedFields = trackScale(entries, paths.spec, before ?? 0, replicas, owner) ?? [];
    const updated = this.#update(resource, old, draft, options, request, true);
    return deepFreeze(scaleOf(updated, paths));
  }

  /**
   * Everything that updates have in common. `draft` may share frozen parts with `old`. `owned`: managedFields were
   * made already, by an apply.
   */
  #update(
    resource: Resource,
    old: KubeObject,
    draft: Draft,
    options: WriteOptions,
    request: RequestInfo,
    owned = false,
  ): KubeObject {
    const { type, rules } = resource;
    const { metadata } = draft;
    const subresource = options.subresource;
    if (
      metadata.resourceVersion !== undefined &&
      metadata.resourceVersion !== '' &&
      metadata.resourceVersion !== old.metadata.resourceVersion
    ) {
      throw conflict(type, old.metadata.name, OBJECT_MODIFIED);
    }
    metadata.resourceVersion = old.metadata.resourceVersion as string;
    metadata.name ??= old.metadata.name;
    if (old.metadata.namespace !== undefined) metadata.namespace ??= old.metadata.namespace;
    if (metadata.namespace !== old.metadata.namespace) throw namespaceMismatch();
    metadata.uid ??= old.metadata.uid as string;
    metadata.creationTimestamp = old.metadata.creationTimestamp as string;
    delete (metadata as { selfLink?: string }).selfLink;
    const tracking = this.#tracking(resource, options, request);
    let managedFields = owned ? metadata.managedFields : trackUpdate(old, draft, tracking);
    if (managedFields !== undefined && managedFields.length === 0) managedFields = undefined;
    // Whoever deletes sets these; an update may leave them out but never change them.
    if (metadata.deletionTimestamp === undefined) restore(metadata, old.metadata, 'deletionTimestamp');
    if (metadata.deletionGracePeriodSeconds === undefined)
      restore(metadata, old.metadata, 'deletionGracePeriodSeconds');
    restore(metadata, old.metadata, 'generation');
    if (subresource === 'status') {
      this.#statusOnly(resource, draft, old);
      this.#checkValid(resource, draft, [
        ...metadataUpdateErrors(draft, old),
        ...(rules.validateStatus?.(draft, old) ?? []),
      ]);
    } else {
      rules.prepareUpdate?.(draft, old, this.#ruleContext());
      const nameRule = rules.validateName ?? dnsSubdomainErrors;
      this.#checkValid(resource, draft, [
        ...(isMetadataKept(draft, old) ? [] : metadataErrors(draft, type.namespaced, nameRule)),
        ...(resource.custom ? [] : builtinFinalizerErrors(draft)),
        ...metadataUpdateErrors(draft, old),
        ...(resource.custom || (draft['spec'] !== undefined && draft['spec'] === old['spec'])
          ? []
          : (rules.validate?.(draft) ?? [])),
        ...(rules.validateUpdate?.(draft, old) ?? []),
      ]);
    }
    if (managedFields === undefined) delete draft.metadata.managedFields;
    else draft.metadata.managedFields = managedFields;
    if (isNoop(draft, old)) return this.#asVersion(resource, old);
    if (options.dryRun === true) return deepFreeze(draft);
    const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = draft.metadata;
    if (
      deletionTimestamp !== undefined &&
      (finalizers ?? []).length === 0 &&
      (deletionGracePeriodSeconds ?? 0) === 0 &&
      type.kind !== 'Namespace'
    ) {
      this.remove(resource, old);
      return deepFreeze(draft);
    }
    return this.#store(resource, draft, old);
  }

  #store(resource: Resource, draft: Draft, old: KubeObject | undefined): KubeObject {
    const stored = this.storage.put(resource.type, draft, old);
    if (resource.custom)
      for (const name of Object.keys(stored)) {
        const value = stored[name];
        if (isObject(value)) this.#settled.set(value, resource.schema);
      }
    return stored;
  }

  /** What the status subresource leaves of an update. */
  #statusOnly(resource: Resource, draft: Draft, old: KubeObject): void {
    if (resource.custom) {
      draft.metadata = { ...old.metadata };
    } else {
      draft.metadata.ownerReferences = old.metadata.ownerReferences as never;
      if (old.metadata.ownerReferences === undefined) delete draft.metadata.ownerReferences;
    }
    for (const name of new Set([...Object.keys(draft), ...Object.keys(old)])) {
      if (name === 'status' || name === 'metadata' || name === 'apiVersion' || name === 'kind') continue;
      if (old[name] === undefined) delete draft[name];
      else draft[name] = old[name] as JsonObject;
    }
  }

  delete(
    type: ResourceType,
    ref: ObjectRef,
    options: DeleteOptions = {},
    _request: RequestInfo = { user: DEFAULT_USER },
  ): KubeObject {
    const resource = this.resource(type);
    if (resource.review !== undefined) throw methodNotAllowed();
    const policy = options.propagationPolicy;
    if (policy !== undefined && !['Background', 'Foreground', 'Orphan'].includes(policy)) {
      throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
        notSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan', 'nil']),
      ]);
    }
    if (resource.type.kind === 'Namespace' && resource.type.group === '' && LASTING.has(ref.name))
      throw forbidden(resource.type, ref.name, 'this namespace may not be deleted');
    return deleteObject(this.#deletion(), resource, this.#existing(resource, ref), options);
  }

  #deletion(): DeletionContext {
    return {
      now: this.clock.now(),
      put: (resource, draft, old) => this.storage.put(resource.type, draft, old),
      remove: (resource, old) => this.remove(resource, old),
      instances: (definition) =>
        resourcesOf(definition, objectMeta).flatMap((resource) => {
          const served = this.#resources.get(versionKey(resource.type));
          return served === undefined ? [] : [{ resource: served, objects: this.store(served).sorted() }];
        }),
    };
  }

  /** Takes an object out of the storage (watchers see its last stored state), and its definition when it was the last instance of a dying one. */
  remove(resource: Resource, old: KubeObject): KubeObject {
    const removed = this.storage.remove(resource.type, old);
    if (resource.custom && this.store(resource).size === 0) {
      const name = `${resource.type.plural}.${resource.type.group}`;
      const definition = this.storage.store(DEFINITIONS).get({ name });
      const dying = definition?.metadata.deletionTimestamp !== undefined;
      if (dying && definition.metadata.finalizers?.length === 1) this.storage.remove(DEFINITIONS, definition);
    }
    return removed;
  }

  #evict(
    resource: Resource,
    eviction: KubeObject,
    options: WriteOptions & { ref?: ObjectRef | undefined },
    request: RequestInfo,
  ): KubeObject {
    if (resource.type.kind !== 'Pod') throw noSuchResource();
    const ref = options.ref ?? eviction.metadata;
    const pod = this.#existing(resource, ref);
    return evictPod(this, pod, eviction, { ...options, user: request.user });
  }

  /** Binds a pod to its node, as `pods/binding` does: the only way in which a running pod's node is set. */
  bindPod(bound: KubeObject, pod: KubeObject): KubeObject {
    const resource = this.resource({ group: '', version: 'v1', plural: 'pods' });
    return this.storage.put(resource.type, { ...bound, metadata: { ...pod.metadata } }, pod);
  }

  /** Lets go of a terminating namespace that is empty. Only its controller calls it. */
  finalizeNamespace(name: string): void {
    const namespace = this.storage.store(NAMESPACES).get({ name });
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    if ((namespace.metadata.finalizers ?? []).length > 0) {
      const draft = { ...namespace, metadata: { ...namespace.metadata }, spec: {} } as unknown as Draft;
      this.storage.put(NAMESPACES, draft, namespace);
    } else this.storage.remove(NAMESPACES, namespace);
  }
}

const builtinType = (group: string, plural: string): ResourceType =>
  (
    builtinResources.find(
      (resource) => resource.type.group === group && resource.type.plural === plural,
    ) as Resource
  ).type;
/** Namespaces that admission never lets go. */
const LASTING = new Set(['default', 'kube-system', 'kube-public']);
const NAMESPACES = builtinType('', 'namespaces');
const EVENTS = builtinType('', 'events');
const DEFINITIONS = builtinType('apiextensions.k8s.io', 'customresourcedefinitions');
/** Stands in for the kind of the scale subresource, where patches ask for one. */
const SCALE: Resource = {
  ...(builtinResources[0] as Resource),
  type: { group: 'autoscaling', version: 'v1', plural: 'scales', kind: 'Scale', namespaced: true },
};
/** The status subresource of a custom resource resets everything else. */
const CUSTOM_STATUS_RESET = setOf('spec', 'metadata');

const versionKey = (type: Pick<ResourceType, 'group' | 'version' | 'plural'>): string =>
  `${resourceKey(type)}/${type.version}`;
const snapshotKey = (resource: Resource, revision: number): string =>
  `${resourceKey(resource.type)}@${revision}`;
/** Lists are in this order. */
const listKey = (object: KubeObject): string => keyOf(object.metadata);

const nameMismatch = (given: string, wanted: string): Error =>
  badRequest(`the name of the object (${given}) does not match the name on the URL (${wanted})`);
const namespaceMismatch = (): Error =>
  badRequest('the namespace of the provided object does not match the namespace sent on the request');

function restore<K extends 'deletionTimestamp' | 'deletionGracePeriodSeconds' | 'generation'>(
  metadata: KubeObject['metadata'],
  old: KubeObject['metadata'],
  key: K,
): void {
  if (old[key] === undefined) delete metadata[key];
  else metadata[key] = old[key];
}

function describeType(body: JsonObject): string {
  const version = String(body['apiVersion'] ?? '');
  return `${version.includes('/') ? version : `/${version}`}, Kind=${String(body['kind'] ?? '')}`;
}

function isNoop(draft: KubeObject, old: KubeObject): boolean {
  const keys = new Set([...Object.keys(draft), ...Object.keys(old)]);
  for (const key of keys) {
    if (key !== 'metadata' && draft[key] !== old[key] && !deepEqual(draft[key], old[key])) return false;
  }
  const { managedFields: a, ...now } = draft.metadata;
  const { managedFields: b, ...before } = old.metadata;
  return deepEqual(now, before) && sameOwners(a, b);
}

/** Whether there is nothing new in it that could be wrong: by identity where that tells. */
const isMetadataKept = ({ metadata }: KubeObject, old: KubeObject): boolean =>
  metadata.labels === old.metadata.labels &&
  metadata.annotations === old.metadata.annotations &&
  metadata.name === old.metadata.name &&
  metadata.namespace === old.metadata.namespace &&
  metadata.generateName === old.metadata.generateName &&
  deepEqual(metadata.ownerReferences, old.metadata.ownerReferences) &&
  deepEqual(metadata.finalizers, old.metadata.finalizers);

function checkWriteOptions(kind: string, options: WriteOptions): void {
  const errors: FieldError[] = [];
  const manager = options.fieldManager;
  if (manager !== undefined && manager.length > 128) {
    errors.push({ type: 'TooLong', field: 'fieldManager', detail: 'may not be more than 128 bytes' });
  }
  const unprintable = [...(manager ?? '')].find((char) => !isPrintable(char));
  if (manager !== undefined && unprintable !== undefined) {
    const code = (unprintable.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
    const at = Buffer.byteLength(manager.slice(0, manager.indexOf(unprintable)));
    errors.push(invalid('fieldManager', manager, `invalid character U+${code} (at position ${at})`));
  }
  const validation = options.fieldValidation;
  if (validation !== undefined && !['Ignore', 'Warn', 'Strict'].includes(validation)) {
    errors.push(notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  if (errors.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind }, '', errors);
}

function parseRevision(text: string, verb: 'list' | 'watch' = 'watch'): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const shown = JSON.stringify(text);
  const problem = `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`;
  throw verb === 'list' ? badRequest(`invalid resource version: ${problem}`) : internalError(problem);
}

function checkListOptions(options: ServerListOptions): void {
  const continues = options.continue !== undefined && options.continue !== '';
  const version = options.resourceVersion ?? '';
  if (options.resourceVersionMatch !== undefined && version === '') {
    throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      forbiddenField(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden unless resourceVersion is provided',
      ),
    ]);
  }
  if (continues && version !== '' && version !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
}

function tooLarge(wanted: number, current: number): Error {
  const error = expired(`Timeout: Too large resource version: ${wanted}, current: ${current}`);
  Object.assign(error, { code: 504, reason: 'Timeout' });
  Object.assign(error.status, {
    code: 504,
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
  return error;
}

const TOKEN_VERSION = 'meta.k8s.io/v1';
const makeToken = (rv: number, start: string): string =>
  Buffer.from(JSON.stringify({ v: TOKEN_VERSION, rv, start })).toString('base64url');

function readToken(text: string): { rv: number; start: string } {
  const invalidToken = 'invalid continue token: continue key is not valid';
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch (error) {
    throw badRequest(`${invalidToken}: ${(error as Error).message}`);
  }
  const version = isObject(token) && typeof token['v'] === 'string' ? token['v'] : '';
  if (!isObject(token) || version !== TOKEN_VERSION)
    throw badRequest(`${invalidToken}: server does not recognize this encoded version ${version}`);
  if (typeof token['rv'] !== 'number' || typeof token['start'] !== 'string' || token['start'] === '')
    throw badRequest(`${invalidToken}: encoded start key empty (version ${TOKEN_VERSION})`);
  return { rv: token['rv'], start: token['start'] };
}
