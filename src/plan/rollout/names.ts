/** Keys of labels and annotations that are shared with existing installations (spec 02 section 1). */

/** On ReplicaSets, pods, AnalysisRuns; entry in the selectors of managed Services. */
export const HASH_LABEL = 'rollouts-pod-template-hash';
export const REVISION = 'rollout.argoproj.io/revision';
export const REVISION_HISTORY = 'rollout.argoproj.io/revision-history';
export const DESIRED_REPLICAS = 'rollout.argoproj.io/desired-replicas';
export const EPHEMERAL_METADATA = 'rollout.argoproj.io/ephemeral-metadata';
/** `metadata.generation` of the workload that the Rollout refers to, as last seen. */
export const WORKLOAD_GENERATION = 'rollout.argoproj.io/workload-generation';
/** RFC 3339 instant; no prefix, for history's sake. */
export const SCALE_DOWN_DEADLINE = 'scale-down-deadline';
/** RFC 3339 instant of the verdict that aborted this version. Ours alone. */
export const FOUND_BAD = 'sluice.dev/found-bad';
export const MANAGED_BY = 'argo-rollouts.argoproj.io/managed-by-rollouts';
export const INSTANCE_ID = 'argo-rollouts.argoproj.io/controller-instance-id';
export const EXPERIMENT_NAME = 'experiment.argoproj.io/name';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const NOTIFIED = 'notified.notifications.argoproj.io';

/** Annotations of the Rollout that are not copied to its ReplicaSets (spec 02 section 4). */
export const NOT_COPIED: ReadonlySet<string> = new Set([
  LAST_APPLIED,
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  NOTIFIED,
]);
