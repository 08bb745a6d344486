/** From a metric to GetMetricData of CloudWatch (spec 05 section 8.7). Pure. */

import type { MetricProvider } from '../../api/metric-provider.ts';
import { domainOf } from '../auth/aws-sts.ts';
import { signV4 } from '../auth/sigv4.ts';
import type { AwsIdentity } from '../auth/aws-chain.ts';
import { DurationError, parseDuration } from '../../lang/duration.ts';
import type { HttpRequest } from '../http/types.ts';
import { MeasurementFault, urlOf } from '../measured.ts';

export type CloudWatchMetric = NonNullable<MetricProvider['cloudWatch']>;
type Query = NonNullable<CloudWatchMetric['metricDataQueries']>[number];

const DEFAULT_INTERVAL = '5m';
const TIMEOUT_MS = 30_000;

/** `now` is in milliseconds since the epoch; `endpoint` replaces the region's own. Throws `MeasurementFault`. */
export function cloudWatchRequest(
  config: CloudWatchMetric,
  { region, credentials }: AwsIdentity,
  now: number,
  endpoint: string | undefined,
): Omit<HttpRequest, 'signal'> {
  const url = urlOf(endpoint ?? `https://monitoring.${region}.${domainOf(region)}/`, 'CloudWatch endpoint');
  const body = JSON.stringify(cloudWatchInput(config, now));
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
  };
  return {
    method: 'POST',
    url: url.href,
    headers: signV4({
      method: 'POST',
      url,
      headers,
      body,
      service: 'monitoring',
      region,
      credentials,
      now,
    }),
    body,
    timeoutMs: TIMEOUT_MS,
    // The address is made of the region, or comes from the controller's environment.
    unguarded: true,
  };
}

export function cloudWatchInput(config: CloudWatchMetric, now: number) {
  const interval = intervalOf(config.interval);
  return {
    StartTime: (now - interval) / 1000,
    EndTime: now / 1000,
    MetricDataQueries: (config.metricDataQueries ?? []).map(queryOf),
  };
}

function queryOf({ id, expression, label, metricStat, period, returnData }: Query) {
  return {
    Id: id ?? '',
    Expression: expression,
    Label: label,
    MetricStat:
      metricStat === undefined
        ? undefined
        : {
            Metric: {
              Dimensions: metricStat.metric?.dimensions?.map(({ name, value }) => ({
                Name: name ?? '',
                Value: value ?? '',
              })),
              MetricName: metricStat.metric?.metricName ?? '',
              Namespace: metricStat.metric?.namespace,
            },
            Period: seconds(metricStat.period),
            Stat: metricStat.stat ?? '',
            Unit: metricStat.unit === '' ? undefined : metricStat.unit,
          },
    Period: period === undefined ? undefined : seconds(period),
    ReturnData: returnData,
  };
}

/** A text that is no number counts as 0, as int-or-string does everywhere. */
function seconds(period: number | string | undefined): number {
  if (typeof period === 'number') return period;
  return period !== undefined && /^[+-]?\d+$/.test(period) ? Number(period) : 0;
}

function intervalOf(given: string | undefined): number {
  try {
    return parseDuration(given === undefined || given === '' ? DEFAULT_INTERVAL : given);
  } catch (error) {
    if (error instanceof DurationError) throw new MeasurementFault(error.message);
    throw error;
  }
}
