/** From a metric to Graphite's render API (spec 05 section 8.8). Pure. */

import type { MetricProvider } from '../../api/metric-provider.ts';
import type { HttpRequest } from '../http/types.ts';
import { urlOf } from '../measured.ts';

export type GraphiteMetric = NonNullable<MetricProvider['graphite']>;

const TIMEOUT_MS = 10_000;

/** The query is the render API's own: `target=...&from=-5min`. Throws `MeasurementFault`. */
export function graphiteRequest(config: GraphiteMetric): Omit<HttpRequest, 'signal'> {
  const url = urlOf(config.address ?? '', 'Graphite address');
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/render`;
  const query = new URLSearchParams((config.query ?? '').replace(/\s+/g, ''));
  query.set('format', 'json');
  url.search = query.toString();
  return { method: 'GET', url: url.href, timeoutMs: TIMEOUT_MS };
}
