/**
 * The rollout engine: what to do about one Rollout, as a pure function of what is known about it.
 *
 * The order of a plan: commands and verdicts are decided first; then what may fail. A write that failed comes back as
 * a fact in `snapshot.failed`, and the plan is made again without it.
 */

import type { RolloutStatus } from '../../api/rollout.ts';
import { deepEqual } from '../../lang/json.ts';
import { decideBlueGreen } from './blue-green/index.ts';
import { decideCanary } from './canary-plan.ts';
import type { RolloutPlan } from './intents.ts';
import { Draft } from './intents.ts';
import { COUNTS_INTERVAL_MS, publicationOf } from './publish.ts';
import { claim, createKey, revisionsOf } from './revision.ts';
import { isShrinking } from './sizes.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { decideRefused } from './refused.ts';
import { planMending } from './unreadable.ts';
import { refusalOf } from './validation.ts';
import { writtenStatus, canaryOf } from './defaults.ts';

export type { RolloutEvent, RolloutIntent, RolloutPlan, Target, Wave } from './intents.ts';
export { WAVES_AFTER_STATUS, WAVES_BEFORE_STATUS } from './intents.ts';
export type * from './snapshot.ts';

export function planRollout(snapshot: RolloutSnapshot): RolloutPlan {
  const draft = new Draft();
  const { stored, rollout } = snapshot;
  if (stored.metadata.deletionTimestamp !== undefined) {
    draft.note('rollout.deleted', 'the Rollout is being deleted: its objects go with it');
    return finish(draft, undefined, false);
  }
  if (Object.keys(stored.status ?? {}).length === 0) {
    const { namespace = '', name } = stored.metadata;
    draft.event(
      'Normal',
      'RolloutAddedToInformer',
      `Rollout resource added to informer: ${namespace}/${name}`,
    );
  }
  const hasFailed = (key: string): boolean => snapshot.failed.some((failure) => failure.key === key);
  if (planMending(stored, hasFailed, draft)) {
    draft.lookAgainAt(snapshot.now);
    return finish(draft, undefined, false);
  }
  const refusal = refusalOf(snapshot);
  if (refusal !== undefined) {
    const { status, urgent } = decideRefused(snapshot, refusal, draft);
    return finish(draft, status, urgent);
  }
  const { canary, blueGreen } = rollout?.spec.strategy ?? {};
  if (rollout === undefined || (canary === undefined && blueGreen === undefined))
    return finish(draft, undefined, false);
  if (rollout.spec.replicas === undefined) {
    draft.intend({
      kind: 'patchRolloutMeta',
      key: 'rollout/replicas',
      wave: 'objects',
      patch: 'replicas',
      replicas: 1,
    });
    draft.note('rollout.replicas', 'spec.replicas is absent: an HPA needs a number there');
    draft.lookAgainAt(snapshot.now);
    return finish(draft, undefined, false);
  }

  const revisions = revisionsOf(rollout, claim(rollout, snapshot.replicaSets, draft));
  const collision = snapshot.failed.find(
    (failure) => failure.key === createKey(revisions.name) && failure.reason === 'AlreadyExists',
  );
  if (collision !== undefined) {
    const old = writtenStatus(rollout);
    draft.note(
      'revision.collision',
      `ReplicaSet ${revisions.name} belongs to something else: another hash is taken`,
    );
    draft.lookAgainAt(snapshot.now);
    return finish(draft, { ...old, collisionCount: (old.collisionCount ?? 0) + 1 }, false);
  }

  const { status, progress } =
    blueGreen === undefined
      ? decideCanary(snapshot, rollout, canaryOf(rollout), revisions, draft)
      : decideBlueGreen(snapshot, rollout, blueGreen, revisions, draft);
  return finish(draft, publish(snapshot, writtenStatus(rollout), status, draft), progress.abortedNow);
}

/** Undefined where nothing is to be written now; counts that wait come back by themselves. */
function publish(
  snapshot: RolloutSnapshot,
  old: RolloutStatus,
  next: RolloutStatus,
  draft: Draft,
): RolloutStatus | undefined {
  const publication = publicationOf(old, next);
  if (publication === 'none') return undefined;
  const { now } = snapshot;
  // A clock that was set back must not hold counts for ever.
  const written = snapshot.statusWrittenAt ?? -Infinity;
  const statusWrittenAt = written > now ? -Infinity : written;
  // Counts that are about to change again, by this plan or by pods on their way out, wait, too. An eviction is asked
  // for as long as a budget forbids it: that changes nothing.
  const moving =
    draft.intents.some(({ kind }) => kind !== 'evictPods') || snapshot.replicaSets.some(isShrinking);
  const due = Math.max(moving ? now + COUNTS_INTERVAL_MS : now, statusWrittenAt + COUNTS_INTERVAL_MS);
  if (publication === 'counts' && due > now) {
    draft.note('status.counts', 'only counts changed: they are written with the next change, or soon');
    draft.lookAgainAt(due);
    return undefined;
  }
  // Two leaders with caches of two moments would otherwise undo each other's status as fast as the API server answers.
  const said = snapshot.statusWritten;
  const again = statusWrittenAt + COUNTS_INTERVAL_MS;
  if (said !== undefined && again > now && publicationOf(said, next) !== 'now') {
    draft.note(
      'status.contested',
      'somebody has just overwritten this very status: it is written again in a moment',
    );
    draft.lookAgainAt(again);
    return undefined;
  }
  // What follows from this status is the next pass's to decide.
  if (publication === 'now') draft.lookAgainAt(now);
  return deepEqual(old, next) ? undefined : next;
}

function finish(draft: Draft, status: RolloutStatus | undefined, urgent: boolean): RolloutPlan {
  const wrote = draft.intents.length > 0;
  return {
    intents: draft.intents,
    status,
    // Without a write there is nothing to tell: an Event must not come again with each pass.
    events: status !== undefined || wrote ? draft.events : [],
    notes: draft.notes,
    requeueAt: draft.requeueAt,
    urgent,
  };
}
