/** Which ReplicaSet is the new one, which the stable one, and which revision it is (spec 02 sections 2 to 6). */

import type { Rollout } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import { objectOf } from '../../lang/json.ts';
import { podTemplateHash } from '../../lang/pod-hash.ts';
import { podTemplatesEqual } from '../../lang/pod-template.ts';
import { matchesSelector, selectorFrom } from '../../lang/selector.ts';
import { antiAffinityPatch, withAntiAffinity } from './anti-affinity.ts';
import { withInjectedMetadata } from './ephemeral-metadata.ts';
import type { Draft } from './intents.ts';
import {
  DESIRED_REPLICAS,
  EPHEMERAL_METADATA,
  HASH_LABEL,
  NOT_COPIED,
  REVISION,
  REVISION_HISTORY,
} from './names.ts';
import type { ReplicaSet } from './replica-set.ts';
import { byAge, hashOf, hasController, isOwnedBy, revisionNumber, revisionOf, uidOf } from './replica-set.ts';
import { COUNTS_INTERVAL_MS } from './publish.ts';
import type { RolloutSnapshot } from './snapshot.ts';
import { ownTemplate } from './strip.ts';
import { replicasOf, stableHashOf, writtenStatus } from './defaults.ts';

export interface Revisions {
  /** Oldest first. */
  readonly all: readonly ReplicaSet[];
  /** Of the wanted template; undefined: to be created. */
  readonly fresh: ReplicaSet | undefined;
  /** Its hash, also where it is yet to be created. */
  readonly hash: string;
  readonly name: string;
  readonly revision: number;
  /** By status.stableRS; may be the new one. */
  readonly stable: ReplicaSet | undefined;
  /** Neither new nor stable; oldest first. */
  readonly others: readonly ReplicaSet[];
}

/**
 * ReplicaSets that belong to the Rollout: owned and matching are kept, owned but no longer matching are released,
 * orphans that match are adopted (and count at once: the next pass owns them).
 */
export function claim(rollout: Rollout, replicaSets: readonly ReplicaSet[], draft: Draft): ReplicaSet[] {
  const selector = selectorFrom(rollout.spec.selector as JsonObject | undefined);
  const uid = uidOf(rollout);
  const kept: ReplicaSet[] = [];
  for (const rs of replicaSets) {
    const matches = hashOf(rs) !== '' && matchesSelector(selector, rs.metadata.labels ?? {});
    const { name } = rs.metadata;
    const target = { name, uid: rs.metadata.uid, resourceVersion: rs.metadata.resourceVersion };
    if (isOwnedBy(rs, uid)) {
      if (matches) {
        kept.push(rs);
      } else {
        draft.intend({ kind: 'releaseReplicaSet', key: `release/${name}`, wave: 'objects', target });
        draft.note('revision.release', `ReplicaSet ${name} no longer matches the selector`);
      }
    } else if (matches && !hasController(rs) && rs.metadata.deletionTimestamp === undefined) {
      kept.push(rs);
      draft.intend({ kind: 'adoptReplicaSet', key: `adopt/${name}`, wave: 'objects', target });
      draft.note('revision.adopt', `ReplicaSet ${name} matches the selector and has no controller`);
    }
  }
  return kept.sort(byAge);
}

export function revisionsOf(rollout: Rollout, owned: readonly ReplicaSet[]): Revisions {
  const template = objectOf(rollout.spec.template);
  const ownHash = podTemplateHash(template, rollout.status?.collisionCount);
  const alive = owned.filter((rs) => rs.metadata.deletionTimestamp === undefined);
  const fresh =
    alive.find((rs) => hashOf(rs) === ownHash) ??
    alive.find((rs) => podTemplatesEqual(ownTemplate(rs), template));
  const stableHash = stableHashOf(writtenStatus(rollout));
  const stable = stableHash === '' ? undefined : owned.find((rs) => hashOf(rs) === stableHash);
  const highest = Math.max(0, ...owned.filter((rs) => rs !== fresh).map((rs) => revisionNumber(rs)));
  const own = fresh === undefined ? undefined : revisionOf(fresh);
  const hash = fresh === undefined ? ownHash : hashOf(fresh);
  return {
    all: owned,
    fresh,
    hash,
    name: fresh?.metadata.name ?? `${rollout.metadata.name}-${hash}`,
    revision: own !== undefined && own > highest ? own : highest + 1,
    stable,
    others: owned.filter((rs) => rs !== fresh && rs !== stable),
  };
}

/** Key of the intent that creates a ReplicaSet. */
export const createKey = (name: string): string => `create/${name}`;

/** The ReplicaSet to create, at its size at once. Pod template and selector are the Rollout's, with the hash. */
export function newReplicaSet(rollout: Rollout, revisions: Revisions, size: number): ReplicaSet {
  const { hash } = revisions;
  const template = objectOf(rollout.spec.template);
  const metadata = objectOf(template['metadata']);
  const labels = { ...objectOf(metadata['labels']), [HASH_LABEL]: hash };
  const injected = withInjectedMetadata(rollout, revisions, { ...metadata, labels });
  const selector = objectOf(rollout.spec.selector);
  const { minReadySeconds } = rollout.spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: revisions.name,
      ...(rollout.metadata.namespace === undefined ? {} : { namespace: rollout.metadata.namespace }),
      labels: labels as Record<string, string>,
      annotations: {
        ...copiedAnnotations(rollout),
        [REVISION]: String(revisions.revision),
        [DESIRED_REPLICAS]: String(replicasOf(rollout.spec)),
        ...(injected.record === undefined ? {} : { [EPHEMERAL_METADATA]: injected.record }),
      },
      ownerReferences: [
        {
          apiVersion: rollout.apiVersion,
          kind: rollout.kind,
          name: rollout.metadata.name,
          uid: uidOf(rollout),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      replicas: size,
      ...(minReadySeconds === undefined || minReadySeconds === 0 ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...objectOf(selector['matchLabels']), [HASH_LABEL]: hash } },
      template: {
        ...template,
        metadata: injected.metadata,
        spec: withAntiAffinity(rollout, hash, objectOf(template['spec'])),
      },
    },
  };
}

function copiedAnnotations(rollout: Rollout): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rollout.metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key)),
  );
}

/**
 * Brings annotations and minReadySeconds of an existing new ReplicaSet up to date, and the Rollout's revision. What
 * has `failed` in this pass waits for the next one: commands and verdicts, in the status behind it, do not.
 */
export function syncRevision(
  rollout: Rollout,
  revisions: Revisions,
  draft: Draft,
  { failed, revisionWritten, now }: Pick<RolloutSnapshot, 'failed' | 'revisionWritten' | 'now'>,
): void {
  const hasFailed = (key: string): boolean => failed.some((failure) => failure.key === key);
  const { fresh, revision, name } = revisions;
  if (fresh !== undefined) {
    const present = fresh.metadata.annotations ?? {};
    const annotations: Record<string, string> = {};
    for (const [key, value] of Object.entries(copiedAnnotations(rollout)))
      if (present[key] !== value) annotations[key] = value;
    const before = revisionOf(fresh);
    if (before !== revision) {
      annotations[REVISION] = String(revision);
      if (before !== undefined) annotations[REVISION_HISTORY] = appended(present[REVISION_HISTORY], before);
      draft.note('revision.number', `ReplicaSet ${name} comes back as revision ${revision}`);
    }
    const minReadySeconds = rollout.spec.minReadySeconds ?? 0;
    const otherSeconds = (fresh.spec.minReadySeconds ?? 0) !== minReadySeconds;
    const podSpec = antiAffinityPatch(rollout, fresh, revisions.hash);
    const key = `annotate/${name}`;
    const differs = Object.keys(annotations).length > 0 || otherSeconds || podSpec !== undefined;
    if (differs && !hasFailed(key)) {
      draft.intend({
        kind: 'annotateReplicaSet',
        key,
        wave: 'objects',
        target: { name, uid: fresh.metadata.uid },
        annotations,
        ...(otherSeconds ? { minReadySeconds } : {}),
        ...(podSpec === undefined ? {} : { podSpec }),
      });
    }
  }
  const key = 'rollout/revision';
  if (rollout.metadata.annotations?.[REVISION] !== String(revision) && !hasFailed(key)) {
    // As with the status: two leaders that know ReplicaSets of two moments would take turns.
    const again =
      revisionWritten?.revision === revision ? revisionWritten.at + COUNTS_INTERVAL_MS : -Infinity;
    if (again > now && again <= now + COUNTS_INTERVAL_MS) {
      draft.note('revision.contested', 'somebody has just overwritten this very number: again in a moment');
      draft.lookAgainAt(again);
    } else {
      draft.intend({ kind: 'patchRolloutMeta', key, wave: 'objects', patch: 'revision', revision });
      draft.event('Normal', 'RolloutUpdated', `Rollout updated to revision ${revision}`, { of: key });
    }
  }
  if (fresh === undefined)
    draft.event('Normal', 'NewReplicaSetCreated', `Created ReplicaSet ${name} (revision ${revision})`, {
      of: createKey(name),
    });
}

const MAX_HISTORY = 2000;

function appended(history: string | undefined, revision: number): string {
  const list = history === undefined || history === '' ? [] : history.split(',');
  const text = [...list, String(revision)].join(',');
  return text.length <= MAX_HISTORY ? text : text.slice(text.indexOf(',', text.length - MAX_HISTORY) + 1);
}
