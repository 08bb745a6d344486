/** The status of a blue-green Rollout (spec 01 sections 5 and 6, 04 section 7). */

import type { BlueGreenStatus, RolloutStatus } from '../../../api/rollout.ts';
import type { JsonObject } from '../../../lang/json.ts';
import { formatSelector, selectorFrom } from '../../../lang/selector.ts';
import type { Counts } from '../canary/counts.ts';
import { sum } from '../canary/counts.ts';
import type { Progress } from '../progress.ts';
import { BLUE_GREEN_PAUSE } from '../progress.ts';
import type { ReplicaSet } from '../replica-set.ts';
import { countsOf, hashOf } from '../replica-set.ts';
import type { PlannedSizes } from '../sizes.ts';
import { bareStatus, clamp, completeStatus, isInconclusiveReason } from '../status.ts';
import type { GateRunStatuses } from './analysis.ts';
import type { BlueGreenSituation } from './situation.ts';
import { isSaturated } from './situation.ts';

export interface BlueGreenStatusParts {
  readonly sizes: PlannedSizes;
  readonly restartedAt: string | undefined;
  readonly workloadObservedGeneration: string | undefined;
  readonly runs: GateRunStatuses;
  /** What the Services select after this pass. */
  readonly active: string;
  readonly preview: string;
  readonly checkpoint: boolean;
}

export function nextBlueGreenStatus(
  s: BlueGreenSituation,
  p: Progress,
  parts: BlueGreenStatusParts,
): RolloutStatus {
  const { active, preview, sizes } = parts;
  const { hash, all } = s.revisions;
  // After this plan: pods that it lets go of are no reason to call the Rollout unhealthy.
  const isFull = (version: string): boolean =>
    all.some((rs) => hashOf(rs) === version && isSaturated(s, countsAfter(rs, sizes)));
  const previewed = (s.blueGreen.previewService ?? '') === '' || preview === hash;
  return completeStatus(s, p, {
    bare: blueGreenBareStatus(s, p, parts),
    healthy: active === hash && previewed && isFull(hash),
    // A restart may ask for one more for a while.
    available:
      active !== '' &&
      all.some((rs) => hashOf(rs) === active && countsAfter(rs, sizes).available >= s.replicas),
    waitsForPerson: (reason) =>
      reason === BLUE_GREEN_PAUSE ? s.blueGreen.autoPromotionEnabled === false : isInconclusiveReason(reason),
    forPhase: (status) => ({ ...status, blueGreen: { ...status.blueGreen, activeSelector: active } }),
  });
}

function countsAfter(rs: ReplicaSet, sizes: PlannedSizes): Counts {
  const counts = countsOf(rs);
  return clamp(counts, sizes.get(rs.metadata.name) ?? counts.size);
}

function blueGreenBareStatus(
  s: BlueGreenSituation,
  p: Progress,
  { sizes, restartedAt, workloadObservedGeneration, runs, active, preview, checkpoint }: BlueGreenStatusParts,
): RolloutStatus {
  const { activeSelector: served } = s.old.blueGreen ?? {};
  // What served is not forgotten because somebody makes the Service select every version.
  const recorded = active === '' && served === p.stableHash ? served : active;
  const blueGreen: BlueGreenStatus = {
    ...(recorded === '' ? {} : { activeSelector: recorded }),
    ...(preview === '' ? {} : { previewSelector: preview }),
    ...(checkpoint ? { scaleUpPreviewCheckPoint: true } : {}),
    ...(runs.pre === undefined ? {} : { prePromotionAnalysisRunStatus: runs.pre }),
    ...(runs.post === undefined ? {} : { postPromotionAnalysisRunStatus: runs.post }),
  };
  const status: RolloutStatus = {
    ...bareStatus(s, p, {
      sizes,
      traffic: { weights: undefined, reached: true },
      runs: { step: undefined, background: undefined },
      restartedAt,
      workloadObservedGeneration,
    }),
    blueGreen,
  };
  delete status.currentStepHash;
  const counts = podCounts(s, active, sizes);
  for (const count of ['HPAReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if (counts[count] > 0) status[count] = counts[count];
    else delete status[count];
  }
  const activeRs = s.revisions.all.find((rs) => active !== '' && hashOf(rs) === active);
  // An HPA must see the pods that serve, not those of the preview.
  if (activeRs?.spec.selector !== undefined)
    status.selector = formatSelector(selectorFrom(activeRs.spec.selector as JsonObject | undefined));
  return status;
}

/** What an HPA and the deadline look at: the pods of the active version; without one, all. */
export function podCounts(
  s: BlueGreenSituation,
  active: string,
  sizes: PlannedSizes = new Map(),
): Record<'HPAReplicas' | 'readyReplicas' | 'availableReplicas', number> {
  const activeRs = s.revisions.all.filter((rs) => active !== '' && hashOf(rs) === active);
  const counted = (activeRs.length === 0 ? s.revisions.all : activeRs).map((rs) => countsAfter(rs, sizes));
  return {
    HPAReplicas: sum(counted, 'created'),
    readyReplicas: sum(counted, 'ready'),
    availableReplicas: sum(counted, 'available'),
  };
}
