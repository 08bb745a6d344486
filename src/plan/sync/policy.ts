/** Whether a sync is to run now, on whose behalf, and if not, why. Spec 11 section 2. */

import { refusal } from './guards.ts';
import type { ApplicationSource, Operation, OperationState } from '../../api/application.ts';
import { deepEqual } from '../../lang/json.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import type { Note } from '../types.ts';
import { sluiceStatus, type Assessment } from './assess.ts';
import { DEFAULT_AUTOMATED_LIMIT, HEAL_COOLDOWN_MS, healDelay, retryDelay } from './backoff.ts';
import { annotationsOf } from './identity.ts';
import type { Problem, SyncSnapshot } from './types.ts';

interface Decision {
  /** undefined: nothing runs. */
  readonly run:
    | {
        readonly operation: Operation;
        readonly startedAt: string;
        readonly retryCount: number;
      }
    | undefined;
  readonly consumesOperation: boolean;
  readonly problems: readonly Problem[];
  readonly notes: readonly Note[];
  readonly requeueAt?: number | undefined;
}

export const isSuspended = (application: SyncSnapshot['application']): boolean =>
  annotationsOf(application as never)['sluice.dev/suspend'] === 'true';

/** The last operation was for this very revision and these parameters. */
export function wasAttempted(
  state: OperationState | undefined,
  revision: string,
  source: ApplicationSource,
): boolean {
  return state?.syncResult?.revision === revision && deepEqual(state.syncResult.source, source);
}

const wait = (
  about: string,
  text: string,
  requeueAt?: number,
  problems: readonly Problem[] = [],
): Decision => ({
  run: undefined,
  consumesOperation: false,
  problems,
  notes: [{ about, text }],
  ...(requeueAt === undefined ? {} : { requeueAt }),
});

export function decide(
  snapshot: SyncSnapshot,
  assessment: Assessment,
  target: { readonly revision: string },
  source: ApplicationSource,
): Decision {
  const { application, now } = snapshot;
  const asked = application.operation;
  if (asked !== undefined) {
    return {
      run: { operation: asked, startedAt: formatTime(now), retryCount: 0 },
      consumesOperation: true,
      problems: [],
      notes: [{ about: 'sync.operation', text: `an operation asks for a sync to ${target.revision}` }],
    };
  }
  const state = application.status?.operationState;
  const attempted = wasAttempted(state, target.revision, source);
  const suspended = isSuspended(application);
  const byAutomation = state?.operation.initiatedBy?.automated === true;

  if (state?.phase === 'Running' && attempted && !(suspended && byAutomation)) {
    const retries = state.retryCount ?? 0;
    const run = { operation: state.operation, startedAt: state.startedAt, retryCount: retries };
    const ended = parseTime(state.finishedAt);
    const due = ended === undefined ? now : ended + retryDelay(state.operation.retry, retries);
    if (now < due) {
      return wait(
        'sync.retry',
        `retry ${retries} is due at ${formatTime(due)}`,
        due,
        failure(state, target.revision),
      );
    }
    return {
      run,
      consumesOperation: false,
      problems: [],
      notes: [
        {
          about: 'sync.retry',
          text: retries > 0 ? `retry ${retries} is due` : 'an operation was cut off and is taken up again',
        },
      ],
    };
  }

  const automated = application.spec.syncPolicy?.automated;
  if (automated === undefined || automated.enabled === false) {
    return wait(
      'sync.manual',
      'no automated sync: only an operation syncs',
      undefined,
      lastFailure(state, attempted, target.revision),
    );
  }
  if (suspended) return wait('sync.suspended', 'sluice.dev/suspend holds automated syncs back');
  const prunes = automated.prune === true ? assessment.extra.filter(({ keep }) => keep === undefined) : [];
  if (assessment.outOfSync.length === 0 && prunes.length === 0) {
    const text =
      assessment.extra.length > 0
        ? `${assessment.extra.length} resources wait for pruning, which is off`
        : `in sync with ${target.revision}`;
    return wait('sync.settled', text);
  }
  const operation: Operation = {
    sync: {
      revision: target.revision,
      ...(automated.prune === true ? { prune: true } : {}),
      ...(application.spec.syncPolicy?.syncOptions === undefined
        ? {}
        : { syncOptions: application.spec.syncPolicy.syncOptions }),
    },
    initiatedBy: { automated: true },
    retry: application.spec.syncPolicy?.retry ?? { limit: DEFAULT_AUTOMATED_LIMIT },
  };
  const started = { startedAt: formatTime(now), retryCount: 0 };
  if (!attempted) {
    return {
      run: { operation, ...started },
      consumesOperation: false,
      problems: [],
      notes: [
        {
          about: 'sync.automated',
          text: `${assessment.outOfSync.length} resources differ from ${target.revision}`,
        },
      ],
    };
  }
  if (state?.phase !== 'Succeeded') {
    // Nothing was written then, and what was refused would not be now: the world has been mended.
    const mended =
      sluiceStatus(application.status).refusedByDryRun === true &&
      refusal(snapshot, assessment.outOfSync, application.spec.syncPolicy?.syncOptions ?? []) === undefined;
    if (!mended) {
      return wait(
        'sync.attempted',
        `the one attempt at ${target.revision} failed; a new commit or an operation starts another`,
        undefined,
        lastFailure(state, attempted, target.revision),
      );
    }
    return {
      run: { operation, ...started },
      consumesOperation: false,
      problems: [],
      notes: [{ about: 'sync.mended', text: 'what the API server refused before, it would take now' }],
    };
  }
  if (automated.selfHeal !== true) {
    return wait('sync.drift', `${assessment.outOfSync.length} resources have drifted, and selfHeal is off`);
  }
  const ended = parseTime(state.finishedAt) ?? now;
  const counted = Number(state.operation.sync?.['autoHealAttemptsCount'] ?? 0);
  const heals = now - ended >= HEAL_COOLDOWN_MS ? 0 : counted;
  const due = ended + healDelay(heals);
  if (now < due) return wait('sync.heal', `drift is healed at ${formatTime(due)} (heal ${heals + 1})`, due);
  return {
    run: {
      operation: { ...operation, sync: { ...operation.sync, autoHealAttemptsCount: heals + 1 } },
      ...started,
    },
    consumesOperation: false,
    problems: [],
    notes: [
      {
        about: 'sync.heal',
        text: `${assessment.outOfSync.length} resources have drifted: heal ${heals + 1}`,
      },
    ],
  };
}

const failure = (state: OperationState, revision: string): Problem[] => [
  { type: 'SyncError', message: `Failed last sync attempt to ${revision}: ${state.message ?? ''}` },
];

function lastFailure(state: OperationState | undefined, attempted: boolean, revision: string): Problem[] {
  if (state === undefined || !attempted || (state.phase !== 'Failed' && state.phase !== 'Error')) return [];
  return failure(state, revision);
}
