/** When the new version needs neither pause nor analysis (spec 02 section 14, 04 sections 4 and 9). */

import type { Progress } from '../progress.ts';
import { isPromoted } from '../progress.ts';
import { createdAt, scaleDownDeadlineOf } from '../replica-set.ts';
import { isWithinRollbackWindow, wasFoundBad } from '../rollback-window.ts';
import { isFirst } from './active.ts';
import type { BlueGreenSituation } from './situation.ts';
import { isRetry } from './situation.ts';

/** Back to the stable version, to one within the window, or to one that was active and still has its pods. */
export const isFastRollback = (s: BlueGreenSituation, p: Progress): boolean =>
  isPromoted(s, p) || isWithinRollbackWindow(s) || isStillRunning(s, p);

/**
 * Whether the wanted version is older than stable and lives out its scale-down delay. The annotation is the mark: it
 * stays until the rollback is over. One that an abort left there, or a version found bad, gets no short-cut.
 */
export function isStillRunning(s: BlueGreenSituation, p: Progress): boolean {
  const { fresh, stable } = s.revisions;
  if (fresh === undefined || stable === undefined || p.abort || isRetry(s)) return false;
  const deadline = scaleDownDeadlineOf(fresh);
  return (
    createdAt(fresh) < createdAt(stable) && deadline !== undefined && deadline > s.now && !wasFoundBad(s)
  );
}

export function isFastTracked(s: BlueGreenSituation, p: Progress): boolean {
  return (
    isFastRollback(s, p) ||
    p.promoteFull ||
    (s.active === '' && isFirst(s, p)) ||
    s.active === s.revisions.hash
  );
}
