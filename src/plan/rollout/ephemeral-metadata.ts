/**
 * Labels and annotations that follow the role of a version: one set while it is new, another once it is stable
 * (spec 02 section 11). They stand in the pod template of its ReplicaSet, for pods to come, and on the pods that run.
 *
 * What was injected is recorded in an annotation of the ReplicaSet, and the record is renewed last: as long as it
 * differs from what is wanted, pods are brought up to date. So neither a crash nor a pod that can't be written makes
 * anything be forgotten.
 */

import type { Rollout } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import { deepEqual, isObject, objectOf } from '../../lang/json.ts';
import type { Draft } from './intents.ts';
import { EPHEMERAL_METADATA, HASH_LABEL } from './names.ts';
import type { ReplicaSet } from './replica-set.ts';
import { countsOf, isObserved } from './replica-set.ts';
import type { Revisions } from './revision.ts';
import type { PodView } from './snapshot.ts';
import { strategyOf, stableHashOf, writtenStatus } from './defaults.ts';

type Strings = Readonly<Record<string, string>>;

export interface PodMetadata {
  readonly labels: Strings;
  readonly annotations: Strings;
}

/** A merge patch of metadata: null removes. */
export interface PodMetadataPatch {
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
}

const NONE: PodMetadata = { labels: {}, annotations: {} };
const FIELDS = ['labels', 'annotations'] as const;

/** By role; undefined: the strategy asks for none, and what was injected before stays. */
export function roleMetadata(rollout: Rollout): { fresh: PodMetadata; stable: PodMetadata } | undefined {
  const { canary, blueGreen } = strategyOf(rollout);
  const fresh = canary?.canaryMetadata ?? blueGreen?.previewMetadata;
  const stable = canary?.stableMetadata ?? blueGreen?.activeMetadata;
  if (fresh === undefined && stable === undefined) return undefined;
  const fixed = selectedKeys(rollout);
  return { fresh: admitted(fresh, fixed), stable: admitted(stable, fixed) };
}

/** Labels that tie pods to their ReplicaSet: other values would cut pods off. */
function selectedKeys(rollout: Rollout): ReadonlySet<string> {
  const { matchLabels = {}, matchExpressions = [] } = rollout.spec.selector ?? {};
  return new Set([HASH_LABEL, ...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)]);
}

function admitted(
  metadata: { labels?: unknown; annotations?: unknown } | undefined,
  fixed: ReadonlySet<string>,
): PodMetadata {
  const labels = strings(metadata?.labels);
  return {
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => !fixed.has(key))),
    annotations: strings(metadata?.annotations),
  };
}

function strings(value: unknown): Strings {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** What the annotation says was injected. Someone else's text: nothing that we know of. */
export function recordedMetadata(rs: ReplicaSet): PodMetadata {
  const text = rs.metadata.annotations?.[EPHEMERAL_METADATA];
  if (text === undefined) return NONE;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value)
      ? { labels: strings(value['labels']), annotations: strings(value['annotations']) }
      : NONE;
  } catch {
    return NONE;
  }
}

const isEmpty = (map: object): boolean => Object.keys(map).length === 0;

/** The text of the annotation; undefined where there is nothing to record. */
export function metadataRecord(metadata: PodMetadata): string | undefined {
  const filled = FIELDS.filter((field) => !isEmpty(metadata[field]));
  if (filled.length === 0) return undefined;
  return JSON.stringify(Object.fromEntries(filled.map((field) => [field, metadata[field]])));
}

/** What has to change on a template or a pod; undefined: nothing. */
export function metadataPatch(
  present: { labels?: unknown; annotations?: unknown },
  recorded: PodMetadata,
  wanted: PodMetadata,
): PodMetadataPatch | undefined {
  const patch: Record<string, Record<string, string | null>> = {};
  for (const field of FIELDS) {
    const now = strings(present[field]);
    const changes: Record<string, string | null> = {};
    for (const [key, value] of Object.entries(wanted[field])) if (now[key] !== value) changes[key] = value;
    for (const key of Object.keys(recorded[field]))
      if (!Object.hasOwn(wanted[field], key) && Object.hasOwn(now, key)) changes[key] = null;
    if (!isEmpty(changes)) patch[field] = changes;
  }
  return isEmpty(patch) ? undefined : patch;
}

/** The metadata of the template of a new ReplicaSet, and the record of it. */
export function withInjectedMetadata(
  rollout: Rollout,
  revisions: Pick<Revisions, 'hash'>,
  metadata: JsonObject,
): { metadata: JsonObject; record: string | undefined } {
  const roles = roleMetadata(rollout);
  if (roles === undefined) return { metadata, record: undefined };
  const stable = stableHashOf(writtenStatus(rollout));
  const wanted = stable === '' || stable === revisions.hash ? roles.stable : roles.fresh;
  const merged: JsonObject = { ...metadata };
  for (const field of FIELDS)
    if (!isEmpty(wanted[field])) merged[field] = { ...(metadata[field] as JsonObject), ...wanted[field] };
  return { metadata: merged, record: metadataRecord(wanted) };
}

interface Wanted {
  readonly rs: ReplicaSet;
  readonly recorded: PodMetadata;
  readonly wanted: PodMetadata;
}

/** ReplicaSets whose injected metadata isn't, or isn't known to be, what their role asks for. */
function outdated(rollout: Rollout, revisions: Revisions, stableHash: string): Wanted[] {
  const roles = roleMetadata(rollout);
  if (roles === undefined) return [];
  const { fresh, stable, hash, all } = revisions;
  const isUpdate = stableHash !== '' && stableHash !== hash;
  const list: Wanted[] = [];
  for (const rs of all) {
    if (rs.metadata.deletionTimestamp !== undefined) continue;
    const wanted =
      rs === fresh
        ? isUpdate
          ? roles.fresh
          : roles.stable
        : rs === stable && isUpdate
          ? roles.stable
          : NONE;
    const recorded = recordedMetadata(rs);
    if (!deepEqual(recorded, wanted) || templatePatch(rs, recorded, wanted) !== undefined)
      list.push({ rs, recorded, wanted });
  }
  return list;
}

function templatePatch(
  rs: ReplicaSet,
  recorded: PodMetadata,
  wanted: PodMetadata,
): PodMetadataPatch | undefined {
  const { metadata } = rs.spec.template;
  return metadataPatch(objectOf(metadata), recorded, wanted);
}

const hasNoPods = (rs: ReplicaSet): boolean => countsOf(rs).size === 0 && countsOf(rs).created === 0;

const grows = (draft: Draft, name: string): boolean =>
  draft.intents.some(
    (intent) => intent.kind === 'scaleReplicaSet' && intent.target.name === name && intent.to > 0,
  );

/**
 * Whether the pods must be known to go on: templates are up to date, pods perhaps not. Once its controller has seen the
 * template, no pods come any more that we would have to look for again.
 */
export function metadataNeedsPods(rollout: Rollout, revisions: Revisions): boolean {
  return outdated(rollout, revisions, stableHashOf(writtenStatus(rollout))).some(
    ({ rs, recorded, wanted }) =>
      templatePatch(rs, recorded, wanted) === undefined && !hasNoPods(rs) && isObserved(rs),
  );
}

/**
 * First the template, then, once the ReplicaSet's controller has seen it, the pods, then the record.
 * `stableHash`: of the version that is stable after this pass; '' before the first one is.
 */
export function planMetadata(
  s: { rollout: Rollout; revisions: Revisions; draft: Draft; pods: readonly PodView[] | undefined },
  stableHash: string,
): void {
  const { draft } = s;
  for (const { rs, recorded, wanted } of outdated(s.rollout, s.revisions, stableHash)) {
    const { name, uid } = rs.metadata;
    const target = { name, uid };
    const record = metadataRecord(wanted) ?? null;
    const patch = templatePatch(rs, recorded, wanted);
    if (patch !== undefined || hasNoPods(rs)) {
      draft.intend({
        kind: 'setTemplateMetadata',
        key: `metadata/${name}`,
        wave: 'cleanup',
        target,
        metadata: patch ?? {},
        // Without pods, and without any that this plan asks for before it, there is nothing left to do.
        ...(hasNoPods(rs) && !grows(draft, name) ? { record } : {}),
      });
      draft.note('metadata.template', `the pods of ReplicaSet ${name} get the metadata of their role`);
      continue;
    }
    if (!isObserved(rs) || s.pods === undefined) {
      draft.note('metadata.wait', `ReplicaSet ${name} must see its new template first, then its pods follow`);
      continue;
    }
    const pods = s.pods
      .filter((pod) => pod.replicaSet === uid && !pod.terminating)
      .map((pod) => ({ pod, patch: metadataPatch(pod, recorded, wanted) }))
      .flatMap((item) =>
        item.patch === undefined
          ? []
          : [{ target: { name: item.pod.name, uid: item.pod.uid }, metadata: item.patch }],
      );
    draft.intend({ kind: 'setPodMetadata', key: `pods/${name}`, wave: 'cleanup', target, pods, record });
    draft.note('metadata.pods', `${pods.length} pods of ReplicaSet ${name} get the metadata of their role`);
  }
}
