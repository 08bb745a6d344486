/**
 * Who owns which field: `metadata.managedFields` of updates and of server-side apply, with the rules of the real
 * server (structured-merge-diff's Updater and the field managers that apimachinery wraps around it). An object
 * is tracked from its creation; conversion between versions is not needed, as kinds are served in one shape.
 */

import { isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { memoizeFrozen } from '../../lang/memo.ts';
import { sortKeys } from '../../lang/go-value.ts';
import { formatTime } from '../../lang/time.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../kube/api.ts';
import { applyConflict, internalError } from './errors.ts';
import {
  differenceSets,
  EMPTY_SET,
  equalSets,
  excludePaths,
  formatPath,
  intersectSets,
  isEmptySet,
  isFieldSet,
  pathsOf,
  setOf,
  unionSets,
  type FieldSet,
} from './field-set.ts';
import type { Schema } from './schema.ts';
import {
  checkTyped,
  compareTyped,
  mergeTyped,
  removeFields,
  toFieldSet,
  TypedError,
  withNamedFields,
  type Comparison,
} from './typed.ts';

/** One manager's entry while it is worked on. */
export interface Managed {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource: string;
  time: string | undefined;
  set: FieldSet;
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export interface FieldOwner {
  /** Empty: `unknown`. */
  manager: string;
  apiVersion: string;
  /** '' for the main resource. */
  subresource: string;
}

export interface TrackOptions {
  schema: Schema;
  owner: FieldOwner;
  now: number;
  /** Fields that this endpoint resets and whose owners it therefore never changes. */
  reset?: FieldSet | undefined;
  /** What a create is compared with: Go's empty object, for built-in kinds. */
  empty?: JsonObject | undefined;
}

/** Updates beyond this many managers are folded into one. */
const MAX_UPDATE_MANAGERS = 10;
const FOLDED = 'ancient-changes';
const BEFORE_APPLY = 'before-first-apply';

const STRIPPED = setOf(
  'apiVersion',
  'kind',
  'metadata',
  'metadata.name',
  'metadata.namespace',
  'metadata.creationTimestamp',
  'metadata.selfLink',
  'metadata.uid',
  'metadata.clusterName',
  'metadata.generation',
  'metadata.managedFields',
  'metadata.resourceVersion',
);

const idOf = (entry: Pick<Managed, 'manager' | 'operation' | 'apiVersion' | 'subresource'>): string =>
  JSON.stringify([
    entry.manager,
    entry.operation,
    entry.operation === 'Apply' ? '' : entry.apiVersion,
    entry.subresource,
  ]);

export const decodeManagers = (entries: readonly ManagedFieldsEntry[] | undefined): Map<string, Managed> =>
  new Map(entries === undefined ? [] : readManagers(entries));

const readManagers = memoizeFrozen((entries: readonly ManagedFieldsEntry[]): ReadonlyMap<string, Managed> => {
  const out = new Map<string, Managed>();
  for (const entry of entries) {
    const operation = entry.operation === 'Apply' ? 'Apply' : 'Update';
    const managed: Managed = {
      manager: entry.manager ?? '',
      operation,
      apiVersion: entry.apiVersion ?? '',
      subresource: entry.subresource ?? '',
      time: entry.time,
      set:
        OWN_SETS.has(entry.fieldsV1 ?? {}) || isFieldSet(entry.fieldsV1)
          ? (entry.fieldsV1 as FieldSet)
          : EMPTY_SET,
    };
    out.set(idOf(managed), managed);
  }
  return out;
});

/** What this server has made itself, and need not be looked through again. */
const OWN_SETS = new WeakSet<object>();

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function encodeManagers(managers: Iterable<Managed>): ManagedFieldsEntry[] | undefined {
  const entries = [...managers].filter((entry) => !isEmptySet(entry.set));
  if (entries.length === 0) return undefined;
  entries.sort(
    (a, b) =>
      compareText(a.operation, b.operation) ||
      compareText(a.time ?? '', b.time ?? '') ||
      compareText(a.manager, b.manager) ||
      compareText(a.apiVersion, b.apiVersion) ||
      compareText(a.subresource, b.subresource),
  );
  for (const { set } of entries) OWN_SETS.add(set);
  return entries.map((entry) => ({
    manager: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: entry.set as unknown as JsonObject,
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  }));
}

const withoutManagedFields = (object: JsonObject): JsonObject => {
  const metadata = object['metadata'];
  if (!isObject(metadata) || metadata['managedFields'] === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
};

/** Takes the changed fields away from everybody but `self`. Returns who would lose what by force. */
function take(
  managers: Map<string, Managed>,
  comparison: Comparison,
  self: string | undefined,
): Map<string, FieldSet> {
  const changed = unionSets(comparison.modified, comparison.added);
  const conflicts = new Map<string, FieldSet>();
  for (const [id, entry] of managers) {
    if (id === self) continue;
    const lost = intersectSets(entry.set, changed);
    if (!isEmptySet(lost)) conflicts.set(id, lost);
  }
  return conflicts;
}

function settle(
  managers: Map<string, Managed>,
  conflicts: Map<string, FieldSet>,
  removed: FieldSet,
  self: string | undefined,
): void {
  for (const [id, entry] of managers) {
    let set = entry.set;
    if (id !== self) {
      const lost = conflicts.get(id);
      if (lost !== undefined) set = differenceSets(set, lost);
      set = differenceSets(set, removed);
    }
    if (isEmptySet(set)) managers.delete(id);
    else if (set !== entry.set) managers.set(id, { ...entry, set });
  }
}

const filterComparison = (comparison: Comparison, reset: FieldSet | undefined): Comparison =>
  reset === undefined
    ? comparison
    : {
        added: excludePaths(comparison.added, reset),
        modified: excludePaths(comparison.modified, reset),
        removed: excludePaths(comparison.removed, reset),
      };

/**
 * managedFields after a create, update or patch. `before` is undefined for a create. The request may reset the
 * fields by sending an empty list, or set them itself.
 */
export function trackUpdate(
  before: KubeObject | undefined,
  after: KubeObject,
  options: TrackOptions,
): ManagedFieldsEntry[] | undefined {
  const sent = after.metadata.managedFields;
  const live = before?.metadata.managedFields;
  let managers: Map<string, Managed>;
  if (options.owner.subresource !== '' || sent === undefined || sent === live)
    managers = decodeManagers(live);
  else if (isReset(sent)) managers = new Map();
  else {
    managers = decodeManagers(sent);
    if (managers.size === 0) managers = decodeManagers(live);
  }
  if (before !== undefined && managers.size === 0) return undefined; // tracking was given up
  const comparison = filterComparison(
    compareTyped(
      options.schema,
      before === undefined ? (options.empty ?? {}) : withoutManagedFields(before as unknown as JsonObject),
      withoutManagedFields(after as unknown as JsonObject),
    ),
    options.reset,
  );
  settle(managers, take(managers, comparison, undefined), comparison.removed, undefined);
  const taken = differenceSets(unionSets(comparison.modified, comparison.added), STRIPPED);
  if (!isEmptySet(taken)) {
    const entry: Managed = {
      manager: options.owner.manager === '' ? 'unknown' : options.owner.manager,
      operation: 'Update',
      apiVersion: options.owner.apiVersion,
      subresource: options.owner.subresource,
      time: formatTime(options.now),
      set: taken,
    };
    const id = idOf(entry);
    const previous = managers.get(id);
    if (previous !== undefined) entry.set = unionSets(previous.set, taken);
    managers.set(id, entry);
    foldOldest(managers);
  }
  return encodeManagers(managers.values());
}

const isReset = (sent: readonly ManagedFieldsEntry[]): boolean =>
  sent.length === 0 || (sent.length === 1 && Object.keys(sent[0] as object).length === 0);

function foldOldest(managers: Map<string, Managed>): void {
  const updates = [...managers].filter(([, entry]) => entry.operation === 'Update');
  let excess = updates.length - MAX_UPDATE_MANAGERS;
  if (excess <= 0) return;
  updates.sort(
    ([, a], [, b]) => compareText(a.time ?? '', b.time ?? '') || compareText(a.manager, b.manager),
  );
  let folded: Managed | undefined;
  for (const [id, entry] of updates) {
    if (excess < 0) break;
    managers.delete(id);
    folded = {
      ...entry,
      manager: FOLDED,
      subresource: '',
      set: folded === undefined ? entry.set : unionSets(folded.set, entry.set),
    };
    excess--;
  }
  if (folded !== undefined) managers.set(idOf(folded), folded);
}

const KUBECTL = 'kubectl';

/**
 * kubectl moving from client-side to server-side apply: what its annotation says that it applied last is its own,
 * whoever the entries name, as long as the object still has it so. The conflicts that are left.
 */
function conflictsBesides(
  live: KubeObject,
  schema: Schema,
  conflicts: Map<string, FieldSet>,
): Map<string, FieldSet> {
  const text = live.metadata.annotations?.[LAST_APPLIED];
  let last: unknown;
  try {
    last = text === undefined ? undefined : JSON.parse(text);
  } catch {
    return conflicts;
  }
  if (!isObject(last)) return conflicts;
  const changed = compareTyped(schema, last as JsonObject, live as unknown as JsonObject).modified;
  const own = differenceSets(toFieldSet(schema, last as JsonObject), changed);
  const left = [...conflicts].map(([id, set]) => [id, differenceSets(set, own)] as const);
  return new Map(left.filter(([, set]) => !isEmptySet(set)));
}

export interface ApplyResult {
  /** Undefined: the apply changes nothing. */
  object: KubeObject | undefined;
  managedFields: ManagedFieldsEntry[] | undefined;
}

/**
 * kubectl's annotation follows what kubectl applies on the server's side, where the object has it: a later
 * client-side apply starts from there. Nobody owns that change.
 */
function withLastApplied(object: KubeObject, config: KubeObject): KubeObject {
  const { annotations, managedFields: _, ...metadata } = config.metadata;
  const { [LAST_APPLIED]: __, ...others } = annotations ?? {};
  const kept = Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others };
  const text = `${JSON.stringify(sortKeys({ ...config, metadata: kept } as unknown as JsonObject))}\n`;
  if (object.metadata.annotations?.[LAST_APPLIED] === text) return object;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [LAST_APPLIED]: text } },
  };
}

/** Server-side apply of `config` on `live` (`{}` shaped for a create). Throws 409 on conflicts without `force`. */
export function applyConfiguration(
  live: KubeObject | undefined,
  config: KubeObject,
  force: boolean,
  options: TrackOptions,
): ApplyResult {
  const { schema } = options;
  const liveValue = live === undefined ? {} : withoutManagedFields(live as unknown as JsonObject);
  const configValue = config as unknown as JsonObject;
  try {
    checkTyped(schema, configValue);
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    throw internalError(`failed to create typed patch object (${describeConfig(config)}): ${error.message}`);
  }
  let managers = decodeManagers(live?.metadata.managedFields);
  if (live !== undefined && managers.size === 0) {
    const seen = compareTyped(schema, options.empty ?? {}, liveValue);
    const all = differenceSets(unionSets(seen.added, seen.modified), STRIPPED);
    const entry: Managed = {
      manager: BEFORE_APPLY,
      operation: 'Update',
      apiVersion: options.owner.apiVersion,
      subresource: '',
      time: formatTime(options.now),
      set: options.reset === undefined ? all : excludePaths(all, options.reset),
    };
    managers = new Map([[idOf(entry), entry]]);
  }
  const self: Managed = {
    manager: options.owner.manager,
    operation: 'Apply',
    apiVersion: options.owner.apiVersion,
    subresource: options.owner.subresource,
    time: formatTime(options.now),
    set: toFieldSet(schema, configValue),
  };
  if (options.reset !== undefined) self.set = excludePaths(self.set, options.reset);
  const id = idOf(self);
  const last = managers.get(id);
  const merged = mergeTyped(schema, liveValue, configValue) as JsonObject;
  managers.set(id, self);
  const pruned =
    last === undefined || isEmptySet(last.set) ? merged : prune(schema, merged, managers, last.set);
  const comparison = filterComparison(compareTyped(schema, liveValue, pruned), options.reset);
  const conflicts = take(managers, comparison, id);
  if (conflicts.size > 0 && !force) {
    const moves = live !== undefined && options.owner.manager === KUBECTL;
    const open = moves ? conflictsBesides(live, schema, conflicts) : conflicts;
    if (open.size > 0) throw conflictError(managers, open);
  }
  settle(managers, conflicts, comparison.removed, id);
  const stripped = differenceSets(self.set, STRIPPED);
  if (isEmptySet(stripped)) managers.delete(id);
  else managers.set(id, { ...self, set: stripped });
  const same =
    isEmptySet(comparison.added) && isEmptySet(comparison.modified) && isEmptySet(comparison.removed);
  if (same && live !== undefined) {
    if (last !== undefined && equalSets(last.set, stripped)) {
      managers.set(id, { ...self, set: last.set, time: last.time });
      return { object: undefined, managedFields: live.metadata.managedFields };
    }
    return { object: undefined, managedFields: encodeManagers(managers.values()) };
  }
  const object = pruned as unknown as KubeObject;
  const annotated =
    options.owner.manager === KUBECTL && object.metadata.annotations?.[LAST_APPLIED] !== undefined;
  return {
    object: annotated ? withLastApplied(object, config) : object,
    managedFields: encodeManagers(managers.values()),
  };
}

/** Removes what this manager applied last time, not now, and nobody else owns. */
function prune(
  schema: Schema,
  merged: JsonObject,
  managers: Map<string, Managed>,
  last: FieldSet,
): JsonObject {
  const named = (set: FieldSet): FieldSet => withNamedFields(schema, set);
  const fieldsOf = (value: Json): FieldSet => named(toFieldSet(schema, value));
  const lastNamed = named(last);
  let owned: FieldSet = EMPTY_SET;
  for (const entry of managers.values()) owned = unionSets(owned, entry.set);
  const mergedSet = fieldsOf(merged);
  let pruned = removeFields(schema, merged, lastNamed);
  pruned = removeFields(schema, merged, differenceSets(mergedSet, unionSets(fieldsOf(pruned), named(owned))));
  return removeFields(
    schema,
    merged,
    intersectSets(differenceSets(mergedSet, fieldsOf(pruned)), lastNamed),
  ) as JsonObject;
}

function describeConfig(config: KubeObject): string {
  const metadata: JsonObject = isObject(config.metadata) ? config.metadata : {};
  const namespace = (metadata['namespace'] as string | undefined) ?? '';
  const slash = config.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : config.apiVersion.slice(0, slash);
  const version = config.apiVersion.slice(slash + 1);
  const version2 = group === '' ? `/${version}` : `${group}/${version}`;
  return `${namespace}/${String(metadata['name'] ?? '')}; ${version2}, Kind=${config.kind}`;
}

function printManager(entry: Managed): string {
  let text = JSON.stringify(entry.manager);
  if (entry.subresource !== '') text += ` with subresource ${JSON.stringify(entry.subresource)}`;
  if (entry.operation === 'Update') text += ` using ${entry.apiVersion}`;
  return text;
}

function conflictError(managers: Map<string, Managed>, conflicts: Map<string, FieldSet>): Error {
  const groups = [...conflicts]
    .map(([id, set]) => ({
      id,
      who: printManager(managers.get(id) as Managed),
      paths: pathsOf(set).map(formatPath),
    }))
    .sort((a, b) => compareText(a.id, b.id));
  const count = groups.reduce((sum, group) => sum + group.paths.length, 0);
  const causes = groups.flatMap((group) =>
    group.paths.map((path) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${group.who}`,
      field: path,
    })),
  );
  const first = groups[0];
  const message =
    count === 1 && first !== undefined
      ? `Apply failed with 1 conflict: conflict with ${first.who}: ${String(first.paths[0])}`
      : `Apply failed with ${count} conflicts: ${groups
          .map((group) =>
            [`conflicts with ${group.who}:`, ...group.paths.map((path) => `- ${path}`)].join('\n'),
          )
          .join('\n')}`;
  return applyConflict(message, causes);
}

/** True where two lists of entries differ in nothing but times. */
export function sameOwners(
  a: readonly ManagedFieldsEntry[] | undefined,
  b: readonly ManagedFieldsEntry[] | undefined,
): boolean {
  if (a === b) return true;
  if ((a?.length ?? 0) !== (b?.length ?? 0)) return false;
  const left = decodeManagers(a);
  const right = decodeManagers(b);
  if (left.size !== right.size) return false;
  for (const [id, entry] of left) {
    const other = right.get(id);
    if (other === undefined || other.apiVersion !== entry.apiVersion || !equalSets(entry.set, other.set))
      return false;
  }
  return true;
}
