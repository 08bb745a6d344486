/** How long a metric has watched when it takes its last measurement. Pure. */

import { durationOf } from '../../plan/analysis/tasks.ts';
import { effectiveCount } from '../../plan/analysis/limits.ts';
import type { Metric } from '../../api/analysis.ts';

/** Milliseconds from the start of the run; undefined for a metric that goes on until it is stopped. */
export function lastMeasurementAfter(metric: Metric): number | undefined {
  const count = effectiveCount(metric);
  const interval = durationOf(metric.interval);
  const delay = durationOf(metric.initialDelay);
  if (count === undefined || interval === undefined || delay === undefined) return undefined;
  return (delay === 'none' ? 0 : delay) + (interval === 'none' ? 0 : interval * (count - 1));
}
