/**
 * The one narrow way in which Sluice talks to a Kubernetes API. Implementations: over HTTP
 * (`src/kube/http`), and the sandbox's in-process server (`src/sandbox`).
 *
 * Objects are raw JSON as they stand on the wire: typed models would drop fields that they don't know.
 */

import type { JsonObject } from '../lang/json.ts';

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: JsonObject;
  subresource?: string;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  /** RFC 3339, whole seconds, UTC. */
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** A kind as the API server serves it. `group` is '' for the core group. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Verdicts and user commands pass the bulk rate limiter. */
  priority?: 'high' | 'normal' | 'low' | undefined;
}

export interface ListOptions extends CallOptions {
  /** Absent: all namespaces (or a cluster-scoped resource). */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  limit?: number | undefined;
  continue?: string | undefined;
  resourceVersion?: string | undefined;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan' | undefined;
}

export interface KubeList {
  /** Items carry apiVersion and kind, whatever the server left out. */
  items: KubeObject[];
  resourceVersion: string;
  continue?: string | undefined;
  remainingItemCount?: number | undefined;
}

export interface WatchOptions extends CallOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  resourceVersion?: string | undefined;
  allowWatchBookmarks?: boolean | undefined;
  timeoutSeconds?: number | undefined;
  /** Ends the stream when nothing (no event, no bookmark) arrived for so long. */
  idleTimeoutMs?: number | undefined;
  /** Called once when the server has taken the watch on. */
  onOpen?: (() => void) | undefined;
}

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: KubeObject;
}

export interface WriteOptions extends CallOptions {
  fieldManager?: string | undefined;
  dryRun?: boolean | undefined;
  fieldValidation?: 'Ignore' | 'Warn' | 'Strict' | undefined;
  subresource?: 'status' | 'scale' | 'eviction' | undefined;
  /** Called with each Warning header of the answer (deprecations, unknown fields under Warn). */
  onWarning?: ((text: string) => void) | undefined;
}

export type Patch =
  | { type: 'merge'; body: JsonObject }
  | { type: 'json'; body: JsonPatchOperation[] }
  | { type: 'strategic'; body: JsonObject }
  /** Server-side apply. Needs `fieldManager`; `force` takes fields over from other managers. */
  | { type: 'apply'; body: JsonObject; force?: boolean };

export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; path: string; from: string };

export interface DeleteOptions extends CallOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  gracePeriodSeconds?: number | undefined;
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined;
  dryRun?: boolean | undefined;
}

/**
 * Every method rejects with `ApiError` when the server answered with a failure, and with
 * `ApiUnreachable` when no complete answer came (then a write may or may not have been applied).
 */
export interface KubeApi {
  get(
    type: ResourceType,
    ref: ObjectRef,
    options?: CallOptions & { subresource?: string },
  ): Promise<KubeObject>;
  /** One page. `continue` of the answer asks for the next one; 410 means: start again. */
  list(type: ResourceType, options?: ListOptions): Promise<KubeList>;
  /**
   * One watch stream, in order. Ends normally when the server closes it; throws `ApiError` with code 410
   * when `resourceVersion` is too old, `ApiUnreachable` when it broke.
   */
  watch(type: ResourceType, options?: WatchOptions): AsyncIterable<WatchEvent>;
  create(
    type: ResourceType,
    object: KubeObject,
    options?: WriteOptions & { /** for subresource eviction: the pod */ ref?: ObjectRef },
  ): Promise<KubeObject>;
  /** PUT of the whole object; `metadata.resourceVersion` is the precondition. Only for what is ours alone. */
  replace(type: ResourceType, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  patch(type: ResourceType, ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<KubeObject>;
  /** Answers with the object (still there while finalizers hold it) or the server's Status. */
  delete(type: ResourceType, ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject>;
}

/** `Status` of the Kubernetes API. */
export interface ApiStatus {
  code: number;
  reason: string;
  message: string;
  details?: JsonObject | undefined;
}

/** The server answered, and said no. `message` is the server's own text. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `TooManyRequests`, `Expired`, ... */
  readonly reason: string;
  readonly status: ApiStatus;
  /** From Retry-After or details.retryAfterSeconds. */
  readonly retryAfterMs: number | undefined;

  constructor(status: ApiStatus, retryAfterMs?: number) {
    super(status.message);
    this.code = status.code;
    this.reason = status.reason;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No complete answer: refused, reset, timed out, cut off. A write may have been applied all the same. */
export class ApiUnreachable extends Error {
  override readonly name = 'ApiUnreachable';
}

export const isNotFound = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 404;
export const isConflict = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 409 && error.reason === 'Conflict';
export const isAlreadyExists = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists';
export const isGone = (error: unknown): error is ApiError => error instanceof ApiError && error.code === 410;

/** `group/version`, or `version` in the core group. */
export function apiVersionOf(type: ResourceType): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key of stores and queues. */
export function keyOf(ref: ObjectRef): string {
  return ref.namespace === undefined || ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`;
}

export function refOf(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
