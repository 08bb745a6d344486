/** From a snapshot of an Application to what is to be written. */

import type { ApplicationSource, OperationState } from '../../api/application.ts';
import { formatTime } from '../../lang/time.ts';
import type { Note } from '../types.ts';
import { assess, assessedStatus, inventoryAfter, ownRecord, sluiceStatus } from './assess.ts';
import { refusal, selector, wipesOut } from './guards.ts';
import { inventoryKey } from './identity.ts';
import { applyIntents, namespaceIntents, pruneIntents } from './intents.ts';
import { decide, wasAttempted } from './policy.ts';
import type {
  PlannedOperation,
  Problem,
  SyncIntent,
  SyncPlan,
  SyncSnapshot,
  SyncSnapshotWithNamespace,
} from './types.ts';

export function planSync(snapshot: SyncSnapshotWithNamespace): SyncPlan {
  const { application, target, now } = snapshot;
  const assessment = assess(snapshot);
  const source = application.spec.source;
  if (!target.ok || source === undefined) {
    const problem = target.ok ? 'there is no source' : target.problem.message;
    const status = assessedStatus(snapshot, assessment);
    return {
      intents: [],
      status:
        application.operation === undefined
          ? status
          : {
              ...status,
              operationState: brokenOperation(snapshot, problem),
            },
      events: [],
      notes: [{ about: 'sync.unknown', text: problem }],
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
        ...applyIntents(changing),
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
      sluice: ownRecord({ inventory }),
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

function brokenOperation(snapshot: SyncSnapshot, message: string): OperationState {
  const { application, now } = snapshot;
  const { revision } = snapshot.target;
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
  if (state?.phase === 'Terminating') {
    return { ...state, phase: 'Failed', message: 'Operation terminated', finishedAt: formatTime(now) };
  }
  if (state?.phase !== 'Running' || wasAttempted(state, revision, source)) return undefined;
  return {
    ...state,
    phase: 'Error',
    message: `cut off, and superseded by ${revision}`,
    finishedAt: formatTime(now),
  };
}
