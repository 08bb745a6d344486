/** What is to be written: the namespace, the applies in order, the deletes in the order reversed. Spec 11 section 4. */

import { objectOf, type JsonObject } from '../../lang/json.ts';
import type { Assessment } from './assess.ts';
import { onSeenVersion } from './beside-rollouts.ts';
import { isOurs, resourceKey, syncOptionsOf } from './identity.ts';
import { compareApplyOrder, waveOf } from './order.ts';
import type {
  DesiredResource,
  PruneIntent,
  SyncIntent,
  SyncSnapshot,
  SyncSnapshotWithNamespace,
} from './types.ts';

/** In the order of waves and kinds. */
export function applyIntents(changing: readonly DesiredResource[]): SyncIntent[] {
  return changing
    .map((resource) => ({ ...resource, wave: waveOf(resource.manifest) }))
    .sort(compareApplyOrder)
    .map(({ identity, manifest, fromGit = manifest, live }) => ({
      kind: 'apply',
      key: `apply ${resourceKey(identity)}`,
      identity,
      manifest: onSeenVersion(manifest, live),
      fromGit,
    }));
}

export function namespaceIntents(
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
  const metadata = objectOf(snapshot.namespace?.['metadata']);
  const has = (field: 'labels' | 'annotations'): boolean => {
    const live = objectOf(metadata[field]);
    return Object.entries(objectOf(managed?.[field])).every(([key, value]) => live[key] === value);
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

export function pruneIntents(extra: Assessment['extra'], options: readonly string[]): PruneIntent[] {
  const asked = options.findLast((option) => option.startsWith('PrunePropagationPolicy='))?.slice(23);
  const propagation = PROPAGATION[asked as keyof typeof PROPAGATION] ?? 'Foreground';
  return extra
    .map(({ resource, live }) => ({ identity: resource.identity, wave: waveOf(live), live }))
    .sort((a, b) => compareApplyOrder(b, a))
    .flatMap(({ identity, live }): PruneIntent[] => {
      const metadata = objectOf(live['metadata']);
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
