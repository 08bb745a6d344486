/** What the conditions of a metric make of an answer that holds no evidence. By the code that judges measurements. */

import { evaluateConditions, type ResultType } from '../../lang/condition.ts';
import type { Json } from '../../lang/json.ts';
import type { MetricFacts } from './types.ts';

export type Verdict = ReturnType<typeof evaluateConditions>['phase'];

/** Undefined where it has no condition that could be evaluated. */
function verdictOn(
  { success, failure }: MetricFacts,
  result: Json,
  resultType: ResultType,
): Verdict | undefined {
  if (success === undefined && failure === undefined) return undefined;
  if ((success ?? failure)?.tree === undefined || (failure ?? success)?.tree === undefined) return undefined;
  return evaluateConditions({
    result,
    resultType,
    successCondition: success?.source,
    failureCondition: failure?.source,
    nowMs: 0,
  }).phase;
}

/** On an answer without any data, as the provider gives it; undefined where it gives an error for that. */
export function verdictOnNothing(metric: MetricFacts): Verdict | undefined {
  switch (metric.provider) {
    case 'prometheus':
      if (metric.query?.isScalar === true) return verdictOn(metric, Number.NaN, 'scalar');
      return verdictOn(metric, [], 'vector');
    case 'datadog':
      return verdictOn(metric, null, 'pointer');
    case 'web':
    case 'skywalking':
      return verdictOn(metric, null, 'json');
    case 'cloudWatch':
      return verdictOn(metric, [], 'json');
    default:
      return undefined;
  }
}

/** On one series with that value; undefined for providers that give none. */
export function verdictOnNumber(metric: MetricFacts, value: number): Verdict | undefined {
  if (metric.provider === 'graphite') return verdictOn(metric, [value], 'vector');
  if (metric.provider !== 'prometheus') return undefined;
  return metric.query?.isScalar === true
    ? verdictOn(metric, value, 'scalar')
    : verdictOn(metric, [value], 'vector');
}
