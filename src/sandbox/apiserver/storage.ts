/**
 * Where objects live: one counter of resource versions for everything, frozen objects, indexes instead of scans,
 * and a bounded history for each type from which watches continue. Knows nothing of validation or HTTP.
 */

import { deepFreeze } from '../../lang/json.ts';
import { keyOf, type KubeObject, type ObjectRef, type ResourceType } from '../../kube/api.ts';
import { resourceKey } from './resource.ts';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** For a deletion: the last state, with the resourceVersion of the deletion. */
  readonly object: KubeObject;
  readonly before: KubeObject | undefined;
}

export type ChangeListener = (change: Change, resource: ResourceType) => void;

/** Events of one type that watches can go back to. */
const DEFAULT_HISTORY = 10_000;

export class Store {
  readonly type: ResourceType;
  readonly #objects = new Map<string, KubeObject>();
  readonly #namespaces = new Map<string, Map<string, KubeObject>>();
  readonly #labelIndex = new Map<string, Map<string, Map<string, KubeObject>>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #historyLimit: number;
  #history: Change[] = [];
  /** Watches from before this revision have lost events. */
  #oldest = 0;
  #sorted: string[] | undefined;

  constructor(type: ResourceType, historyLimit: number) {
    this.type = type;
    this.#historyLimit = historyLimit;
  }

  get size(): number {
    return this.#objects.size;
  }

  get oldestRevision(): number {
    return this.#oldest;
  }

  get(ref: ObjectRef): KubeObject | undefined {
    return this.#objects.get(keyOf(ref));
  }

  byKey(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  /** In no particular order. */
  values(namespace?: string): Iterable<KubeObject> {
    if (namespace === undefined) return this.#objects.values();
    return this.#namespaces.get(namespace)?.values() ?? [];
  }

  /** In the order of their keys, as lists are. */
  sorted(namespace?: string): KubeObject[] {
    if (namespace !== undefined) {
      const inside = this.#namespaces.get(namespace);
      if (inside === undefined) return [];
      return [...inside.keys()].sort().map((name) => inside.get(name) as KubeObject);
    }
    this.#sorted ??= [...this.#objects.keys()].sort();
    return this.#sorted.map((key) => this.#objects.get(key) as KubeObject);
  }

  /** Objects with this label, from an index that is kept from the first use on. */
  withLabel(key: string, value: string, namespace: string | undefined): Iterable<KubeObject> {
    let index = this.#labelIndex.get(key);
    if (index === undefined) {
      index = new Map();
      this.#labelIndex.set(key, index);
      for (const [objectKey, object] of this.#objects) addToIndex(index, key, objectKey, object);
    }
    const found = index.get(indexKey(namespace ?? '*', value));
    return found?.values() ?? [];
  }

  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes after `revision`, or undefined when some of them are no longer kept. */
  since(revision: number): Change[] | undefined {
    if (revision < this.#oldest) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#history[middle] as Change).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  /** Forgets the history, so that every older watch and list has to start again. */
  compact(revision: number): void {
    this.#history = this.#history.filter((change) => change.revision > revision);
    this.#oldest = Math.max(this.#oldest, revision);
  }

  /** Only `Storage` calls it. */
  record(change: Change): void {
    const { object } = change;
    const { namespace, name } = object.metadata;
    const key = keyOf({ namespace, name });
    if (change.before !== undefined) {
      for (const [label, index] of this.#labelIndex) removeFromIndex(index, label, key, change.before);
    }
    if (change.type === 'DELETED') {
      this.#objects.delete(key);
      this.#sorted = undefined;
      const inside = this.#namespaces.get(namespace ?? '');
      inside?.delete(name);
      if (inside?.size === 0) this.#namespaces.delete(namespace ?? '');
    } else {
      if (change.type === 'ADDED') this.#sorted = undefined;
      this.#objects.set(key, object);
      let inside = this.#namespaces.get(namespace ?? '');
      if (inside === undefined) {
        inside = new Map();
        this.#namespaces.set(namespace ?? '', inside);
      }
      inside.set(name, object);
      for (const [label, index] of this.#labelIndex) addToIndex(index, label, key, object);
    }
    this.#history.push(change);
    if (this.#history.length > this.#historyLimit * 2) {
      const dropped = this.#history.length - this.#historyLimit;
      this.#oldest = (this.#history[dropped - 1] as Change).revision;
      this.#history = this.#history.slice(dropped);
    }
    for (const listener of this.#listeners) listener(change);
  }
}

const indexKey = (namespace: string, value: string): string => `${namespace}\0${value}`;

function addToIndex(
  index: Map<string, Map<string, KubeObject>>,
  label: string,
  key: string,
  object: KubeObject,
): void {
  const value = object.metadata.labels?.[label];
  if (value === undefined) return;
  for (const scope of [object.metadata.namespace ?? '', '*']) {
    const at = indexKey(scope, value);
    let entry = index.get(at);
    if (entry === undefined) {
      entry = new Map();
      index.set(at, entry);
    }
    entry.set(key, object);
  }
}

function removeFromIndex(
  index: Map<string, Map<string, KubeObject>>,
  label: string,
  key: string,
  object: KubeObject,
): void {
  const value = object.metadata.labels?.[label];
  if (value === undefined) return;
  for (const scope of [object.metadata.namespace ?? '', '*']) {
    const at = indexKey(scope, value);
    const entry = index.get(at);
    entry?.delete(key);
    if (entry?.size === 0) index.delete(at);
  }
}

/** An object together with where it is stored. */
export interface Located {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

export class Storage {
  readonly #stores = new Map<string, Store>();
  readonly #byUid = new Map<string, { type: ResourceType; key: string }>();
  readonly #byOwner = new Map<string, Map<string, { type: ResourceType; key: string }>>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #historyLimit: number;
  #revision = 1;

  #compacted = 0;

  constructor(options: { historyLimit?: number | undefined } = {}) {
    this.#historyLimit = options.historyLimit ?? DEFAULT_HISTORY;
  }

  get revision(): number {
    return this.#revision;
  }

  store(type: ResourceType): Store {
    const key = resourceKey(type);
    let store = this.#stores.get(key);
    if (store === undefined) {
      store = new Store(type, this.#historyLimit);
      store.compact(this.#compacted);
      this.#stores.set(key, store);
    }
    return store;
  }

  /** Forgets the history of all kinds, also of those that nobody has asked for yet. */
  compact(): void {
    this.#compacted = this.#revision;
    for (const store of this.#stores.values()) store.compact(this.#compacted);
  }

  stores(): Iterable<Store> {
    return this.#stores.values();
  }

  /** Every change of every type, in order, while it happens. Listeners must not write. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  byUid(uid: string): Located | undefined {
    const at = this.#byUid.get(uid);
    const object = at === undefined ? undefined : this.store(at.type).byKey(at.key);
    return at === undefined || object === undefined ? undefined : { type: at.type, object };
  }

  /** Objects with an ownerReference to this uid. */
  ownedBy(uid: string): Located[] {
    const out: Located[] = [];
    for (const at of this.#byOwner.get(uid)?.values() ?? []) {
      const object = this.store(at.type).byKey(at.key);
      if (object !== undefined) out.push({ type: at.type, object });
    }
    return out;
  }

  /** Stores a draft as a new object or in place of `before`. Freezes it and gives it its resourceVersion. */
  put(type: ResourceType, draft: KubeObject, before: KubeObject | undefined): KubeObject {
    const revision = ++this.#revision;
    draft.metadata.resourceVersion = String(revision);
    const object = deepFreeze(draft);
    this.#index(type, before, object);
    this.#emit(type, { type: before === undefined ? 'ADDED' : 'MODIFIED', revision, object, before });
    return object;
  }

  remove(type: ResourceType, before: KubeObject): KubeObject {
    const revision = ++this.#revision;
    const object = deepFreeze({
      ...before,
      metadata: { ...before.metadata, resourceVersion: String(revision) },
    });
    this.#index(type, before, undefined);
    this.#emit(type, { type: 'DELETED', revision, object, before });
    return object;
  }

  #emit(type: ResourceType, change: Change): void {
    this.store(type).record(change);
    for (const listener of this.#listeners) listener(change, type);
  }

  #index(type: ResourceType, before: KubeObject | undefined, after: KubeObject | undefined): void {
    const meta = (after ?? before)?.metadata;
    if (meta === undefined) return;
    const key = keyOf({ namespace: meta.namespace, name: meta.name });
    const uid = meta.uid ?? '';
    if (after === undefined) this.#byUid.delete(uid);
    else if (before === undefined) this.#byUid.set(uid, { type, key });
    const old = before?.metadata.ownerReferences;
    const now = after?.metadata.ownerReferences;
    if (old === now) return;
    for (const owner of old ?? []) {
      const owned = this.#byOwner.get(owner.uid);
      owned?.delete(uid);
      if (owned?.size === 0) this.#byOwner.delete(owner.uid);
    }
    for (const owner of now ?? []) {
      let owned = this.#byOwner.get(owner.uid);
      if (owned === undefined) {
        owned = new Map();
        this.#byOwner.set(owner.uid, owned);
      }
      owned.set(uid, { type, key });
    }
  }
}
