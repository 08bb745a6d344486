/** From a metric to the requests for Kayenta (spec 05 section 8.10). Pure. */

import type { Metric } from '../../api/analysis.ts';
import type { MetricProvider } from '../../api/metric-provider.ts';
import { DurationError, parseDuration } from '../../lang/duration.ts';
import { formatTime } from '../../lang/time.ts';
import type { HttpRequest } from '../http/types.ts';
import { MeasurementFault } from '../measured.ts';

export type KayentaMetric = NonNullable<MetricProvider['kayenta']>;
type Scope = NonNullable<NonNullable<KayentaMetric['scopes']>[number]['controlScope']>;

const TIMEOUT_MS = 15_000;

type Request = Omit<HttpRequest, 'signal'>;

/** The list of canary configs, where the one by the metric's name has its id. */
export function configsRequest(config: KayentaMetric): Request {
  const query = new URLSearchParams({
    application: config.application ?? '',
    // The reference asks with the storage account, too, and accounts are set up for that.
    configurationAccountName: config.storageAccountName ?? '',
  });
  return get(`${baseOf(config)}/canaryConfig?${query}`);
}

/** Starts the judgement. Times are in milliseconds since the epoch. Throws `MeasurementFault`. */
export function startRequest(
  metric: Metric,
  configId: string,
  times: { readonly now: number; readonly runStartedAt: number | undefined },
): Request {
  const config = metric.provider?.kayenta ?? {};
  const query = new URLSearchParams({
    application: config.application ?? '',
    metricsAccountName: config.metricsAccountName ?? '',
    configurationAccountName: config.configurationAccountName ?? '',
    storageAccountName: config.storageAccountName ?? '',
  });
  const end = formatTime(times.now);
  const start = formatTime(startOf(metric, config, times));
  const complete = (scope: Scope | undefined) => ({
    scope: scope?.scope ?? '',
    region: scope?.region ?? '',
    step: scope?.step ?? 0,
    start: filled(scope?.start) ? scope.start : start,
    end: filled(scope?.end) ? scope.end : end,
  });
  const scopes = (config.scopes ?? []).map(({ name, controlScope, experimentScope }) => [
    name ?? '',
    { controlScope: complete(controlScope), experimentScope: complete(experimentScope) },
  ]);
  const { pass, marginal } = thresholdsOf(config);
  return {
    method: 'POST',
    url: `${baseOf(config)}/canary/${encodeURIComponent(configId)}?${query}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ scopes: Object.fromEntries(scopes) as unknown, thresholds: { pass, marginal } }),
    timeoutMs: TIMEOUT_MS,
  };
}

export const executionRequest = (config: KayentaMetric, id: string): Request =>
  get(`${baseOf(config)}/canary/${encodeURIComponent(id)}`);

export const thresholdsOf = ({ threshold }: KayentaMetric): { pass: number; marginal: number } => ({
  pass: threshold?.pass ?? 0,
  marginal: threshold?.marginal ?? 0,
});

/** One interval back; the begin of the run for `lookback`, and where a metric that is measured once has no interval. */
function startOf(
  { interval }: Metric,
  { lookback }: KayentaMetric,
  { now, runStartedAt = now }: { readonly now: number; readonly runStartedAt: number | undefined },
): number {
  if (lookback === true || !filled(interval)) return runStartedAt;
  try {
    return now - parseDuration(interval);
  } catch (error) {
    if (error instanceof DurationError) throw new MeasurementFault(error.message);
    throw error;
  }
}

const get = (url: string): Request => ({ method: 'GET', url, timeoutMs: TIMEOUT_MS });
const baseOf = ({ address }: KayentaMetric): string => (address ?? '').replace(/\/+$/, '');
const filled = (text: string | undefined): text is string => text !== undefined && text !== '';
