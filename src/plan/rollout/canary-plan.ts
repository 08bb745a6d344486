/** One pass over a canary: the chains of decisions in their order. */

import { planUpkeep } from './upkeep.ts';
import type { CanaryStrategy, Rollout, RolloutStatus } from '../../api/rollout.ts';
import { currentRuns, planRuns, recordRunChanges, runVerdict, wasResumed } from './analysis-runs.ts';
import { sum } from './canary/counts.ts';
import { deadlineVerdict } from './deadline-verdict.ts';
import { evidenceOf } from '../analysis/evidence.ts';
import { keepVerdict } from './found-bad.ts';
import { planHistory } from './history.ts';
import { backgroundHold } from './holding.ts';
import type { Draft } from './intents.ts';
import type { Progress } from './progress.ts';
import {
  abortOnCommand,
  abortOnVerdict,
  advanceWhenDone,
  begin,
  clearResume,
  enterPause,
  pauseInconclusive,
  promoteFirst,
  promoteWhenReady,
  restartIfChanged,
  settleIfPromoted,
  skipToEnd,
  skipWithinWindow,
} from './progress.ts';
import { countsOf } from './replica-set.ts';
import type { Revisions } from './revision.ts';
import { syncRevision } from './revision.ts';
import { planServices } from './services.ts';
import type { Situation } from './situation.ts';
import { situate } from './situation.ts';
import { isAtDesired, planSizes } from './sizes.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { nextStatus, recordStart } from './status.ts';
import { planTraffic, weightDecision } from './traffic.ts';

export interface CanaryDecision {
  readonly status: RolloutStatus;
  readonly progress: Progress;
}

export function decideCanary(
  snapshot: RolloutSnapshot,
  rollout: Rollout,
  strategy: CanaryStrategy,
  revisions: Revisions,
  draft: Draft,
): CanaryDecision {
  const s = situate(snapshot, rollout, strategy, revisions, draft);
  syncRevision(rollout, revisions, draft, snapshot);
  const runs = currentRuns(s);
  recordRunChanges(s, runs);

  const before = begin(s);
  const p = verdicts(s, before, runs);
  const holdAt = (weight: number | undefined): string | undefined =>
    backgroundHold(s, runs.background, weight)?.text;
  const promoted = promoteWhenReady(s, p, holdAt(s.old.canary?.weights?.canary?.weight));
  recordStart(s, promoted);
  const reachable = planServices(s, promoted);
  const atDesired = isAtDesired(s, promoted);
  const facts = { atDesired, ...reachable };
  const traffic = planTraffic(s, promoted, weightDecision(s, promoted, facts), facts);
  const trafficFailed = s.routed && snapshot.failed.length > 0;
  const advanced = trafficFailed
    ? promoted
    : advanceWhenDone(s, promoted, {
        atDesired,
        weightReached: traffic.reached,
        stepRunPhase: runs.step === undefined ? undefined : evidenceOf(runs.step),
        hold: holdAt(traffic.weights?.canary?.weight),
      });
  const done = clearResume(s, enterPause(s, advanced));
  const runStatuses = planRuns(s, before, done, runs);
  const sizes = planSizes(s, done, traffic.weights);
  const upkeep = planUpkeep(s, done);
  planHistory(
    s,
    new Set([runStatuses.step?.name, runStatuses.background?.name].filter((name) => name !== undefined)),
  );
  return {
    status: nextStatus(s, done, {
      sizes,
      traffic,
      runs: runStatuses,
      ...upkeep,
    }),
    progress: done,
  };
}

/** Commands and verdicts: they rest on nothing that can fail. */
export function verdicts(s: Situation, before: Progress, runs: ReturnType<typeof currentRuns>): Progress {
  const verdict = runVerdict(runs);
  let p = restartIfChanged(s, before);
  p = settleIfPromoted(s, p);
  p = promoteFirst(s, p);
  p = skipToEnd(s, p);
  p = skipWithinWindow(s, p);
  p = abortOnCommand(s, p);
  p = abortOnVerdict(s, p, verdict.failed);
  p = abortOnVerdict(s, p, deadlineVerdict(s, p, podsNow(s)));
  keepVerdict(s, p);
  return pauseInconclusive(s, p, wasResumed(s) ? undefined : verdict.inconclusive);
}

/** Pods of all versions, as the status counts them. */
function podsNow(s: Situation): RolloutStatus {
  const counts = s.revisions.all.map(countsOf);
  return {
    replicas: sum(counts, 'created'),
    updatedReplicas: s.canary.created,
    readyReplicas: sum(counts, 'ready'),
    availableReplicas: sum(counts, 'available'),
  };
}
