/** The times of a backtest as people type them. Pure. */

import { DurationError, parseDuration } from '../../lang/duration.ts';
import { parseTime } from '../../lang/time.ts';
import { durationOf } from '../../plan/analysis/tasks.ts';
import type { Metric } from '../../plan/analysis/types.ts';
import { UsageError } from '../errors.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Without --step there are about as many runs as a terminal has columns. */
const USUAL_RUNS = 72;

/** `now`, `6h` or `-6h` (so long ago), RFC 3339, or seconds since the epoch. Whole seconds. Throws `UsageError`. */
export function readInstant(flag: string, text: string, now: number): number {
  if (text === 'now') return wholeSeconds(now);
  const time = parseTime(text) ?? (/^\d{9,11}$/.test(text) ? Number(text) * SECOND : undefined);
  if (time !== undefined) return wholeSeconds(time);
  try {
    return wholeSeconds(now - Math.abs(parseDuration(text)));
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw new UsageError(
      `--${flag} ${JSON.stringify(text)} is no time: write 6h (so long ago), 2026-01-31T12:00:00Z, or now`,
    );
  }
}

const wholeSeconds = (ms: number): number => Math.floor(ms / SECOND) * SECOND;

/** Runs on a grid of the shortest interval share their queries. */
export function usualStep(metrics: readonly Metric[], rangeMs: number): number {
  const intervals = metrics.flatMap(({ interval }) => {
    const ms = durationOf(interval);
    return typeof ms === 'number' && ms >= SECOND ? [ms] : [];
  });
  const unit = wholeSeconds(intervals.length === 0 ? MINUTE : Math.min(...intervals));
  return Math.max(1, Math.ceil(rangeMs / USUAL_RUNS / unit)) * unit;
}
