/** Live reads of a Rollout's pods, page by page, and work on many of them. */

import { ApiError, isConflict, isNotFound } from '../../kube/api.ts';
import type { KubeObject } from '../../kube/api.ts';
import { POD } from '../../kube/kinds.ts';
import type { JsonObject } from '../../lang/json.ts';
import { isObject } from '../../lang/json.ts';
import { formatSelector, selectorFrom } from '../../lang/selector.ts';
import { parseTime } from '../../lang/time.ts';
import type { PodView, RolloutSnapshot } from '../../plan/rollout/index.ts';
import { HASH_LABEL } from '../../plan/rollout/names.ts';
import { podsNeeded } from '../../plan/rollout/pods-needed.ts';
import type { ReplicaSet } from '../../plan/rollout/replica-set.ts';
import { isAvailable } from '../../plan/rollout/restart.ts';
import type { ControlContext } from '../controller.ts';
import { controllerOf } from '../controller.ts';
import { NotLeading } from '../writer.ts';

const PAGE = 500;
/** More pods than any cluster has; a server that never stops paging must not hold a pass for ever. */
const MAX_PAGES = 400;

/** The snapshot with its pods, where a decision needs them. An error is for later: nothing else depends on them. */
export async function withPods(
  context: Pick<ControlContext, 'live'>,
  snapshot: RolloutSnapshot,
  signal: AbortSignal,
): Promise<{ snapshot: RolloutSnapshot; podsError?: unknown }> {
  if (!podsNeeded(snapshot)) return { snapshot };
  try {
    const pods = await podsOf(context, snapshot, signal);
    const replicaSets = snapshot.replicaSets.map((rs) => withoutLeaving(rs, snapshot, pods));
    const podsAhead = replicaSets.some((rs, i) => rs !== snapshot.replicaSets[i]);
    return { snapshot: Object.freeze({ ...snapshot, pods, podsAhead, replicaSets }) };
  } catch (error) {
    return { snapshot, podsError: error };
  }
}

/**
 * Pods on their way out are not counted as available, also where the status of their ReplicaSet is still behind. Where the
 * clock of a kubelet is ahead, its pods count that much later: nothing is lost by that, and by the opposite something is.
 */
export function withoutLeaving(
  rs: ReplicaSet,
  { now, rollout }: Pick<RolloutSnapshot, 'now' | 'rollout'>,
  pods: readonly PodView[],
): ReplicaSet {
  const { availableReplicas: counted = 0, readyReplicas = 0 } = rs.status ?? {};
  const own = pods.filter((pod) => pod.replicaSet === rs.metadata.uid);
  const isBehind = own.some(
    ({ createdAt, readySince = 0 }) => Math.max(createdAt, readySince) > now + SKEW_MS,
  );
  const ready = own.filter(({ terminating, readySince }) => !terminating && readySince !== undefined).length;
  const available = isBehind
    ? Math.max(0, counted - Math.max(0, readyReplicas - ready))
    : own.filter((pod) => isAvailable(pod, rollout?.spec.minReadySeconds ?? 0, now)).length;
  if (counted <= available) return rs;
  return { ...rs, status: { ...rs.status, availableReplicas: available } };
}

/**
 * The clocks of kubelets, in whose time readiness is written, may be ahead. Where they are so by more, ours is wrong: it
 * can't tell how long a pod has been ready.
 */
const SKEW_MS = 5_000;

async function podsOf(
  { live }: Pick<ControlContext, 'live'>,
  { rollout, replicaSets }: RolloutSnapshot,
  signal: AbortSignal,
): Promise<PodView[]> {
  const owners = new Set(replicaSets.map((rs) => rs.metadata.uid));
  const own = formatSelector(selectorFrom(rollout?.spec.selector as JsonObject | undefined));
  const options = {
    namespace: rollout?.metadata.namespace,
    labelSelector: own === '' ? HASH_LABEL : `${own},${HASH_LABEL}`,
    limit: PAGE,
    signal,
  };
  const pods: PodView[] = [];
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const list = await live.list(POD, { ...options, ...(next === undefined ? {} : { continue: next }) });
    for (const item of list.items) {
      const view = viewOf(item);
      if (view !== undefined && owners.has(view.replicaSet)) pods.push(view);
    }
    next = list.continue;
    if (next === undefined || next === '') return pods;
  }
  throw new Error(`the list of pods of Rollout ${rollout?.metadata.name ?? ''} does not end`);
}

function viewOf(pod: KubeObject): PodView | undefined {
  const {
    name,
    uid = '',
    creationTimestamp,
    deletionTimestamp,
    labels = {},
    annotations = {},
  } = pod.metadata;
  const owner = controllerOf(pod);
  if (owner === undefined) return undefined;
  const { status } = pod;
  const conditions = isObject(status) && Array.isArray(status['conditions']) ? status['conditions'] : [];
  const ready = conditions.find((item) => isObject(item) && item['type'] === 'Ready');
  const isReady = isObject(ready) && ready['status'] === 'True';
  return {
    name,
    uid,
    replicaSet: owner.uid,
    createdAt: parseTime(creationTimestamp) ?? 0,
    terminating: deletionTimestamp !== undefined,
    readySince: isReady ? (parseTime(ready['lastTransitionTime']) ?? 0) : undefined,
    labels,
    annotations,
  };
}

const AT_ONCE = 10;

/**
 * Works on all of them, some at a time; each by itself. One that is gone, or has become another of the same name, is
 * done. Throws the first error when all have had their turn.
 */
export async function forEachPod<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  let failure: unknown;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      try {
        await work(item);
      } catch (error) {
        if (error instanceof NotLeading) throw error;
        if (isNotFound(error) || (isConflict(error) && isOtherUid(error))) continue;
        failure ??= error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  if (failure !== undefined) throw failure;
}

const isOtherUid = (error: unknown): boolean => error instanceof ApiError && /uid/i.test(error.message);
