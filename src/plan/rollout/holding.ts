/**
 * Where the evidence of an AnalysisRun is missing and holds the release (spec 05 and `src/plan/analysis/holding.ts`): no
 * step and no promotion past it, no deadline against it, and the reason in the status.
 */

import type { AnalysisRun } from '../../api/analysis.ts';
import { heldLastAt, holdOf } from '../analysis/holding.ts';
import { HASH_LABEL } from './names.ts';
import type { Situation } from './situation.ts';

type Of = Pick<Situation, 'old' | 'snapshot' | 'revisions' | 'routed' | 'canary'>;

/** The runs that the stored status names, of this version. */
function namedRuns({ old, snapshot, revisions }: Of): AnalysisRun[] {
  const names = [
    old.canary?.currentStepAnalysisRunStatus?.name,
    old.canary?.currentBackgroundAnalysisRunStatus?.name,
    old.blueGreen?.prePromotionAnalysisRunStatus?.name,
    old.blueGreen?.postPromotionAnalysisRunStatus?.name,
  ];
  return snapshot.analysisRuns.filter(
    ({ metadata }) => names.includes(metadata.name) && metadata.labels?.[HASH_LABEL] === revisions.hash,
  );
}

/** Why the release holds, for its status; undefined: nothing holds it. */
export function currentHold(s: Of): string | undefined {
  for (const run of namedRuns(s)) {
    const hold = holdOf(run);
    if (hold !== undefined) return `AnalysisRun ${run.metadata.name}: ${hold}`;
  }
  return undefined;
}

/**
 * Why the background analysis holds the steps. Not before the canary serves: without traffic there are no data, and
 * without the next step there would never be any. `weight` is what the routers give the canary.
 */
export function backgroundHold(
  s: Of,
  background: AnalysisRun | undefined,
  weight: number | undefined,
): string | undefined {
  if (background === undefined) return undefined;
  const serves = s.routed ? (weight ?? 0) > 0 : s.canary.available > 0;
  const hold = serves ? holdOf(background) : undefined;
  return hold === undefined ? undefined : `AnalysisRun ${background.metadata.name}: ${hold}`;
}

/** When evidence was last seen missing, in milliseconds since the epoch: no deadline counts from before. */
export function heldUntil(s: Of): number | undefined {
  const instants = namedRuns(s).flatMap((run) => heldLastAt(run) ?? []);
  return instants.length === 0 ? undefined : Math.max(...instants);
}
