/** How to write conditions that need evidence for either verdict. Pure. */

import { type ConditionLimit, limitsIn, limitText, negated } from '../../lang/condition-limits.ts';
import type { MetricFacts } from './types.ts';

/** With the metric's own limit, where it has exactly one. Without data, or with NaN, neither of the two holds. */
export function bothConditions(metric: MetricFacts): string {
  const success = wantedLimit(metric) ?? { operator: '<' as const, value: 0.05 };
  const value = valueOf(metric);
  const guard = value === 'result' ? '' : 'len(result) > 0 && ';
  return [
    `successCondition: ${guard}${value} ${limitText(success)}`,
    `failureCondition: ${guard}${value} ${limitText(negated(success))}`,
  ].join('\n');
}

/** The value that the conditions look at: a scalar stands for itself. */
export const valueOf = ({ query, provider }: MetricFacts): string =>
  query?.isScalar === true || (provider !== 'prometheus' && provider !== 'graphite') ? 'result' : 'result[0]';

/** The side on which values succeed. */
export function wantedLimit({ success, failure }: MetricFacts): ConditionLimit | undefined {
  const wanted = limitsIn(success?.source);
  if (wanted.length === 1) return wanted[0];
  const unwanted = limitsIn(failure?.source);
  const [only] = unwanted;
  return wanted.length === 0 && unwanted.length === 1 && only !== undefined ? negated(only) : undefined;
}
