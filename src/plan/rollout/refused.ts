/**
 * A Rollout whose spec can't be carried out, in the middle of an update. No release starts and none goes on, but what
 * protects the users does not wait for a person to mend the spec: an abort, a failed analysis and the deadline are
 * decided as ever, on the version and the sizes that are there (nothing stands before a verdict).
 */

import type {
  BlueGreenStrategy,
  CanaryStrategy,
  Rollout,
  RolloutSpec,
  RolloutStatus,
} from '../../api/rollout.ts';
import { stepHash } from '../../lang/step-hash.ts';
import type { Json, JsonObject } from '../../lang/json.ts';
import { objectOf } from '../../lang/json.ts';
import { currentRuns } from './analysis-runs.ts';
import { decideBlueGreen, judgeBlueGreen } from './blue-green/index.ts';
import { situateBlueGreen } from './blue-green/situation.ts';
import { decideCanary, verdicts } from './canary-plan.ts';
import { setCondition } from './conditions.ts';
import { deadlineOf, hasTimedOut, isIndefinite } from './deadline.ts';
import { Draft } from './intents.ts';
import { HASH_LABEL } from './names.ts';
import type { Progress } from './progress.ts';
import { begin, isPromoted } from './progress.ts';
import { desiredReplicasOf, hashOf, countsOf } from './replica-set.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Revisions } from './revision.ts';
import { claim, revisionsOf } from './revision.ts';
import type { Situation } from './situation.ts';
import { situate } from './situation.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { timeoutText } from './status.ts';
import { ownTemplate } from './strip.ts';
import type { Refusal } from './validation.ts';
import { refusedStatus } from './validation.ts';
import { conditionsOf } from './defaults.ts';

export interface RefusedDecision {
  readonly status: RolloutStatus | undefined;
  /** The status holds a new verdict. */
  readonly urgent: boolean;
}

export function decideRefused(snapshot: RolloutSnapshot, refusal: Refusal, draft: Draft): RefusedDecision {
  const verdict = decideVerdict(snapshot, draft);
  return {
    status: refusedStatus(snapshot, refusal, draft, verdict?.status),
    urgent: verdict?.urgent === true,
  };
}

/** What a verdict makes of the update under way; undefined: there is none, or no update. */
function decideVerdict(
  snapshot: RolloutSnapshot,
  draft: Draft,
): { status: RolloutStatus; urgent: boolean } | undefined {
  const running = lastCarriedOut(snapshot);
  if (running === undefined) return undefined;
  const { rollout, strategy, status: stored } = running;
  // Whether there is a verdict at all is asked on the side: without one, no write may follow.
  const trial = new Draft();
  const revisions = revisionsOf(rollout, claim(rollout, snapshot.replicaSets, trial));
  if (revisions.hash !== stored.currentPodHash) return undefined;
  const { s, p } = judge(snapshot, rollout, strategy, revisions, trial);
  if (isPromoted(s, p)) return undefined;
  if (!p.abort) return withDeadline(s, p, stored, draft);
  const { status, progress } =
    'blueGreen' in strategy
      ? decideBlueGreen(snapshot, rollout, strategy.blueGreen, revisions, draft)
      : decideCanary(snapshot, rollout, strategy.canary, revisions, draft);
  draft.note('abort.refused', 'the update is aborted although its spec cannot be carried out');
  const { currentStepHash: _, ...decided } = status;
  return {
    status: {
      ...decided,
      ...(stored.currentStepHash === undefined ? {} : { currentStepHash: stored.currentStepHash }),
    },
    urgent: progress.abortedNow,
  };
}

function judge(
  snapshot: RolloutSnapshot,
  rollout: Rollout,
  strategy: Strategy,
  revisions: Revisions,
  draft: Draft,
): { s: Situation; p: Progress } {
  if ('blueGreen' in strategy)
    return judgeBlueGreen(situateBlueGreen(snapshot, rollout, strategy.blueGreen, revisions, draft));
  const s = situate(snapshot, rollout, strategy.canary, revisions, draft);
  return { s, p: verdicts(s, begin(s), currentRuns(s)) };
}

/** An update that nobody carries on is late like any other. */
function withDeadline(
  s: Situation,
  p: Progress,
  stored: RolloutStatus,
  draft: Draft,
): { status: RolloutStatus; urgent: boolean } | undefined {
  if (p.pauses.length > 0 || s.rollout.spec.paused === true || isIndefinite(s, p.stepIndex)) return undefined;
  if (!hasTimedOut(s, stored)) {
    const deadline = deadlineOf(s, stored);
    if (deadline !== undefined) draft.lookAgainAt(deadline);
    return undefined;
  }
  const conditions = setCondition(
    conditionsOf(stored),
    {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: timeoutText(s.revisions.name),
    },
    s.now,
  );
  draft.note('deadline.passed', 'no progress within progressDeadlineSeconds');
  return { status: { ...stored, conditions: [...conditions] }, urgent: false };
}

type Strategy = { readonly canary: CanaryStrategy } | { readonly blueGreen: BlueGreenStrategy };

interface CarriedOut {
  readonly rollout: Rollout;
  readonly strategy: Strategy;
  /** As it is stored. */
  readonly status: RolloutStatus;
}

/**
 * The Rollout as it was when it was carried out last, as far as that is known: the template of the version that is
 * being rolled out, its size, and of the strategy what an abort needs. Undefined without an update in progress.
 */
function lastCarriedOut(snapshot: RolloutSnapshot): CarriedOut | undefined {
  const { replicaSets } = snapshot;
  const rollout = snapshot.rollout ?? snapshot.readable;
  const status = rollout?.status;
  const { canary, blueGreen } = rollout?.spec.strategy ?? {};
  if (rollout === undefined || status === undefined) return undefined;
  if (canary === undefined && blueGreen === undefined) return undefined;
  const { stableRS = '', currentPodHash = '' } = status;
  if (stableRS === '' || currentPodHash === '' || stableRS === currentPodHash) return undefined;
  const withHash = (hash: string): ReplicaSet | undefined => replicaSets.find((rs) => hashOf(rs) === hash);
  const fresh = withHash(currentPodHash);
  if (fresh === undefined) return undefined;
  // Where somebody has deleted that of stable, the new version's tells the same.
  const stable = withHash(stableRS) ?? fresh;
  const strategy: Strategy =
    canary === undefined ? { blueGreen: safeBlueGreen(blueGreen ?? {}) } : { canary: safeStrategy(canary) };
  return {
    status,
    strategy,
    rollout: {
      ...rollout,
      spec: {
        ...safeNumbers(rollout.spec, fresh, stable),
        selector: selectorOf(stable),
        template: templateOf(fresh),
        strategy,
      },
      // The steps are not what is judged here.
      status: { ...status, currentStepHash: stepHash(strategy as unknown as JsonObject) },
    },
  };
}

/** One Service for both versions is the active one. */
function safeBlueGreen(strategy: BlueGreenStrategy): BlueGreenStrategy {
  const { previewService, ...rest } = strategy;
  return previewService === undefined || previewService === strategy.activeService
    ? rest
    : { ...rest, previewService };
}

/** Numbers that make no sense give way to what is there, or to the default. */
function safeNumbers(spec: RolloutSpec, fresh: ReplicaSet, stable: ReplicaSet): RolloutSpec {
  const there = desiredReplicasOf(stable) ?? countsOf(stable).size;
  const { replicas = there, revisionHistoryLimit = 0, progressDeadlineSeconds, ...rest } = spec;
  const { minReadySeconds = 0 } = fresh.spec;
  return {
    ...rest,
    minReadySeconds,
    replicas: replicas >= 0 ? replicas : there,
    ...(revisionHistoryLimit >= 0 && spec.revisionHistoryLimit !== undefined ? { revisionHistoryLimit } : {}),
    ...(progressDeadlineSeconds !== undefined && progressDeadlineSeconds > minReadySeconds
      ? { progressDeadlineSeconds }
      : {}),
  };
}

/** Steps stay, because they say whether the deadline runs; what they ask for isn't done. */
function safeStrategy(canary: CanaryStrategy): CanaryStrategy {
  const { canaryService, trafficRouting, pingPong, ...rest } = canary;
  const isNamed = (service: string): boolean => service === canaryService || service === canary.stableService;
  const max = trafficRouting?.maxTrafficWeight;
  const { maxTrafficWeight: _, ...routing } = trafficRouting ?? {};
  return {
    ...rest,
    // A pair of Services that have parts of their own was never carried out.
    ...(pingPong === undefined || isNamed(pingPong.pingService) || isNamed(pingPong.pongService)
      ? {}
      : { pingPong }),
    // One Service for both versions can't be given back to stable: it is stable's.
    ...(canaryService === undefined || canaryService === canary.stableService ? {} : { canaryService }),
    ...(trafficRouting === undefined
      ? {}
      : { trafficRouting: max !== undefined && max > 0 ? trafficRouting : routing }),
  };
}

/** As the user wrote it. */
function templateOf(rs: ReplicaSet): JsonObject {
  const template = ownTemplate(rs);
  const metadata = objectOf(template['metadata']);
  return { ...template, metadata: { ...metadata, labels: withoutHash(metadata['labels']) } };
}

/** That of the ReplicaSets without their hash: the Rollout's own may be what is wrong. */
function selectorOf(stable: ReplicaSet): Rollout['spec']['selector'] {
  const { matchLabels, ...rest } = objectOf(stable.spec.selector);
  return { ...rest, matchLabels: withoutHash(matchLabels) } as Rollout['spec']['selector'];
}

const withoutHash = (labels: Json | undefined): JsonObject =>
  Object.fromEntries(Object.entries(objectOf(labels)).filter(([key]) => key !== HASH_LABEL));
