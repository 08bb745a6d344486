/** `spec.restartAt`: pods made before that instant are evicted, a few at a time (spec 02 section 13). */

import type { Rollout, RolloutSpec, RolloutStatus } from '../../api/rollout.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import { sum } from './canary/counts.ts';
import { replicasOf, writtenStatus } from './defaults.ts';
import type { Draft } from './intents.ts';
import { countsOf, type ReplicaSet, uidOf } from './replica-set.ts';
import type { Revisions } from './revision.ts';
import type { PodView } from './snapshot.ts';

/** How soon to ask again for evictions that a PodDisruptionBudget forbade. Pods that come and go wake earlier. */
const AGAIN_MS = 30_000;
const SOON_MS = 1_000;

/** The instant, where its restart isn't done yet. */
export function restartInstant(
  spec: Pick<RolloutSpec, 'restartAt'>,
  status: RolloutStatus,
): number | undefined {
  const at = parseTime(spec.restartAt);
  return at === undefined || at === parseTime(status.restartedAt) ? undefined : at;
}

/** A new version has new pods: the restart is over with it. An edit of the steps alone has none. */
export const cancelsRestart = (status: RolloutStatus, hash: string): boolean =>
  (status.currentPodHash ?? '') !== hash;

/** The instant of a restart that is under way: then the pods must be known. */
export function restartIsDue(rollout: Rollout, hash: string, now: number): number | undefined {
  const status = writtenStatus(rollout);
  const at = restartInstant(rollout.spec, status);
  return at !== undefined && now > at && !cancelsRestart(status, hash) ? at : undefined;
}

/** Without `minReadySeconds` no clock is asked: that of the kubelet, which wrote the time, may be ahead of ours. */
export const isAvailable = (pod: PodView, minReadySeconds: number, now: number): boolean =>
  !pod.terminating &&
  pod.readySince !== undefined &&
  (minReadySeconds <= 0 || pod.readySince + minReadySeconds * 1000 <= now);

export interface RestartFacts {
  readonly now: number;
  readonly rollout: Rollout;
  readonly revisions: Revisions;
  readonly pods: readonly PodView[] | undefined;
  /** As in the snapshot: counts are still those from before pods left. */
  readonly podsAhead?: boolean | undefined;
  /** uids of ReplicaSets of which one available pod must stay, or nothing would serve what they do. */
  readonly alone: ReadonlySet<string>;
  /** uids of ReplicaSets whose available pods stand for the Rollout. */
  readonly counted: ReadonlySet<string>;
  readonly draft: Draft;
}

/**
 * Adds the evictions to the plan; gives `status.restartedAt`. Pods that aren't available cost nothing and go at once;
 * of the others so many at a time that the rest stay available, and none while a size is being changed.
 * `unavailable`: maxUnavailable in pods; where it is 0, one goes when there is one on top.
 */
export function planRestart(s: RestartFacts, unavailable: number): string | undefined {
  const { rollout, revisions, draft, now, pods } = s;
  const status = writtenStatus(rollout);
  const at = restartInstant(rollout.spec, status);
  if (at === undefined) return status.restartedAt;
  if (cancelsRestart(status, revisions.hash)) return formatTime(at);
  if (now <= at) {
    draft.note('restart.later', `pods are restarted after ${formatTime(at)}`);
    draft.lookAgainAt(at + 1);
    return status.restartedAt;
  }
  if (pods === undefined) return status.restartedAt; // could not be read; tried again
  const old = pods.filter((pod) => pod.createdAt < at && !pod.terminating);
  if (old.length === 0 && s.podsAhead === true) {
    // Otherwise the Rollout would pass for healthy with pods that have left.
    draft.note('restart.wait', 'the last pods have gone; their ReplicaSet does not know yet');
    draft.lookAgainAt(now + SOON_MS);
    return status.restartedAt;
  }
  if (old.length === 0) {
    draft.note('restart.done', `no pod from before ${formatTime(at)} is left`);
    return formatTime(at);
  }
  draft.lookAgainAt(now + AGAIN_MS);
  const chosen = choose(s, old, unavailable);
  if (chosen.length > 0)
    draft.intend({
      kind: 'evictPods',
      key: `restart/${formatTime(at)}`,
      wave: 'cleanup',
      pods: chosen.map(({ name, uid }) => ({ name, uid })),
    });
  draft.note('restart.pods', `${old.length} pods are from before ${formatTime(at)}, ${chosen.length} go now`);
  return status.restartedAt;
}

function choose(s: RestartFacts, old: readonly PodView[], unavailable: number): PodView[] {
  const { rollout, revisions, pods = [], now, draft } = s;
  const ready = (pod: PodView): boolean => isAvailable(pod, rollout.spec.minReadySeconds ?? 0, now);
  const broken = old.filter((pod) => pod.readySince === undefined);
  const shrinks = draft.intents.some(
    (intent) => intent.kind === 'scaleReplicaSet' && intent.to < intent.from,
  );
  if (shrinks) return broken;
  // A version without an available pod has none to lose, and may never get one.
  const serving = revisions.all.map(countsOf).filter(({ available }) => available > 0);
  const asked = sum(serving, 'size');
  const least = Math.max(replicasOf(rollout.spec), asked) - Math.max(unavailable, 1);
  const left = new Map(revisions.all.map((rs) => [uidOf(rs), carrying(rs, pods.filter(ready))]));
  const budget = Math.max(0, [...left.values()].reduce((a, b) => a + b, 0) - least);
  let spareCounted = unavailable - replicasOf(rollout.spec);
  for (const [uid, count] of left) if (s.counted.has(uid)) spareCounted += count;
  const rank = (pod: PodView): number => {
    if (pod.replicaSet === revisions.stable?.metadata.uid) return 0;
    return pod.replicaSet === revisions.fresh?.metadata.uid ? 1 : 2;
  };
  const candidates = old
    .filter(ready)
    .sort((a, b) => rank(a) - rank(b) || a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1));
  const spare = candidates.filter(({ replicaSet }) => {
    const rest = (left.get(replicaSet) ?? 0) - 1;
    if (rest === 0 && s.alone.has(replicaSet)) return false;
    if (s.counted.has(replicaSet) && --spareCounted < 0) return false;
    left.set(replicaSet, rest);
    return true;
  });
  return [...broken, ...spare.slice(0, budget)];
}

/**
 * Of a ReplicaSet that was just made smaller some of the pods that are still there are about to go. And how long they
 * have been ready is for its controller to say: our clock may be ahead.
 */
function carrying(rs: ReplicaSet, ready: readonly PodView[]): number {
  const own = ready.filter(({ replicaSet }) => replicaSet === rs.metadata.uid).length;
  return Math.min(countsOf(rs).available, own);
}
