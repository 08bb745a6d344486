/**
 * Whether the end of a run rests on anything. Spec 05 section 4 calls a run Successful that was terminated before it
 * measured at all; its phase stays that, for those who read it, but such a run opens no gate.
 */

import { consecutiveSuccessLimit, effectiveCount } from './limits.ts';
import { resolveMetrics } from './resolve.ts';
import { findResult } from './tasks.ts';
import { isCompleted } from './types.ts';
import type { AnalysisRunSpec, AnalysisRunStatus, Metric, MetricResult } from './types.ts';

/** What is read of a run. */
export interface JudgedRun {
  readonly spec: AnalysisRunSpec;
  readonly status?: AnalysisRunStatus | undefined;
}

/**
 * True for a run that came to its end by itself, whatever the end, and for a terminated one where every metric that
 * counts had come to its own end before, or measures without end and was judged at least once. False while it runs.
 */
export function hasEvidence(run: JudgedRun): boolean {
  const { spec, status } = run;
  if (!isCompleted(status?.phase)) return false;
  // Whatever ended it badly was measured, or is a fault of its own.
  if (status.phase !== 'Successful' || spec.terminate !== true) return true;
  const resolved = resolveMetrics(spec.metrics ?? [], spec.args);
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
