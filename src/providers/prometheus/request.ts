/** From a metric to the request for Prometheus (spec 05 section 8.1). Pure. */

import type { PrometheusMetric } from '../../api/metric-provider.ts';
import { evaluateTimeExpression } from '../../lang/condition.ts';
import { parseDuration } from '../../lang/duration.ts';
import type { AwsConfig } from '../auth/aws-chain.ts';
import { oauth2Credentials } from '../auth/oauth2.ts';
import type { OAuth2Credentials } from '../auth/oauth2.ts';

/** The metric can't be asked as it stands. The message is the measurement's. */
export class PrometheusConfigError extends Error {
  override readonly name = 'PrometheusConfigError';
}

export interface PrometheusQuery {
  /** `/api/v1/query` or `/api/v1/query_range` under the address. */
  readonly url: string;
  readonly form: URLSearchParams;
  readonly headers: Record<string, string>;
  readonly timeoutMs: number;
  readonly insecure: boolean;
  readonly oauth2: OAuth2Credentials | undefined;
  /** Requests are signed by AWS Signature Version 4. */
  readonly sigv4: AwsConfig | undefined;
}

const DEFAULT_TIMEOUT_S = 30;
/** Prometheus itself refuses more points in a series. */
const MAX_POINTS = 11_000;

/** `now` is in milliseconds since the epoch; `defaultAddress` comes from the controller's environment. */
export function prometheusQuery(
  metric: PrometheusMetric,
  defaultAddress: string | undefined,
  now: number,
): PrometheusQuery {
  const address = addressOf(metric, defaultAddress);
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const { key, value } of metric.headers ?? []) headers[key.toLowerCase()] = value;
  const timeout = metric.timeout ?? DEFAULT_TIMEOUT_S;
  if (timeout < 0) throw new PrometheusConfigError('prometheus timeout should not be negative');
  const oauth2 = applyAuthentication(metric, headers);

  const form = new URLSearchParams({ query: metric.query ?? '' });
  const range = metric.rangeQuery;
  if (range === undefined || range === null) {
    form.set('time', seconds(now));
  } else {
    const start = rangeTime('start', range.start ?? '', now);
    const end = rangeTime('end', range.end ?? '', now);
    const step = rangeStep(range.step ?? '');
    if (end < start) throw new PrometheusConfigError('rangeQuery.end is before rangeQuery.start');
    if ((end - start) / step > MAX_POINTS)
      throw new PrometheusConfigError(
        `rangeQuery asks for more than ${MAX_POINTS} points of each series; take a larger step`,
      );
    form.set('start', seconds(start));
    form.set('end', seconds(end));
    form.set('step', String(step / 1000));
  }
  const path = range === undefined || range === null ? 'query' : 'query_range';
  return {
    url: `${address.replace(/\/+$/, '')}/api/v1/${path}`,
    form,
    headers,
    timeoutMs: timeout * 1000,
    insecure: metric.insecure === true,
    oauth2,
    sigv4: sigv4Of(metric, address),
  };
}

function addressOf(metric: PrometheusMetric, defaultAddress: string | undefined): string {
  const address =
    metric.address !== undefined && metric.address !== '' ? metric.address : (defaultAddress ?? '');
  if (address === '') throw new PrometheusConfigError('prometheus address is not configured');
  let url: URL | undefined;
  try {
    url = new URL(address);
  } catch {
    url = undefined;
  }
  if (url === undefined || url.host === '' || !/^[a-z][a-z0-9+.-]*:\/\//i.test(address))
    throw new PrometheusConfigError('prometheus address is not is url format');
  return address;
}

const filled = (value: string | undefined): value is string => value !== undefined && value !== '';

/** Sets the headers of what is known now; OAuth 2 needs a token first. */
function applyAuthentication(
  metric: PrometheusMetric,
  headers: Record<string, string>,
): OAuth2Credentials | undefined {
  const { basicAuth, oauth2 } = metric.authentication ?? {};
  if (filled(basicAuth?.username) || filled(basicAuth?.password)) {
    if (!filled(basicAuth?.username) || !filled(basicAuth?.password)) {
      const missing = filled(basicAuth?.username) ? 'password' : 'username';
      throw new PrometheusConfigError(
        `missing mandatory parameter in metric for basic auth setup: ${missing}`,
      );
    }
    const user = `${basicAuth.username}:${basicAuth.password}`;
    headers['authorization'] = `Basic ${Buffer.from(user).toString('base64')}`;
  }
  return oauth2Credentials(oauth2);
}

/** Only workspaces of Amazon Managed Prometheus take signed requests. */
function sigv4Of({ authentication }: PrometheusMetric, address: string): AwsConfig | undefined {
  const sigv4 = authentication?.sigv4;
  const isMeant = address.includes('aps-workspaces') && Object.values(sigv4 ?? {}).some(Boolean);
  return isMeant ? sigv4 : undefined;
}

function rangeTime(field: 'start' | 'end', source: string, now: number): number {
  try {
    return evaluateTimeExpression(source, now);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new PrometheusConfigError(`failed to parse rangeQuery.${field} as time: ${text}`);
  }
}

function rangeStep(source: string): number {
  let step: number;
  try {
    step = parseDuration(source);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new PrometheusConfigError(`failed to parse rangeQuery.step as duration: ${text}`);
  }
  if (step <= 0)
    throw new PrometheusConfigError('failed to parse rangeQuery.step as duration: it must be more than zero');
  return step;
}

/** Unix seconds with milliseconds, as Prometheus takes times. */
const seconds = (ms: number): string => String(ms / 1000);
