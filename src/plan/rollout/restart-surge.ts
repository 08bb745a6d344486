/**
 * A version whose only pod serves alone gets a second one before that pod is restarted: a Service must not run empty
 * through our doing (invariants 2 and 5). The reference evicts it and waits.
 */

import { countsOf, hashOf, type ReplicaSet } from './replica-set.ts';
import { restartIsDue } from './restart.ts';
import { isSelected } from './services.ts';
import type { Situation } from './situation.ts';

/** Whether nothing else takes over what this version serves. */
export function servesAlone(s: Situation, rs: ReplicaSet): boolean {
  const others = s.revisions.all.filter((other) => other !== rs && countsOf(other).size > 0);
  return others.length === 0 || isSelected(s, hashOf(rs));
}

/** The size to ask for where `wanted` is what the update wants. */
export function withRestartSurge(s: Situation, rs: ReplicaSet, wanted: number): number {
  if (wanted !== 1 || !servesAlone(s, rs)) return wanted;
  const at = restartIsDue(s.rollout, s.revisions.hash, s.now);
  if (at === undefined) return wanted;
  const { pods } = s.snapshot;
  // Not known now: as it is.
  if (pods === undefined) return Math.min(Math.max(wanted, countsOf(rs).size), wanted + 1);
  const old = pods.filter(
    (pod) =>
      pod.replicaSet === rs.metadata.uid &&
      pod.createdAt < at &&
      !pod.terminating &&
      pod.readySince !== undefined,
  );
  if (old.length === 0) return wanted;
  s.draft.note('restart.surge', `ReplicaSet ${rs.metadata.name} gets a second pod before its only one goes`);
  return wanted + 1;
}
