/** A ReplicaSet as decisions read it: raw JSON with the few fields that matter typed. */

import type { JsonObject } from '../../lang/json.ts';
import { parseTime } from '../../lang/time.ts';
import type { Counts } from './canary/counts.ts';
import { DESIRED_REPLICAS, HASH_LABEL, REVISION, SCALE_DOWN_DEADLINE } from './names.ts';
import { generationOf } from './defaults.ts';

export interface OwnerRef {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Readonly<Record<string, string>>;
  annotations?: Readonly<Record<string, string>>;
  ownerReferences?: readonly OwnerRef[];
}

export interface ReplicaSet {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: {
    replicas?: number;
    minReadySeconds?: number;
    selector?: JsonObject;
    template: JsonObject;
  };
  status?: {
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    observedGeneration?: number;
    conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
  };
}

/**
 * Pods above the size are on their way out, whatever the status still says of them: a decision that counted them as
 * available would let others go, too.
 */
export function countsOf(rs: ReplicaSet): Counts {
  const counts = observedCounts(rs);
  const { size } = counts;
  return { ...counts, ready: Math.min(counts.ready, size), available: Math.min(counts.available, size) };
}

/** As the status says it, pods on their way out included. */
export function observedCounts(rs: ReplicaSet): Counts {
  return {
    size: rs.spec.replicas ?? 1,
    created: rs.status?.replicas ?? 0,
    ready: rs.status?.readyReplicas ?? 0,
    available: rs.status?.availableReplicas ?? 0,
  };
}

/** Empty only where nothing has been stored yet. */
export const uidOf = ({ metadata }: { metadata: { uid?: string | undefined } }): string => metadata.uid ?? '';

/** Of a ReplicaSet, or of a run that judges its version. */
export const hashOf = (object: { metadata: LabelledMeta }): string =>
  object.metadata.labels?.[HASH_LABEL] ?? '';

interface LabelledMeta {
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Undefined where there is none, or where it is no number. */
export function revisionOf(object: { metadata: Pick<ObjectMeta, 'annotations'> }): number | undefined {
  const text = object.metadata.annotations?.[REVISION];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export function desiredReplicasOf(rs: ReplicaSet): number | undefined {
  const text = rs.metadata.annotations?.[DESIRED_REPLICAS];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Also where it is empty: a delay that has not begun, as there is traffic. */
export const hasDeadline = (rs: ReplicaSet): boolean =>
  rs.metadata.annotations?.[SCALE_DOWN_DEADLINE] !== undefined;

/** Milliseconds; undefined without the annotation, or with an empty one; -Infinity where it can't be read, as that has passed. */
export function scaleDownDeadlineOf(rs: ReplicaSet): number | undefined {
  const text = rs.metadata.annotations?.[SCALE_DOWN_DEADLINE];
  return text === undefined || text === '' ? undefined : (parseTime(text) ?? -Infinity);
}

/** Oldest first; names decide among equal seconds, so that every pass sees the same order. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const age = createdAt(a) - createdAt(b);
  return age !== 0 ? age : a.metadata.name < b.metadata.name ? -1 : 1;
}

/** 0 where it has none. */
export const revisionNumber = (rs: ReplicaSet): number => revisionOf(rs) ?? 0;

/** Newest revision first. */
export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  return revisionNumber(b) - revisionNumber(a) || byAge(b, a);
}

export const createdAt = (object: { metadata: Pick<ObjectMeta, 'creationTimestamp'> }): number =>
  parseTime(object.metadata.creationTimestamp) ?? 0;

/** Its controller has seen the spec that we see. */
export const isObserved = (rs: ReplicaSet): boolean =>
  (rs.status?.observedGeneration ?? 0) >= generationOf(rs);

export const isOwnedBy = (object: { metadata: Pick<ObjectMeta, 'ownerReferences'> }, uid: string): boolean =>
  object.metadata.ownerReferences?.some((ref) => ref.controller === true && ref.uid === uid) ?? false;

export const hasController = (object: { metadata: Pick<ObjectMeta, 'ownerReferences'> }): boolean =>
  object.metadata.ownerReferences?.some((ref) => ref.controller === true) ?? false;
