/** The integer fields of a metric, which may be text because of `"{{args.n}}"` (spec 05 section 1). */

import type { Metric } from './types.ts';

/** A number, or text that becomes one once its arguments are filled in. */
type IntOrString = number | string;

/** Text that is no integer counts as 0, as in the reference. */
export function intValue(value: IntOrString): number {
  if (typeof value === 'number') return Math.trunc(value);
  return /^[+-]?\d{1,15}$/.test(value) ? Number(value) : 0;
}

const orElse = (value: IntOrString | null | undefined, fallback: number): number =>
  value === undefined || value === null ? fallback : intValue(value);

/** The number of measurements after which a metric is decided; undefined: it measures until it is stopped. */
export function effectiveCount(metric: Pick<Metric, 'count' | 'interval'>): number | undefined {
  const count = orElse(metric.count, 0);
  if (count !== 0) return count;
  return (metric.interval ?? '') === '' ? 1 : undefined;
}

/** Negative: disabled. */
export const failureLimit = (metric: Metric): number => orElse(metric.failureLimit, 0);
export const inconclusiveLimit = (metric: Metric): number => orElse(metric.inconclusiveLimit, 0);
export const consecutiveErrorLimit = (metric: Metric): number =>
  orElse(metric.consecutiveErrorLimit, DEFAULT_CONSECUTIVE_ERROR_LIMIT);
/** 0: off. */
export const consecutiveSuccessLimit = (metric: Metric): number => orElse(metric.consecutiveSuccessLimit, 0);

const DEFAULT_CONSECUTIVE_ERROR_LIMIT = 4;
