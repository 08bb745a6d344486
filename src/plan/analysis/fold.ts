/** Takes a provider's answer into the status: the measurement and the counters of its metric (spec 05 section 3.2). */

import { formatTime } from '../../lang/time.ts';
import { judge } from './judge.ts';
import type { Answer } from './answer.ts';
import { redact } from './redact.ts';
import { lastMeasurement } from './tasks.ts';
import type { MeasurementTask } from './tasks.ts';
import { isCompleted } from './types.ts';
import type { Measurement, Metric, MetricResult } from './types.ts';

/** A measurement in progress is not asked for more often than this. */
const MIN_RESUME_MS = 1000;

/** One finished piece of work of a provider. Times are milliseconds since the epoch. */
export interface MeasurementReport {
  /** Name of the metric as the plan asked for it. */
  readonly metric: string;
  readonly action: MeasurementTask['action'];
  /** The metric that was measured, with secrets in it: its conditions judge the value. */
  readonly resolved: Metric;
  /** Values that must not be seen in any message. */
  readonly secrets: readonly string[];
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly answer: Answer;
  /** What the provider tells of the metric itself, such as the query it sends. */
  readonly metricMetadata?: Readonly<Record<string, string>> | undefined;
}

/** The result of the metric after the report. Neither input is changed. */
export function foldReport(
  result: MetricResult | undefined,
  report: MeasurementReport,
  dryRun: boolean,
): MetricResult {
  const before: MetricResult = result ?? firstResult(report, dryRun);
  const previous = report.action === 'measure' ? undefined : lastMeasurement(before);
  const measurement = measurementOf(report, previous);
  const kept = before.measurements ?? [];
  const after: MetricResult = {
    ...before,
    measurements: [...(previous === undefined ? kept : kept.slice(0, -1)), measurement],
  };
  if (measurement.finishedAt !== undefined) countIn(after, measurement.phase);
  return after;
}

function firstResult(report: MeasurementReport, dryRun: boolean): MetricResult {
  const metadata = redactMap(report.metricMetadata, report.secrets);
  return {
    name: report.metric,
    phase: 'Running',
    ...(dryRun ? { dryRun } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

function measurementOf(report: MeasurementReport, previous: Measurement | undefined): Measurement {
  const { answer, secrets } = report;
  const metadata = { ...previous?.metadata, ...redactMap(answer.metadata, secrets) };
  const measurement: Measurement = {
    phase: 'Running',
    startedAt: previous?.startedAt ?? formatTime(report.startedAt),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
  if (answer.kind === 'pending') {
    measurement.resumeAt = formatTime(previous === undefined ? answer.resumeAt : laterThan(report, answer));
    return measurement;
  }
  if (previous?.resumeAt !== undefined) measurement.resumeAt = previous.resumeAt;
  const verdict = verdictOf(report, answer);
  let { message } = verdict;
  if (report.action === 'terminate' && (verdict.phase === 'Successful' || verdict.phase === 'Inconclusive'))
    message = 'Metric Terminated';
  measurement.phase = verdict.phase;
  measurement.finishedAt = formatTime(report.finishedAt);
  if (message !== undefined && message !== '') measurement.message = redact(message, secrets);
  // A value that could not be judged is not recorded, as in the reference.
  if ('value' in answer && answer.value !== undefined && answer.value !== '' && verdict.phase !== 'Error')
    measurement.value = answer.value;
  return measurement;
}

/**
 * Times in a status are whole seconds. Rounded down, `resumeAt` would have passed already, and the provider would be
 * asked again and again until the second is over; the same with a provider that names an instant that has passed.
 */
function laterThan(report: MeasurementReport, answer: { resumeAt: number }): number {
  return Math.ceil(Math.max(answer.resumeAt, report.finishedAt + MIN_RESUME_MS) / 1000) * 1000;
}

function verdictOf(
  report: MeasurementReport,
  answer: Exclude<Answer, { kind: 'pending' }>,
): { phase: Measurement['phase']; message?: string | undefined } {
  switch (answer.kind) {
    case 'value':
      return judge(report.resolved, answer.result, report.finishedAt);
    case 'verdict':
      return answer;
    case 'error':
      return { phase: 'Error', message: answer.message };
  }
}

const plusOne = (value: number | undefined): number => (value ?? 0) + 1;

/** Errors count apart: `count` holds what really was measured. */
function countIn(result: MetricResult, phase: string): void {
  if (!isCompleted(phase)) return;
  if (phase === 'Error') {
    result.error = plusOne(result.error);
    result.consecutiveError = plusOne(result.consecutiveError);
    result.consecutiveSuccess = 0;
    return;
  }
  result.count = plusOne(result.count);
  result.consecutiveError = 0;
  result.consecutiveSuccess = phase === 'Successful' ? plusOne(result.consecutiveSuccess) : 0;
  if (phase === 'Successful') result.successful = plusOne(result.successful);
  else if (phase === 'Failed') result.failed = plusOne(result.failed);
  else result.inconclusive = plusOne(result.inconclusive);
}

function redactMap(
  map: Readonly<Record<string, string>> | undefined,
  secrets: readonly string[],
): Record<string, string> | undefined {
  if (map === undefined) return undefined;
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, redact(value, secrets)]));
}
