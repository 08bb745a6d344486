/**
 * The mark on a version that a verdict aborted. Its AnalysisRuns may be gone when somebody goes back to it, and a deadline
 * leaves none; a promotion takes the mark away.
 */

import { formatTime, parseTime } from '../../lang/time.ts';
import { FOUND_BAD } from './names.ts';
import type { ReplicaSet } from './replica-set.ts';
import { hasFailed, type Situation } from './situation.ts';

/** Milliseconds since the epoch; undefined: never, or not since it was stable. */
export const foundBadAt = (rs: ReplicaSet | undefined): number | undefined =>
  parseTime(rs?.metadata.annotations?.[FOUND_BAD]);

/** With the verdict, before the status: none may be forgotten by a crash. */
export const markBad = (s: Situation): void => annotate(s, 'verdict', formatTime(s.now));

export function forgetBad(s: Situation): void {
  if (s.revisions.fresh?.metadata.annotations?.[FOUND_BAD] !== undefined) annotate(s, 'sizes', null);
}

function annotate(s: Situation, wave: 'verdict' | 'sizes', time: string | null): void {
  const { fresh } = s.revisions;
  if (fresh === undefined) return;
  const { name, uid } = fresh.metadata;
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
