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

export interface Hold {
  /** For people. Stays the same for as long as the hold lasts. */
  readonly reason: string;
  /** When it was last seen, in milliseconds since the epoch. */
  readonly seenAt: number;
}

export const WORDS: Readonly<Record<Outcome | 'fewSamples', string>> = {
  providerError: 'the provider gives no answer that can be used',
  noData: 'the provider answers with no data',
  nan: 'the value is no finite number',
  staleSample: 'the newest sample is too old',
  multipleSeries: 'there are more series than the condition looks at',
  fewSamples: 'too few requests so far',
};

/** Of a run that goes on; undefined: nothing holds. Metrics that run dry hold nothing. */
export function holdOf(run: { status?: AnalysisRunStatus | undefined }): Hold | undefined {
  if (isCompleted(run.status?.phase)) return undefined;
  const held = (run.status?.metricResults ?? []).filter(isHeld);
  const [first] = held;
  if (first === undefined) return undefined;
  const last = lastMeasurement(first);
  const since = last?.metadata?.[EVIDENCE_KEYS.heldSince] ?? last?.finishedAt ?? '';
  const outcome = last?.metadata?.[EVIDENCE_KEYS.outcome] ?? '';
  const why = Object.entries(WORDS).find(([name]) => name === outcome)?.[1] ?? 'no clear value';
  return {
    reason: `Metric "${first.name}" holds since ${since}: ${why}`,
    seenAt: Math.max(...held.map((result) => parseTime(lastMeasurement(result)?.finishedAt) ?? 0)),
  };
}

const isHeld = (result: MetricResult): boolean =>
  result.dryRun !== true && !isCompleted(result.phase) && heldOf(lastMeasurement(result)) !== undefined;
