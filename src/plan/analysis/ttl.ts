/** When a finished run is deleted (spec 05 section 6). */

import { parseTime } from '../../lang/time.ts';
import type { AnalysisRunObject } from './types.ts';

/**
 * The instant from which the run may be deleted, or undefined: it stays. Deleting starts when more whole seconds have
 * passed than the limit says. A run that was refused before it began has no `completedAt` (as in the reference); its
 * time counts from its creation, so that a limit works for it, too.
 */
export function deleteAt(run: AnalysisRunObject): number | undefined {
  const ttl = run.spec.ttlStrategy;
  if (ttl === undefined || ttl === null) return undefined;
  const phase = run.status?.phase;
  const seconds =
    (phase === 'Successful' ? ttl.secondsAfterSuccess : undefined) ??
    (phase === 'Failed' ? ttl.secondsAfterFailure : undefined) ??
    ttl.secondsAfterCompletion;
  if (seconds === undefined || seconds === null) return undefined;
  const ended =
    parseTime(run.status?.completedAt) ??
    (run.status?.startedAt === undefined ? parseTime(run.metadata.creationTimestamp) : undefined);
  return ended === undefined ? undefined : ended + (seconds + 1) * 1000;
}
