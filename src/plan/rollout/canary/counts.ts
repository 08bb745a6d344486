/** The numbers of one ReplicaSet that decisions rest on. */

export interface Counts {
  /** What is asked for: spec.replicas. */
  readonly size: number;
  /** Pods that exist: status.replicas. */
  readonly created: number;
  readonly ready: number;
  /** Ready for at least minReadySeconds: status.availableReplicas. */
  readonly available: number;
}

/** Of a version that may not be there. */
export const availableOf = (counts: Counts | undefined): number => counts?.available ?? 0;

export const NO_PODS: Counts = Object.freeze({ size: 0, created: 0, ready: 0, available: 0 });

export function sum(list: readonly Counts[], field: keyof Counts): number {
  return list.reduce((total, counts) => total + counts[field], 0);
}
