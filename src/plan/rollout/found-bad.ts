/**
 * The mark on a version that a verdict aborted. Its AnalysisRuns may be gone when somebody goes back to it, and a deadline
 * leaves none. While the status says what the verdict was no mark is needed: it is made when a new version, other steps or
 * a retry are about to take that away, so that nothing stands before the route and the status of an abort. A promotion
 * takes the mark off.
 */

import { formatTime, parseTime } from '../../lang/time.ts';
import { conditionOf } from './conditions.ts';
import { FOUND_BAD } from './names.ts';
import type { Progress } from './progress.ts';
import { hashOf, type ReplicaSet } from './replica-set.ts';
import { hasFailed, type Situation } from './situation.ts';

/** Stands between what was aborted and why; people give no reason. */
export const VERDICT = ': ';

/** Milliseconds since the epoch; undefined: never, or not since it was stable. */
export const foundBadAt = (rs: ReplicaSet | undefined): number | undefined =>
  parseTime(rs?.metadata.annotations?.[FOUND_BAD]);

/** Before the status, which forgets it: also a crash in between loses nothing. */
export function keepVerdict(s: Situation, p: Pick<Progress, 'abort' | 'promoteFull'>): void {
  const { currentPodHash, abortedAt } = s.old;
  const progressing = conditionOf(s.old, 'Progressing');
  if (p.abort || p.promoteFull || progressing?.reason !== 'RolloutAborted') return;
  // What people abort is not found bad.
  if (!progressing.message.includes(VERDICT)) return;
  const left = s.revisions.all.find((rs) => hashOf(rs) === currentPodHash);
  const time = abortedAt ?? progressing.lastUpdateTime ?? formatTime(s.now);
  if (left !== undefined && left.metadata.annotations?.[FOUND_BAD] !== time)
    annotate(s, left, 'objects', time);
}

export function forgetBad(s: Situation): void {
  const { fresh } = s.revisions;
  if (fresh?.metadata.annotations?.[FOUND_BAD] !== undefined) annotate(s, fresh, 'sizes', null);
}

function annotate(s: Situation, rs: ReplicaSet, wave: 'objects' | 'sizes', time: string | null): void {
  const { name, uid } = rs.metadata;
  const key = `verdict/${name}`;
  if (hasFailed(s, key)) return;
  s.draft.intend({
    kind: 'annotateReplicaSet',
    key,
    wave,
    target: { name, uid },
    annotations: { [FOUND_BAD]: time },
  });
}
