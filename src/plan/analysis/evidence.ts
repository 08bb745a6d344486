/**
 * Whether the end of a run rests on anything. Spec 05 section 4 calls a run Successful that was terminated before it
 * measured at all; its phase stays that, for those who read it, but such a run opens no gate.
 */

import { consecutiveSuccessLimit, effectiveCount } from './limits.ts';
import { resolveMetrics, listedMetrics } from './resolve.ts';
import { findResult } from './tasks.ts';
import type { AnalysisRunSpec, AnalysisRunStatus, Metric, MetricResult } from './types.ts';

/** What is read of a run. */
export interface JudgedRun {
  readonly spec: AnalysisRunSpec;
  readonly status?: AnalysisRunStatus | undefined;
}

/**
 * What a run has to say about its version: its phase, but Inconclusive for one that somebody ended before it could tell,
 * so that a person has the word (invariant 11). Empty where there is no run, or it has no phase yet.
 */
export function evidenceOf(run: JudgedRun | undefined): string {
  const phase = run?.status?.phase ?? '';
  // Whatever ended it badly was measured, or is a fault of its own.
  if (run === undefined || phase !== 'Successful' || run.spec.terminate !== true) return phase;
  return couldTell(run) ? phase : 'Inconclusive';
}

/** Every metric that counts had come to its own end before, or measures without end and was judged at least once. */
function couldTell({ spec, status }: JudgedRun): boolean {
  const resolved = resolveMetrics(listedMetrics(spec), spec.args);
  if ('error' in resolved || resolved.metrics.length === 0) return false;
  return resolved.metrics.every((metric) => {
    const result = findResult(status, metric.name);
    return result !== undefined && (result.dryRun === true || isJudged(metric, result));
  });
}

function isJudged(metric: Metric, result: MetricResult): boolean {
  const judged = result.count ?? 0;
  const inARow = consecutiveSuccessLimit(metric);
  if (inARow > 0) return (result.consecutiveSuccess ?? 0) >= inARow;
  const count = effectiveCount(metric);
  return judged >= (count ?? 1);
}
