/** Series and queries on which our evaluation must agree with Prometheus's own (promtool is the oracle). */

import { type Labels } from '../../../src/sandbox/metrics/registry.ts';
import { SeriesStore } from '../../../src/sandbox/metrics/series.ts';

export const INTERVAL_MS = 5000;
/** Not on a scrape, so that the edges of windows are no matter of the version. */
export const EVAL_MS = 62_000;

/** Values at 0 s, 5 s, 10 s, ...; `_` is a scrape without the series. */
export const INPUT: readonly { name: string; labels: Labels; values: readonly (number | '_')[] }[] = [
  {
    name: 'req',
    labels: { svc: 'a', code: '200' },
    values: [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120],
  },
  { name: 'req', labels: { svc: 'a', code: '500' }, values: [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6] },
  { name: 'req', labels: { svc: 'b', code: '200' }, values: [5, 7, 9, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19] },
  {
    name: 'req',
    labels: { svc: 'c', code: '200' },
    values: ['_', '_', '_', '_', '_', '_', '_', '_', '_', '_', 101, 102, 103],
  },
  { name: 'temp', labels: { room: 'x' }, values: [1, 3, 2, 5, -4, 6, 7.5, 8, 1, 0, 3, 2, 9] },
  { name: 'temp', labels: { room: 'y' }, values: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2] },
  { name: 'limit', labels: { room: 'x' }, values: [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5] },
  { name: 'h_bucket', labels: { le: '0.1' }, values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
  { name: 'h_bucket', labels: { le: '0.5' }, values: [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24] },
  { name: 'h_bucket', labels: { le: '1' }, values: [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36] },
  { name: 'h_bucket', labels: { le: '+Inf' }, values: [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48] },
];

export const QUERIES: readonly string[] = [
  'req',
  'req{code="500"}',
  'req{code=~"5..|4.."}',
  'req{svc!="a"}',
  'req{svc!~"a|b"}',
  'req offset 20s',
  'nothing',
  'rate(req[30s])',
  'rate(req[1m])',
  'increase(req[1m])',
  'irate(req[1m])',
  'delta(temp[40s])',
  'idelta(temp[40s])',
  'sum(rate(req{code=~"5.."}[1m])) / sum(rate(req[1m]))',
  'sum by (svc) (rate(req[1m]))',
  'sum without (code) (req)',
  'avg(req)',
  'min(req)',
  'max by (code) (req)',
  'count(req)',
  'stddev(req)',
  'stdvar by (code) (req)',
  'quantile(0.5, req)',
  'topk(2, req)',
  'bottomk(1, temp)',
  'group(req)',
  'histogram_quantile(0.5, h_bucket)',
  'histogram_quantile(0.7, rate(h_bucket[30s]))',
  'histogram_quantile(0.99, sum by (le) (rate(h_bucket[30s])))',
  'temp > 5',
  'temp > bool 5',
  'temp < limit',
  'temp - limit',
  'temp * 2 + 1',
  '2 ^ 3 ^ 2',
  '-temp',
  '10 % 3',
  'temp and limit',
  'temp or limit',
  'temp unless limit',
  'temp == on (room) temp',
  'temp == ignoring (nothing) temp',
  'limit / ignoring (code) limit',
  'abs(temp - 20)',
  'ceil(temp / 7)',
  'floor(temp / 7)',
  'round(temp / 7, 0.1)',
  'sqrt(temp)',
  'clamp_min(temp, 5)',
  'clamp_max(temp, 5)',
  'clamp(temp, 3, 4)',
  'absent(nothing{a="b"})',
  'absent(temp)',
  'scalar(limit)',
  'vector(7)',
  'time()',
  'sum_over_time(temp[30s])',
  'avg_over_time(temp[30s])',
  'min_over_time(temp[30s])',
  'max_over_time(temp[30s])',
  'count_over_time(temp[30s])',
  'last_over_time(temp[30s])',
  'quantile_over_time(0.5, temp[30s])',
  'changes(temp[40s])',
  'resets(req[1m])',
  'sum(req{svc="a"}) > 100 and sum(req{svc="a"}) < 200',
  '1 - sum(rate(req{code="500"}[40s])) / sum(rate(req{svc="a"}[40s]))',
];

export function filledStore(): SeriesStore {
  const store = new SeriesStore();
  const scrapes = Math.max(...INPUT.map(({ values }) => values.length));
  for (let i = 0; i < scrapes; i++) {
    const samples = INPUT.flatMap(({ name, labels, values }) => {
      const value = values[i];
      return value === undefined || value === '_' ? [] : [{ name, labels, value }];
    });
    store.append(i * INTERVAL_MS, samples);
  }
  return store;
}
