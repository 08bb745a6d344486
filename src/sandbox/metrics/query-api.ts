/** `/api/v1/query` and `/api/v1/query_range` in Prometheus's shape, over the sandbox's own series. */

import { formatLabels, formatNumber, type Labels } from './registry.ts';
import type { SeriesStore } from './series.ts';
import { PromqlError } from './promql/errors.ts';
import { evaluate } from './promql/evaluate.ts';
import { durationMs, parsePromql } from './promql/parse.ts';

export interface QueryAnswer {
  readonly status: number;
  readonly body: unknown;
}

const MAX_POINTS = 11_000;

/** @param now milliseconds since the epoch, where the request names no time */
export function answerQuery(
  path: string,
  parameters: URLSearchParams,
  store: SeriesStore,
  now: number,
): QueryAnswer {
  try {
    if (path === '/api/v1/query') return success(instantQuery(parameters, store, now));
    if (path === '/api/v1/query_range') return success(rangeQuery(parameters, store));
    if (path === '/api/v1/status/buildinfo') return success({ version: '0.0.0-sandbox', goVersion: '' });
    return failure(
      404,
      'not_found',
      `${path} is not served by the sandbox: it has /api/v1/query and /api/v1/query_range`,
    );
  } catch (error) {
    if (error instanceof PromqlError)
      return failure(error.type === 'bad_data' ? 400 : 422, error.type, error.message);
    throw error;
  }
}

function instantQuery(parameters: URLSearchParams, store: SeriesStore, now: number): unknown {
  const t = parameters.get('time') === null ? now : timeOf(parameters, 'time');
  const value = evaluate(parsePromql(parameters.get('query') ?? ''), store, t);
  if (value.type === 'scalar') return { resultType: 'scalar', result: [t / 1000, formatNumber(value.value)] };
  if (value.type === 'string') return { resultType: 'string', result: [t / 1000, value.value] };
  return {
    resultType: 'vector',
    result: value.elements.map((element) => ({
      metric: element.labels,
      value: [t / 1000, formatNumber(element.value)],
    })),
  };
}

function rangeQuery(parameters: URLSearchParams, store: SeriesStore): unknown {
  const [start, end] = [timeOf(parameters, 'start'), timeOf(parameters, 'end')];
  const step = durationMs(parameters.get('step') ?? '');
  if (end < start)
    throw new PromqlError('bad_data', 'invalid parameter "end": end timestamp must not be before start time');
  if (step <= 0)
    throw new PromqlError(
      'bad_data',
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  if ((end - start) / step > MAX_POINTS)
    throw new PromqlError('bad_data', `exceeded maximum resolution of ${MAX_POINTS} points per timeseries`);
  const expr = parsePromql(parameters.get('query') ?? '');
  const rows = new Map<string, { metric: Labels; values: [number, string][] }>();
  for (let t = start; t <= end; t += step) {
    const value = evaluate(expr, store, t);
    if (value.type === 'string')
      throw new PromqlError(
        'bad_data',
        'invalid expression type "string" for range query, must be Scalar or instant Vector',
      );
    for (const element of value.type === 'scalar' ? [{ labels: {}, value: value.value }] : value.elements) {
      const key = formatLabels(element.labels);
      const row = rows.get(key) ?? { metric: element.labels, values: [] };
      row.values.push([t / 1000, formatNumber(element.value)]);
      rows.set(key, row);
    }
  }
  return { resultType: 'matrix', result: [...rows.values()] };
}

/** Seconds since the epoch, or RFC 3339. */
function timeOf(parameters: URLSearchParams, name: string): number {
  const text = parameters.get(name) ?? '';
  const seconds = Number(text);
  const t = text !== '' && !Number.isNaN(seconds) ? seconds * 1000 : Date.parse(text);
  if (Number.isNaN(t))
    throw new PromqlError(
      'bad_data',
      `invalid parameter "${name}": cannot parse "${text}" to a valid timestamp`,
    );
  return t;
}

const success = (data: unknown): QueryAnswer => ({ status: 200, body: { status: 'success', data } });
const failure = (status: number, errorType: string, error: string): QueryAnswer => ({
  status,
  body: { status: 'error', errorType, error },
});
