/** From measurements to verdicts: of a metric, then of the run (spec 05 section 4). */

import {
  consecutiveErrorLimit,
  consecutiveSuccessLimit,
  effectiveCount,
  failureLimit,
  inconclusiveLimit,
} from './limits.ts';
import { findResult, lastMeasurement } from './tasks.ts';
import { isCompleted } from './types.ts';
import type {
  AnalysisPhase,
  AnalysisRunStatus,
  CompletedPhase,
  Metric,
  MetricResult,
  RunSummary,
} from './types.ts';
import type { PlannedEvent } from '../types.ts';

export interface LimitVerdict {
  phase: 'Failed' | 'Inconclusive' | 'Error';
  /** `failed (2) > failureLimit (1)`. */
  text: string;
}

/** The limit that is exceeded; of several the last one checked stands: failed, inconclusive, then errors. */
export function assessLimits(metric: Metric, result: MetricResult): LimitVerdict | undefined {
  let verdict: LimitVerdict | undefined;
  const failed = result.failed ?? 0;
  const maxFailed = failureLimit(metric);
  if (maxFailed >= 0 && failed > maxFailed)
    verdict = { phase: 'Failed', text: `failed (${failed}) > failureLimit (${maxFailed})` };
  const inconclusive = result.inconclusive ?? 0;
  const maxInconclusive = inconclusiveLimit(metric);
  if (inconclusive > maxInconclusive)
    verdict = {
      phase: 'Inconclusive',
      text: `inconclusive (${inconclusive}) > inconclusiveLimit (${maxInconclusive})`,
    };
  const errors = result.consecutiveError ?? 0;
  const maxErrors = consecutiveErrorLimit(metric);
  if (errors > maxErrors)
    verdict = {
      phase: 'Error',
      text: `consecutiveErrors (${errors}) > consecutiveErrorLimit (${maxErrors})`,
    };
  return verdict;
}

/** A completed metric keeps its phase. */
export function assessMetric(metric: Metric, result: MetricResult, terminating: boolean): AnalysisPhase {
  if (isCompleted(result.phase)) return result.phase;
  const last = lastMeasurement(result);
  if (last === undefined) return terminating ? 'Successful' : 'Pending';
  if (last.finishedAt === undefined) return 'Running';
  const limit = assessLimits(metric, result);
  if (limit !== undefined) return limit.phase;
  const wantedInARow = consecutiveSuccessLimit(metric);
  if (wantedInARow > 0 && (result.consecutiveSuccess ?? 0) >= wantedInARow) return 'Successful';
  const count = effectiveCount(metric);
  if (count !== undefined && (result.count ?? 0) >= count) {
    if (wantedInARow <= 0) return 'Successful';
    return failureLimit(metric) >= 0 ? 'Inconclusive' : 'Failed';
  }
  return terminating ? 'Successful' : 'Running';
}

const SEVERITY: readonly AnalysisPhase[] = [
  'Successful',
  'Running',
  'Pending',
  'Inconclusive',
  'Error',
  'Failed',
];

/** Whether `phase` is a worse end than `than`. */
export function isWorse(phase: AnalysisPhase, than: AnalysisPhase): boolean {
  return SEVERITY.indexOf(phase) > SEVERITY.indexOf(than);
}

export interface RunAssessment {
  phase: AnalysisPhase;
  message: string;
  runSummary: RunSummary;
  dryRunSummary: RunSummary;
  metricResults: MetricResult[];
  /** Metrics that came to their end in this assessment. */
  events: PlannedEvent[];
}

export function assessRun(options: {
  metrics: readonly Metric[];
  status: AnalysisRunStatus;
  dryRun: ReadonlySet<string>;
  /** As it was before this pass; see `isTerminating`. */
  terminating: boolean;
  /** `spec.terminate`: the message says so where no metric has a worse one. */
  terminatedBySpec: boolean;
}): RunAssessment {
  const { metrics, status, dryRun, terminating } = options;
  const results = [...(status.metricResults ?? [])];
  const summaries = { run: emptySummary(), dryRun: emptySummary() };
  const events: PlannedEvent[] = [];
  let everythingCompleted = true;
  let worst: CompletedPhase | undefined;
  let message = options.terminatedBySpec ? 'Run Terminated' : '';

  for (const metric of metrics) {
    const dry = dryRun.has(metric.name);
    const summary = dry ? summaries.dryRun : summaries.run;
    summary.count++;
    const found = findResult(status, metric.name);
    if (found === undefined) {
      everythingCompleted = false;
      continue;
    }
    let result = found;
    const phase = assessMetric(metric, result, terminating);
    if (phase !== result.phase) {
      const said = lastMeasurement(result)?.message;
      result = { ...result, phase };
      if (lastMeasurement(result) !== undefined) result.message = said ?? '';
      if (isCompleted(phase)) events.push(metricEvent(metric.name, phase));
    }
    if (isCompleted(phase)) {
      const limit = assessLimits(metric, result);
      if (!dry) {
        if (worst === undefined || isWorse(phase, worst)) {
          worst = phase;
          if (limit !== undefined) message = runMessage(metric.name, phase, limit, result.message);
        }
      } else {
        worst ??= 'Successful';
        if (limit !== undefined)
          result = { ...result, message: `Metric assessed ${phase} due to ${limit.text}` };
      }
      count(summary, limit?.phase);
    } else {
      everythingCompleted = false;
    }
    results[results.indexOf(found)] = result;
  }

  const decided = terminating ? (worst ?? 'Successful') : everythingCompleted ? worst : undefined;
  return {
    phase: decided ?? 'Running',
    message: decided === undefined ? '' : message,
    runSummary: summaries.run,
    dryRunSummary: summaries.dryRun,
    metricResults: results,
    events,
  };
}

/** Event when a metric has come to its end (spec 08 section 6). */
function metricEvent(metric: string, phase: CompletedPhase): PlannedEvent {
  return {
    type: eventType(phase),
    reason: `Metric${phase}`,
    message: `Metric '${metric}' Completed. Result: ${phase}`,
  };
}

/** Event when the run has come to its end. */
export function runEvent(phase: CompletedPhase): PlannedEvent {
  return {
    type: eventType(phase),
    reason: `AnalysisRun${phase}`,
    message: `Analysis Completed. Result: ${phase}`,
  };
}

const eventType = (phase: CompletedPhase): PlannedEvent['type'] =>
  phase === 'Failed' || phase === 'Error' ? 'Warning' : 'Normal';

function runMessage(
  metric: string,
  phase: AnalysisPhase,
  limit: LimitVerdict,
  said: string | undefined,
): string {
  const text = `Metric "${metric}" assessed ${phase} due to ${limit.text}`;
  return said === undefined || said === '' ? text : `${text}: "Error Message: ${said}"`;
}

type Summary = Required<{ [K in 'count' | 'successful' | 'failed' | 'inconclusive' | 'error']: number }>;

const emptySummary = (): Summary => ({ count: 0, successful: 0, failed: 0, inconclusive: 0, error: 0 });

function count(summary: Summary, phase: LimitVerdict['phase'] | undefined): void {
  if (phase === undefined) summary.successful++;
  else if (phase === 'Failed') summary.failed++;
  else if (phase === 'Inconclusive') summary.inconclusive++;
  else summary.error++;
}
