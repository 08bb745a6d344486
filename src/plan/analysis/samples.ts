/** How many requests a measurement rests on: a second query to the same provider (`evidence.samplesQuery`). Pure. */

import { isObject, objectOf } from '../../lang/json.ts';
import type { Answer, MeasuredResult } from './answer.ts';
import { intValue } from './limits.ts';
import type { Metric } from './types.ts';

/** The metric that asks for the number; undefined: its provider takes no query, or none is asked for. */
export function samplesMetric(metric: Metric): Metric | undefined {
  const query = metric.evidence?.samplesQuery ?? '';
  if (query === '') return undefined;
  for (const [key, config] of Object.entries(objectOf(metric.provider))) {
    if (!isObject(config) || typeof config['query'] !== 'string') continue;
    const { rangeQuery, ...rest } = config;
    void rangeQuery;
    return { ...metric, provider: { [key]: { ...rest, query } } };
  }
  return undefined;
}

export const minSamples = (metric: Metric): number => intValue(metric.evidence?.minSamples ?? 0);

/** The sum of all numbers of the answer; what is none counts nothing. */
function samplesIn({ value }: MeasuredResult): number {
  const sum = (item: unknown): number => {
    if (typeof item === 'number') return Number.isFinite(item) ? item : 0;
    if (Array.isArray(item)) return item.reduce((total: number, each) => total + sum(each), 0);
    return isObject(item) ? Object.values(item).reduce((total: number, each) => total + sum(each), 0) : 0;
  };
  return sum(value);
}

/**
 * What follows from the answer to `samplesMetric`: how many requests there are, where they are enough to measure; else the
 * answer that stands in the place of a measurement.
 */
export function afterCounting(
  metric: Metric,
  answer: Answer,
): { readonly samples: number } | { readonly instead: Answer } {
  let samples: number;
  if (answer.kind === 'value') samples = samplesIn(answer.result);
  else if (answer.kind === 'error' && answer.empty === true) samples = 0;
  else return { instead: answer };
  if (samples >= minSamples(metric)) return { samples };
  return { instead: { kind: 'thin', message: tooFew(metric, samples), evidence: { samples } } };
}

/** The measurement, with the number of requests that it rests on. */
export const withSamples = (answer: Answer, samples: number): Answer =>
  answer.kind === 'value' ? { ...answer, evidence: { ...answer.evidence, samples } } : answer;

/** The message of a measurement that was not taken. */
const tooFew = (metric: Metric, samples: number): string =>
  `too few requests: ${Math.floor(samples)} of the ${minSamples(metric)} that evidence.minSamples asks for`;
