/** status.duration: how long a rollout took, and how it ended (spec 01 section 9). */

import type { RolloutDuration } from '../../api/rollout.ts';
import { formatTime, parseTime } from '../../lang/time.ts';

export interface DurationFacts {
  readonly now: number;
  /** Template or steps changed, or the Rollout is seen for the first time. */
  readonly changed: boolean;
  /** Retried after an abort. */
  readonly retried: boolean;
  readonly aborted: boolean;
  /** The stable version is the wanted one, ... */
  readonly promoted: boolean;
  /** ... and all of its pods are available. */
  readonly full: boolean;
  readonly byFullPromotion: boolean;
  /** The change goes back: to the stable version or within the window (fast), or to another older one. */
  readonly rollback: 'fast' | 'slow' | undefined;
  /** A pause that waits for a person. */
  readonly manuallyPaused: boolean;
}

export function nextDuration(
  old: RolloutDuration | undefined,
  facts: DurationFacts,
): RolloutDuration | undefined {
  const done = facts.promoted && facts.full;
  const running = old !== undefined && old.finishedAt === undefined;
  const started: RolloutDuration = { rolloutStartedAt: formatTime(facts.now) };
  let duration = old;
  if (running && facts.changed) {
    duration =
      facts.rollback === undefined
        ? started // the one before it was superseded
        : { ...old, completionStatus: facts.rollback === 'fast' ? 'FastRolledBack' : 'RolledBack' };
  } else if (!running && !done && (facts.changed || facts.retried)) {
    duration = started;
  }
  if (duration === undefined || duration.finishedAt !== undefined) return duration;

  duration = withPause(duration, facts);
  if (facts.promoted && duration.completionStatus === undefined)
    duration = { ...duration, completionStatus: facts.byFullPromotion ? 'FastPromoted' : 'Promoted' };
  if (done) return finished(duration, facts, 'Promoted');
  return facts.aborted ? finished(duration, facts, 'Aborted') : duration;
}

function finished(duration: RolloutDuration, facts: DurationFacts, otherwise: string): RolloutDuration {
  const closed = withPause(duration, { ...facts, manuallyPaused: false });
  return {
    ...closed,
    finishedAt: formatTime(facts.now),
    completionStatus: closed.completionStatus ?? otherwise,
  };
}

function withPause(duration: RolloutDuration, facts: DurationFacts): RolloutDuration {
  const since = parseTime(duration.manualPauseStartedAt);
  if (facts.manuallyPaused)
    return since === undefined ? { ...duration, manualPauseStartedAt: formatTime(facts.now) } : duration;
  if (since === undefined) return duration;
  const { manualPauseStartedAt: _, ...rest } = duration;
  const seconds = Math.max(0, Math.floor((facts.now - since) / 1000));
  return {
    ...rest,
    totalManualPauseDurationSeconds: (duration.totalManualPauseDurationSeconds ?? 0) + seconds,
  };
}
