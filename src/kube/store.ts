/**
 * What the watch has told us, by key and by named index. Objects in a store are frozen and trimmed
 * (no managedFields, no last-applied annotation); handlers get keys only and read from here.
 */

import type { KubeObject } from './api.ts';

export interface ReadStore<T extends KubeObject = KubeObject> {
  get(key: string): T | undefined;
  values(): Iterable<T>;
  /** Objects whose index function named `value`; in no particular order. */
  byIndex(index: string, value: string): readonly T[];
  readonly size: number;
}

/** The part of a store through which our own writes are read back at once. */
export interface WriteBack {
  /** Puts the object of a successful write in, when it is newer; older watch events no longer replace it. */
  remember(object: KubeObject): void;
  /** After our own delete was answered: the object is gone, or terminating. */
  forget(key: string, uid: string | undefined): void;
}

export type IndexFunction = (object: KubeObject) => readonly string[];
