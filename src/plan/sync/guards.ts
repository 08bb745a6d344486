/** What stands between a decision to sync and the first write. */

import { describe, trackedBy } from './identity.ts';
import type { Assessment } from './assess.ts';
import type { DesiredResource, SyncSnapshot } from './types.ts';

/** Invariant 27: nothing that was there may be left over, and Git wants nothing at all. */
export function wipesOut(snapshot: SyncSnapshot, assessment: Assessment, prune: boolean): boolean {
  return (
    prune &&
    snapshot.target.ok &&
    snapshot.target.resources.length === 0 &&
    assessment.extra.length > 0 &&
    snapshot.application.spec.syncPolicy?.automated?.allowEmpty !== true
  );
}

/** Why nothing may be written: the dry run of everything goes before the first write. */
export function refusal(
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

export function selector(
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
