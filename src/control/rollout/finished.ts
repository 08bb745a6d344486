/** Whether a status that was just written records the end of an update, for the metrics. */

import type { RolloutDuration, RolloutStatus } from '../../api/rollout.ts';
import { parseTime } from '../../lang/time.ts';

export interface FinishedRollout {
  /** `Promoted`, `Aborted`, `RolledBack`, ... */
  readonly status: string;
  readonly seconds: number;
  /** Of these, in pauses that waited for a person. */
  readonly pausedSeconds: number;
}

/** Undefined where no update ended between the two. */
export function finishedBetween(
  before: RolloutStatus | undefined,
  after: RolloutStatus,
): FinishedRollout | undefined {
  const { duration } = after;
  if (duration?.finishedAt === undefined || same(before?.duration, duration)) return undefined;
  const [from, to] = [parseTime(duration.rolloutStartedAt), parseTime(duration.finishedAt)];
  if (from === undefined || to === undefined) return undefined;
  const seconds = Math.max(0, (to - from) / 1000);
  const pausedSeconds = Math.min(seconds, duration.totalManualPauseDurationSeconds ?? 0);
  return { status: duration.completionStatus ?? '', seconds, pausedSeconds };
}

/** The same end of the same update: two that took no time differ in their start or their end. */
const same = (a: RolloutDuration | undefined, b: RolloutDuration): boolean =>
  a?.finishedAt === b.finishedAt &&
  a?.rolloutStartedAt === b.rolloutStartedAt &&
  a?.completionStatus === b.completionStatus;
