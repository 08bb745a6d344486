/** The controller of Rollouts: gather, plan, apply. */

import type { RolloutStatus } from '../../api/rollout.ts';
import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { keyOf } from '../../kube/api.ts';
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  CLUSTER_ANALYSIS_TEMPLATE,
  REPLICA_SET,
  ROLLOUT,
  SERVICE,
} from '../../kube/kinds.ts';
import { isObject } from '../../lang/json.ts';
import { INSTANCE_ID } from '../../plan/rollout/names.ts';
import type { FailedIntent, RolloutPlan } from '../../plan/rollout/index.ts';
import { planRollout } from '../../plan/rollout/index.ts';
import { droppedFields, withDroppedFields } from '../../plan/rollout/dropped-fields.ts';
import type { StatusForm } from '../../plan/rollout/status-form.ts';
import { decidedForm, storedForm } from '../../plan/rollout/status-form.ts';
import type { Router } from '../../routers/index.ts';
import { ROUTERS } from '../../routers/index.ts';
import type {
  Change,
  ControlContext,
  Controller,
  ReconcileResult,
  Stores,
  WatchSpec,
} from '../controller.ts';
import { isNamespaceEnding } from '../namespace-ending.ts';
import type { Applied } from './apply.ts';
import { applyRolloutPlan } from './apply.ts';
import { Confirmations } from './confirmations.ts';
import { Departed } from './departed.ts';
import type { FinishedRollout } from './finished.ts';
import { finishedBetween } from './finished.ts';
import { gatherRollout } from './gather.ts';
import { withPods } from './pods.ts';
import { unwatchedUntil, WATCHED_WORKLOADS, WorkloadReader } from './workload-ref.ts';
import { LastWords } from './last-words.ts';
import { decodeRollout } from './decode.ts';
import { rolloutInformers, typesOf } from './informers.ts';
import { inDecidedForm } from './status-form.ts';
import { BY_NAMESPACE, REFERENCES, referencesTo, rolloutOwning } from './indexes.ts';

export interface RolloutDependencies {
  /** `--rollout-threads`. */
  readonly workers?: number | undefined;
  /** `--observed-generation`: in which form the status is stored. */
  readonly statusForm?: StatusForm | undefined;
  /** Those that it drives; by default all that there are. */
  readonly routers?: readonly Router[] | undefined;
  /** Paths of fields that the installed CRD of Rollouts does not know. */
  readonly prunedFields?: readonly string[] | undefined;
  /** The end of an update is on record. */
  readonly onFinished?: ((finished: FinishedRollout) => void) | undefined;
}

const DEFAULT_WORKERS = 10;
/** Conflicts in a row before the queue's back-off takes over. */
const MAX_ATTEMPTS = 4;

export function rolloutController(context: ControlContext, deps: RolloutDependencies = {}): Controller {
  const { instanceId, stores } = context;
  const labelSelector = instanceId === '' ? `!${INSTANCE_ID}` : `${INSTANCE_ID}=${instanceId}`;
  const form = deps.statusForm ?? 'string';
  const prunedFields = deps.prunedFields ?? [];
  const workloads = new WorkloadReader(context);
  const lastStatuses = new LastWords<RolloutStatus | undefined>();
  const lastNumbers = new LastWords<number>();
  const departed = new Departed(context);
  const routers = deps.routers ?? ROUTERS;
  const confirmations = new Confirmations(context, routers);

  return {
    name: 'Rollouts',
    workers: deps.workers ?? DEFAULT_WORKERS,
    informers: [
      ...rolloutInformers(labelSelector, routers),
      // The annotation is as long as the manifest, so it is kept only where something may be seen in it.
      { type: ROLLOUT, labelSelector, keepsLastApplied: prunedFields.length > 0 },
    ],
    primary: ROLLOUT,
    watches: [
      {
        type: ROLLOUT,
        wakes(change) {
          departed.notice(change);
          return [change.key];
        },
        urgent: isCommand,
      },
      { type: REPLICA_SET, wakes: wakesOfReplicaSet },
      { type: ANALYSIS_RUN, wakes: wakesOfRun, urgent: isVerdict },
      ...[
        SERVICE,
        ANALYSIS_TEMPLATE,
        CLUSTER_ANALYSIS_TEMPLATE,
        ...WATCHED_WORKLOADS,
        ...typesOf(routers),
      ].map(wakesReferrers),
    ],
    attach: (wake, signal) => confirmations.attach(wake, signal),
    async reconcile(key, signal) {
      departed.tell(key);
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const object = stores.of(ROLLOUT).get(key);
        if (object === undefined) {
          lastStatuses.forget(key);
          lastNumbers.forget(key);
          workloads.forget(key);
          confirmations.forget(key);
          return {};
        }
        const result = await pass(key, object, [], signal);
        if (result !== 'conflict') return result;
      }
      return { retry: true };
    },
  };

  async function pass(
    key: string,
    object: KubeObject,
    failed: readonly FailedIntent[],
    signal: AbortSignal,
  ): Promise<ReconcileResult | 'conflict'> {
    const { uid } = object.metadata;
    const said = lastStatuses.of(key, uid);
    const numbered = lastNumbers.of(key, uid);
    const now = context.clock.now();
    const decoded = decodeRollout(inDecidedForm(object));
    const workload = decoded.ok ? await workloads.read(decoded.value, signal) : undefined;
    const gathered = gatherRollout(stores, inDecidedForm(object), {
      now,
      statusWrittenAt: said?.at,
      statusWritten: said?.words,
      revisionWritten: numbered === undefined ? undefined : { revision: numbered.words, at: numbered.at },
      failed,
      workload,
      routers,
    });
    const { snapshot, podsError } = await withPods(context, confirmations.answered(key, gathered), signal);
    // What is decided is decided now, however long it took to see what it rests on.
    const decided = planRollout(Object.freeze({ ...snapshot, now: context.clock.now() }));
    const stored = isObject(object['status']) ? (object['status'] as RolloutStatus) : {};
    const old = decidedForm(stored);
    const told = withDroppedFields(decided.status, old, droppedFields(object, prunedFields), now);
    const plan = {
      ...decided,
      status: storedForm(form, told.status, stored, now),
      events: told.event === undefined ? decided.events : [...decided.events, told.event],
    };
    report(key, plan);
    if (plan.intents.some(({ kind }) => kind === 'setRoute')) confirmations.forget(key);
    const rollout = snapshot.rollout ?? snapshot.readable;
    const applied = await applyRolloutPlan(context, object, rollout, plan, routers, signal);
    if (applied.statusWritten) {
      // A status of dropped fields alone says nothing of the Rollout.
      const words = decided.status ?? said?.words;
      lastStatuses.add(key, { uid, at: context.clock.now(), words });
      const finished = finishedBetween(stored, decided.status ?? {});
      if (finished !== undefined) deps.onFinished?.(finished);
    }
    if (applied.conflict) return 'conflict';
    const revision = revisionGiven(plan, applied);
    if (revision !== undefined) lastNumbers.add(key, { uid, at: context.clock.now(), words: revision });
    if (applied.failed.length > 0) return afterFailure(key, failed, applied, signal);
    if (applied.error !== undefined) throw applied.error;
    // Verdicts and sizes didn't wait for the pods; what needs them is tried again.
    if (podsError !== undefined) throw podsError;
    const again = unwatchedUntil(workload, now);
    return { requeueAt: again === undefined ? plan.requeueAt : Math.min(plan.requeueAt ?? Infinity, again) };
  }

  /** Plans again with the failure as a fact, so that verdicts and status don't wait for what is broken. */
  async function afterFailure(
    key: string,
    before: readonly FailedIntent[],
    applied: Applied,
    signal: AbortSignal,
  ): Promise<ReconcileResult | 'conflict'> {
    const failures = applied.failed.map(({ key: intent, reason, message }) => ({
      key: intent,
      reason,
      message,
    }));
    const object = stores.of(ROLLOUT).get(key);
    if (object === undefined) return {};
    for (const failure of failures.filter((item) => item.key.startsWith('route/')))
      context.events.record(object, {
        type: 'Warning',
        reason: 'TrafficRoutingError',
        message: failure.message,
      });
    if (before.length + failures.length <= MAX_FAILURES) {
      const result = await pass(key, object, [...before, ...failures], signal);
      if (result === 'conflict') return result;
    }
    if (applied.failed.every((failure) => failure.reason === 'AlreadyExists')) return { retry: true };
    if (applied.failed.every(({ error }) => isNamespaceEnding(error))) return {};
    throw applied.failed.find((failure) => failure.reason !== 'AlreadyExists')?.error;
  }

  function report(key: string, plan: RolloutPlan): void {
    if (plan.intents.length === 0 && plan.status === undefined) return;
    context.log.debug(
      { rollout: key, intents: plan.intents.map((intent) => intent.key), notes: plan.notes },
      'rollout planned',
    );
  }
}

/** A pass that goes wrong in this many places waits for the queue's back-off. */
const MAX_FAILURES = 8;

/** The number that the Rollout was given; undefined: none, or not with success. */
function revisionGiven({ intents }: RolloutPlan, { failed }: Applied): number | undefined {
  for (const intent of intents)
    if (intent.kind === 'patchRolloutMeta' && intent.patch === 'revision')
      return failed.some(({ key }) => key === intent.key) ? undefined : intent.revision;
  return undefined;
}

function* wakesOfReplicaSet(change: Change, stores: Stores): Iterable<string> {
  for (const object of [change.before, change.after]) {
    const owner = rolloutOwning(object);
    if (owner !== undefined) yield owner;
  }
  const { after } = change;
  if (after === undefined || (after.metadata.ownerReferences ?? []).some((ref) => ref.controller === true))
    return;
  // An orphan: whoever selects it may adopt it.
  for (const rollout of stores.of(ROLLOUT).byIndex(BY_NAMESPACE, after.metadata.namespace ?? ''))
    yield keyOf(rollout.metadata);
}

/** Only what a Rollout acts on: that a run came, ended, changed its phase or its message, or went. */
function wakesOfRun(change: Change): string[] {
  const owner = rolloutOwning(change.after) ?? rolloutOwning(change.before);
  if (owner === undefined) return [];
  const [before, after] = [statusOf(change.before), statusOf(change.after)];
  const same =
    change.before !== undefined &&
    change.after !== undefined &&
    before['phase'] === after['phase'] &&
    before['message'] === after['message'] &&
    change.before.metadata.deletionTimestamp === change.after.metadata.deletionTimestamp;
  return same ? [] : [owner];
}

const statusOf = (object: KubeObject | undefined): Record<string, unknown> =>
  object !== undefined && isObject(object['status']) ? object['status'] : {};

function wakesReferrers(type: ResourceType): WatchSpec {
  return {
    type,
    *wakes(change, stores) {
      const object = change.after ?? change.before;
      if (object === undefined) return;
      for (const rollout of stores.of(ROLLOUT).byIndex(REFERENCES, referencesTo(type, object)))
        yield keyOf(rollout.metadata);
    },
  };
}

const COMMANDS = ['abort', 'promoteFull', 'currentStepIndex', 'pauseConditions'];

/** Abort, promote, skip: what users write into the status. (Our own writes look the same; they are few.) */
function isCommand({ before, after }: Change): boolean {
  if (before === undefined || after === undefined) return false;
  const [was, is] = [statusOf(before), statusOf(after)];
  return COMMANDS.some((field) => JSON.stringify(was[field]) !== JSON.stringify(is[field]));
}

const VERDICTS: ReadonlySet<unknown> = new Set(['Failed', 'Error', 'Inconclusive']);
const isVerdict = ({ after }: Change): boolean => VERDICTS.has(statusOf(after)['phase']);
