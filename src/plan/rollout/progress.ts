/**
 * Where the update stands after this pass, as a chain of small decisions: a changed spec, user commands, verdicts,
 * promotion, the next step, a pause. Each takes the progress so far and gives the next; reasons go to the notes.
 */

import type { PauseCondition } from '../../api/rollout.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import type { Course } from './canary/course.ts';
import { currentStep } from './canary/course.ts';
import { thresholdMet } from './canary/sizes.ts';
import { conditionOf } from './conditions.ts';
import { maxWeight, stepsOf, templatesOf, stableHashOf, pausesOf, stepIndexOf } from './defaults.ts';
import { HASH_LABEL } from './names.ts';
import { countsOf, createdAt } from './replica-set.ts';
import { forgetBad } from './found-bad.ts';
import { isWithinRollbackWindow } from './rollback-window.ts';
import type { PingPong } from './roles.ts';
import { otherEnd, rolesOf, stableEnd } from './roles.ts';
import type { Situation } from './situation.ts';
import { pauseSeconds, stepText } from './step-text.ts';

export interface Progress {
  readonly stepIndex: number | undefined;
  readonly stableHash: string;
  readonly abort: boolean;
  readonly abortedAt: string | undefined;
  /** Why the controller aborted; '' when a user did. */
  readonly abortMessage: string;
  readonly promoteFull: boolean;
  readonly pauses: readonly PauseCondition[];
  readonly controllerPause: boolean;
  /** What happened in this very pass. */
  readonly reset: boolean;
  /** The change goes back to the stable version or to an older one. */
  readonly rollback: 'fast' | 'slow' | undefined;
  readonly abortedNow: boolean;
  readonly promotedNow: boolean;
  readonly byFullPromotion: boolean;
  readonly advanced: boolean;
}

export const PAUSE_STEP = 'CanaryPauseStep';
export const BLUE_GREEN_PAUSE = 'BlueGreenPause';
export const INCONCLUSIVE_RUN = 'InconclusiveAnalysisRun';

export const isPromoted = (s: Situation, p: Progress): boolean =>
  p.stableHash !== '' && p.stableHash === s.revisions.hash;

/** The end of a ping-pong pair that is stable's after this pass: a promotion swaps them. */
export const stableEndAfter = (s: Situation, p: Pick<Progress, 'promotedNow'>): PingPong =>
  p.promotedNow ? otherEnd(stableEnd(s.old)) : stableEnd(s.old);

type Started = Pick<PauseCondition, 'startTime'>;

/** Milliseconds; a start that nobody can read counts as now. */
export const pauseStart = ({ startTime }: Started, now: number): number => parseTime(startTime) ?? now;

export const pauseEnd = (pause: Started, seconds: number, now: number): number =>
  pauseStart(pause, now) + seconds * 1000;

/** What somebody wrote as the start is written anew: a pause that begins again with each look would never end. */
const withReadableStarts = (pauses: readonly PauseCondition[], now: number): readonly PauseCondition[] =>
  pauses.map((pause) =>
    parseTime(pause.startTime) === undefined ? { ...pause, startTime: formatTime(now) } : pause,
  );

export const isInconclusive = (p: Pick<Progress, 'pauses'>): boolean =>
  p.pauses.some((pause) => pause.reason.startsWith('Inconclusive'));

export function courseOf(s: Situation, p: Progress): Course {
  return {
    replicas: s.replicas,
    strategy: s.strategy,
    stepIndex: p.stepIndex,
    abort: p.abort,
    promoteFull: p.promoteFull,
    podHash: s.revisions.hash,
    stableHash: p.stableHash,
  };
}

const stepCount = (s: Situation): number => stepsOf(s.strategy).length;
const lastIndex = (s: Situation): number | undefined => (stepCount(s) === 0 ? undefined : stepCount(s));

export function begin(s: Situation): Progress {
  const { old } = s;
  const steps = stepCount(s);
  return {
    // An index beyond the steps means done, whoever wrote it.
    stepIndex: steps === 0 ? undefined : Math.min(Math.max(0, stepIndexOf(old)), steps),
    stableHash: stableHashOf(old),
    abort: old.abort === true,
    abortedAt: old.abort === true ? old.abortedAt : undefined,
    abortMessage: '',
    promoteFull: old.promoteFull === true,
    pauses: withReadableStarts(pausesOf(old), s.now),
    controllerPause: old.controllerPause === true,
    reset: false,
    rollback: undefined,
    abortedNow: false,
    promotedNow: false,
    byFullPromotion: false,
    advanced: false,
  };
}

/** No pause, no abort, no promotion asked for. */
export const withoutCommands = {
  abort: false,
  abortedAt: undefined,
  abortMessage: '',
  promoteFull: false,
  pauses: [],
  controllerPause: false,
} as const;

/** Template or steps changed: from the start, or, back to the stable version, straight to the end (03 section 10). */
export function restartIfChanged(s: Situation, p: Progress): Progress {
  const { old, draft, revisions } = s;
  const templateChanged = (old.currentPodHash ?? '') !== revisions.hash;
  const stepsChanged = (old.currentStepHash ?? '') !== s.stepHash;
  if (!templateChanged && !stepsChanged) return p;
  draft.note(
    'revision.change',
    templateChanged
      ? `the pod template is now that of revision ${revisions.revision} (${revisions.hash})`
      : 'the steps were edited',
  );
  const next: Progress = {
    ...p,
    ...withoutCommands,
    reset: true,
    stepIndex: stepCount(s) > 0 ? 0 : undefined,
  };
  if (isPromoted(s, next)) {
    // Going back must not be recorded for an edit of the steps alone, nor for a status that somebody lost.
    const back = templateChanged && (old.currentPodHash ?? '') !== '';
    if (stepCount(s) > 0) {
      draft.event('Normal', 'SkipSteps', 'Rollback to stable ReplicaSets');
      draft.note('step.skip', 'the wanted version is the stable one: no steps');
    }
    return { ...next, stepIndex: lastIndex(s), rollback: back ? 'fast' : undefined };
  }
  if (isWithinRollbackWindow(s)) {
    const rollback = templateChanged ? 'fast' : undefined;
    if (!hasPods(s)) return { ...next, rollback };
    if (stepCount(s) > 0)
      draft.event('Normal', 'SkipSteps', 'Rollback to active ReplicaSets within RollbackWindow');
    return { ...next, stepIndex: lastIndex(s), rollback };
  }
  return { ...next, rollback: templateChanged && isOlder(s) ? 'slow' : undefined };
}

const hasPods = (s: Situation): boolean =>
  s.revisions.fresh !== undefined && countsOf(s.revisions.fresh).size > 0;

/** A rollback within the window goes straight to the end. An abort of it still stands (spec 03 section 7.3). */
export function skipWithinWindow(s: Situation, p: Progress): Progress {
  if (p.reset || p.abort || p.promoteFull || isPromoted(s, p) || !isWithinRollbackWindow(s)) return p;
  s.draft.note('rollback.window', 'the wanted version is within the rollback window: no steps, no analysis');
  return { ...p, pauses: [], controllerPause: false, stepIndex: lastIndex(s) };
}

function isOlder(s: Situation): boolean {
  const { fresh, stable } = s.revisions;
  return fresh !== undefined && stable !== undefined && createdAt(fresh) < createdAt(stable);
}

/** Nothing is in progress: commands have nothing to act on. */
export function settleIfPromoted(s: Situation, p: Progress): Progress {
  if (p.reset || !isPromoted(s, p)) return p;
  if (p.abort) s.draft.note('abort.nothing', 'there is no update to abort: the wanted version is stable');
  return { ...p, ...withoutCommands, stepIndex: lastIndex(s) };
}

/** The first version has nothing to be compared with: stable at once, its pods follow (03 section 12). */
export function promoteFirst(s: Situation, p: Progress): Progress {
  if (p.reset || p.stableHash !== '' || s.revisions.fresh === undefined) return p;
  return promote(s, p, 'Initial deploy');
}

/** The user's `promoteFull`: no more pauses, no steps, no abort. */
export function skipToEnd(s: Situation, p: Progress): Progress {
  if (p.reset || !p.promoteFull || isPromoted(s, p)) return p;
  s.draft.note('promote.full', 'full promotion was requested: the remaining steps are skipped');
  return { ...p, ...withoutCommands, promoteFull: true, stepIndex: lastIndex(s) };
}

/** Keeps an abort going, and starts the user's. */
export function abortOnCommand(s: Situation, p: Progress): Progress {
  if (p.reset || !p.abort || isPromoted(s, p)) return p;
  return aborted(s, p, '');
}

/** A verdict of analysis or of the deadline. Final for this revision until someone retries. */
export function abortOnVerdict(s: Situation, p: Progress, message: string | undefined): Progress {
  if (message === undefined || p.abort || p.reset || p.promoteFull || isPromoted(s, p)) return p;
  return aborted(s, p, message);
}

function aborted(s: Situation, p: Progress, message: string): Progress {
  const already = conditionOf(s.old, 'Progressing')?.reason === 'RolloutAborted';
  if (!already)
    s.draft.note(
      'abort.verdict',
      message === '' ? 'a user aborted the update' : `the update is aborted: ${message}`,
    );
  return {
    ...p,
    abort: true,
    abortedAt: p.abortedAt ?? formatTime(s.now),
    abortMessage: message,
    pauses: [],
    controllerPause: false,
    stepIndex: stepCount(s) > 0 ? 0 : undefined,
    abortedNow: !already,
  };
}

/** An inconclusive run stops everything until a person decides. */
export function pauseInconclusive(s: Situation, p: Progress, inconclusive: string | undefined): Progress {
  if (inconclusive === undefined || p.abort || p.reset || p.promoteFull || isPromoted(s, p)) return p;
  if (p.pauses.some((pause) => pause.reason === INCONCLUSIVE_RUN)) return p;
  s.draft.note(
    'analysis.inconclusive',
    `AnalysisRun ${inconclusive} is inconclusive: waiting for a decision`,
  );
  return {
    ...p,
    pauses: [...p.pauses, { reason: INCONCLUSIVE_RUN, startTime: formatTime(s.now) }],
    controllerPause: true,
  };
}

/** The new version becomes the stable one when it has all the pods and there is no step left (03 section 7.3). */
export function promoteWhenReady(s: Situation, p: Progress, hold?: string): Progress {
  if (p.reset || p.abort || isPromoted(s, p)) return p;
  const steps = stepCount(s);
  if (!p.promoteFull && p.stepIndex !== undefined && p.stepIndex < steps) return p;
  if (!p.promoteFull && isInconclusive(p)) {
    s.draft.note('promote.wait', 'an inconclusive analysis waits for a decision');
    return p;
  }
  if (!p.promoteFull && s.rollout.spec.paused === true) {
    s.draft.note('promote.wait', 'spec.paused is set');
    return p;
  }
  if (!p.promoteFull && hold !== undefined) {
    s.draft.note('promote.wait', hold);
    return p;
  }
  const enough =
    s.canary.available >= s.replicas || thresholdMet(courseOf(s, p), s.canary, s.replicas) === true;
  if (!enough) {
    s.draft.note(
      'promote.wait',
      `${s.canary.available} of ${s.replicas} pods of the new version are available`,
    );
    return p;
  }
  // Basic canary: the old version has left before the new one takes its name, so that the end is one status.
  const left = Math.max(s.stable?.size ?? 0, s.stable?.created ?? 0);
  if (!s.routed && s.strategy.pingPong === undefined && left > 0 && s.canary.available >= s.replicas) {
    s.draft.note('promote.wait', `${left} pods of the old version are still there`);
    return p;
  }
  const missing = switchFailed(s) ?? routesMissing(s, p);
  if (missing !== undefined) {
    s.draft.note('promote.wait', missing);
    return p;
  }
  const reason = p.promoteFull
    ? 'Full promotion requested'
    : isWithinRollbackWindow(s)
      ? 'Rollback within window'
      : `Completed all ${steps} canary steps`;
  return promote(s, p, reason);
}

/** A promotion whose Service stays with the old version would send the traffic there, or say what isn't so. */
function switchFailed(s: Situation): string | undefined {
  const failed = s.snapshot.failed.find(({ key }) => key.startsWith('service/'));
  return failed === undefined ? undefined : `a Service could not be switched: ${failed.message}`;
}

/** What the routes still lack for a promotion; undefined: nothing. */
function routesMissing(s: Situation, p: Progress): string | undefined {
  const { pingPong } = s.strategy;
  // A weight waits for pods, and without any there is nobody to send to any version.
  if (s.replicas === 0) return undefined;
  const max = maxWeight(s.strategy);
  if (pingPong !== undefined && s.routed) {
    // The promotion makes this Service the stable one.
    const { canaryService = '' } = rolesOf(s.strategy, stableEnd(s.old));
    if (s.snapshot.services[canaryService]?.selector[HASH_LABEL] !== s.revisions.hash)
      return `Service ${canaryService} does not select the new version yet`;
  }
  if (p.promoteFull || stepCount(s) === 0) return undefined;
  const confirmed = s.snapshot.routes
    .filter((route) => route.confirms === true)
    .every((route) => route.weight === max && route.verified !== false);
  return confirmed ? undefined : `end of rollout, desired weight ${max} not yet verified`;
}

function promote(s: Situation, p: Progress, reason: string): Progress {
  const { revision, hash } = s.revisions;
  forgetBad(s);
  s.draft.event(
    'Normal',
    'RolloutCompleted',
    `Rollout completed update to revision ${revision} (${hash}): ${reason}`,
  );
  s.draft.note('promote.done', `revision ${revision} is stable: ${reason}`);
  return {
    ...p,
    ...withoutCommands,
    stepIndex: lastIndex(s),
    stableHash: hash,
    promotedNow: true,
    byFullPromotion: p.promoteFull,
  };
}

/** What the completion of a step depends on besides the progress itself. */
export interface StepFacts {
  /** All ReplicaSets are as the current step wants them. */
  readonly atDesired: boolean;
  /** The routers have the weight of the current step. */
  readonly weightReached: boolean;
  /** Phase of the run of the current analysis step. */
  readonly stepRunPhase: string | undefined;
  /** Why the background analysis holds the steps. */
  readonly hold?: string | undefined;
}

/** One step at most in a pass. */
export function advanceWhenDone(s: Situation, p: Progress, facts: StepFacts): Progress {
  if (p.reset || p.abort || p.promotedNow || isPromoted(s, p)) return p;
  const { index, step } = currentStep({ strategy: s.strategy, stepIndex: p.stepIndex });
  if (index === undefined || step === undefined) return p;
  const waiting = waitingFor(s, p, facts);
  if (waiting !== undefined) {
    s.draft.note('step.wait', `step ${index + 1} (${stepText(step)}): ${waiting}`);
    return p;
  }
  const count = stepCount(s);
  s.draft.event(
    'Normal',
    'RolloutStepCompleted',
    `Rollout step ${index + 1}/${count} completed (${stepText(step)})`,
  );
  s.draft.note('step.done', `step ${index + 1} of ${count} (${stepText(step)}) is done`);
  const pauses = p.pauses.filter((pause) => pause.reason !== PAUSE_STEP);
  return { ...p, stepIndex: index + 1, pauses, controllerPause: pauses.length > 0, advanced: true };
}

/** A person's word stands over missing evidence. */
const isResumed = (p: Progress): boolean => p.controllerPause && p.pauses.length === 0;

/** Why the current step isn't done; undefined when it is. Members in the order of spec 03 section 7.2. */
function waitingFor(s: Situation, p: Progress, facts: StepFacts): string | undefined {
  const { step } = currentStep({ strategy: s.strategy, stepIndex: p.stepIndex });
  if (step === undefined) return 'there is no such step';
  if (s.rollout.spec.paused === true) return 'spec.paused is set';
  if (isInconclusive(p)) return 'an inconclusive analysis waits for a decision';
  if (facts.hold !== undefined && !isResumed(p)) return facts.hold;
  if (step.pause !== undefined) return pauseLeft(s, p, step.pause);
  if (step.setCanaryScale !== undefined) return facts.atDesired ? undefined : podsMissing(s);
  if (step.setWeight !== undefined) {
    if (!facts.atDesired) return podsMissing(s);
    return facts.weightReached ? undefined : 'the router does not have the weight yet';
  }
  if (step.analysis !== undefined) {
    if (templatesOf(step.analysis).length === 0) return undefined;
    return facts.stepRunPhase === 'Successful'
      ? undefined
      : `the analysis is ${facts.stepRunPhase ?? 'not started'}`;
  }
  if (step.setHeaderRoute !== undefined || step.setMirrorRoute !== undefined) return undefined;
  return 'this step is not implemented';
}

const podsMissing = (s: Situation): string =>
  `waiting for pods: canary ${s.canary.available} available of ${s.canary.size}, ` +
  `stable ${s.stable?.created ?? 0} of ${s.stable?.size ?? 0}`;

function pauseLeft(
  s: Situation,
  p: Progress,
  pause: { duration?: number | string | undefined },
): string | undefined {
  const condition = p.pauses.find((item) => item.reason === PAUSE_STEP);
  if (condition === undefined) return p.controllerPause ? undefined : 'the pause begins';
  const seconds = pauseSeconds(pause);
  if (seconds === undefined) return 'paused until someone promotes';
  const end = pauseEnd(condition, seconds, s.now);
  if (s.now >= end) return undefined;
  s.draft.lookAgainAt(end);
  return `paused until ${formatTime(end)}`;
}

/** Enters the pause that the current step asks for. */
export function enterPause(s: Situation, p: Progress): Progress {
  if (p.reset || p.abort || p.advanced || p.promoteFull || isPromoted(s, p)) return p;
  if (s.rollout.spec.paused === true) return p;
  const { index, step } = currentStep({ strategy: s.strategy, stepIndex: p.stepIndex });
  if (step?.pause === undefined || index === undefined) return p;
  if (p.controllerPause || p.pauses.some((pause) => pause.reason === PAUSE_STEP)) return p;
  const seconds = pauseSeconds(step.pause);
  const startTime = formatTime(s.now);
  if (seconds !== undefined) s.draft.lookAgainAt(pauseEnd({ startTime }, seconds, s.now));
  s.draft.note(
    'step.pause',
    seconds === undefined ? 'pause until someone promotes' : `pause for ${seconds} s`,
  );
  return { ...p, pauses: [...p.pauses, { reason: PAUSE_STEP, startTime }], controllerPause: true };
}

/**
 * `controllerPause` without a pause means: someone resumed. It goes once that is acted on; while spec.paused holds
 * everything back it stays, so that a promotion given in the meantime isn't lost.
 */
export function clearResume(s: Situation, p: Progress): Progress {
  if (!p.controllerPause || p.pauses.length > 0) return p;
  const { step } = currentStep({ strategy: s.strategy, stepIndex: p.stepIndex });
  if (s.rollout.spec.paused === true && step?.pause !== undefined && !p.advanced) return p;
  return { ...p, controllerPause: false };
}
