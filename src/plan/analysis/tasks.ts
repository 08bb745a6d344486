/** Which metrics are due for a measurement (spec 05 section 3.2). */

import { parseDuration } from '../../lang/duration.ts';
import { parseTime } from '../../lang/time.ts';
import { effectiveCount } from './limits.ts';
import { heldOf } from './recorded.ts';
import { isCompleted } from './types.ts';
import type { AnalysisRunStatus, Measurement, Metric, MetricResult } from './types.ts';

export interface MeasurementTask {
  metric: Metric;
  /** `resume`: the last measurement is in progress at its provider and is asked again; `terminate`: it is to stop. */
  action: 'measure' | 'resume' | 'terminate';
}

/** After an error, and between measurements of a metric without an interval. */
export const DEFAULT_RETRY_MS = 10_000;

/** What did not count is asked again after a minute at most, so that a release goes on soon after its answers come back. */
const MAX_HELD_WAIT_MS = 60_000;

/** The run is being stopped: by its spec, or because a metric that counts has ended badly. */
export function isTerminating(
  terminate: boolean | undefined,
  status: AnalysisRunStatus | undefined,
): boolean {
  if (terminate === true) return true;
  return (status?.metricResults ?? []).some(
    (result) =>
      result.dryRun !== true &&
      (result.phase === 'Failed' || result.phase === 'Error' || result.phase === 'Inconclusive'),
  );
}

export function measurementTasks(options: {
  metrics: readonly Metric[];
  status: AnalysisRunStatus | undefined;
  terminating: boolean;
  now: number;
  /** Names of metrics whose measurement in progress has ended: they are asked before their `resumeAt`. */
  settled?: ReadonlySet<string> | undefined;
}): MeasurementTask[] {
  const { status, terminating, now } = options;
  const tasks: MeasurementTask[] = [];
  for (const metric of options.metrics) {
    const settled = options.settled?.has(metric.name) === true;
    const result = findResult(status, metric.name);
    const action = actionFor(metric, result, status?.startedAt, { terminating, settled, now });
    if (action !== undefined) tasks.push({ metric, action });
  }
  return tasks;
}

function actionFor(
  metric: Metric,
  result: MetricResult | undefined,
  startedAt: string | undefined,
  { terminating, settled, now }: { terminating: boolean; settled: boolean; now: number },
): MeasurementTask['action'] | undefined {
  if (isCompleted(result?.phase)) return undefined;
  const last = lastMeasurement(result);
  if (last !== undefined && last.finishedAt === undefined) {
    if (terminating) return 'terminate';
    return !settled && (parseTime(last.resumeAt) ?? 0) > now ? undefined : 'resume';
  }
  if (terminating) return undefined;
  if (last === undefined) {
    const delay = durationOf(metric.initialDelay);
    if (delay === undefined) return undefined;
    if (delay === 'none') return 'measure';
    const started = parseTime(startedAt);
    return started === undefined || started + delay > now ? undefined : 'measure';
  }
  const count = effectiveCount(metric);
  if (count !== undefined && (result?.count ?? 0) >= count) return undefined;
  const due = nextMeasurementAt(metric, last);
  return due !== undefined && now > due ? 'measure' : undefined;
}

/**
 * When a metric that has finished measurement `last` is to be measured again, at once where nobody can read when that
 * was; undefined: its interval is no duration.
 */
export function nextMeasurementAt(metric: Metric, last: Measurement): number | undefined {
  const finished = parseTime(last.finishedAt) ?? 0;
  if (last.phase === 'Error') return finished + DEFAULT_RETRY_MS;
  const interval = durationOf(metric.interval);
  if (interval === undefined) return undefined;
  const wait = interval === 'none' ? DEFAULT_RETRY_MS : interval;
  return finished + (heldOf(last) === undefined ? wait : Math.min(wait, MAX_HELD_WAIT_MS));
}

/** Milliseconds; `none` where nothing is set; undefined where it is no duration (validation reports that). */
export function durationOf(text: string | undefined): number | 'none' | undefined {
  if (text === undefined || text === '') return 'none';
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}

export function findResult(status: AnalysisRunStatus | undefined, metric: string): MetricResult | undefined {
  return status?.metricResults?.find((result) => result.name === metric);
}

export function lastMeasurement(result: MetricResult | undefined): Measurement | undefined {
  return result?.measurements?.at(-1);
}
