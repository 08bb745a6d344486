/**
 * Whether a run holds the release where it is: its last answer was none that counts. The weight stays until answers
 * come back, and the reason stands in the status of the run and of its Rollout.
 */

import type { AnalysisRun } from '../../api/analysis.ts';
import type { Outcome } from './outcomes.ts';
import { EVIDENCE_KEYS, heldOf } from './recorded.ts';
import { selectDryRun } from './select.ts';
import { findResult, lastMeasurement } from './tasks.ts';
import type { Traffic } from './traffic.ts';
import { isCompleted } from './types.ts';
import type { AnalysisRunStatus, MetricResult } from './types.ts';
import { listedMetrics } from './resolve.ts';

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

/** Why a run asks nothing: a metric waits for traffic, and the version that it judges has none; undefined: it may ask. */
export function silenceOf(run: Judged, traffic: Traffic | undefined): string | undefined {
  const [silent] = silentMetrics(run, traffic);
  return silent === undefined || traffic === undefined ? undefined : silenceText(silent, traffic);
}

type Judged = Pick<AnalysisRun, 'spec' | 'status'>;

/** Names of the metrics that wait for traffic. Those that run dry wait for nothing. */
export function silentMetrics({ spec, status }: Judged, traffic: Traffic | undefined): string[] {
  if (traffic === undefined || traffic.weight > 0 || isCompleted(status?.phase)) return [];
  const metrics = listedMetrics(spec);
  const dry = selectDryRun(metrics, spec.dryRun);
  return metrics
    .filter(
      ({ name, evidence }) =>
        evidence?.waitForTraffic === true &&
        !('names' in dry && dry.names.has(name)) &&
        !isCompleted(findResult(status, name)?.phase),
    )
    .map(({ name }) => name);
}

export const silenceText = (metric: string, { source }: Traffic): string =>
  `Metric "${metric}" waits for traffic: the weight of the new version is 0 (${source})`;

const isHeld = (result: MetricResult): boolean =>
  result.dryRun !== true && !isCompleted(result.phase) && heldOf(lastMeasurement(result)) !== undefined;
