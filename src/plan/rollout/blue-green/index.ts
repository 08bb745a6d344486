/** One pass over a blue-green Rollout: the chain of decisions in its order (spec 04). */

import type { BlueGreenStrategy, Rollout, RolloutStatus } from '../../../api/rollout.ts';
import { sum } from '../canary/counts.ts';
import { deadlineVerdict } from '../deadline-verdict.ts';
import { keepVerdict } from '../found-bad.ts';
import { planHistory } from '../history.ts';
import type { Draft } from '../intents.ts';
import type { Progress } from '../progress.ts';
import {
  abortOnCommand,
  abortOnVerdict,
  isPromoted,
  pauseInconclusive,
  settleIfPromoted,
} from '../progress.ts';
import { countsOf } from '../replica-set.ts';
import type { Revisions } from '../revision.ts';
import { syncRevision } from '../revision.ts';
import type { RolloutSnapshot } from '../snapshot.ts';
import { recordStart } from '../status.ts';
import { planUpkeep } from '../upkeep.ts';
import { planActive, planPreview } from './active.ts';
import type { GateRuns } from './analysis.ts';
import {
  gateRuns,
  gateVerdict,
  isAnalysedBefore,
  isVerifiedAfter,
  planGateRuns,
  recordGateChanges,
} from './analysis.ts';
import { isFastTracked } from './fast-track.ts';
import { hadCheckpoint, nextCheckpoint, passGate, standAtGate } from './gate.ts';
import { begin, promoted, promotionReason, restartIfChanged, skipGates } from './progress.ts';
import type { BlueGreenSituation } from './situation.ts';
import { isSaturated, situateBlueGreen } from './situation.ts';
import { isReady, newSize, planBlueGreenSizes } from './sizes.ts';
import { nextBlueGreenStatus, podCounts } from './status.ts';

export interface BlueGreenDecision {
  readonly status: RolloutStatus;
  readonly progress: Progress;
}

export function decideBlueGreen(
  snapshot: RolloutSnapshot,
  rollout: Rollout,
  strategy: BlueGreenStrategy,
  revisions: Revisions,
  draft: Draft,
): BlueGreenDecision {
  const s = situateBlueGreen(snapshot, rollout, strategy, revisions, draft);
  syncRevision(rollout, revisions, draft, snapshot);
  const runs = gateRuns(s);
  const { p: judged } = judgeBlueGreen(s, runs);

  const preview = planPreview(s, judged);
  const verified = isVerifiedAfter(s, runs);
  const stage = { active: s.active, checkpoint: hadCheckpoint(s, judged) };
  const ready = isReady(s, newSize(s, judged, stage));
  const analysed = isAnalysedBefore(s, runs) || isFastTracked(s, judged);
  const gate = standAtGate(s, judged, { ready, analysed });
  recordStartOfUpdate(s, gate.progress);
  const active = planActive(s, gate.progress, gate);
  recordGateChanges(s, runs);

  const checkpoint = active !== revisions.hash && nextCheckpoint(s, judged, { ...gate, ready, analysed });
  const passed = passGate(s, gate.progress, gate.open && (active === revisions.hash || checkpoint));
  const reason = promotionReason(s, passed, { active, verified });
  const done = reason === undefined ? passed : promoted(s, passed, reason);
  const statuses = planGateRuns(s, done, runs, {
    ready,
    saturated: revisions.fresh !== undefined && isSaturated(s, s.canary),
  });
  const sizes = planBlueGreenSizes(s, done, { active, checkpoint, verified });
  const upkeep = planUpkeep(s, done);
  if (reason !== undefined) recordPromotion(s, reason);
  planHistory(s, new Set([statuses.pre?.name, statuses.post?.name].filter((name) => name !== undefined)));
  const status = nextBlueGreenStatus(s, done, {
    sizes,
    ...upkeep,
    runs: statuses,
    active,
    preview,
    checkpoint: checkpoint && !isPromoted(s, done),
  });
  return { status, progress: done };
}

/** Commands and verdicts: they rest on nothing that can fail. */
export function judgeBlueGreen(
  s: BlueGreenSituation,
  runs: GateRuns = gateRuns(s),
): { s: BlueGreenSituation; p: Progress } {
  const verdict = gateVerdict(runs);
  let p = restartIfChanged(s, begin(s));
  p = settleIfPromoted(s, p);
  p = skipGates(s, p);
  p = abortOnCommand(s, p);
  p = abortOnVerdict(s, p, verdict.failed);
  p = abortOnVerdict(s, p, deadlineVerdict(s, p, podsNow(s)));
  keepVerdict(s, p);
  return { s, p: pauseInconclusive(s, p, verdict.inconclusive) };
}

function podsNow(s: BlueGreenSituation): RolloutStatus {
  return {
    ...podCounts(s, s.active),
    replicas: sum(s.revisions.all.map(countsOf), 'created'),
    updatedReplicas: s.canary.created,
  };
}

/** The first version is no update. */
function recordStartOfUpdate(s: BlueGreenSituation, p: Progress): void {
  if (p.stableHash !== '') recordStart(s, p);
}

function recordPromotion(s: BlueGreenSituation, reason: string): void {
  const { revision, hash } = s.revisions;
  s.draft.event(
    'Normal',
    'RolloutCompleted',
    `Rollout completed update to revision ${revision} (${hash}): ${reason}`,
  );
}
