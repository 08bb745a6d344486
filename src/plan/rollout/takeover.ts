/** Behind a router whose stable version is broken (rule 21): what traffic has left it stays away, and so do the pods for it. */

import { isStableBroken } from './canary/broken.ts';
import { isLate } from './conditions.ts';
import { maxWeight } from './defaults.ts';
import type { Situation } from './situation.ts';

type Seen = Pick<Situation, 'old' | 'strategy' | 'replicas' | 'stable' | 'canary' | 'revisions' | 'routed'>;

/** The weight that can't go back to a stable version without pods; 0: there is none. */
export function weightKept(s: Seen): number {
  const recorded = s.old.canary?.weights?.canary.weight ?? 0;
  const { stableRS = '' } = s.old;
  const hasOther = stableRS !== '' && stableRS !== s.revisions.hash;
  return s.routed && hasOther && isStableBroken({ ...s, recorded, late: isLate(s.old) }) ? recorded : 0;
}

/** The weight on record is that of a version that this one replaces. */
export const isReplacing = (s: Pick<Seen, 'old' | 'revisions'>): boolean => {
  const canary = s.old.canary?.weights?.canary;
  return canary !== undefined && canary.weight > 0 && canary.podTemplateHash !== s.revisions.hash;
};

/** The new version has the pods to take over the weight of the one that it replaces, and stable can't have it. */
export function takesOver(s: Seen): boolean {
  const weight = weightKept(s);
  return weight > 0 && isReplacing(s) && s.canary.available * maxWeight(s.strategy) >= weight * s.replicas;
}
