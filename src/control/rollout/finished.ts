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
  const superseded = supersededBy(before?.duration, duration);
  if (superseded !== undefined) return superseded;
  if (duration?.finishedAt === undefined || same(before?.duration, duration)) return undefined;
  const [from, to] = [parseTime(duration.rolloutStartedAt), parseTime(duration.finishedAt)];
  if (from === undefined || to === undefined) return undefined;
  const seconds = Math.max(0, (to - from) / 1000);
  const pausedSeconds = Math.min(seconds, duration.totalManualPauseDurationSeconds ?? 0);
  return { status: duration.completionStatus ?? '', seconds, pausedSeconds };
}

/** An update that another one took the place of before its end: that one's start is its end, and is all there is of it. */
function supersededBy(
  before: RolloutDuration | undefined,
  after: RolloutDuration | undefined,
): FinishedRollout | undefined {
  if (before === undefined || before.finishedAt !== undefined) return undefined;
  const [from, to] = [parseTime(before.rolloutStartedAt), parseTime(after?.rolloutStartedAt)];
  if (from === undefined || to === undefined || to <= from) return undefined;
  const pausedAt = parseTime(before.manualPauseStartedAt);
  const open = pausedAt === undefined ? 0 : Math.max(0, (to - pausedAt) / 1000);
  const seconds = (to - from) / 1000;
  const pausedSeconds = Math.min(seconds, (before.totalManualPauseDurationSeconds ?? 0) + open);
  return { status: 'Superseded', seconds, pausedSeconds };
}

/** The same end of the same update: two that took no time differ in their start or their end. */
const same = (a: RolloutDuration | undefined, b: RolloutDuration): boolean =>
  a?.finishedAt === b.finishedAt &&
  a?.rolloutStartedAt === b.rolloutStartedAt &&
  a?.completionStatus === b.completionStatus;
