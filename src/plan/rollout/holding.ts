/**
 * Where the evidence of an AnalysisRun is missing and holds the release (spec 05 and `src/plan/analysis/holding.ts`): no
 * step and no promotion past it, and no deadline against it. To everybody who looks the Rollout is then Paused, with the
 * reason. No pause condition is written: a person who promotes would end it, and only evidence does.
 */

import type { AnalysisRun } from '../../api/analysis.ts';
import type { RolloutStatus } from '../../api/rollout.ts';
import { holdOf, silenceOf } from '../analysis/holding.ts';
import { trafficOf } from '../analysis/traffic.ts';
import { findRun } from './analysis-runs.ts';
import { conditionOf } from './conditions.ts';
import type { Situation } from './situation.ts';
import { pausesOf } from './defaults.ts';

type Of = Pick<Situation, 'old' | 'snapshot' | 'revisions' | 'routed' | 'canary' | 'rollout'>;

/** What is missing. */
export interface Hold {
  readonly run: AnalysisRun;
  /** `AnalysisRun web-1: Metric "rate" holds since ...`. */
  readonly text: string;
  /** `traffic`: the run asks nothing, because its version gets none. */
  readonly lacks: 'answers' | 'traffic';
}

/**
 * Why the release holds; undefined: nothing holds it. `status` names the runs and the weight: the stored one, or the one
 * that is about to be.
 */
export function currentHold(s: Of, status: RolloutStatus = s.old): Hold | undefined {
  const { canary, blueGreen } = status;
  for (const named of [
    canary?.currentStepAnalysisRunStatus,
    blueGreen?.prePromotionAnalysisRunStatus,
    blueGreen?.postPromotionAnalysisRunStatus,
  ]) {
    const run = findRun(s, named?.name);
    if (run === undefined) continue;
    const unanswered = heldBy(run, 'answers', holdOf(run));
    const hold =
      unanswered ?? heldBy(run, 'traffic', silenceOf(run, trafficOf(s.rollout, run.metadata.labels)));
    if (hold !== undefined) return hold;
  }
  const background = findRun(s, canary?.currentBackgroundAnalysisRunStatus?.name);
  return backgroundHold(s, background, canary?.weights?.canary?.weight);
}

/**
 * Why the background analysis holds the steps. Not before the canary serves: without traffic there are no data, and
 * without the next step there would never be any. `weight` is what the routers give the canary.
 */
export function backgroundHold(
  s: Of,
  background: AnalysisRun | undefined,
  weight: number | undefined,
): Hold | undefined {
  const serves = s.routed ? (weight ?? 0) > 0 : s.canary.available > 0;
  return background !== undefined && serves ? heldBy(background, 'answers', holdOf(background)) : undefined;
}

const heldBy = (run: AnalysisRun, lacks: Hold['lacks'], why: string | undefined): Hold | undefined =>
  why === undefined ? undefined : { run, lacks, text: `AnalysisRun ${run.metadata.name}: ${why}` };

/** Whether this status was written while evidence was missing: no other pause is without a condition. */
export const wasHeld = (status: RolloutStatus): boolean =>
  status.phase === 'Paused' &&
  pausesOf(status).length === 0 &&
  conditionOf(status, 'Paused')?.status !== 'True';
