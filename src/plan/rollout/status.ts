/** The whole status that a pass leaves behind (spec 01 sections 5 and 6). */

import type { RolloutCondition, RolloutStatus } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import { formatSelector, selectorFrom } from '../../lang/selector.ts';
import type { RunStatuses } from './analysis-runs.ts';
import type { Counts } from './canary/counts.ts';
import { sum } from './canary/counts.ts';
import type { WantedCondition } from './conditions.ts';
import { conditionOf, isLate, messageOf, refusalIn, removeCondition, setCondition } from './conditions.ts';
import { deadlineOf, hasProgressed, hasTimedOut, isIndefinite, waitsForOldPods } from './deadline.ts';
import { stepsOf, generationOf, pausesOf, conditionsOf, countIn } from './defaults.ts';
import { currentHold, wasHeld } from './holding.ts';
import { nextDuration } from './duration.ts';
import { VERDICT } from './found-bad.ts';
import type { PhaseAndMessage } from './phase.ts';
import { rolloutPhase } from './phase.ts';
import type { Progress } from './progress.ts';
import { isPromoted, PAUSE_STEP, stableEndAfter } from './progress.ts';
import { countsOf, observedCounts } from './replica-set.ts';
import { createKey } from './revision.ts';
import type { Situation } from './situation.ts';
import type { PlannedSizes } from './sizes.ts';
import { pauseSeconds } from './step-text.ts';
import type { TrafficDecision } from './traffic.ts';

export interface StatusParts {
  readonly sizes: PlannedSizes;
  readonly traffic: TrafficDecision;
  readonly runs: RunStatuses;
  readonly restartedAt: string | undefined;
  readonly workloadObservedGeneration?: string | undefined;
}

/** What the strategies say differently about the same pass. */
export interface StatusFacts {
  /** Everything but conditions, duration and phase. */
  readonly bare: RolloutStatus;
  readonly healthy: boolean;
  /** Of the condition Available. */
  readonly available: boolean;
  /** Whether a pause of this reason ends by a person's word only. */
  readonly waitsForPerson: (reason: string) => boolean;
  /** The status as the phase should read it. */
  readonly forPhase: (status: RolloutStatus) => RolloutStatus;
}

/** The status of a canary. */
export function nextStatus(s: Situation, p: Progress, parts: StatusParts): RolloutStatus {
  const bare = bareStatus(s, p, parts);
  return completeStatus(s, p, {
    bare,
    healthy: isHealthy(s, p, bare),
    available: countIn(bare, 'availableReplicas') >= s.replicas,
    waitsForPerson: (reason) => waitsForPerson(s, p, reason),
    forPhase: (status) => forPhase(s, p, status, parts.sizes),
  });
}

/** Conditions, duration, phase and what follows from them: the same for every strategy. */
export function completeStatus(s: Situation, p: Progress, facts: StatusFacts): RolloutStatus {
  const { bare, healthy } = facts;
  const conditions = nextConditions(s, p, facts);
  const status: RolloutStatus = { ...bare, conditions: [...conditions] };
  const duration = nextDuration(s.old.duration, durationFacts(s, p, facts));
  if (duration !== undefined) status.duration = duration;
  recordEvents(s, p, status);
  const hold = currentHold(s, bare);
  const told = ofOwnPods(s, rolloutPhase(s.rollout.spec, facts.forPhase(status)));
  const { phase, message } =
    told.phase === 'Progressing' && hold !== undefined ? { phase: 'Paused', message: hold.text } : told;
  status.phase = phase;
  if (message !== '') status.message = message;
  armDeadline(s, p, status, healthy);
  return status;
}

/**
 * The counts of a status are those of all versions: pods of an old one that waits for its scale-down must not stand for
 * those that the new one lacks.
 */
function ofOwnPods(s: Situation, told: PhaseAndMessage): PhaseAndMessage {
  if (told.phase !== 'Healthy') return told;
  if (isMisrouted(s)) return { phase: 'Progressing', message: 'traffic could not be moved yet' };
  if (s.canary.available < s.replicas)
    return { phase: 'Progressing', message: 'updated replicas are still becoming available' };
  // Those that this very plan lets go are still there when it says so.
  const basic = s.rollout.spec.strategy?.canary !== undefined && !s.routed;
  return basic && sum(s.others, 'size') > 0
    ? { phase: 'Progressing', message: 'old replicas are pending termination' }
    : told;
}

/** A switch or a weight of this pass failed: the traffic is still where it was. */
const isMisrouted = (s: Situation): boolean =>
  s.snapshot.failed.some(({ key }) => key.startsWith('service/') || key.startsWith('route/'));

/** Pods that the plan lets go of are not counted any more. */
export const clamp = (counts: Counts, size: number): Counts => ({
  size,
  created: Math.min(counts.created, size),
  ready: Math.min(counts.ready, size),
  available: Math.min(counts.available, size),
});

/** Of the new version: 0 where it is not to be made yet. */
const freshSize = ({ revisions }: Situation, sizes: PlannedSizes): number => sizes.get(revisions.name) ?? 0;

/** Counts never exceed what this very plan asks for: pods that it lets go are not counted any more. */
function countsAfter(s: Situation, sizes: PlannedSizes): { all: Counts[]; fresh: Counts } {
  const after = new Map(
    s.revisions.all.map((rs) => {
      const counts = countsOf(rs);
      return [rs.metadata.name, clamp(counts, sizes.get(rs.metadata.name) ?? counts.size)];
    }),
  );
  const size = freshSize(s, sizes);
  return {
    all: [...after.values()],
    fresh: after.get(s.revisions.name) ?? { size, created: 0, ready: 0, available: 0 },
  };
}

/** Left out where 0, as existing clients expect. */
const COUNTS = ['HPAReplicas', 'availableReplicas', 'readyReplicas', 'replicas', 'updatedReplicas'] as const;

export function bareStatus(s: Situation, p: Progress, parts: StatusParts): RolloutStatus {
  const { old, rollout } = s;
  const { all, fresh } = countsAfter(s, parts.sizes);
  const replicas = sum(all, 'created');
  const status: RolloutStatus = {
    HPAReplicas: replicas,
    availableReplicas: sum(all, 'available'),
    blueGreen: {},
    canary: {
      ...(parts.runs.step === undefined ? {} : { currentStepAnalysisRunStatus: parts.runs.step }),
      ...(parts.runs.background === undefined
        ? {}
        : { currentBackgroundAnalysisRunStatus: parts.runs.background }),
      ...(parts.traffic.weights === undefined ? {} : { weights: parts.traffic.weights }),
      ...pingPongStatus(s, p),
    },
    currentPodHash: s.revisions.hash,
    currentStepHash: s.stepHash,
    observedGeneration: String(generationOf(rollout)),
    readyReplicas: sum(all, 'ready'),
    replicas,
    selector: formatSelector(selectorFrom(rollout.spec.selector as JsonObject | undefined)),
    updatedReplicas: fresh.created,
  };
  for (const count of COUNTS) if (status[count] === 0) delete status[count];
  if (p.stableHash !== '') status.stableRS = p.stableHash;
  if (p.stepIndex !== undefined) status.currentStepIndex = p.stepIndex;
  if (p.abort) status.abort = true;
  if (p.abortedAt !== undefined) status.abortedAt = p.abortedAt;
  if (p.promoteFull) status.promoteFull = true;
  if (p.pauses.length > 0) status.pauseConditions = [...p.pauses];
  if (p.controllerPause) status.controllerPause = true;
  if (old.collisionCount !== undefined) status.collisionCount = old.collisionCount;
  if (parts.restartedAt !== undefined) status.restartedAt = parts.restartedAt;
  if (parts.workloadObservedGeneration !== undefined)
    status.workloadObservedGeneration = parts.workloadObservedGeneration;
  return status;
}

/** Which end of the pair is stable's; on record from the first promotion on. */
function pingPongStatus(s: Situation, p: Progress): { stablePingPong?: string } {
  const { stablePingPong } = s.old.canary ?? {};
  if (s.strategy.pingPong !== undefined && p.promotedNow) return { stablePingPong: stableEndAfter(s, p) };
  return stablePingPong === undefined ? {} : { stablePingPong };
}

/** All pods are of the wanted version, are available, and there is nothing left to do. */
function isHealthy(s: Situation, p: Progress, status: RolloutStatus): boolean {
  const steps = stepsOf(s.strategy).length;
  return (
    isPromoted(s, p) &&
    !isMisrouted(s) &&
    countIn(status, 'updatedReplicas') === s.replicas &&
    countIn(status, 'availableReplicas') === s.replicas &&
    existingPods(s) === s.replicas &&
    (steps === 0 || p.stepIndex === steps)
  );
}

function nextConditions(
  s: Situation,
  p: Progress,
  { bare, healthy, available }: StatusFacts,
): readonly RolloutCondition[] {
  const { now } = s;
  let list: readonly RolloutCondition[] = conditionsOf(s.old);
  list = removeCondition(removeCondition(list, 'InvalidSpec'), 'NotImplemented');
  const set = (wanted: WantedCondition, refresh = false): void => {
    list = setCondition(list, wanted, now, refresh);
  };
  const paused = isPaused(s, p);

  const wasHealthy = conditionOf(s.old, 'Healthy');
  if (healthy && !paused)
    set({ type: 'Healthy', status: 'True', reason: 'RolloutHealthy', message: 'Rollout is healthy' });
  else if (wasHealthy !== undefined)
    set({ type: 'Healthy', status: 'False', reason: 'RolloutHealthy', message: 'Rollout is not healthy' });
  // One whose old pods live out their delay is no Healthy condition's yet, and waits for nothing all the same. While its spec
  // was refused nobody could have made the pods that a larger size asks for.
  const hadAll = s.old.phase === 'Healthy' || wasRefusedAtRest(s.old);
  const lostPods = hadAll && isPromoted(s, p) && s.canary.available < s.replicas;
  const becameUnhealthy = lostPods || (wasHealthy?.status === 'True' && !healthy);

  const progressing = progressingCondition(s, p, bare, { healthy, paused, becameUnhealthy });
  if (progressing !== undefined) set(progressing.wanted, progressing.refresh);

  set({
    type: 'Available',
    status: available ? 'True' : 'False',
    reason: 'AvailableReason',
    message: available ? 'Rollout has minimum availability' : 'Rollout does not have minimum availability',
  });

  const failure = replicaFailure(s);
  if (failure === undefined) list = removeCondition(list, 'ReplicaFailure');
  else set(failure);

  const { runFailure } = s.draft;
  // A new text is a new condition.
  if (runFailure?.message !== conditionOf(s.old, 'AnalysisRunFailure')?.message)
    list = removeCondition(list, 'AnalysisRunFailure');
  if (runFailure !== undefined) set({ type: 'AnalysisRunFailure', status: 'True', ...runFailure });

  const completed = isPromoted(s, p);
  set({
    type: 'Completed',
    status: completed ? 'True' : 'False',
    reason: 'RolloutCompleted',
    message: 'RolloutCompleted',
  });

  if (!p.abort && paused !== (conditionOf(s.old, 'Paused')?.status === 'True'))
    set({
      type: 'Paused',
      status: paused ? 'True' : 'False',
      reason: 'RolloutPaused',
      message: 'Rollout is paused',
    });
  return list;
}

const isPaused = (s: Situation, p: Progress): boolean =>
  p.pauses.length > 0 || s.rollout.spec.paused === true;

interface ProgressingChange {
  readonly wanted: WantedCondition;
  readonly refresh: boolean;
}

const progressingAs = (
  status: WantedCondition['status'],
  reason: string,
  message: string,
  refresh = false,
): ProgressingChange => ({ wanted: { type: 'Progressing', status, reason, message }, refresh });

const wasRefusedAtRest = (old: RolloutStatus): boolean => refusalIn(old) !== undefined && !isLate(old);

/** First match wins; undefined: as it is. */
function progressingCondition(
  s: Situation,
  p: Progress,
  bare: RolloutStatus,
  facts: { healthy: boolean; paused: boolean; becameUnhealthy: boolean },
): ProgressingChange | undefined {
  const { old, draft } = s;
  const { name, revision, fresh } = s.revisions;
  const reason = conditionOf(old, 'Progressing')?.reason;
  if (p.abort) {
    const message = `Rollout aborted update to revision ${revision}${p.abortMessage === '' ? '' : `${VERDICT}${p.abortMessage}`}`;
    return progressingAs('False', 'RolloutAborted', message);
  }
  const creation = s.snapshot.failed.find((failure) => failure.key === createKey(name));
  if (creation !== undefined) {
    const message = `Failed to create new replica set "${name}": ${creation.message}`;
    draft.event('Warning', 'ReplicaSetCreateError', message);
    draft.note('revision.create', message);
    return progressingAs('False', 'ReplicaSetCreateError', message);
  }
  if (fresh === undefined)
    return progressingAs('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`, true);
  if (facts.healthy)
    return progressingAs(
      'True',
      'NewReplicaSetAvailable',
      `ReplicaSet "${name}" has successfully progressed.`,
    );
  if (reason === undefined && !p.promotedNow)
    return progressingAs('True', 'FoundNewReplicaSet', `Found new replica set "${name}"`);
  const promoted = isPromoted(s, p);
  if (!p.reset && !promoted && facts.paused)
    return progressingAs('Unknown', 'RolloutPaused', 'Rollout is paused');
  if (!p.reset && !promoted && reason === 'RolloutPaused' && wasResumedByUser(old, s))
    return progressingAs('Unknown', 'RolloutResumed', 'Rollout is resumed');
  if (!p.reset && reason === 'RolloutAborted')
    return progressingAs('Unknown', 'RolloutRetry', 'Retrying Rollout after abort');
  // The time of a hold counts as little as that of a pause.
  const released = wasHeld(old) && currentHold(s, bare) === undefined;
  if (p.reset || released || facts.becameUnhealthy || hasProgressed(old, bare)) {
    return facts.becameUnhealthy && promoted
      ? progressingAs('True', 'ReplicaSetNotAvailable', 'Rollout does not have minimum availability', true)
      : progressingAs('True', 'ReplicaSetUpdated', `ReplicaSet "${name}" is progressing.`, true);
  }
  // Left over from before a change that had no word of its own: say what is so now.
  if (reason === 'RolloutPaused' || reason === 'ReplicaSetCreateError')
    return progressingAs('True', 'ReplicaSetUpdated', `ReplicaSet "${name}" is progressing.`, true);
  if (!isIndefinite(s, p.stepIndex) && !waitsForOldPods(s, promoted) && hasTimedOut(s, old)) {
    draft.note('deadline.passed', `no progress within progressDeadlineSeconds`);
    return progressingAs('False', 'ProgressDeadlineExceeded', timeoutText(name));
  }
  return undefined;
}

export const timeoutText = (name: string): string => `ReplicaSet "${name}" has timed out progressing.`;

/** The controller's own pauses stand in the status until it ends them itself. */
const wasResumedByUser = (old: RolloutStatus, s: Situation): boolean =>
  pausesOf(old).length === 0 && s.rollout.spec.paused !== true;

function replicaFailure(s: Situation): WantedCondition | undefined {
  const { fresh, all } = s.revisions;
  for (const rs of [...(fresh === undefined ? [] : [fresh]), ...all]) {
    const condition = rs.status?.conditions?.find((item) => item.type === 'ReplicaFailure');
    if (condition !== undefined)
      return {
        type: 'ReplicaFailure',
        status: condition.status as WantedCondition['status'],
        reason: condition.reason ?? '',
        message: condition.message ?? '',
      };
  }
  return undefined;
}

function durationFacts(s: Situation, p: Progress, facts: StatusFacts) {
  return {
    now: s.now,
    changed: p.reset,
    retried: !p.reset && !p.abort && conditionOf(s.old, 'Progressing')?.reason === 'RolloutAborted',
    aborted: p.abort,
    promoted: isPromoted(s, p),
    full: s.canary.available >= s.replicas,
    byFullPromotion: p.byFullPromotion,
    rollback: p.rollback,
    manuallyPaused:
      s.rollout.spec.paused === true || p.pauses.some((pause) => facts.waitsForPerson(pause.reason)),
  };
}

export const isInconclusiveReason = (reason: string): boolean => reason.startsWith('Inconclusive');

function waitsForPerson(s: Situation, p: Progress, reason: string): boolean {
  if (reason !== PAUSE_STEP) return isInconclusiveReason(reason);
  const pause = stepsOf(s.strategy)[p.stepIndex ?? 0]?.pause;
  return pause !== undefined && pauseSeconds(pause) === undefined;
}

/** Told before anything else of the update, as its first Event. */
export function recordStart(s: Situation, p: Progress): void {
  if (isPromoted(s, p) || conditionOf(s.old, 'Completed')?.status === 'False') return;
  const { revision, hash } = s.revisions;
  s.draft.event(
    'Normal',
    'RolloutNotCompleted',
    `Rollout not completed, started update to revision ${revision} (${hash})`,
  );
}

/** Events that tell of differences between the stored status and this one. */
function recordEvents(s: Situation, p: Progress, next: RolloutStatus): void {
  const { draft, old } = s;
  const before = pausesOf(old);
  const [begun] = p.pauses;
  if (before.length === 0 && begun !== undefined)
    draft.event('Normal', 'RolloutPaused', `Rollout is paused (${begun.reason})`);
  if (before.length > 0 && p.pauses.length === 0 && !p.abort)
    draft.event('Normal', 'RolloutResumed', 'Rollout is resumed');
  if (p.abortedNow) {
    const timedOut = p.abortMessage === timeoutText(s.revisions.name);
    if (timedOut) draft.event('Warning', 'RolloutAborted', p.abortMessage);
    draft.event('Warning', 'RolloutAborted', messageOf(next, 'Progressing'));
  }
}

/**
 * The message says what is waited for, by the pods that are there: those that were let go of are "pending termination"
 * until they are gone. Once all replicas are asked of the new version and some are missing, they are "becoming
 * available", also in the moment before they exist.
 */
function forPhase(s: Situation, p: Progress, status: RolloutStatus, sizes: PlannedSizes): RolloutStatus {
  const asked = freshSize(s, sizes);
  // Pods that a small stable version is still to take over from are not what makes it available.
  const comesBack = isPromoted(s, p) && s.routed && s.strategy.dynamicStableScale === true;
  const { updatedReplicas = 0 } = status;
  const availableReplicas = comesBack ? s.canary.available : countIn(status, 'availableReplicas');
  if (!p.reset && asked >= s.replicas && availableReplicas < asked)
    return {
      ...status,
      replicas: existingPods(s),
      availableReplicas,
      updatedReplicas: Math.max(asked, updatedReplicas),
    };
  return {
    ...status,
    replicas: existingPods(s),
    updatedReplicas: s.canary.created,
    availableReplicas: sum(s.revisions.all.map(observedCounts), 'available'),
  };
}

/** Of all versions, those on their way out included: nothing is over while they are there. */
const existingPods = (s: Situation): number => sum(s.revisions.all.map(countsOf), 'created');

function armDeadline(s: Situation, p: Progress, status: RolloutStatus, healthy: boolean): void {
  if (healthy || p.abort || isIndefinite(s, p.stepIndex) || waitsForOldPods(s, isPromoted(s, p))) return;
  if (isLate(status)) return;
  const deadline = deadlineOf(s, status);
  if (deadline !== undefined) s.draft.lookAgainAt(Math.max(deadline, s.now));
}
