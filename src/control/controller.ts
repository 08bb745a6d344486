/**
 * What a controller is: which objects it looks at, which of its keys a change wakes, and one function that
 * brings one key up to date. The manager owns queues, workers, informers and leadership.
 */

import type {
  KubeApi,
  KubeObject,
  ObjectRef,
  OwnerReference,
  Patch,
  ResourceType,
  WriteOptions,
  DeleteOptions,
} from '../kube/api.ts';
import type { Clock } from '../kube/clock.ts';
import type { IndexFunction, ReadStore } from '../kube/store.ts';
import type { PlannedEvent } from '../plan/types.ts';

/** One informer. Several controllers that need the same type share it; indexes are united. */
export interface InformerSpec {
  readonly type: ResourceType;
  readonly labelSelector?: string | undefined;
  readonly indexes?: Readonly<Record<string, IndexFunction>> | undefined;
  /** Reduces an object to what is read of it, before it is stored. Must keep metadata. */
  readonly trim?: ((object: KubeObject) => KubeObject) | undefined;
  /** Keeps the annotation of client-side apply in the store. */
  readonly keepsLastApplied?: boolean | undefined;
  /** Where the server doesn't serve the type (no such CRD), the store stays empty instead of blocking the start. */
  readonly optional?: boolean | undefined;
}

/** `before` is undefined for a new object, `after` for a deleted one. */
export interface Change {
  readonly key: string;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

export interface WatchSpec {
  readonly type: ResourceType;
  /** The keys of this controller that the change concerns. Throwing is logged and wakes nothing. */
  readonly wakes: (change: Change, stores: Stores) => Iterable<string>;
  /** A user's command or a verdict (abort, promote, a failed analysis): its keys go before all others. */
  readonly urgent?: ((change: Change) => boolean) | undefined;
}

export interface ReconcileResult {
  /** Milliseconds since the epoch on the controller's clock. */
  readonly requeueAt?: number | undefined;
  /** Retry soon with the queue's back-off, without counting an error (a conflict, a late confirmation). */
  readonly retry?: boolean | undefined;
}

export interface Controller {
  /** Plural, CamelCase as in workqueue metrics: `Rollouts`, `AnalysisRuns`, `Applications`. */
  readonly name: string;
  readonly workers: number;
  readonly informers: readonly InformerSpec[];
  readonly watches: readonly WatchSpec[];
  /** The type whose keys are this controller's keys; that of the first watch when absent. Resync goes by it. */
  readonly primary?: ResourceType | undefined;
  /** One pass over one key. A throw is logged, counted and retried with back-off; NotFound from the API is not. */
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult>;
  /**
   * Called once, before the first pass. `wake` queues a key at once, as a watch would. For controllers whose work
   * goes on off the worker (a slow measurement) and comes back in by a later pass; `signal` ends that work.
   */
  attach?(wake: (key: string) => void, signal: AbortSignal): void;
}

export interface Stores {
  of(type: ResourceType): ReadStore;
}

/**
 * All writes of all controllers go through here: the leadership fence (no new write after the lease is lost),
 * the explicit field manager, read-your-writes into the store, and metrics by verb and kind.
 */
export interface Writer {
  create(
    type: ResourceType,
    object: KubeObject,
    options?: WriteOptions & { ref?: ObjectRef },
  ): Promise<KubeObject>;
  patch(type: ResourceType, ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<KubeObject>;
  replace(type: ResourceType, object: KubeObject, options?: WriteOptions): Promise<KubeObject>;
  delete(type: ResourceType, ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject>;
}

export interface EventRecorder {
  /** Never blocks and never throws. Events of one object are sent in the order in which they were recorded. */
  record(about: KubeObject, event: PlannedEvent): void;
  /** Resolves when the events that were recorded for this object so far are sent or dropped (bounded by `withinMs`). */
  flushed(about: KubeObject, withinMs: number): Promise<void>;
}

/** Structured log: a static message and fields. Never given secrets. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  child(fields: Readonly<Record<string, unknown>>): Log;
}

/** What every controller is given. Everything in it is replaced in the simulation. */
export interface ControlContext {
  readonly clock: Clock;
  /** Uniform in [0, 1). For jitter and generated suffixes only; seeded in the simulation. */
  readonly random: () => number;
  readonly log: Log;
  readonly stores: Stores;
  readonly writer: Writer;
  /** The same fence and stores over the client of somebody else (impersonation). */
  readonly writerThrough: (api: KubeApi) => Writer;
  /** Live reads, where a decision must not rest on the cache. */
  readonly live: Pick<KubeApi, 'get' | 'list'>;
  readonly events: EventRecorder;
  /** `--instance-id`; '' when none. */
  readonly instanceId: string;
  /** The controller's own namespace (POD_NAMESPACE). */
  readonly ownNamespace: string;
  /** Empty: all namespaces. */
  readonly watchNamespace: string;
}

/** The controller ownerReference that children of `owner` carry. */
export function controllerRef(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The ownerReference with `controller: true`, if there is one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((ref) => ref.controller === true);
}
