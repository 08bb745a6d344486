/** What every strategy does beside its update: metadata by role, the referenced workload, restarts. */

import { planMetadata } from './ephemeral-metadata.ts';
import { isPromoted, type Progress } from './progress.ts';
import type { ReplicaSet } from './replica-set.ts';
import { planRestart } from './restart.ts';
import { countedVersions, servesAlone } from './restart-surge.ts';
import type { Situation } from './situation.ts';
import { planWorkload } from './workload-ref.ts';
import { uidOf } from './replica-set.ts';

export interface Upkeep {
  readonly workloadObservedGeneration: string | undefined;
  readonly restartedAt: string | undefined;
}

/** Gives the status fields that come of it. */
export function planUpkeep(s: Situation, p: Progress): Upkeep {
  const { snapshot, rollout, revisions, draft, now } = s;
  const { pods, podsAhead } = snapshot;
  planMetadata({ rollout, revisions, draft, pods }, p.stableHash);
  const workloadObservedGeneration = planWorkload({
    workload: snapshot.workload,
    annotations: snapshot.stored.metadata.annotations,
    old: s.old,
    replicas: s.replicas,
    revision: revisions.revision,
    available: s.canary.available,
    promoted: isPromoted(s, p),
    now,
    draft,
  });
  const uids = (list: readonly ReplicaSet[]): ReadonlySet<string> => new Set(list.map(uidOf));
  const alone = uids(revisions.all.filter((rs) => servesAlone(s, rs)));
  const counted = uids(countedVersions(s, isPromoted(s, p)));
  const restart = { now, rollout, revisions, pods, podsAhead, alone, counted, draft };
  const restartedAt = planRestart(restart, s.fences.unavailable);
  return { workloadObservedGeneration, restartedAt };
}
