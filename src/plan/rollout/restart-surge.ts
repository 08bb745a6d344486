/**
 * Where no pod may be missing, a restart has one on top before each pod that goes; so has a version whose only pod serves
 * alone, for a Service must not run empty through our doing (invariants 2 and 5). The reference evicts one and waits.
 */

import { countsOf, hashOf, type ReplicaSet } from './replica-set.ts';
import { restartIsDue } from './restart.ts';
import { isSelected } from './services.ts';
import type { Situation } from './situation.ts';
import { mayGetTraffic } from './situation.ts';

/** Whether nothing else takes over what this version serves. */
export function servesAlone(s: Situation, rs: ReplicaSet): boolean {
  const others = s.revisions.all.filter((other) => other !== rs && countsOf(other).size > 0);
  return others.length === 0 || isSelected(s, hashOf(rs)) || isRoutedTo(s, rs);
}

/** Routers may tell versions apart without any Service. */
function isRoutedTo(s: Situation, rs: ReplicaSet): boolean {
  const { stable, fresh } = s.revisions;
  const replaced = s.old.canary?.weights?.canary;
  return (
    s.routed &&
    (rs === stable ||
      (rs === fresh && mayGetTraffic(s)) ||
      (hashOf(rs) === replaced?.podTemplateHash && replaced.weight > 0))
  );
}

/**
 * Versions whose pods stand for the Rollout. Where each version has traffic of its own, old ones don't, nor the one that a
 * promotion of this pass makes old.
 */
export function countedVersions(s: Situation, promoted = false): readonly ReplicaSet[] {
  const { all, stable, fresh } = s.revisions;
  if (!s.routed && s.rollout.spec.strategy?.blueGreen === undefined) return all;
  return all.filter((rs) => (rs === stable && !promoted) || rs === fresh);
}

/** The size to ask for where `wanted` is what the update wants. */
export function withRestartSurge(s: Situation, rs: ReplicaSet, wanted: number): number {
  if (wanted === 0) return wanted;
  const at = restartIsDue(s.rollout, s.revisions.hash, s.now);
  if (at === undefined) return wanted;
  // Not known now: as it is.
  if (s.snapshot.pods === undefined) return Math.min(Math.max(wanted, countsOf(rs).size), wanted + 1);
  if (!servesWithOld(s, rs, at)) return wanted;
  if ((wanted > 1 || !servesAlone(s, rs)) && !leavesTooFew(s, rs, wanted, at)) return wanted;
  s.draft.note('restart.surge', `ReplicaSet ${rs.metadata.name} gets one more pod before an old one goes`);
  return wanted + 1;
}

const servesWithOld = (s: Situation, rs: ReplicaSet, at: number): boolean =>
  s.snapshot.pods?.some(
    (pod) =>
      pod.replicaSet === rs.metadata.uid &&
      pod.createdAt < at &&
      !pod.terminating &&
      pod.readySince !== undefined,
  ) === true;

/** One version at a time: stable first, as its pods go first. */
function leavesTooFew(s: Situation, rs: ReplicaSet, wanted: number, at: number): boolean {
  if (s.fences.unavailable > 0) return false;
  const { stable, fresh } = s.revisions;
  if ([stable, fresh].find((one) => one !== undefined && servesWithOld(s, one, at)) !== rs) return false;
  let others = 0;
  for (const other of countedVersions(s)) {
    const { size, available } = countsOf(other);
    if (other !== rs) others += Math.min(size, available);
  }
  return wanted + others <= s.replicas;
}
