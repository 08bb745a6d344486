/** A canary Rollout as its chains of decisions see it: the snapshot, sorted out once. */

import type { CanaryStrategy, Rollout, RolloutStatus } from '../../api/rollout.ts';
import { stepHash } from '../../lang/step-hash.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { Counts } from './canary/counts.ts';
import { NO_PODS } from './canary/counts.ts';
import type { Fences } from './canary/fences.ts';
import { fencesOf, servingFences } from './canary/fences.ts';
import { isRouted, replicasOf, strategyOf, writtenStatus } from './defaults.ts';
import type { Draft } from './intents.ts';
import { countsOf } from './replica-set.ts';
import type { Revisions } from './revision.ts';
import type { RolloutSnapshot } from './snapshot.ts';

export interface Situation {
  readonly snapshot: RolloutSnapshot;
  readonly now: number;
  readonly rollout: Rollout;
  readonly strategy: CanaryStrategy;
  readonly routed: boolean;
  readonly old: RolloutStatus;
  readonly replicas: number;
  readonly revisions: Revisions;
  readonly stepHash: string;
  readonly fences: Fences;
  /** Of the new ReplicaSet; no pods where it is yet to be created. */
  readonly canary: Counts;
  /** Undefined where there is none, or where the new one is stable. */
  readonly stable: Counts | undefined;
  readonly others: readonly Counts[];
  readonly draft: Draft;
}

export function situate(
  snapshot: RolloutSnapshot,
  rollout: Rollout,
  strategy: CanaryStrategy,
  revisions: Revisions,
  draft: Draft,
): Situation {
  const replicas = replicasOf(rollout.spec);
  const { fresh, stable, others } = revisions;
  return {
    snapshot,
    now: snapshot.now,
    rollout,
    strategy,
    routed: isRouted(strategy),
    old: writtenStatus(rollout),
    replicas,
    revisions,
    stepHash: stepHash(strategyOf(rollout) as unknown as JsonObject),
    fences: servingFences(fencesOf(strategy, replicas), replicas),
    canary: fresh === undefined ? NO_PODS : countsOf(fresh),
    stable: stable === undefined || stable === fresh ? undefined : countsOf(stable),
    others: others.map(countsOf),
    draft,
  };
}

/** Whether a write of this pass was already tried in vain. */
export const hasFailed = (s: Pick<Situation, 'snapshot'>, key: string): boolean =>
  s.snapshot.failed.some((failure) => failure.key === key);

/** The most that the canary's Service may get, by the record and by what the routers show. */
export const mostWeight = ({ old, snapshot }: Pick<Situation, 'old' | 'snapshot'>): number =>
  Math.max(old.canary?.weights?.canary.weight ?? 0, ...snapshot.routes.map(({ weight }) => weight ?? 0));

/**
 * Whether anything sends traffic to the canary, header and mirror routes included: by the record, by what the routers
 * show (rule 3), and by what they are told in this pass.
 */
export function mayGetTraffic({
  old,
  snapshot,
  draft,
}: Pick<Situation, 'old' | 'snapshot' | 'draft'>): boolean {
  const told = draft.intents.filter((intent) => intent.kind === 'setRoute');
  return (
    (old.canary?.weights?.canary.weight ?? 0) > 0 ||
    [...snapshot.routes, ...told].some(({ weight = 0, managed = [] }) => weight > 0 || managed.length > 0)
  );
}
