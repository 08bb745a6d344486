/** What a metric asks of the judge, checked. Pure. */

import type { JudgeMetric, PrometheusMetric } from '../../api/metric-provider.ts';
import { DurationError, parseDuration } from '../../lang/duration.ts';
import { compileRegexp, RegexpError } from '../../lang/regexp.ts';
import { MeasurementFault } from '../measured.ts';

export interface JudgeConfig {
  readonly prometheus: PrometheusMetric;
  readonly canary: string;
  readonly stable: string;
  /** Undefined: the queries give latency histograms. */
  readonly isFailed: ((labels: Readonly<Record<string, string>>) => boolean) | undefined;
  /** Chance of "worse" although the canary is not. */
  readonly alpha: number;
  /** Chance that a canary that is worse by `smallestEffect` is not passed as "no worse". */
  readonly power: number;
  /** Difference of error rates, or of the chance to be slower from one half. */
  readonly smallestEffect: number;
  readonly intervalMs: number;
  readonly maxDurationMs: number | undefined;
}

const DEFAULT_SMALLEST = { errorRate: '0.01', latency: '0.05' } as const;
const MIN_INTERVAL_MS = 1_000;

/** Throws `MeasurementFault`, whose text names the field. */
export function judgeConfig(metric: JudgeMetric): JudgeConfig {
  const { errorRate, latency } = metric;
  if ((errorRate === undefined) === (latency === undefined))
    throw new MeasurementFault('judge: set exactly one of errorRate and latency');
  const kind = errorRate === undefined ? 'latency' : 'errorRate';
  const queries = errorRate ?? latency;
  return {
    prometheus: metric.prometheus ?? {},
    canary: query(queries?.canary, `judge.${kind}.canary`),
    stable: query(queries?.stable, `judge.${kind}.stable`),
    isFailed: errorRate === undefined ? undefined : failedBy(errorRate.failed),
    alpha: fraction(metric.alpha ?? '0.05', 'judge.alpha', { above: 0, upTo: 0.5 }),
    power: fraction(metric.power ?? '0.8', 'judge.power', { above: 0.5, upTo: 0.9999 }),
    smallestEffect: fraction(
      metric.smallestEffect ?? DEFAULT_SMALLEST[kind],
      'judge.smallestEffect',
      kind === 'errorRate' ? { above: 0, upTo: 0.9 } : { above: 0, upTo: 0.45 },
    ),
    intervalMs: Math.max(MIN_INTERVAL_MS, duration(metric.interval ?? '10s', 'judge.interval')),
    maxDurationMs:
      metric.maxDuration === undefined ? undefined : duration(metric.maxDuration, 'judge.maxDuration'),
  };
}

function query(text: string | undefined, field: string): string {
  if (text === undefined || text.trim() === '')
    throw new MeasurementFault(`${field} is empty: write a query`);
  return text;
}

function failedBy(
  failed: { label?: string | undefined; pattern?: string | undefined } | undefined,
): (labels: Readonly<Record<string, string>>) => boolean {
  const { label = '', pattern = '' } = failed ?? {};
  if (label === '' || pattern === '')
    throw new MeasurementFault(
      'judge.errorRate.failed needs a label and a pattern: which series count failed requests, such as label: code, pattern: 5..',
    );
  try {
    const matches = compileRegexp(`^(?:${pattern})$`);
    return (labels) => matches.test(labels[label] ?? '');
  } catch (error) {
    if (error instanceof RegexpError)
      throw new MeasurementFault(`judge.errorRate.failed.pattern: ${error.message}`);
    throw error;
  }
}

function fraction(
  text: string,
  field: string,
  { above, upTo }: { readonly above: number; readonly upTo: number },
): number {
  const value = /^\d*\.?\d+$/.test(text.trim()) ? Number(text) : NaN;
  if (!(value > above && value <= upTo))
    throw new MeasurementFault(
      `${field} is ${JSON.stringify(text)}: write a number above ${above}, up to ${upTo}`,
    );
  return value;
}

function duration(text: string, field: string): number {
  try {
    const ms = parseDuration(text);
    if (ms > 0) return ms;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw new MeasurementFault(`${field}: ${error.message}`);
  }
  throw new MeasurementFault(`${field} is ${JSON.stringify(text)}: it must be more than zero`);
}
