/** From a metric to Datadog's query API, version 1 or 2 (spec 05 section 8.4). Pure. */

import type { DatadogMetric } from '../../api/metric-provider.ts';
import { DurationError, parseDuration } from '../../lang/duration.ts';
import { compareGoKeys } from '../../lang/go-json.ts';
import type { HttpRequest } from '../http/types.ts';
import { MeasurementFault } from '../measured.ts';
import type { DatadogCredentials } from './credentials.ts';

export type DatadogRequest = Omit<HttpRequest, 'signal'>;

const DEFAULT_INTERVAL = '5m';
const DEFAULT_TIMEOUT = '10s';
/** The name that a single `query` goes by. */
const ONLY_QUERY = 'query';

/** `now` is in milliseconds since the epoch. Throws `MeasurementFault`. */
export function datadogRequest(
  config: DatadogMetric,
  credentials: DatadogCredentials,
  now: number,
): DatadogRequest {
  validate(config);
  const to = Math.floor(now / 1000);
  const from = to - Math.floor(duration(config.interval, DEFAULT_INTERVAL) / 1000);
  const timeoutMs = duration(config.requestTimeout, DEFAULT_TIMEOUT);
  if (timeoutMs <= 0) throw new MeasurementFault('requestTimeout must be more than zero');
  const base = credentials.address.replace(/\/+$/, '');
  const headers = {
    'content-type': 'application/json',
    'dd-api-key': credentials.apiKey,
    'dd-application-key': credentials.appKey,
  };
  if (versionOf(config) === 'v1') {
    const query = new URLSearchParams({
      from: String(from),
      query: config.query ?? '',
      to: String(to),
    });
    return { method: 'GET', url: `${base}/api/v1/query?${query}`, headers, timeoutMs };
  }
  const body = {
    data: {
      type: 'scalar_request',
      attributes: {
        from: from * 1000,
        to: to * 1000,
        queries: queriesOf(config),
        formulas: filled(config.formula) ? [{ formula: config.formula }] : [],
      },
    },
  };
  return {
    method: 'POST',
    url: `${base}/api/v2/query/scalar`,
    headers,
    body: JSON.stringify(body),
    timeoutMs,
  };
}

export const versionOf = ({ apiVersion }: DatadogMetric): 'v1' | 'v2' => (apiVersion === 'v2' ? 'v2' : 'v1');

function queriesOf(config: DatadogMetric) {
  const queries = filled(config.query) ? { [ONLY_QUERY]: config.query } : (config.queries ?? {});
  return Object.entries(queries)
    .sort(([a], [b]) => compareGoKeys(a, b))
    .map(([name, query]) => ({
      aggregator: config.aggregator ?? 'last',
      data_source: 'metrics',
      name,
      query,
    }));
}

const REVIEW = 'Please review the Analysis Template.';

function validate(config: DatadogMetric): void {
  const count = Object.keys(config.queries ?? {}).length;
  const isV1 = versionOf(config) === 'v1';
  const faults: [boolean, string][] = [
    [!filled(config.query) && count === 0, `Must have either a query or queries. ${REVIEW}`],
    [filled(config.query) && count > 0, `Cannot have both a query and queries. ${REVIEW}`],
    [
      isV1 && !filled(config.query),
      'Query is empty. API Version v1 only supports using the query parameter in your Analysis Template.',
    ],
    [
      filled(config.query) && filled(config.formula),
      `Formula are only valid when queries are set. ${REVIEW}`,
    ],
    [count > 1 && !filled(config.formula), 'When multiple queries are provided you must include a formula.'],
    [isV1 && filled(config.aggregator), `Aggregator is not supported in v1. ${REVIEW}`],
  ];
  const fault = faults.find(([is]) => is);
  if (fault !== undefined) throw new MeasurementFault(fault[1]);
}

function duration(given: string | undefined, fallback: string): number {
  try {
    return parseDuration(filled(given) ? given : fallback);
  } catch (error) {
    if (error instanceof DurationError) throw new MeasurementFault(error.message);
    throw error;
  }
}

const filled = (text: string | undefined): text is string => text !== undefined && text !== '';
