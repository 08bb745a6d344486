/** From a snapshot of an Application to what is to be written, and from what was written to its status. */

import type {
  ApplicationSource,
  ApplicationStatus,
  OperationState,
  ResourceResult,
  RevisionHistory,
} from '../../api/application.ts';
import { isObject, type JsonObject } from '../../lang/json.ts';
import { formatTime } from '../../lang/time.ts';
import type { Note } from '../types.ts';
import {
  assess,
  assessedStatus,
  inventoryAfter,
  ownRecord,
  sluiceStatus,
  type Assessment,
} from './assess.ts';
import { mayRetry, retryDelay } from './backoff.ts';
import { describe, inventoryKey, isOurs, resourceKey, syncOptionsOf, trackedBy } from './identity.ts';
import { imagesOf } from './images.ts';
import { compareApplyOrder, waveOf } from './order.ts';
import { decide, isSuspended, wasAttempted } from './policy.ts';
import type {
  DesiredResource,
  IntentResult,
  PlannedOperation,
  Problem,
  PruneIntent,
  SyncIntent,
  SyncPlan,
  SyncSnapshot,
} from './types.ts';

export type * from './types.ts';
export { sluiceStatus } from './assess.ts';

const MAX_RESULTS = 500;

/** The snapshot, with the namespace that CreateNamespace is about. */
export interface SyncSnapshotWithNamespace extends SyncSnapshot {
  /** Live Namespace of the destination; undefined when there is none. */
  readonly namespace?: JsonObject | undefined;
}

export function planSync(snapshot: SyncSnapshotWithNamespace): SyncPlan {
  const { application, target, now } = snapshot;
  const assessment = assess(snapshot);
  const source = application.spec.source;
  if (!target.ok || source === undefined) {
    const problem = target.ok ? undefined : target.problem;
    const status = assessedStatus(snapshot, assessment);
    return {
      intents: [],
      status:
        application.operation === undefined
          ? status
          : {
              ...status,
              operationState: brokenOperation(snapshot, problem?.message ?? 'there is no source'),
            },
      events: [],
      notes: [{ about: 'sync.unknown', text: problem?.message ?? 'there is no source' }],
      operation: undefined,
      consumesOperation: application.operation !== undefined,
      inventory: sluiceStatus(application.status).inventory,
    };
  }

  const decision = decide(snapshot, assessment, target, source);
  const notes: Note[] = [...decision.notes];
  const idle = (problems: readonly Problem[], consumed: OperationState | undefined): SyncPlan => ({
    intents: [],
    status: {
      ...assessedStatus(snapshot, assessment, problems),
      ...(consumed === undefined ? {} : { operationState: consumed }),
      sluice: ownRecord({
        ...sluiceStatus(application.status),
        inventory: inventoryAfter(snapshot, assessment),
      }),
    },
    events: [],
    notes,
    requeueAt: decision.requeueAt,
    operation: undefined,
    consumesOperation: decision.consumesOperation,
    inventory: inventoryAfter(snapshot, assessment),
  });
  if (decision.run === undefined) {
    return idle(
      decision.problems,
      superseded(application.status?.operationState, target.revision, source, now),
    );
  }

  const { operation, startedAt, retryCount } = decision.run;
  const sync = operation.sync ?? {};
  const selected = selector(sync.resources);
  const resources = target.resources.filter(({ identity }) => selected(identity));
  const changing = resources.filter(({ comparison }) => comparison.state !== 'equal');
  const options = [...(application.spec.syncPolicy?.syncOptions ?? []), ...(sync.syncOptions ?? [])];

  const extra =
    sync.prune === true ? assessment.extra.filter(({ resource }) => selected(resource.identity)) : [];
  if (wipesOut(snapshot, assessment, sync.prune === true)) {
    const message = `Skipping sync attempt to ${target.revision}: it would prune all ${assessment.extra.length} resources of the application; set syncPolicy.automated.allowEmpty if that is meant`;
    notes.push({ about: 'sync.empty', text: message });
    const consumed = decision.consumesOperation ? brokenOperation(snapshot, message) : undefined;
    return idle([{ type: 'SyncError', message }], consumed);
  }

  const refused = refusal(snapshot, changing, options);
  const skippedPrunes = extra
    .filter(({ keep }) => keep !== undefined)
    .map(({ resource, keep }) => ({ identity: resource.identity, message: `ignored (${keep} is set)` }));
  const planned: PlannedOperation = {
    operation,
    revision: target.revision,
    source,
    startedAt,
    retryCount,
    skippedPrunes,
    refused,
    resources,
  };
  const writes = refused === undefined && sync.dryRun !== true;
  const intents: SyncIntent[] = writes
    ? [
        ...namespaceIntents(snapshot, options, changing.length > 0),
        ...[...changing]
          .map((resource) => ({ ...resource, wave: waveOf(resource.manifest) }))
          .sort(compareApplyOrder)
          .map(({ identity, manifest }): SyncIntent => ({
            kind: 'apply',
            key: `apply ${resourceKey(identity)}`,
            identity,
            manifest,
          })),
        ...pruneIntents(
          extra.filter(({ keep }) => keep === undefined),
          options,
        ),
      ]
    : [];
  const inventory = [
    ...new Set([
      ...inventoryAfter(snapshot, assessment),
      ...(writes ? changing.map(({ identity }) => inventoryKey(identity)) : []),
    ]),
  ].sort();
  return {
    intents,
    status: {
      ...assessedStatus(snapshot, assessment),
      operationState: {
        operation,
        phase: 'Running',
        message: 'syncing',
        syncResult: { revision: target.revision, source },
        startedAt,
        ...(retryCount === 0 ? {} : { retryCount }),
      },
      sluice: { inventory } as JsonObject,
    },
    events: [],
    notes: [
      ...notes,
      ...(refused === undefined ? [] : [{ about: 'sync.refused', text: refused }]),
      ...intents.slice(0, 50).map((intent) => ({ about: `sync.${intent.kind}`, text: intent.key })),
    ],
    requeueAt: undefined,
    operation: planned,
    consumesOperation: decision.consumesOperation,
    inventory,
  };
}

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
    sluice: {
      inventory: succeeded
        ? inventoryAfter(after, assessment)
        : plan.inventory.filter((key) => ![...pruned].some((gone) => key.endsWith(`|${gone}`))),
      ...(planned.refused === undefined ? {} : { refusedByDryRun: true }),
    } as JsonObject,
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

function brokenOperation(snapshot: SyncSnapshot, message: string): OperationState {
  const { application, now } = snapshot;
  const revision = snapshot.target.ok ? snapshot.target.revision : snapshot.target.revision;
  return {
    operation: application.operation ?? {},
    phase: 'Error',
    message,
    ...(revision === undefined ? {} : { syncResult: { revision } }),
    startedAt: formatTime(now),
    finishedAt: formatTime(now),
  };
}

/** An operation that was cut off, and whose commit nobody wants any more, is over. */
function superseded(
  state: OperationState | undefined,
  revision: string,
  source: ApplicationSource,
  now: number,
): OperationState | undefined {
  if (state?.phase !== 'Running' || wasAttempted(state, revision, source)) return undefined;
  return {
    ...state,
    phase: 'Error',
    message: `cut off, and superseded by ${revision}`,
    finishedAt: formatTime(now),
  };
}

/** Invariant 27: nothing that was there may be left over, and Git wants nothing at all. */
function wipesOut(snapshot: SyncSnapshot, assessment: Assessment, prune: boolean): boolean {
  return (
    prune &&
    snapshot.target.ok &&
    snapshot.target.resources.length === 0 &&
    assessment.extra.length > 0 &&
    snapshot.application.spec.syncPolicy?.automated?.allowEmpty !== true
  );
}

/** Why nothing may be written: the dry run of everything goes before the first write. */
function refusal(
  snapshot: SyncSnapshot,
  changing: readonly DesiredResource[],
  options: readonly string[],
): string | undefined {
  for (const { identity, comparison, live } of changing) {
    if (comparison.state === 'refused') return `${describe(identity)}: ${comparison.message}`;
    const other = trackedBy(live);
    if (
      options.includes('FailOnSharedResource=true') &&
      other !== undefined &&
      other !== snapshot.trackingName
    ) {
      return `${describe(identity)} belongs to the application ${other}, and FailOnSharedResource is set`;
    }
  }
  return undefined;
}

function selector(
  wanted:
    | readonly { group?: string | undefined; kind: string; name: string; namespace?: string | undefined }[]
    | undefined,
): (identity: DesiredResource['identity']) => boolean {
  if (wanted === undefined || wanted.length === 0) return () => true;
  return (identity) =>
    wanted.some(
      ({ group, kind, name, namespace }) =>
        (group ?? '') === identity.group &&
        kind === identity.kind &&
        name === identity.name &&
        (namespace === undefined || namespace === '' || namespace === identity.namespace),
    );
}

function namespaceIntents(
  snapshot: SyncSnapshotWithNamespace,
  options: readonly string[],
  changing: boolean,
): SyncIntent[] {
  const name = snapshot.application.spec.destination.namespace;
  if (!options.includes('CreateNamespace=true') || name === undefined || name === '') return [];
  const inSource =
    snapshot.target.ok &&
    snapshot.target.resources.some(
      ({ identity }) => identity.group === '' && identity.kind === 'Namespace' && identity.name === name,
    );
  if (inSource || !changing) return [];
  const managed = snapshot.application.spec.syncPolicy?.managedNamespaceMetadata;
  const metadata = isObject(snapshot.namespace?.['metadata']) ? snapshot.namespace['metadata'] : {};
  const has = (field: 'labels' | 'annotations'): boolean => {
    const live = isObject(metadata[field]) ? metadata[field] : {};
    return Object.entries(managed?.[field] ?? {}).every(([key, value]) => live[key] === value);
  };
  if (snapshot.namespace !== undefined && has('labels') && has('annotations')) return [];
  const manifest: JsonObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      ...(managed?.labels === undefined ? {} : { labels: { ...managed.labels } }),
      ...(managed?.annotations === undefined ? {} : { annotations: { ...managed.annotations } }),
    },
  };
  return [{ kind: 'create-namespace', key: `create namespace ${name}`, manifest }];
}

const PROPAGATION = { foreground: 'Foreground', background: 'Background', orphan: 'Orphan' } as const;

function pruneIntents(extra: Assessment['extra'], options: readonly string[]): PruneIntent[] {
  const asked = options.findLast((option) => option.startsWith('PrunePropagationPolicy='))?.slice(23);
  const propagation = PROPAGATION[asked as keyof typeof PROPAGATION] ?? 'Foreground';
  return extra
    .map(({ resource, live }) => ({ identity: resource.identity, wave: waveOf(live), live }))
    .sort((a, b) => compareApplyOrder(b, a))
    .flatMap(({ identity, live }): PruneIntent[] => {
      const metadata = isObject(live['metadata']) ? live['metadata'] : {};
      const uid = metadata['uid'];
      // One that is on its way out already needs no second delete.
      if (typeof uid !== 'string' || metadata['deletionTimestamp'] !== undefined) return [];
      return [{ kind: 'prune', key: `prune ${resourceKey(identity)}`, identity, uid, propagation }];
    });
}

/** What the finalizer of a deleted Application has to delete: only what is ours and may go. */
export function planDeletion(snapshot: Pick<SyncSnapshot, 'trackingName' | 'inventory'>): {
  intents: PruneIntent[];
  /** Still there, ours included those already terminating. */
  remaining: number;
} {
  const ours = snapshot.inventory.flatMap(({ identity, live }) =>
    live !== undefined &&
    isOurs(snapshot.trackingName, identity, live) &&
    !syncOptionsOf(live).includes('Delete=false')
      ? [{ resource: { identity, live }, live, keep: undefined }]
      : [],
  );
  return { intents: pruneIntents(ours, []), remaining: ours.length };
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
