/**
 * Looked at: every write of ours that takes available pods away: a smaller ReplicaSet, a ReplicaSet or pod deleted or
 * evicted. Where every version shares one Service all of them count; behind a router and in blue-green, stable and
 * the new version.
 */

import { beside, hashOf, isReadyPod, ownerOf, sizeOf } from './read.ts';
import type { Change, Rule, RolloutScene, Scene, Version } from './types.ts';
import { isOurs, touched, violation, watching, writer } from './watching.ts';

export const rule05: Rule = {
  number: 5,
  sentence:
    'Available stable + canary never falls below desired − maxUnavailable through our doing: not on abort, restart ' +
    'or supersede.',
  threads: ['AR 777', 'AR 1966', 'AR 1068'],
  needs: [],
  start: watching((checked) => ({
    see(happening, scene) {
      if (!isOurs(happening)) return undefined;
      for (const rollout of touched(happening, scene)) {
        const hash = versionThatLoses(happening, rollout, scene);
        if (hash === undefined || rollout.ending) continue;
        const since = scene.informedSince(happening);
        const counted = countedOf(rollout, scene.lostSince(rollout.key, since));
        if (!counted.includes(hash) || isAbortedPreview(rollout, hash, scene)) continue;
        checked();
        if (rollout.lastUserChangeAt >= since) continue;
        const least = scene.leastDesiredSince(rollout.key, since) - rollout.maxUnavailable;
        const left = counted.reduce(
          (sum, each) => sum + scene.mostAvailableSince(rollout.key, each, since),
          0,
        );
        if (left >= least) continue;
        return violation(
          5,
          scene,
          `${writer(happening)} took pods of version ${hash} (${happening.kind} ${happening.key}) and left ` +
            `${left} available; ${rollout.desired} are wanted and ${rollout.maxUnavailable} may be missing`,
          `Rollout ${rollout.key}`,
          `${happening.kind} ${happening.key}`,
        );
      }
      return undefined;
    },
  })),
};

function countedOf(rollout: RolloutScene, lost: readonly Version[]): string[] {
  const all = [...rollout.versions.keys(), ...lost.map(({ hash }) => hash)];
  if (!rollout.routed && rollout.strategy === 'canary') return all;
  return all.filter((hash) => hash === rollout.stable || hash === rollout.current);
}

/** Blue-green gives no user to it, and won't: that it goes takes nothing away, whatever stable has. */
function isAbortedPreview(rollout: RolloutScene, hash: string, scene: Scene): boolean {
  if (rollout.strategy !== 'blueGreen' || rollout.rollout.status?.abort !== true) return false;
  const active = scene.routes(rollout.key).filter(({ kind }) => kind === 'active');
  return (
    hash === rollout.current &&
    hash !== rollout.stable &&
    active.length > 0 &&
    !active.some(({ destinations }) => destinations.some(({ hashes }) => hashes.includes(hash)))
  );
}

function versionThatLoses(change: Change, rollout: RolloutScene, scene: Scene): string | undefined {
  const { before, after, kind } = change;
  if (before === undefined) return undefined;
  if (kind === 'ReplicaSet') {
    const hash = hashOf(before);
    const available = rollout.versions.get(hash ?? '')?.available ?? 0;
    return Math.min(sizeOf(before), available) > Math.min(sizeOf(after), available) ? hash : undefined;
  }
  const goes = after === undefined || after.metadata.deletionTimestamp !== undefined;
  if (kind !== 'Pod' || !goes || before.metadata.deletionTimestamp !== undefined) return undefined;
  const set = ownerOf(before, 'ReplicaSet');
  return isReadyPod(before) && set !== undefined
    ? hashOf(scene.get('ReplicaSet', beside(change.key, set.name)))
    : undefined;
}
