/** Analysis before and after the switch of a blue-green update (spec 04 section 6, 05 section 9). */

import type { AnalysisRun } from '../../../api/analysis.ts';
import type { RolloutAnalysis } from '../../../api/analysis-args.ts';
import type { RolloutAnalysisRunStatus } from '../../../api/rollout.ts';
import type { RunVerdict } from '../analysis-runs.ts';
import {
  findRun,
  hasTemplates,
  recordRunChange,
  startRun,
  statusOf,
  terminate,
  verdictOf,
  wasResumed,
} from '../analysis-runs.ts';
import { evidenceOf } from '../../analysis/evidence.ts';
import type { Progress } from '../progress.ts';
import { isInconclusive, isPromoted } from '../progress.ts';
import { isFastRollback } from './fast-track.ts';
import type { BlueGreenSituation } from './situation.ts';
import { isRetry } from './situation.ts';

/** The run of one gate. */
interface GateRun {
  /** As the status names it, whatever it still means. */
  readonly named: AnalysisRun | undefined;
  /** The same, while it has a say: not after a retry, nor once someone went on from an inconclusive one. */
  readonly current: AnalysisRun | undefined;
}

export interface GateRuns {
  readonly pre: GateRun;
  readonly post: GateRun;
}

export function gateRuns(s: BlueGreenSituation): GateRuns {
  const { prePromotionAnalysisRunStatus: pre, postPromotionAnalysisRunStatus: post } = s.old.blueGreen ?? {};
  return { pre: gateRun(s, pre?.name), post: gateRun(s, post?.name) };
}

function gateRun(s: BlueGreenSituation, name: string | undefined): GateRun {
  const named = findRun(s, name);
  const spent = named === undefined || isRetry(s) || (wasResumed(s) && isUndecided(named));
  return { named, current: spent ? undefined : named };
}

const isUndecided = (run: AnalysisRun): boolean => evidenceOf(run) === 'Inconclusive';
const isSuccessful = (run: AnalysisRun | undefined): boolean => evidenceOf(run) === 'Successful';

export const gateVerdict = ({ pre, post }: GateRuns): RunVerdict =>
  verdictOf([
    [pre.current, 'Blue/green pre-promotion analysis phase error/failed'],
    [post.current, 'Blue/green post-promotion analysis phase error/failed'],
  ]);

export const isAnalysedBefore = ({ blueGreen }: BlueGreenSituation, { pre }: GateRuns): boolean =>
  !hasTemplates(blueGreen.prePromotionAnalysis) || isSuccessful(pre.current);

export const isVerifiedAfter = ({ blueGreen }: BlueGreenSituation, { post }: GateRuns): boolean =>
  !hasTemplates(blueGreen.postPromotionAnalysis) || isSuccessful(post.current);

export function recordGateChanges(s: BlueGreenSituation, { pre, post }: GateRuns): void {
  const { prePromotionAnalysisRunStatus, postPromotionAnalysisRunStatus } = s.old.blueGreen ?? {};
  recordRunChange(s, 'PrePromotion', pre.named, prePromotionAnalysisRunStatus);
  recordRunChange(s, 'PostPromotion', post.named, postPromotionAnalysisRunStatus);
}

export interface GateRunStatuses {
  readonly pre: RolloutAnalysisRunStatus | undefined;
  readonly post: RolloutAnalysisRunStatus | undefined;
}

export interface RunFacts {
  /** The new version has the pods that the preview asks for. */
  readonly ready: boolean;
  /** It has all of its pods. */
  readonly saturated: boolean;
}

/** Starts, keeps and ends runs; gives what the status says of them. */
export function planGateRuns(
  s: BlueGreenSituation,
  p: Progress,
  runs: GateRuns,
  facts: RunFacts,
): GateRunStatuses {
  const { hash } = s.revisions;
  const idle = p.stableHash === '' || isFastRollback(s, p) || isPromoted(s, p) || p.abort || p.promoteFull;
  // As the status has it: what is judged after the switch begins when the switch is on record.
  const switched = s.old.blueGreen?.activeSelector ?? '';
  const { prePromotionAnalysis: before, postPromotionAnalysis: after } = s.blueGreen;
  const shown = (run: GateRun): RolloutAnalysisRunStatus | undefined =>
    run.named === undefined || isRetry(s) ? undefined : statusOf(run.named);
  const statuses: GateRunStatuses = p.reset
    ? { pre: undefined, post: undefined }
    : idle
      ? { pre: shown(runs.pre), post: shown(runs.post) }
      : {
          pre:
            switched === '' || switched === hash
              ? hasTemplates(before)
                ? shown(runs.pre)
                : undefined
              : planGateRun(s, p, 'PrePromotion', before, runs.pre, facts.ready),
          post:
            switched === hash
              ? planGateRun(s, p, 'PostPromotion', after, runs.post, facts.saturated)
              : undefined,
        };
  const kept = new Set([statuses.pre?.name, statuses.post?.name]);
  for (const run of s.snapshot.analysisRuns)
    if (p.reset || idle || !kept.has(run.metadata.name)) terminate(s, run);
  return statuses;
}

function planGateRun(
  s: BlueGreenSituation,
  p: Progress,
  kind: 'PrePromotion' | 'PostPromotion',
  analysis: RolloutAnalysis | undefined,
  { named, current }: GateRun,
  canStart: boolean,
): RolloutAnalysisRunStatus | undefined {
  if (!hasTemplates(analysis)) return undefined;
  if (current !== undefined) return statusOf(current);
  if (isInconclusive(p)) return named === undefined ? undefined : statusOf(named);
  return canStart ? startRun(s, kind, analysis) : undefined;
}
