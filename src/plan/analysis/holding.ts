/**
 * Whether a run holds the release where it is: its last answer was none that counts. The weight stays until answers
 * come back, and the reason stands in the status of the run and of its Rollout.
 */

import { parseTime } from '../../lang/time.ts';
import type { Outcome } from './outcomes.ts';
import { EVIDENCE_KEYS, heldOf } from './recorded.ts';
import { lastMeasurement } from './tasks.ts';
import { isCompleted } from './types.ts';
import type { AnalysisRunStatus, MetricResult } from './types.ts';

export const WORDS: Readonly<Record<Outcome | 'fewSamples', string>> = {
  providerError: 'the provider gives no answer that can be used',
  noData: 'the provider answers with no data',
  nan: 'the value is no finite number',
  staleSample: 'the newest sample is too old',
  multipleSeries: 'there are more series than the condition looks at',
  fewSamples: 'too few requests so far',
};

/** Why, in words that stay the same for as long as it lasts; undefined: nothing holds. Metrics that run dry hold nothing. */
export function holdOf(run: { status?: AnalysisRunStatus | undefined }): string | undefined {
  if (isCompleted(run.status?.phase)) return undefined;
  const held = run.status?.metricResults?.find(isHeld);
  if (held === undefined) return undefined;
  const last = lastMeasurement(held);
  const since = last?.metadata?.[EVIDENCE_KEYS.heldSince] ?? last?.finishedAt ?? '';
  const outcome = last?.metadata?.[EVIDENCE_KEYS.outcome] ?? '';
  const why = Object.entries(WORDS).find(([name]) => name === outcome)?.[1] ?? 'no clear value';
  return `Metric "${held.name}" holds since ${since}: ${why}`;
}

/** When an answer last did not count, in milliseconds since the epoch, whether or not others came since. */
export function heldLastAt(run: { status?: AnalysisRunStatus | undefined }): number | undefined {
  const instants = (run.status?.metricResults ?? [])
    .flatMap(({ measurements }) => measurements ?? [])
    .flatMap((measurement) =>
      heldOf(measurement) === undefined ? [] : (parseTime(measurement.finishedAt) ?? []),
    );
  return instants.length === 0 ? undefined : Math.max(...instants);
}

const isHeld = (result: MetricResult): boolean =>
  result.dryRun !== true && !isCompleted(result.phase) && heldOf(lastMeasurement(result)) !== undefined;
