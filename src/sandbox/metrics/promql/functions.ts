/** The functions of the subset, with Prometheus's definitions. */

import { formatLabels, type Labels } from '../registry.ts';
import type { Point } from '../series.ts';
import { PromqlError } from './errors.ts';
import { type Element, quantile } from './value.ts';
import type { Expr } from './parse.ts';

type RangeFunction = (
  points: readonly Point[],
  startMs: number,
  endMs: number,
  parameter: number,
) => number | undefined;

const values = (points: readonly Point[]): number[] => points.map(({ v }) => v);
const over =
  (combine: (list: number[]) => number): RangeFunction =>
  (points) =>
    points.length === 0 ? undefined : combine(values(points));

/**
 * Increase over the window, extrapolated to its edges but not beyond half an average interval past the samples,
 * nor below zero for counters (extrapolatedRate of Prometheus 3; version 2 looked for zero before the half interval).
 */
function extrapolated(
  points: readonly Point[],
  startMs: number,
  endMs: number,
  counter: boolean,
  perSecond: boolean,
): number | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return undefined;
  let increase = last.v - first.v;
  if (counter) {
    for (let i = 1; i < points.length; i++) {
      const before = points[i - 1]?.v ?? 0;
      if ((points[i]?.v ?? 0) < before) increase += before;
    }
  }
  const sampled = (last.t - first.t) / 1000;
  const average = sampled / (points.length - 1);
  const threshold = average * 1.1;
  let toStart = (first.t - startMs) / 1000;
  let toEnd = (endMs - last.t) / 1000;
  if (toStart >= threshold) toStart = average / 2;
  if (counter && increase > 0 && first.v >= 0) {
    const toZero = sampled * (first.v / increase);
    if (toZero < toStart) toStart = toZero;
  }
  if (toEnd >= threshold) toEnd = average / 2;
  const factor = (sampled + toStart + toEnd) / sampled;
  return increase * (perSecond ? factor / ((endMs - startMs) / 1000) : factor);
}

function instantRate(points: readonly Point[], counter: boolean, perSecond: boolean): number | undefined {
  const last = points.at(-1);
  const before = points.at(-2);
  if (last === undefined || before === undefined) return undefined;
  const increase = counter && last.v < before.v ? last.v : last.v - before.v;
  const seconds = (last.t - before.t) / 1000;
  return seconds === 0 ? undefined : perSecond ? increase / seconds : increase;
}

export const RANGE_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  rate: (points, start, end) => extrapolated(points, start, end, true, true),
  increase: (points, start, end) => extrapolated(points, start, end, true, false),
  delta: (points, start, end) => extrapolated(points, start, end, false, false),
  irate: (points) => instantRate(points, true, true),
  idelta: (points) => instantRate(points, false, false),
  sum_over_time: over((list) => list.reduce((sum, value) => sum + value, 0)),
  avg_over_time: over((list) => list.reduce((sum, value) => sum + value, 0) / list.length),
  min_over_time: over((list) => Math.min(...list)),
  max_over_time: over((list) => Math.max(...list)),
  count_over_time: over((list) => list.length),
  last_over_time: over((list) => list.at(-1) ?? NaN),
  present_over_time: over(() => 1),
  quantile_over_time: (points, _start, _end, q) =>
    points.length === 0 ? undefined : quantile(q, values(points)),
  changes: over((list) => list.filter((value, i) => i > 0 && value !== list[i - 1]).length),
  resets: over((list) => list.filter((value, i) => i > 0 && value < (list[i - 1] ?? 0)).length),
};

export const INSTANT_FUNCTIONS: Readonly<Record<string, (value: number, ...parameters: number[]) => number>> =
  {
    abs: (value) => Math.abs(value),
    ceil: (value) => Math.ceil(value),
    floor: (value) => Math.floor(value),
    exp: (value) => Math.exp(value),
    ln: (value) => Math.log(value),
    log2: (value) => Math.log2(value),
    log10: (value) => Math.log10(value),
    sqrt: (value) => Math.sqrt(value),
    round: (value, to = 1) => Math.floor(value * (1 / to) + 0.5) / (1 / to),
    clamp_min: (value, least = NaN) => Math.max(value, least),
    clamp_max: (value, most = NaN) => Math.min(value, most),
    clamp: (value, least = NaN, most = NaN) => Math.max(least, Math.min(most, value)),
  };

/** One element with the labels of the equality matchers when there is nothing, else nothing. */
export function absent(expr: Expr, elements: readonly Element[]): Element[] {
  if (elements.length > 0) return [];
  const labels: Record<string, string> = {};
  if (expr.kind === 'vector') {
    for (const { name, op, value } of expr.matchers)
      if (op === '=' && name !== '__name__') labels[name] = value;
  }
  return [{ labels, value: 1 }];
}

/** Linear interpolation inside the bucket that holds the quantile; the highest finite bound beyond it. */
export function histogramQuantile(q: number, buckets: readonly Element[]): Element[] {
  const groups = new Map<string, { labels: Labels; bounds: { le: number; count: number }[] }>();
  for (const { labels, value } of buckets) {
    const { le, __name__: _, ...rest } = labels;
    if (le === undefined) continue;
    const bound = le === '+Inf' ? Infinity : Number(le);
    if (Number.isNaN(bound))
      throw new PromqlError('execution', `bucket bound le=${JSON.stringify(le)} is not a number`);
    const key = formatLabels(rest);
    const group = groups.get(key) ?? { labels: rest, bounds: [] };
    group.bounds.push({ le: bound, count: value });
    groups.set(key, group);
  }
  return [...groups.values()].map(({ labels, bounds }) => ({ labels, value: bucketQuantile(q, bounds) }));
}

function bucketQuantile(q: number, unsorted: { le: number; count: number }[]): number {
  if (Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const bounds = unsorted.sort((a, b) => a.le - b.le);
  const last = bounds.at(-1);
  if (last === undefined || last.le !== Infinity || bounds.length < 2) return NaN;
  // Scrapes are not atomic: counts must not fall from one bucket to the next.
  let most = 0;
  for (const bound of bounds) most = bound.count = Math.max(most, bound.count);
  if (last.count === 0) return NaN;
  const rank = q * last.count;
  const at = bounds.findIndex((bound) => bound.count >= rank);
  const bound = bounds[at];
  if (bound === undefined || at === bounds.length - 1) return bounds.at(-2)?.le ?? NaN;
  if (at === 0 && bound.le <= 0) return bound.le;
  const start = at === 0 ? 0 : (bounds[at - 1]?.le ?? 0);
  const below = at === 0 ? 0 : (bounds[at - 1]?.count ?? 0);
  return start + (bound.le - start) * ((rank - below) / (bound.count - below));
}
