/** From a metric to a GraphQL request for SkyWalking (spec 05 section 8.11). Pure. */

import type { MetricProvider } from '../../api/metric-provider.ts';
import { DurationError, parseDuration } from '../../lang/duration.ts';
import type { HttpRequest } from '../http/types.ts';
import { MeasurementFault } from '../measured.ts';

export type SkyWalkingMetric = NonNullable<MetricProvider['skywalking']>;

const TIMEOUT_MS = 30_000;

/** `now` is in milliseconds since the epoch. Throws `MeasurementFault`. */
export function skywalkingRequest(config: SkyWalkingMetric, now: number): Omit<HttpRequest, 'signal'> {
  let interval: number;
  try {
    interval = parseDuration(config.interval ?? '');
  } catch (error) {
    if (error instanceof DurationError) throw new MeasurementFault(`skywalking interval: ${error.message}`);
    throw error;
  }
  const duration = { start: minute(now - interval), end: minute(now), step: 'MINUTE' };
  return {
    method: 'POST',
    url: `${(config.address ?? '').replace(/\/+$/, '')}/graphql`,
    headers: { 'content-type': 'application/json; charset=utf-8', accept: 'application/json; charset=utf-8' },
    body: JSON.stringify({ query: config.query ?? '', variables: { duration } }),
    timeoutMs: TIMEOUT_MS,
  };
}

/** `2026-01-31 1405`, in UTC. */
function minute(ms: number): string {
  if (!(Math.abs(ms) <= 8.64e15)) throw new MeasurementFault('skywalking interval: it is too long');
  const text = new Date(ms).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 13)}${text.slice(14, 16)}`;
}
