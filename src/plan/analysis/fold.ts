/** Takes a provider's answer into the status: the measurement and the counters of its metric (spec 05 section 3.2). */

import { formatTime } from '../../lang/time.ts';
import { judge } from './judge.ts';
import type { Judgement } from './judge.ts';
import type { Answer } from './answer.ts';
import type { EvidenceMode, Outcome } from './outcomes.ts';
import { heldOf, recordedEvidence } from './recorded.ts';
import { redact, redactValue } from './redact.ts';
import { lastMeasurement } from './tasks.ts';
import type { MeasurementTask } from './tasks.ts';
import type { CompletedPhase, Measurement, Metric, MetricResult } from './types.ts';

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

export interface Folded {
  readonly result: MetricResult;
  /** What was accepted that strict mode would not have accepted. */
  readonly weak: readonly Outcome[];
}

/** The result of the metric after the report. Neither input is changed. */
export function foldReport(
  result: MetricResult | undefined,
  report: MeasurementReport,
  { dryRun, mode }: { dryRun: boolean; mode: EvidenceMode },
): Folded {
  const before: MetricResult = result ?? firstResult(report, dryRun);
  const previous = report.action === 'measure' ? undefined : lastMeasurement(before);
  const all = before.measurements ?? [];
  const kept = previous === undefined ? all : all.slice(0, -1);
  const { answer } = report;
  if (answer.kind === 'pending') {
    const measurement = pendingMeasurement(report, answer, previous);
    return { result: { ...before, measurements: [...kept, measurement] }, weak: [] };
  }
  const judgement = judge(report.resolved, answer, { now: report.finishedAt, mode, dryRun });
  const measurement = finishedMeasurement({ report, answer, judgement, previous, before: kept.at(-1) });
  // Answers in a row that don't count for the same reason are one entry, or an outage would push out all others.
  const measurements =
    heldOf(kept.at(-1)) !== undefined && (heldOf(measurement) ?? 0) > 1
      ? [...kept.slice(0, -1), measurement]
      : [...kept, measurement];
  const after: MetricResult = { ...before, measurements };
  if (judgement.held !== true) countIn(after, judgement.phase);
  else if (answer.kind !== 'error' || answer.empty === true) after.consecutiveError = 0;
  return { result: after, weak: judgement.weak ?? [] };
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

function pendingMeasurement(
  report: MeasurementReport,
  answer: Extract<Answer, { kind: 'pending' }>,
  previous: Measurement | undefined,
): Measurement {
  const metadata = { ...previous?.metadata, ...redactMap(answer.metadata, report.secrets) };
  return {
    phase: 'Running',
    startedAt: previous?.startedAt ?? formatTime(report.startedAt),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    resumeAt: formatTime(previous === undefined ? answer.resumeAt : laterThan(report, answer)),
  };
}

function finishedMeasurement(facts: {
  report: MeasurementReport;
  answer: Exclude<Answer, { kind: 'pending' }>;
  judgement: Judgement;
  /** The measurement in progress that this ends. */
  previous: Measurement | undefined;
  /** The finished one before. */
  before: Measurement | undefined;
}): Measurement {
  const { report, answer, judgement, previous } = facts;
  const { secrets } = report;
  let { message } = judgement;
  if (
    report.action === 'terminate' &&
    (judgement.phase === 'Successful' || judgement.phase === 'Inconclusive')
  )
    message = 'Metric Terminated';
  // A value that could not be judged is not recorded as such, as in the reference.
  const value = 'value' in answer && judgement.phase !== 'Error' ? (answer.value ?? '') : '';
  const recorded = recordedEvidence({
    metric: report.resolved,
    answer,
    judgement,
    secrets,
    latencyMs: report.finishedAt - report.startedAt,
    before: facts.before,
    finishedAt: report.finishedAt,
    valueShown: value !== '',
  });
  return {
    phase: judgement.phase,
    startedAt: previous?.startedAt ?? formatTime(report.startedAt),
    metadata: { ...previous?.metadata, ...redactMap(answer.metadata, secrets), ...recorded },
    ...(previous?.resumeAt === undefined ? {} : { resumeAt: previous.resumeAt }),
    finishedAt: formatTime(report.finishedAt),
    ...(message === undefined || message === '' ? {} : { message: redact(message, secrets) }),
    ...(value === '' ? {} : { value: redactValue(value, secrets) }),
  };
}

/**
 * Times in a status are whole seconds. Rounded down, `resumeAt` would have passed already, and the provider would be
 * asked again and again until the second is over; the same with a provider that names an instant that has passed.
 */
function laterThan(report: MeasurementReport, answer: { resumeAt: number }): number {
  return Math.ceil(Math.max(answer.resumeAt, report.finishedAt + MIN_RESUME_MS) / 1000) * 1000;
}

const plusOne = (value: number | undefined): number => (value ?? 0) + 1;

/** Errors count apart: `count` holds what really was measured. */
function countIn(result: MetricResult, phase: CompletedPhase): void {
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
