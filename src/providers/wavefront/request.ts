/** From a metric to a chart query of Wavefront (spec 05 section 8.6). Pure. */

import type { MetricProvider } from '../../api/metric-provider.ts';
import type { HttpRequest } from '../http/types.ts';
import { MeasurementFault } from '../measured.ts';

export type WavefrontMetric = NonNullable<MetricProvider['wavefront']>;

/** One token for each address. */
export const TOKENS_SECRET = 'wavefront-api-tokens';
const TIMEOUT_MS = 10_000;

/** `tokens` is the data of the Secret, by address; `now` is in milliseconds. Throws `MeasurementFault`. */
export function wavefrontRequest(
  config: WavefrontMetric,
  tokens: Readonly<Record<string, string>>,
  now: number,
): Omit<HttpRequest, 'signal'> {
  const address = config.address ?? '';
  const token = Object.hasOwn(tokens, address) ? (tokens[address] ?? '') : '';
  if (token === '') throw new MeasurementFault('API token not found');
  const at = String(Math.floor(now / 1000) * 1000);
  // A window without length holds no point: the newest one outside of it is the measurement.
  const query = new URLSearchParams({
    q: config.query ?? '',
    s: at,
    e: at,
    g: 's',
    p: '1',
    i: 'true',
  });
  return {
    method: 'GET',
    url: `https://${address}/api/v2/chart/api?${query}`,
    headers: { authorization: `Bearer ${token}` },
    timeoutMs: TIMEOUT_MS,
  };
}
