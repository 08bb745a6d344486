/** What the status says once the intents have been tried. Spec 11 section 5. */

import type {
  ApplicationStatus,
  OperationState,
  ResourceResult,
  RevisionHistory,
} from '../../api/application.ts';
import { isObject } from '../../lang/json.ts';
import { formatTime } from '../../lang/time.ts';
import { assess, assessedStatus, inventoryAfter, ownRecord } from './assess.ts';
import { mayRetry, retryDelay } from './backoff.ts';
import { resourceKey } from './identity.ts';
import { imagesOf } from './images.ts';
import { isSuspended } from './policy.ts';
import type {
  DesiredResource,
  IntentResult,
  PlannedOperation,
  Problem,
  PruneIntent,
  SyncIntent,
  SyncPlan,
  SyncSnapshotWithNamespace,
} from './types.ts';

const MAX_RESULTS = 500;

/** What the status says once the intents have been tried. */
export function concludeSync(
  snapshot: SyncSnapshotWithNamespace,
  plan: SyncPlan,
  results: readonly IntentResult[],
): { status: ApplicationStatus; succeeded: boolean; requeueAt: number | undefined } {
  const { operation: planned } = plan;
  const { application, now } = snapshot;
  if (planned === undefined || !snapshot.target.ok) {
    return { status: plan.status ?? {}, succeeded: true, requeueAt: plan.requeueAt };
  }
  const byKey = new Map(results.map((result) => [result.key, result]));
  const pruned = new Set(
    plan.intents
      .filter(
        (intent): intent is PruneIntent => intent.kind === 'prune' && byKey.get(intent.key)?.ok === true,
      )
      .map(({ identity }) => resourceKey(identity)),
  );
  const after: SyncSnapshotWithNamespace = {
    ...snapshot,
    target: {
      ...snapshot.target,
      resources: snapshot.target.resources.map((resource) => {
        const result = byKey.get(`apply ${resourceKey(resource.identity)}`);
        return result?.ok === true && isObject(result.object)
          ? { ...resource, live: result.object, comparison: { state: 'equal' as const } }
          : resource;
      }),
    },
    inventory: snapshot.inventory.filter(({ identity }) => !pruned.has(resourceKey(identity))),
  };
  const assessment = assess(after);

  const failures = results.filter(({ ok }) => !ok);
  const dryRun = planned.operation.sync?.dryRun === true;
  const reason = planned.refused ?? failures[0]?.message;
  const succeeded = reason === undefined;
  const retry = planned.operation.retry;
  const limit = retry?.limit ?? 0;
  const retryAgain = !succeeded && mayRetry(limit, planned.retryCount) && !isSuspended(application);
  const nextRetry = planned.retryCount + 1;
  const due = now + retryDelay(retry, nextRetry);
  const message = succeeded
    ? dryRun
      ? 'successfully synced (dry run: nothing was written)'
      : 'successfully synced (all tasks run)'
    : `one or more objects failed to apply, reason: ${reason}${failures.length > 1 ? ` (and ${failures.length - 1} more)` : ''}`;
  const state: OperationState = {
    operation: planned.operation,
    phase: succeeded ? 'Succeeded' : retryAgain ? 'Running' : 'Failed',
    message: retryAgain ? `${message}. Retrying attempt #${nextRetry} at ${formatTime(due)}.` : message,
    syncResult: {
      revision: planned.revision,
      source: planned.source,
      resources: resultsOf(planned, plan.intents, byKey, dryRun).slice(0, MAX_RESULTS),
    },
    startedAt: planned.startedAt,
    finishedAt: formatTime(now),
    ...(retryAgain
      ? { retryCount: nextRetry }
      : planned.retryCount > 0
        ? { retryCount: planned.retryCount }
        : {}),
  };
  const problems: Problem[] = succeeded
    ? []
    : [
        {
          type: 'SyncError',
          message: `Failed last sync attempt to ${planned.revision}: ${state.message ?? ''}`,
        },
      ];
  const status: ApplicationStatus = {
    ...assessedStatus(after, assessment, problems),
    operationState: state,
    sluice: ownRecord({
      inventory: succeeded
        ? inventoryAfter(after, assessment)
        : plan.inventory.filter((key) => ![...pruned].some((gone) => key.endsWith(`|${gone}`))),
      ...(planned.refused === undefined ? {} : { refusedByDryRun: true }),
    }),
  };
  if (succeeded && !dryRun && isWholeSync(planned)) {
    status.history = history(
      application.status?.history ?? [],
      planned,
      now,
      application.spec.revisionHistoryLimit,
    );
  }
  return { status, succeeded, requeueAt: retryAgain ? due : undefined };
}

/** Heals and partial syncs are no deployments. */
function isWholeSync({ operation }: PlannedOperation): boolean {
  return operation.sync?.resources === undefined && operation.sync?.['autoHealAttemptsCount'] === undefined;
}

function history(
  before: readonly RevisionHistory[],
  planned: PlannedOperation,
  now: number,
  limit = 10,
): RevisionHistory[] {
  const id = (before.at(-1)?.id ?? -1) + 1;
  const entry: RevisionHistory = {
    id,
    revision: planned.revision,
    source: planned.source,
    deployStartedAt: planned.startedAt,
    deployedAt: formatTime(now),
    ...(planned.operation.initiatedBy === undefined ? {} : { initiatedBy: planned.operation.initiatedBy }),
  };
  return limit <= 0 ? [] : [...before, entry].slice(-limit);
}

const identityFields = (identity: DesiredResource['identity']) => ({
  group: identity.group,
  version: identity.version,
  kind: identity.kind,
  namespace: identity.namespace,
  name: identity.name,
});

function resultsOf(
  planned: PlannedOperation,
  intents: readonly SyncIntent[],
  byKey: ReadonlyMap<string, IntentResult>,
  dryRun: boolean,
): ResourceResult[] {
  const applied = planned.resources.map((resource): ResourceResult => {
    const result = byKey.get(`apply ${resourceKey(resource.identity)}`);
    const images = imagesOf([resource.manifest]);
    const { comparison } = resource;
    const refused = comparison.state === 'refused' ? comparison.message : undefined;
    const failed = refused !== undefined || result?.ok === false;
    const text =
      refused ??
      result?.message ??
      (comparison.state === 'equal' ? 'unchanged' : dryRun ? 'would be applied' : 'not applied');
    return {
      ...identityFields(resource.identity),
      ...(failed
        ? { status: 'SyncFailed' }
        : result?.ok === true || comparison.state === 'equal'
          ? { status: 'Synced' }
          : {}),
      message: text,
      hookPhase: failed ? 'Failed' : 'Succeeded',
      syncPhase: 'Sync',
      ...(images.length === 0 ? {} : { images }),
    };
  });
  const gone = intents.flatMap((intent): ResourceResult[] => {
    if (intent.kind !== 'prune') return [];
    const result = byKey.get(intent.key);
    return [
      {
        ...identityFields(intent.identity),
        status: result?.ok === true ? 'Pruned' : 'SyncFailed',
        message: result?.message ?? 'not pruned',
        syncPhase: 'Sync',
      },
    ];
  });
  const kept = planned.skippedPrunes.map(({ identity, message }): ResourceResult => ({
    ...identityFields(identity),
    status: 'PruneSkipped',
    message,
    syncPhase: 'Sync',
  }));
  // Failures first: they are what one looks for, and the list has a limit.
  return [...applied, ...gone, ...kept].sort(
    (a, b) => Number(b.status === 'SyncFailed') - Number(a.status === 'SyncFailed'),
  );
}
