/** Going back to a recent version needs no steps where the user says so: `spec.rollbackWindow` (spec 02 section 14). */

import { evidenceOf } from '../analysis/evidence.ts';
import { foundBadAt } from './found-bad.ts';
import { EXPERIMENT_NAME } from './names.ts';
import { createdAt, hashOf } from './replica-set.ts';
import type { Situation } from './situation.ts';

type WindowFacts = Pick<Situation, 'rollout' | 'revisions' | 'snapshot'>;

/**
 * Whether the wanted version is older than the stable one with fewer than `rollbackWindow.revisions` versions made
 * between them. A version that was found bad gets no short-cut: it may have been left exactly because of that.
 */
export function isWithinRollbackWindow(s: WindowFacts): boolean {
  const window = s.rollout.spec.rollbackWindow?.revisions ?? 0;
  const { fresh, stable, all } = s.revisions;
  if (window <= 0 || fresh === undefined || stable === undefined || fresh === stable) return false;
  const [from, to] = [createdAt(fresh), createdAt(stable)];
  if (from >= to) return false;
  const between = all.filter(
    (rs) =>
      createdAt(rs) > from && createdAt(rs) < to && rs.metadata.annotations?.[EXPERIMENT_NAME] === undefined,
  );
  return between.length < window && !wasFoundBad(s);
}

/** The last judgement on this version is a failure; a retry that succeeded afterwards, or a promotion, takes it back. */
export function wasFoundBad(s: Pick<Situation, 'revisions' | 'snapshot'>): boolean {
  const runs = s.snapshot.analysisRuns.filter((run) => hashOf(run) === s.revisions.hash);
  const last = (...phases: string[]): number =>
    Math.max(
      -Infinity,
      ...runs.filter((run) => phases.includes(evidenceOf(run))).map((run) => createdAt(run)),
    );
  const failed = Math.max(last('Failed', 'Error'), foundBadAt(s.revisions.fresh) ?? -Infinity);
  return failed !== -Infinity && failed >= last('Successful');
}
