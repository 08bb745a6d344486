/**
 * The store of one type: frozen, trimmed objects by key and by named index, fed by a watch and by our own
 * writes. What goes in obeys three rules, whatever order the news comes in:
 *
 * - an object never gets older: of two versions of a key the newer resourceVersion stays;
 * - a uid that was deleted never comes back: late events of it are dropped. (A watch with a selector also says
 *   DELETED for an object that only stopped matching; that one may come back, with a newer resourceVersion.)
 * - an object with another uid is a new object, and replaces the old one unless it is known to be older.
 */

import { deepFreeze, type Json, type JsonObject } from '../lang/json.ts';
import { getOwn, setOwn } from '../lang/own.ts';
import { matchesSelector, parseSelector, type Selector } from '../lang/selector.ts';
import type { KubeObject, ResourceType } from './api.ts';
import { keyOf } from './api.ts';
import { compareResourceVersions, isOlder } from './resource-version.ts';
import type { IndexFunction, ReadStore, WriteBack } from './store.ts';
import { trimObject } from './trim.ts';

/** `before` is undefined for a new object, `after` for a deleted one; never both. */
export interface StoreChange {
  readonly key: string;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

export interface MemoryStoreOptions {
  readonly indexes?: Readonly<Record<string, IndexFunction>> | undefined;
  readonly trim?: ((object: KubeObject) => KubeObject) | undefined;
  /** Keeps the annotation of client-side apply, which is as long as the manifest. */
  readonly keepsLastApplied?: boolean | undefined;
  /** What the watch is restricted to; our own writes outside of it are not kept either. */
  readonly labelSelector?: string | undefined;
  readonly namespace?: string | undefined;
  /** A listener, index or trim function that threw. */
  readonly onError?: ((error: unknown, where: string) => void) | undefined;
}

interface Index {
  readonly of: IndexFunction;
  readonly buckets: Map<string, Map<string, KubeObject>>;
  /** Where each key stands, so that an old version need not be asked again. */
  readonly values: Map<string, readonly string[]>;
}

/** Deleted uids that are remembered, so that late news of them is recognized. Oldest out first. */
const MAX_TOMBSTONES = 4096;

/**
 * A new version with the parts that are as they were taken from the old one, however deep: what doesn't change is kept
 * once, and what is worked out from it (a decoded spec, the hash of a template) can be kept by its identity.
 */
function shared(now: Json, before: Json | undefined): Json {
  if (now === before) return now;
  if (typeof now !== 'object' || now === null || typeof before !== 'object' || before === null) return now;
  if (Array.isArray(now)) {
    if (!Array.isArray(before)) return now;
    const items = now.map((item, i) => shared(item, before[i]));
    return items.length === before.length && items.every((item, i) => item === before[i]) ? before : items;
  }
  if (Array.isArray(before)) return now;
  const keys = Object.keys(now);
  let same = keys.length === Object.keys(before).length;
  let result = now;
  for (const key of keys) {
    const present = now[key];
    const old = getOwn(before, key);
    const value = present === undefined ? undefined : shared(present, old);
    if (value !== old) same = false;
    if (value === present || value === undefined) continue;
    if (result === now) result = { ...now };
    setOwn(result, key, value);
  }
  return same ? before : result;
}

const sharedObject = (object: KubeObject, previous: KubeObject): KubeObject =>
  shared(object as unknown as JsonObject, previous as unknown as JsonObject) as unknown as KubeObject;

export class MemoryStore implements ReadStore, WriteBack {
  readonly type: ResourceType;
  readonly #options: MemoryStoreOptions;
  readonly #selector: Selector | undefined;
  readonly #objects = new Map<string, KubeObject>();
  readonly #indexes = new Map<string, Index>();
  /** Deleted uids, with the resourceVersion as of which they are gone; undefined: for good. */
  readonly #tombstones = new Map<string, string | undefined>();
  readonly #listeners = new Set<(change: StoreChange) => void>();
  /** Keys seen since the current full list began; undefined when none is under way. */
  #listed: Set<string> | undefined;

  constructor(type: ResourceType, options: MemoryStoreOptions = {}) {
    this.type = type;
    this.#options = options;
    this.#selector = options.labelSelector === undefined ? undefined : parseSelector(options.labelSelector);
    for (const [name, of] of Object.entries(options.indexes ?? {})) {
      this.#indexes.set(name, { of, buckets: new Map(), values: new Map() });
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  values(): Iterable<KubeObject> {
    return this.#objects.values();
  }

  byIndex(index: string, value: string): readonly KubeObject[] {
    const found = this.#indexes.get(index);
    if (found === undefined) {
      throw new Error(`the store of ${this.type.plural} has no index '${index}'; add it to the InformerSpec`);
    }
    return [...(found.buckets.get(value)?.values() ?? [])];
  }

  /** Called after each change, in order; reads from the store already see it. Returns the way to stop it. */
  subscribe(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // ---- our own writes

  remember(object: KubeObject): void {
    // Answers of subresources are other kinds (Scale, Status), and hold no object of ours.
    if (object.kind !== this.type.kind || !this.#covers(object)) return;
    if (this.#selector !== undefined && !matchesSelector(this.#selector, object.metadata.labels ?? {})) {
      // The object left our selection by our own write; the watch will say DELETED for it, later.
      const key = keyOf(object.metadata);
      const stored = this.#objects.get(key);
      if (
        stored !== undefined &&
        !isOlder(object.metadata.resourceVersion, stored.metadata.resourceVersion)
      ) {
        this.#set(key, undefined);
      }
      return;
    }
    this.apply(object);
  }

  forget(key: string, uid: string | undefined): void {
    const stored = this.#objects.get(key);
    this.#bury(uid ?? stored?.metadata.uid);
    if (stored !== undefined && (uid === undefined || stored.metadata.uid === uid)) this.#set(key, undefined);
  }

  // ---- the watch

  /** ADDED, MODIFIED, or an item of a list. */
  apply(object: KubeObject): void {
    const key = keyOf(object.metadata);
    this.#listed?.add(key);
    const { uid, resourceVersion } = object.metadata;
    if (uid !== undefined && this.#isBuried(uid, resourceVersion)) return;
    const stored = this.#objects.get(key);
    if (stored !== undefined) {
      const order = compareResourceVersions(resourceVersion, stored.metadata.resourceVersion);
      if (order !== undefined && order < 0) return;
      if (order === 0 && stored.metadata.uid === uid) return;
      if (stored.metadata.uid !== uid) this.#bury(stored.metadata.uid);
    }
    this.#set(key, this.#prepared(object, stored));
  }

  /** DELETED, with the object's last state. */
  remove(object: KubeObject): void {
    const key = keyOf(object.metadata);
    const { uid, resourceVersion } = object.metadata;
    const stored = this.#objects.get(key);
    this.#bury(uid, resourceVersion);
    if (stored === undefined) return;
    if (isOlder(resourceVersion, stored.metadata.resourceVersion)) return;
    this.#set(key, undefined);
  }

  /** A full list begins (again). */
  beginList(): void {
    this.#listed = new Set();
  }

  /** The list is complete: what it did not hold is gone, unless it was written after the list was taken. */
  endList(resourceVersion: string): void {
    const listed = this.#listed;
    if (listed === undefined) return;
    this.#listed = undefined;
    for (const [key, object] of this.#objects) {
      if (listed.has(key)) continue;
      if (isOlder(resourceVersion, object.metadata.resourceVersion)) continue;
      this.#bury(object.metadata.uid, resourceVersion);
      this.#set(key, undefined);
    }
  }

  // ---- inside

  #covers(object: KubeObject): boolean {
    const { namespace } = this.#options;
    return (
      namespace === undefined ||
      namespace === '' ||
      !this.type.namespaced ||
      object.metadata.namespace === namespace
    );
  }

  #prepared(object: KubeObject, previous: KubeObject | undefined): KubeObject {
    let prepared = trimObject(object, this.#options.keepsLastApplied);
    if (this.#options.trim !== undefined) {
      try {
        prepared = this.#options.trim(prepared);
      } catch (error) {
        this.#options.onError?.(error, `trim of ${this.type.plural}`);
      }
    }
    return deepFreeze(previous === undefined ? prepared : sharedObject(prepared, previous));
  }

  #bury(uid: string | undefined, asOf?: string): void {
    if (uid === undefined || uid === '') return;
    if (this.#tombstones.has(uid) && this.#tombstones.get(uid) === undefined) return;
    this.#tombstones.set(uid, asOf);
    if (this.#tombstones.size <= MAX_TOMBSTONES) return;
    for (const oldest of this.#tombstones.keys()) {
      this.#tombstones.delete(oldest);
      break;
    }
  }

  #isBuried(uid: string, resourceVersion: string | undefined): boolean {
    if (!this.#tombstones.has(uid)) return false;
    const asOf = this.#tombstones.get(uid);
    const order = asOf === undefined ? undefined : compareResourceVersions(resourceVersion, asOf);
    if (order === undefined) return asOf === undefined || this.#selector === undefined;
    if (order <= 0) return true;
    this.#tombstones.delete(uid);
    return false;
  }

  #set(key: string, after: KubeObject | undefined): void {
    const before = this.#objects.get(key);
    if (before === undefined && after === undefined) return;
    if (after === undefined) this.#objects.delete(key);
    else this.#objects.set(key, after);
    for (const index of this.#indexes.values()) this.#reindex(index, key, after);
    for (const listener of this.#listeners) {
      try {
        listener({ key, before, after });
      } catch (error) {
        this.#options.onError?.(error, `listener of ${this.type.plural}`);
      }
    }
  }

  #reindex(index: Index, key: string, after: KubeObject | undefined): void {
    const before = index.values.get(key) ?? [];
    const values = after === undefined ? [] : this.#valuesOf(index, after);
    // Where an object stands seldom changes.
    if (after !== undefined && values.length === before.length && values.every((v, i) => v === before[i])) {
      for (const value of before) index.buckets.get(value)?.set(key, after);
      return;
    }
    for (const value of before) {
      const bucket = index.buckets.get(value);
      bucket?.delete(key);
      if (bucket?.size === 0) index.buckets.delete(value);
    }
    if (after === undefined) {
      index.values.delete(key);
      return;
    }
    index.values.set(key, values);
    for (const value of values) {
      const bucket = index.buckets.get(value);
      if (bucket === undefined) index.buckets.set(value, new Map([[key, after]]));
      else bucket.set(key, after);
    }
  }

  #valuesOf(index: Index, object: KubeObject): readonly string[] {
    try {
      return index.of(object);
    } catch (error) {
      this.#options.onError?.(error, `index of ${this.type.plural}`);
      return [];
    }
  }
}
