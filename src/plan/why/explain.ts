/**
 * The one thing that a Rollout is waiting for, with the numbers in it, and what would change it. Made from the plan of a
 * snapshot and its notes, so that it can't differ from what the controller thinks.
 */

import type { BlueGreenStrategy, CanaryStep, Rollout, RolloutStatus } from '../../api/rollout.ts';
import { formatDuration } from '../../lang/duration.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import { intentText, podsText } from '../rehearsal/words.ts';
import { situateBlueGreen } from '../rollout/blue-green/situation.ts';
import { conditionOf, isLate, messageOf } from '../rollout/conditions.ts';
import { deadlineOf } from '../rollout/deadline.ts';
import {
  replicasOf,
  stepsOf,
  writtenStatus,
  canaryOf,
  pausesOf,
  stepIndexOf,
  autoPromotionSeconds,
  progressDeadlineSeconds,
} from '../rollout/defaults.ts';
import type { RolloutPlan, RolloutSnapshot } from '../rollout/index.ts';
import { planRollout } from '../rollout/index.ts';
import { currentHold } from '../rollout/holding.ts';
import { Draft } from '../rollout/intents.ts';
import { fullyPromoted, isUpdate } from '../rollout/phase.ts';
import { BLUE_GREEN_PAUSE, PAUSE_STEP, pauseStart } from '../rollout/progress.ts';
import { publicationOf } from '../rollout/publish.ts';
import type { ReplicaSet } from '../rollout/replica-set.ts';
import { countsOf, hashOf, revisionOf, observedCounts } from '../rollout/replica-set.ts';
import { claim, revisionsOf } from '../rollout/revision.ts';
import type { Situation } from '../rollout/situation.ts';
import { situate } from '../rollout/situation.ts';
import { pauseSeconds, stepText } from '../rollout/step-text.ts';
import { refusalOf } from '../rollout/validation.ts';
import type { GateState } from './gate.ts';
import { gateState } from './gate.ts';

export type Cause =
  | 'deleted'
  | 'refused'
  | 'acting'
  | 'aborted'
  | 'gate broken'
  | 'late'
  | 'held'
  | 'inconclusive'
  | 'pause'
  | 'gate'
  | 'pods'
  | 'traffic'
  | 'restart'
  | 'old pods'
  | 'settled';

export interface Explanation {
  readonly cause: Cause;
  /** One sentence, without a full stop. */
  readonly text: string;
  /** The new version: pods that there are, and that there should be. */
  readonly pods: { readonly revision: number | undefined; readonly available: number; readonly size: number };
  /** Index of the current step, and how many there are; undefined without steps. */
  readonly step: { readonly index: number; readonly of: number } | undefined;
  /** Since when there has been no progress, milliseconds since the epoch. */
  readonly since: number | undefined;
  /** When it ends by itself. */
  readonly until: number | undefined;
  /** When the progress deadline passes; undefined where none runs. */
  readonly deadline: number | undefined;
  readonly gates: readonly GateState[];
  /** What a person can do about it. */
  readonly ways: readonly Way[];
}

export interface Way {
  readonly about: string;
  /** Arguments of `kubectl sluice`, where there is such a command. */
  readonly command?: string | undefined;
}

type Told = Pick<Explanation, 'cause' | 'text'> &
  Partial<Pick<Explanation, 'until' | 'gates' | 'ways' | 'deadline'>>;

interface View {
  readonly snapshot: RolloutSnapshot;
  readonly plan: RolloutPlan;
  readonly rollout: Rollout;
  readonly status: RolloutStatus;
  readonly blueGreen: BlueGreenStrategy | undefined;
  readonly name: string;
  readonly now: number;
  readonly situation: Situation;
  readonly pods: Explanation['pods'];
  readonly step: Explanation['step'];
  /** By the status that is about to be written, where there is one: counts that are news are progress. */
  readonly deadline: number | undefined;
}

export function explainRollout(snapshot: RolloutSnapshot): Explanation {
  const plan = planRollout(snapshot);
  const { stored, rollout, now } = snapshot;
  const { name } = stored.metadata;
  if (stored.metadata.deletionTimestamp !== undefined)
    return bare({ cause: 'deleted', text: 'it is being deleted, and its objects go with it' });
  const refusal = refusalOf(snapshot);
  if (refusal !== undefined || rollout === undefined) return bare(refusedTold(name, refusal));
  const status = writtenStatus(rollout);
  const situation = situationOf(snapshot, rollout);
  const view: View = {
    snapshot,
    plan,
    rollout,
    status,
    blueGreen: rollout.spec.strategy?.blueGreen,
    name,
    now,
    situation,
    deadline: deadlineOf(situation, plan.status ?? status),
    pods: podsOf(snapshot, status),
    step: stepOf(rollout, status),
  };
  const told =
    LINKS.reduce<Told | undefined>((found, link) => found ?? link(view), undefined) ?? settled(view);
  const since = parseTime(conditionOf(status, 'Progressing')?.lastUpdateTime);
  return {
    ...told,
    pods: view.pods,
    step: view.step,
    since: told.cause === 'settled' ? undefined : since,
    until: told.until,
    deadline: told.cause === 'pods' || told.cause === 'traffic' ? view.deadline : undefined,
    gates: told.gates ?? [],
    ways: told.ways ?? [],
  };
}

function bare(told: Told): Explanation {
  return {
    ...told,
    pods: { revision: undefined, available: 0, size: 0 },
    step: undefined,
    since: undefined,
    until: undefined,
    deadline: undefined,
    gates: [],
    ways: told.ways ?? [],
  };
}

/** The first that has something to say is right: what stands further up holds back what stands below it. */
const LINKS: readonly ((view: View) => Told | undefined)[] = [
  acting,
  aborted,
  gateBroken,
  late,
  held,
  inconclusive,
  pause,
  unproven,
  gate,
  traffic,
  pods,
  restart,
  oldPods,
];

const retry = (name: string): Way => ({ about: 'try this version again', command: `retry rollout ${name}` });
const undo = (name: string): Way => ({ about: 'go back to the version before', command: `undo ${name}` });
const abort = (name: string): Way => ({ about: 'give this version up', command: `abort ${name}` });
const promote = (name: string, about = 'let it go on'): Way => ({ about, command: `promote ${name}` });

function refusedTold(name: string, refusal: ReturnType<typeof refusalOf>): Told {
  const kind =
    refusal?.condition.type === 'NotImplemented' ? 'this is not implemented' : 'the spec is refused';
  return {
    cause: 'refused',
    text: `${kind}, so nothing is started: ${refusal?.condition.message ?? `Rollout ${name} can't be read`}`,
    ways: [
      { about: 'mend the manifest; `lint` and `plan` name every field', command: 'lint -f FILE' },
      ...(refusal?.retry === true
        ? [{ about: 'or the object that it names: it is looked at again by itself' }]
        : []),
    ],
  };
}

/** The controller has something to write: there is no wait, unless it isn't there. */
function acting({ plan, status, snapshot }: View): Told | undefined {
  const isNews = plan.status !== undefined && publicationOf(status, plan.status) === 'now';
  if (plan.intents.length === 0 && !isNews) return undefined;
  const names = new Map(snapshot.replicaSets.map((rs) => [rs.metadata.name, revisionText(revisionOf(rs))]));
  const hashes = new Map(snapshot.replicaSets.map((rs) => [hashOf(rs), revisionText(revisionOf(rs))]));
  const texts = plan.intents
    .map((intent) =>
      intentText(intent, {
        replicaSet: (name) => names.get(name) ?? name,
        version: (hash) => hashes.get(hash) ?? hash,
      }),
    )
    .filter((text) => text !== undefined);
  const what = texts.length === 0 ? 'its status' : texts.join(', ');
  return {
    cause: 'acting',
    text: `nothing is waited for: the controller is about to write ${what}`,
    ways: [{ about: 'where this stays so, the controller of this cluster does not run or may not write' }],
  };
}

function aborted({ status, name, plan, pods: { revision } }: View): Told | undefined {
  if (status.abort !== true || fullyPromoted(status)) return undefined;
  const message = messageOf(status, 'Progressing');
  const wait = noteOf(plan, 'abort.wait') ?? noteOf(plan, 'abort.pods');
  return {
    cause: 'aborted',
    text:
      `${revisionText(revision)} was aborted${status.abortedAt === undefined ? '' : ` at ${status.abortedAt}`}` +
      `${message === '' ? '' : `: ${message}`}${wait === undefined ? '' : ` (${wait})`}`,
    ways: [retry(name), undo(name), { about: 'or apply a new version' }],
  };
}

function gateBroken({ status, name }: View): Told | undefined {
  const failure = conditionOf(status, 'AnalysisRunFailure');
  if (failure === undefined) return undefined;
  return {
    cause: 'gate broken',
    text: failure.message,
    ways: [{ about: 'mend the AnalysisTemplate or its arguments: it is tried again by itself' }, abort(name)],
  };
}

/** All pods of the new version may be there, and something else is missing. */
function late(view: View): Told | undefined {
  const { status, name, rollout, pods: counts } = view;
  if (!isLate(status)) return undefined;
  const seconds = progressDeadlineSeconds(rollout.spec);
  const promoted = fullyPromoted(status);
  const missing =
    unproven(view) ??
    gate(view) ??
    traffic(view) ??
    (promoted ? (restart(view) ?? oldPods(view)) : undefined);
  return {
    cause: 'late',
    text:
      `no progress within ${short(seconds * 1000)}: ${counts.available} of ${counts.size} pods of ` +
      `${revisionText(counts.revision)} are available${podTrouble(view)}` +
      (missing === undefined ? '' : `; ${missing.text}`),
    gates: missing?.gates ?? [],
    ways: [
      abort(name),
      undo(name),
      ...(missing?.ways ?? [{ about: 'or mend what keeps the pods from getting ready' }]).filter(
        ({ command }) => command !== abort(name).command,
      ),
    ],
  };
}

function held({ rollout, name, status }: View): Told | undefined {
  if (rollout.spec.paused !== true) return undefined;
  return {
    cause: 'held',
    text: `spec.paused is set${inStep(rollout, status)}: nothing goes on until it is taken back`,
    ways: [promote(name)],
  };
}

function inconclusive({ status, name, snapshot }: View): Told | undefined {
  const found = pausesOf(status).find(({ reason }) => reason.startsWith('Inconclusive'));
  if (found === undefined) return undefined;
  const runs = snapshot.analysisRuns.filter((run) => run.status?.phase === 'Inconclusive');
  return {
    cause: 'inconclusive',
    text: `an analysis is inconclusive since ${found.startTime}: a person has to decide`,
    gates: runs.slice(-1).map(gateState),
    ways: [promote(name, 'accept this version'), abort(name)],
  };
}

function pause({ rollout, status, blueGreen, name, now }: View): Told | undefined {
  const found = pausesOf(status).find(({ reason }) => reason === PAUSE_STEP || reason === BLUE_GREEN_PAUSE);
  if (found === undefined) return undefined;
  const step = currentStepOf(rollout, status);
  const seconds =
    blueGreen === undefined
      ? pauseSeconds(step?.pause ?? {})
      : blueGreen.autoPromotionEnabled === false
        ? undefined
        : autoPromotionSeconds(blueGreen);
  const start = pauseStart(found, now);
  const until = seconds === undefined ? undefined : start + seconds * 1000;
  // It is over and nothing is to be written: evidence of the background is missing, or pods are.
  if (until !== undefined && until <= now) return undefined;
  const where =
    blueGreen === undefined ? inStep(rollout, status) : ' before the switch of the active Service';
  const text =
    until === undefined
      ? `paused${where} since ${short(now - start)}, until someone promotes`
      : `paused${where} for ${short(until - start)}: ${short(until - now)} left, until ${formatTime(until)}`;
  return {
    cause: 'pause',
    text,
    until,
    ways: [promote(name, until === undefined ? 'let it go on' : 'go on at once'), abort(name)],
  };
}

/** Evidence that is missing holds the steps, in the background, too. */
function unproven({ situation, status, rollout, blueGreen, name }: View): Told | undefined {
  const hold = fullyPromoted(status) ? undefined : currentHold(situation);
  if (hold === undefined) return undefined;
  const skips = blueGreen === undefined && currentStepOf(rollout, status) !== undefined;
  return {
    cause: 'gate',
    text: `held until there is ${hold.lacks === 'traffic' ? 'traffic to judge' : 'evidence'}: ${hold.text}`,
    gates: [gateState(hold.run)],
    ways: [
      {
        about:
          hold.lacks === 'traffic'
            ? 'edit the steps, so that the version has a weight before this one'
            : 'mend what the metrics are read from: it goes on by itself',
      },
      { about: 'go on without it', command: `promote ${name}${skips ? '' : ' --full'}` },
      abort(name),
    ],
  };
}

/** A gate that is all that is missing. Background analysis holds nothing back. */
function gate({ rollout, status, blueGreen, snapshot, name, plan, now }: View): Told | undefined {
  if (fullyPromoted(status)) return undefined;
  const step = currentStepOf(rollout, status);
  const recorded =
    blueGreen === undefined
      ? step?.analysis === undefined
        ? undefined
        : status.canary?.currentStepAnalysisRunStatus
      : noteOf(plan, 'gate.wait') === 'the analysis before the promotion is not done'
        ? status.blueGreen?.prePromotionAnalysisRunStatus
        : noteOf(plan, 'promote.wait') === 'the analysis after the switch is not done'
          ? status.blueGreen?.postPromotionAnalysisRunStatus
          : undefined;
  const run = snapshot.analysisRuns.find(({ metadata }) => metadata.name === recorded?.name);
  if (run === undefined) return undefined;
  const state = gateState(run);
  const open = state.metrics.filter(({ phase }) => phase !== 'Successful');
  const next =
    state.nextAt === undefined || state.nextAt < now ? '' : `, measured next in ${short(state.nextAt - now)}`;
  const place = blueGreen === undefined ? inStep(rollout, status) : '';
  return {
    cause: 'gate',
    text:
      `waiting for AnalysisRun ${state.run}${place}: ` +
      `${state.metrics.length - open.length} of ${state.metrics.length} metrics have passed${next}`,
    gates: [state],
    ways: [promote(name, 'go on without it'), abort(name)],
  };
}

function traffic({ plan, rollout, status, pods: counts }: View): Told | undefined {
  if (fullyPromoted(status)) return undefined;
  const failed = noteOf(plan, 'weight.failed');
  const wait = noteOf(plan, 'step.wait');
  const isRouter = wait?.includes('the router does not have the weight yet') === true;
  const unconfirmed = noteOf(plan, 'weight.confirm');
  if (failed === undefined && unconfirmed === undefined && !isRouter) return undefined;
  const why = noteOf(plan, 'service.wait') ?? noteOf(plan, 'weight.decision') ?? failed ?? '';
  return {
    cause: 'traffic',
    text:
      `waiting for the traffic of ${revisionText(counts.revision)}${inStep(rollout, status)}: ` +
      `${failed ?? unconfirmed ?? 'the router does not have the weight yet'}${why === '' || why === failed ? '' : ` (${why})`}`,
    ways: [{ about: 'Events of the Rollout say what the router answered: `kubectl describe rollout`' }],
  };
}

function pods(view: View): Told | undefined {
  const { plan, status, rollout, name, snapshot, now, deadline, pods: counts } = view;
  const isUpdating = isUpdate(status);
  const wanted = replicasOf(rollout.spec);
  const note =
    noteOf(plan, 'step.wait')?.replace(/^[^:]*(?::[^:]*)?\): /, '') ??
    noteOf(plan, 'promote.wait') ??
    noteOf(plan, 'gate.wait') ??
    noteOf(plan, 'active.wait') ??
    noteOf(plan, 'service.wait') ??
    noteOf(plan, 'size.settle');
  // More than wanted are there where one is restarted beside another.
  const isShort = counts.available < Math.max(wanted, counts.size);
  if (!isUpdating && !isShort) return undefined;
  if (isUpdating && note === undefined && !isShort) return undefined;
  const stable = snapshot.replicaSets.find((rs) => hashOf(rs) === status.stableRS);
  const old = isUpdating && stable !== undefined ? countsOf(stable) : undefined;
  const parts = [
    `${counts.available} of ${counts.size} pods of ${revisionText(counts.revision)} are available`,
    ...(counts.size === wanted ? [] : [`${wanted} in the end`]),
    ...(old === undefined ? [] : [`stable has ${old.available} of ${old.size}`]),
    ...(deadline === undefined || deadline <= now ? [] : [`progress deadline in ${short(deadline - now)}`]),
  ];
  return {
    cause: 'pods',
    text: `waiting for pods${inStep(rollout, status)}: ${parts.join(', ')}${podTrouble(view)}`,
    ways: [
      { about: 'what the pods say: `kubectl get events`, or', command: `get rollout ${name}` },
      ...(isUpdating ? [abort(name)] : []),
    ],
  };
}

function restart({ plan, status, rollout }: View): Told | undefined {
  const note = noteOf(plan, 'restart.pods') ?? noteOf(plan, 'restart.wait') ?? noteOf(plan, 'restart.later');
  const isUnderWay = status.phase === 'Progressing' && status.message?.includes('restarting') === true;
  if (note === undefined && !isUnderWay) return undefined;
  return {
    cause: 'restart',
    text: `pods from before ${rollout.spec.restartAt ?? ''} are replaced: ${note ?? 'the last have gone'}`,
    ways: [{ about: 'a PodDisruptionBudget that allows nothing holds it up: `kubectl get pdb`' }],
  };
}

/** Healthy, with pods of older versions that live out their delay; or not yet, because they have to go first. */
function oldPods({ plan, status, snapshot, now }: View): Told | undefined {
  const isCurrent = (rs: ReplicaSet): boolean => hashOf(rs) === status.currentPodHash;
  const sum = (of: (rs: ReplicaSet) => number): number =>
    snapshot.replicaSets.reduce((total, rs) => total + Math.max(0, of(rs)), 0);
  const created = (rs: ReplicaSet): number => observedCounts(rs).created;
  const older = sum((rs) => (isCurrent(rs) ? 0 : Math.max(countsOf(rs).size, created(rs))));
  const leaving = sum((rs) => (isCurrent(rs) ? created(rs) - countsOf(rs).size : 0));
  if (older + leaving === 0) return undefined;
  const until = plan.requeueAt !== undefined && plan.requeueAt > now ? plan.requeueAt : undefined;
  const again = until === undefined ? '' : `, to be looked at again in ${short(until - now)}`;
  const what =
    older === 0
      ? `${podsText(leaving)} ${leaving === 1 ? 'is on its' : 'are on their'} way out`
      : `${podsText(older)} of older versions ${older === 1 ? 'is' : 'are'} still there`;
  return { cause: 'old pods', text: what + again, until, ways: [] };
}

function settled({ pods: counts, rollout, status }: View): Told {
  const state = status.phase ?? 'new';
  return {
    cause: 'settled',
    text:
      state === 'Healthy'
        ? `nothing: ${revisionText(counts.revision)} is stable, ${counts.available} of ${replicasOf(rollout.spec)} pods are available`
        : `nothing that the controller knows of: it is ${state}${status.message === undefined ? '' : ` (${status.message})`}`,
  };
}

function situationOf(snapshot: RolloutSnapshot, rollout: Rollout): Situation {
  const draft = new Draft();
  const revisions = revisionsOf(rollout, claim(rollout, snapshot.replicaSets, draft));
  const canary = canaryOf(rollout);
  const blueGreen = rollout.spec.strategy?.blueGreen;
  return blueGreen === undefined
    ? situate(snapshot, rollout, canary, revisions, draft)
    : situateBlueGreen(snapshot, rollout, blueGreen, revisions, draft);
}

/** One whose ReplicaSet is gone, or has no number yet, has no revision. */
const revisionText = (revision: number | undefined): string =>
  revision === undefined ? 'a version without a revision' : `revision ${revision}`;

const noteOf = ({ notes }: RolloutPlan, about: string): string | undefined =>
  notes.find((note) => note.about === about)?.text;

function podsOf({ replicaSets }: RolloutSnapshot, { currentPodHash }: RolloutStatus): Explanation['pods'] {
  const rs = replicaSets.find((item) => hashOf(item) === currentPodHash);
  if (rs === undefined) return { revision: undefined, available: 0, size: 0 };
  const { available, size } = countsOf(rs);
  return { revision: revisionOf(rs), available, size };
}

function stepOf(rollout: Rollout, { currentStepIndex }: RolloutStatus): Explanation['step'] {
  const steps = stepsOf(canaryOf(rollout));
  return currentStepIndex === undefined || steps.length === 0
    ? undefined
    : { index: currentStepIndex, of: steps.length };
}

/** ` in step 3/5 (setWeight: 40)`. */
function inStep(rollout: Rollout, status: RolloutStatus): string {
  const step = fullyPromoted(status) ? undefined : currentStepOf(rollout, status);
  if (step === undefined) return '';
  const { length } = stepsOf(canaryOf(rollout));
  return ` in step ${stepIndexOf(status) + 1}/${length} (${stepText(step)})`;
}

const currentStepOf = (rollout: Rollout, status: RolloutStatus): CanaryStep | undefined =>
  stepsOf(canaryOf(rollout))[stepIndexOf(status)];

/** What the ReplicaSet says about pods that it could not make. */
function podTrouble({ snapshot, status }: View): string {
  const rs = snapshot.replicaSets.find((item) => hashOf(item) === status.currentPodHash);
  const failure = rs?.status?.conditions?.find(
    ({ type, status: is }) => type === 'ReplicaFailure' && is === 'True',
  );
  return failure?.message === undefined ? '' : `; ${failure.message}`;
}

const short = (ms: number): string => {
  const text = formatDuration(Math.round(ms / 1000) * 1000);
  return text.replace(/(?<=[hm])0s$/, '').replace(/(?<=h)0m$/, '');
};
