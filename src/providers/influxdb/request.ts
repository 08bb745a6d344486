/** From a metric to a Flux query (spec 05 section 8.9). Pure. */

import type { MetricProvider } from '../../api/metric-provider.ts';
import type { HttpRequest } from '../http/types.ts';
import { MeasurementFault } from '../measured.ts';

export type InfluxdbMetric = NonNullable<MetricProvider['influxdb']>;

export const DEFAULT_PROFILE = 'influxdb';
const TIMEOUT_MS = 30_000;

/** `profile` is the data of the Secret. Throws `MeasurementFault`. */
export function influxdbRequest(
  config: InfluxdbMetric,
  profile: Readonly<Record<string, string>>,
): Omit<HttpRequest, 'signal'> {
  const { authToken = '', org = '', address = '' } = profile;
  if (authToken === '' || org === '' || address === '')
    throw new MeasurementFault('authToken, org, or address not found');
  return {
    method: 'POST',
    url: `${address.replace(/\/+$/, '')}/api/v2/query?${new URLSearchParams({ org })}`,
    headers: {
      authorization: `Token ${authToken}`,
      'content-type': 'application/json',
      accept: 'application/csv',
    },
    body: JSON.stringify({
      query: config.query ?? '',
      type: 'flux',
      dialect: { annotations: ['datatype', 'group', 'default'], delimiter: ',', header: true },
    }),
    timeoutMs: TIMEOUT_MS,
  };
}
