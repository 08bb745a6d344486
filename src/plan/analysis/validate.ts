/** Whether the metrics of a run can be measured at all (spec 05 section 3.1). */

import { DurationError, parseDuration } from '../../lang/duration.ts';
import {
  consecutiveErrorLimit,
  consecutiveSuccessLimit,
  failureLimit,
  inconclusiveLimit,
  intValue,
} from './limits.ts';
import { minSamples, samplesMetric } from './samples.ts';
import type { Metric } from './types.ts';

/** The first fault, in the literal text of the reference, or undefined. */
export function validateMetrics(metrics: readonly Metric[] | undefined): string | undefined {
  if (metrics === undefined || metrics === null || metrics.length === 0) return 'no metrics specified';
  const names = new Set<string>();
  for (const [i, metric] of metrics.entries()) {
    const fault = names.has(metric.name) ? `duplicate name '${metric.name}'` : validateMetric(metric);
    if (fault !== undefined) return `metrics[${i}]: ${fault}`;
    names.add(metric.name);
  }
  return undefined;
}

export function validateMetric(metric: Metric): string | undefined {
  const success = consecutiveSuccessLimit(metric);
  const failure = failureLimit(metric);
  const inconclusive = inconclusiveLimit(metric);
  const count = metric.count === undefined || metric.count === null ? 0 : intValue(metric.count);
  const interval = metric.interval ?? '';

  if (success < 0) return 'consecutiveSuccessLimit must be >= 0';
  if (failure < -1) return 'failureLimit must be >= 0, or -1 to be disabled';
  if (failure < 0 && success === 0) return 'failureLimit and consecutiveSuccessLimit cannot both be disabled';
  if (inconclusive < 0) return 'inconclusiveLimit must be >= 0';
  if (consecutiveErrorLimit(metric) < 0) return 'consecutiveErrorLimit must be >= 0';
  if (count > 0) {
    if (failure >= 0 && count < failure + success)
      return `count (${count}) must be >= failureLimit + consecutiveSuccessLimit (${failure} + ${success}) if both >= 0`;
    if (failure < 0 && count < success) return 'count must be >= consecutiveSuccessLimit';
    if (count < inconclusive) return 'count must be >= inconclusiveLimit';
  }
  if (count > 1 && interval === '') return 'interval must be specified when count > 1';
  const badInterval = durationFault(interval);
  if (badInterval !== undefined) return `invalid interval string: ${badInterval}`;
  const badDelay = durationFault(metric.initialDelay ?? '');
  if (badDelay !== undefined) return `invalid startDelay string: ${badDelay}`;
  const providers = countProviders(metric.provider);
  if (providers === 0) return 'no provider specified';
  if (providers > 1) return 'multiple providers specified';
  return evidenceFault(metric);
}

/** Of a field of ours, so the texts are, too. */
export function evidenceFault(metric: Metric): string | undefined {
  const { maxAge, minSamples: least, samplesQuery } = metric.evidence ?? {};
  const badAge = durationFault(maxAge ?? '');
  if (badAge !== undefined) return `invalid evidence.maxAge string: ${badAge}`;
  if (least !== undefined && intValue(least) < 0) return 'evidence.minSamples must be >= 0';
  if (minSamples(metric) > 0 && (samplesQuery ?? '') === '')
    return 'evidence.minSamples needs evidence.samplesQuery, the query that counts the requests';
  if ((samplesQuery ?? '') !== '' && samplesMetric(metric) === undefined)
    return 'evidence.samplesQuery needs a provider with a query';
  return undefined;
}

function durationFault(text: string): string | undefined {
  if (text === '') return undefined;
  try {
    parseDuration(text);
    return undefined;
  } catch (error) {
    if (error instanceof DurationError) return error.message;
    throw error;
  }
}

/** Each key of `plugin` is a provider of its own. */
function countProviders(provider: object | undefined): number {
  if (provider === undefined || provider === null) return 0;
  let found = 0;
  for (const [name, config] of Object.entries(provider)) {
    if (config === undefined || config === null) continue;
    found += name === 'plugin' && typeof config === 'object' ? Object.keys(config).length : 1;
  }
  return found;
}
