/** What can be said of an Application before deciding anything: pruning that is due, sync status, health. */

import type {
  ApplicationCondition,
  ApplicationStatus,
  HealthStatus,
  ResourceStatus,
} from '../../api/application.ts';
import { deepEqual, isObject, type JsonObject } from '../../lang/json.ts';
import { formatTime } from '../../lang/time.ts';
import { applicationHealth, healthOf, type Health } from './health/index.ts';
import { describe, inventoryKey, isOurs, resourceKey, syncOptionsOf, trackedBy } from './identity.ts';
import { imagesOf, isMutable } from './images.ts';
import { waveOf } from './order.ts';
import { specProblems } from './spec-problems.ts';
import type { DesiredResource, InventoryResource, Problem, SyncSnapshot } from './types.ts';

/** Status keeps this many resources; the rest is counted in a condition (an object has at most about 1 MB). */
const MAX_LISTED_RESOURCES = 1_000;
const MAX_WARNINGS = 20;
const MAX_MESSAGE = 1_500;

export interface Assessment {
  /** Resources whose apply would change something. */
  readonly outOfSync: readonly DesiredResource[];
  /** Live objects of ours that Git no longer has. */
  readonly extra: readonly {
    readonly resource: InventoryResource;
    readonly live: JsonObject;
    readonly keep: string | undefined;
  }[];
  readonly problems: readonly Problem[];
}

/** Its own records in `status.sluice`. */
interface SluiceStatus {
  readonly inventory: readonly string[];
  readonly inventoryConfigMap?: string | undefined;
  /** The last attempt was refused by the dry run: nothing was written. */
  readonly refusedByDryRun?: boolean | undefined;
}

export function sluiceStatus(status: ApplicationStatus | undefined): SluiceStatus {
  const own = isObject(status?.sluice) ? status.sluice : {};
  const list = own['inventory'];
  const configMap = own['inventoryConfigMap'];
  return {
    inventory: Array.isArray(list) ? list.filter((key): key is string => typeof key === 'string') : [],
    ...(typeof configMap === 'string' ? { inventoryConfigMap: configMap } : {}),
    ...(own['refusedByDryRun'] === true ? { refusedByDryRun: true } : {}),
  };
}

export const ownRecord = (own: SluiceStatus): JsonObject => ({
  inventory: [...own.inventory],
  inventoryConfigMap: own.inventoryConfigMap,
  refusedByDryRun: own.refusedByDryRun,
});

export function assess(snapshot: SyncSnapshot): Assessment {
  const { application, target, trackingName } = snapshot;
  const problems: Problem[] = [...specProblems(application).warnings];
  if (!target.ok) return { outOfSync: [], extra: [], problems: [target.problem, ...problems] };
  problems.push(...target.warnings);

  const wanted = new Set(target.resources.map(({ identity }) => resourceKey(identity)));
  const extra: Assessment['extra'][number][] = [];
  for (const resource of snapshot.inventory) {
    const { identity, live } = resource;
    if (live === undefined || wanted.has(resourceKey(identity)) || !isOurs(trackingName, identity, live))
      continue;
    const option = syncOptionsOf(live).find((o) => o === 'Prune=false' || o === 'Prune=confirm');
    extra.push({ resource, live, keep: option });
  }
  for (const resource of target.resources) {
    const { identity, live, manifest, droppedFields } = resource;
    const other = trackedBy(live);
    if (other !== undefined && other !== trackingName) {
      problems.push({
        type: 'SharedResourceWarning',
        message: `${describe(identity)} is part of the applications ${trackingName} and ${other}`,
      });
    }
    for (const field of droppedFields) {
      problems.push({ type: 'UnknownFieldWarning', message: `${describe(identity)}: ${field}` });
    }
    for (const image of imagesOf([manifest])) {
      if (!isMutable(image)) continue;
      problems.push({
        type: 'MutableImageWarning',
        message: `${describe(identity)} runs image "${image}", whose content may change without a commit; use a tag of its own or a digest`,
      });
    }
  }
  return {
    outOfSync: target.resources.filter(({ comparison }) => comparison.state !== 'equal'),
    extra,
    problems,
  };
}

/** The whole status without operationState and history, which are the operation's. */
export function assessedStatus(
  snapshot: SyncSnapshot,
  assessment: Assessment,
  more: readonly Problem[] = [],
): ApplicationStatus {
  const { application, target, now } = snapshot;
  const before = application.status;
  const source = application.spec.source;
  const conditions = conditionsOf([...more, ...assessment.problems], before, now);
  const own = sluiceStatus(before);
  const comparedTo = {
    ...(source === undefined ? {} : { source }),
    destination: application.spec.destination,
  };
  if (!target.ok) {
    const found = applicationHealth(
      snapshot.inventory.map(({ identity, live }) => ({ identity, live, manifest: live ?? {} })),
    );
    return {
      ...before,
      conditions,
      sync: {
        status: 'Unknown',
        comparedTo,
        ...(before?.sync?.revision === undefined ? {} : { revision: before.sync.revision }),
      },
      health: withTransition(
        snapshot.inventory.length === 0 ? { status: 'Unknown' } : found,
        before?.health,
        now,
      ),
      sluice: ownRecord(own),
    };
  }
  const outOfSync = assessment.outOfSync.length > 0 || assessment.extra.length > 0;
  const listed: ResourceStatus[] = [
    ...target.resources.map((resource) => ({
      ...shortIdentity(resource.identity),
      status: resource.comparison.state === 'equal' ? 'Synced' : 'OutOfSync',
      ...optionalHealth(healthOf(resource)),
      ...(waveOf(resource.manifest) === 0 ? {} : { syncWave: waveOf(resource.manifest) }),
    })),
    ...assessment.extra.map(({ resource }) => ({
      ...shortIdentity(resource.identity),
      status: 'OutOfSync',
      ...optionalHealth(healthOf({ ...resource, manifest: {} })),
      requiresPruning: true,
    })),
  ];
  // What deserves attention is kept when not all can be.
  const shown =
    listed.length <= MAX_LISTED_RESOURCES
      ? listed
      : [...listed]
          .sort((a, b) => Number(a.status === 'Synced') - Number(b.status === 'Synced'))
          .slice(0, MAX_LISTED_RESOURCES);
  const images = imagesOf(target.resources.map(({ manifest }) => manifest)).slice(0, 200);
  return {
    ...before,
    sync: { status: outOfSync ? 'OutOfSync' : 'Synced', comparedTo, revision: target.revision },
    health: withTransition(applicationHealth(target.resources), before?.health, now),
    resources: shown,
    conditions,
    sourceType: target.sourceType,
    summary: images.length === 0 ? {} : { images },
    sluice: ownRecord(own),
  };
}

/** Inventory after this pass: what Git wants and is there, and what is still to be pruned. */
export function inventoryAfter(snapshot: SyncSnapshot, assessment: Assessment): string[] {
  if (!snapshot.target.ok) return snapshot.inventory.map(({ identity }) => inventoryKey(identity));
  const ours = snapshot.target.resources.filter(
    ({ identity, live }) => live !== undefined && isOurs(snapshot.trackingName, identity, live),
  );
  return [
    ...new Set([
      ...ours.map(({ identity }) => inventoryKey(identity)),
      ...assessment.extra.map(({ resource }) => inventoryKey(resource.identity)),
    ]),
  ].sort();
}

function shortIdentity(identity: DesiredResource['identity']): ResourceStatus {
  const { group, version, kind, namespace, name } = identity;
  return {
    ...(group === '' ? {} : { group }),
    version,
    kind,
    ...(namespace === '' ? {} : { namespace }),
    name,
  };
}

const optionalHealth = (value: Health | undefined): { health?: HealthStatus } =>
  value === undefined ? {} : { health: { ...value } };

function withTransition(health: Health, before: HealthStatus | undefined, now: number): HealthStatus {
  const since = before?.status === health.status ? before.lastTransitionTime : undefined;
  return { ...health, lastTransitionTime: since ?? formatTime(now) };
}

/** One condition for each distinct problem; an unchanged one keeps its time. */
function conditionsOf(
  problems: readonly Problem[],
  before: ApplicationStatus | undefined,
  now: number,
): ApplicationCondition[] {
  const distinct: Problem[] = [];
  for (const whole of problems) {
    const message =
      whole.message.length > MAX_MESSAGE ? `${whole.message.slice(0, MAX_MESSAGE - 3)}...` : whole.message;
    const problem = { type: whole.type, message };
    if (!distinct.some((other) => deepEqual(other, problem))) distinct.push(problem);
  }
  const errors = distinct.filter(({ type }) => !type.endsWith('Warning'));
  const warnings = distinct.filter(({ type }) => type.endsWith('Warning'));
  const shown = [...errors, ...warnings.slice(0, MAX_WARNINGS)];
  if (warnings.length > MAX_WARNINGS) {
    shown.push({
      type: 'ManyWarnings',
      message: `${warnings.length - MAX_WARNINGS} more warnings are left out`,
    });
  }
  return shown.map(({ type, message }) => {
    const known = before?.conditions?.find((other) => other.type === type && other.message === message);
    return { type, message, lastTransitionTime: known?.lastTransitionTime ?? formatTime(now) };
  });
}
