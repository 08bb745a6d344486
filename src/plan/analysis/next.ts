/** When to look at a run again (spec 05 section 3.3). */

import { parseTime } from '../../lang/time.ts';
import { heldOf } from './recorded.ts';
import { durationOf, findResult, lastMeasurement, nextMeasurementAt } from './tasks.ts';
import { isCompleted } from './types.ts';
import type { AnalysisRunStatus, Metric } from './types.ts';

/** The earliest instant (milliseconds since the epoch) at which a metric becomes due, past ones included. */
export function nextLookAt(metrics: readonly Metric[], status: AnalysisRunStatus): number | undefined {
  let earliest: number | undefined;
  for (const metric of metrics) {
    const at = dueAt(metric, status);
    if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
  }
  return earliest;
}

function dueAt(metric: Metric, status: AnalysisRunStatus): number | undefined {
  const result = findResult(status, metric.name);
  if (isCompleted(result?.phase)) return undefined;
  const last = lastMeasurement(result);
  if (last === undefined) {
    const started = parseTime(status.startedAt);
    const delay = durationOf(metric.initialDelay);
    return started === undefined || typeof delay !== 'number' ? undefined : started + delay;
  }
  if (last.finishedAt === undefined) return parseTime(last.resumeAt);
  if (last.phase !== 'Error' && heldOf(last) === undefined && durationOf(metric.interval) === 'none')
    return undefined;
  return nextMeasurementAt(metric, last);
}
