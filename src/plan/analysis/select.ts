/** Which metrics the dryRun and measurementRetention rules mean (spec 05 section 3, step 3). */

import { compileRegexp, RegexpError } from '../../lang/regexp.ts';
import type { Metric, DryRun, MeasurementRetention } from './types.ts';

/** Names of the metrics that only run dry. A rule that matches nothing is an error. */
export function selectDryRun(
  metrics: readonly Pick<Metric, 'name'>[],
  rules: readonly DryRun[] | undefined,
): { names: Set<string> } | { error: string } {
  const names = new Set<string>();
  for (const [i, rule] of (rules ?? []).entries()) {
    const matched = matching(metrics, rule.metricName);
    if (matched.length === 0) return { error: `dryRun[${i}]: Rule didn't match any metric name(s)` };
    for (const name of matched) names.add(name);
  }
  return { names };
}

/** How many measurements to keep, by metric name; later rules win. */
export function selectRetention(
  metrics: readonly Pick<Metric, 'name'>[],
  rules: readonly MeasurementRetention[] | undefined,
): { limits: Map<string, number> } | { error: string } {
  const limits = new Map<string, number>();
  for (const [i, rule] of (rules ?? []).entries()) {
    const matched = matching(metrics, rule.metricName);
    if (matched.length === 0)
      return { error: `measurementRetention[${i}]: Rule didn't match any metric name(s)` };
    for (const name of matched) limits.set(name, rule.limit);
  }
  return { limits };
}

/** An unanchored search; an expression that does not compile, or asks for too much work, matches nothing. */
function matching(metrics: readonly Pick<Metric, 'name'>[], pattern: string): string[] {
  try {
    const expression = compileRegexp(pattern);
    return metrics.map((metric) => metric.name).filter((name) => expression.test(name));
  } catch (error) {
    if (error instanceof RegexpError) return [];
    throw error;
  }
}
