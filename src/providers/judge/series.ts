/** Counters with their labels, from Prometheus's answer, and what they gained between two looks. Pure. */

import type { HttpResponse } from '../http/types.ts';
import { isRecord, MeasurementFault } from '../measured.ts';
import { readSample, readSuccess } from '../prometheus/response.ts';

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Values by labels in a fixed writing. */
export type Counters = Readonly<Record<string, number>>;

/** They are kept in the status of the run. */
const MAX_SERIES = 60;

/** The backend is in trouble, which says nothing about the canary. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** Throws `Unanswered`, and `MeasurementFault` for an answer that this query will always get. */
export function readSeries(response: HttpResponse, side: string): Series[] {
  const answer = readSuccess(response);
  if ('fault' in answer) {
    if (response.status >= 400 && response.status <= 499 && response.status !== 429)
      throw new MeasurementFault(`judge, ${side}: ${answer.fault}`);
    throw new Unanswered(`${side}: ${answer.fault}`);
  }
  if (answer.resultType !== 'vector' || !Array.isArray(answer.result))
    throw new MeasurementFault(
      `judge, ${side}: the query gives a ${answer.resultType}: write one for counters`,
    );
  if (answer.result.length > MAX_SERIES)
    throw new MeasurementFault(
      `judge, ${side}: ${answer.result.length} series, more than ${MAX_SERIES}: aggregate them, with sum by (...)`,
    );
  return answer.result.map((item: unknown) => {
    const sample = isRecord(item) ? readSample(item['value']) : undefined;
    if (sample === undefined || !isRecord(item) || !isRecord(item['metric']))
      throw new MeasurementFault(`judge, ${side}: a series of the answer is malformed`);
    if (!Number.isFinite(sample.value) || sample.value < 0)
      throw new MeasurementFault(
        `judge, ${side}: a series has the value ${sample.value}: counters are wanted, not rates of nothing`,
      );
    const labels = Object.fromEntries(
      Object.entries(item['metric'])
        .filter(([name]) => name !== '__name__')
        .map(([name, value]) => [name, String(value)]),
    );
    return { labels, value: sample.value };
  });
}

export const countersOf = (series: readonly Series[]): Counters =>
  Object.fromEntries(series.map(({ labels, value }) => [keyOf(labels), value]));

/**
 * What each series gained since `before`, as whole requests. A series that is new began at 0. Undefined: a counter went
 * down, because pods went away or started again, and what happened in between can't be known.
 */
export function gains(before: Counters, now: readonly Series[]): Series[] | undefined {
  const gained = now.map(({ labels, value }) => ({
    labels,
    value: Math.round(value - (Object.hasOwn(before, keyOf(labels)) ? (before[keyOf(labels)] ?? 0) : 0)),
  }));
  const present = new Set(now.map(({ labels }) => keyOf(labels)));
  const lost = Object.keys(before).some((key) => !present.has(key));
  return lost || gained.some(({ value }) => value < 0) ? undefined : gained;
}

const keyOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(',');

/** Requests by bucket, fastest first, from cumulative `le` counters; throws `MeasurementFault`. */
export function buckets(series: readonly Series[], side: string): { bounds: number[]; counts: number[] } {
  const sums = new Map<number, number>();
  for (const { labels, value } of series) {
    const bound = boundOf(labels['le']);
    if (bound === undefined)
      throw new MeasurementFault(
        `judge, ${side}: a series has no label le: write sum by (le) (..._bucket{...})`,
      );
    sums.set(bound, (sums.get(bound) ?? 0) + value);
  }
  const bounds = [...sums.keys()].sort((a, b) => a - b);
  let below = 0;
  const counts = bounds.map((bound) => {
    const upTo = Math.max(below, sums.get(bound) ?? 0);
    const count = upTo - below;
    below = upTo;
    return count;
  });
  return { bounds, counts };
}

function boundOf(le: string | undefined): number | undefined {
  if (le === '+Inf') return Infinity;
  const bound = le === undefined || le === '' ? NaN : Number(le);
  return Number.isNaN(bound) ? undefined : bound;
}
