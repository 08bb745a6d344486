/** How many measurements stay in the status (spec 05 section 5). */

import type { MetricResult } from './types.ts';

export const DEFAULT_RETENTION = 10;

/** The newest `limits[name]` measurements of each metric, ten where no rule says otherwise. */
export function trimMeasurements(
  results: readonly MetricResult[],
  limits: ReadonlyMap<string, number>,
): MetricResult[] {
  return results.map((result) => {
    const limit = retentionOf(result.name, limits);
    const measurements = result.measurements ?? [];
    return measurements.length <= limit ? result : { ...result, measurements: measurements.slice(-limit) };
  });
}

export function retentionOf(metric: string, limits: ReadonlyMap<string, number>): number {
  const limit = limits.get(metric) ?? 0;
  return limit > 0 ? limit : DEFAULT_RETENTION;
}
