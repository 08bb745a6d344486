/** One AnalysisRun with its metrics and measurements, as `get analysisrun` tells it. Pure. */

import { analysisRunSpecSchema } from '../../api/analysis.ts';
import { decode } from '../../api/decode.ts';
import type { KubeObject } from '../../kube/api.ts';
import { type ConditionLimit, limitsIn } from '../../lang/condition-limits.ts';
import { isObject } from '../../lang/json.ts';
import {
  consecutiveErrorLimit,
  consecutiveSuccessLimit,
  effectiveCount,
  failureLimit,
  inconclusiveLimit,
} from '../../plan/analysis/limits.ts';
import { resolveMetrics } from '../../plan/analysis/resolve.ts';
import type { Metric } from '../../plan/analysis/types.ts';
import { numbersOf } from './measured-value.ts';
import { at, countAt, createdAt, listAt, revisionOf, textAt, textsAt } from './read.ts';

export interface MeasurementModel {
  readonly phase: string;
  readonly value: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface MetricLimits {
  /** Measurements after which the metric is decided; absent: it goes on until it is stopped. */
  readonly count?: number | undefined;
  /** Negative: off. */
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  /** 0: off. */
  readonly consecutiveSuccessLimit: number;
}

export interface MetricModel {
  readonly name: string;
  readonly phase: string;
  readonly message: string;
  readonly dryRun: boolean;
  /** `prometheus`, and what it is asked, where that is one text. */
  readonly provider: string;
  readonly asks: string;
  readonly interval: string;
  readonly successCondition: string;
  readonly failureCondition: string;
  /** On which side of which numbers a value succeeds, and fails, where the conditions say so plainly. */
  readonly successWhen: readonly ConditionLimit[];
  readonly failureWhen: readonly ConditionLimit[];
  readonly limits?: MetricLimits | undefined;
  readonly count: number;
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly consecutiveError: number;
  readonly consecutiveSuccess: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly measurements: readonly MeasurementModel[];
}

export interface AnalysisDetail {
  readonly name: string;
  readonly namespace: string;
  readonly status: string;
  readonly message: string;
  /** `Rollout/web`. */
  readonly owner: string;
  /** `Step`, `Background`, `PrePromotion`, `PostPromotion`, or nothing. */
  readonly type: string;
  readonly stepIndex: string;
  readonly revision: number;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly completedAt: string;
  /** Somebody asked for its end. */
  readonly terminated: boolean;
  readonly metrics: readonly MetricModel[];
}

export function analysisDetail(run: KubeObject): AnalysisDetail {
  const [owner] = listAt(run, 'metadata', 'ownerReferences');
  const results = listAt(run, 'status', 'metricResults');
  const specified = specifiedMetrics(run);
  const known = specified.map((metric) =>
    metricModel(
      metric,
      results.find((result) => textAt(result, 'name') === metric.name),
    ),
  );
  const strangers = results.filter((result) => !known.some(({ name }) => name === textAt(result, 'name')));
  return {
    name: run.metadata.name,
    namespace: run.metadata.namespace ?? '',
    status: textAt(run, 'status', 'phase') || 'Pending',
    message: textAt(run, 'status', 'message'),
    owner: owner === undefined ? '' : `${textAt(owner, 'kind')}/${textAt(owner, 'name')}`,
    type: textAt(run, 'metadata', 'labels', 'rollout-type'),
    stepIndex: textAt(run, 'metadata', 'labels', 'step-index'),
    revision: revisionOf(run),
    createdAt: createdAt(run),
    startedAt: textAt(run, 'status', 'startedAt'),
    completedAt: textAt(run, 'status', 'completedAt'),
    terminated: at(run, 'spec', 'terminate') === true,
    metrics: [...known, ...strangers.map((result) => metricModel(undefined, result))],
  };
}

/** With their arguments filled in, and placeholders for secrets; as they stand where that is impossible. */
function specifiedMetrics(run: KubeObject): readonly Metric[] {
  const read = decode(analysisRunSpecSchema, run['spec']);
  if (!read.ok) return [];
  const metrics = read.value.metrics ?? [];
  const resolved = resolveMetrics(metrics, read.value.args);
  return 'error' in resolved ? metrics : resolved.metrics;
}

function metricModel(metric: Metric | undefined, result: unknown): MetricModel {
  const { provider, asks } = questionOf(metric);
  return {
    name: metric?.name ?? textAt(result, 'name'),
    phase: textAt(result, 'phase') || 'Pending',
    message: textAt(result, 'message'),
    dryRun: at(result, 'dryRun') === true,
    provider,
    asks,
    interval: metric?.interval ?? '',
    successCondition: metric?.successCondition ?? '',
    failureCondition: metric?.failureCondition ?? '',
    successWhen: limitsIn(metric?.successCondition),
    failureWhen: limitsIn(metric?.failureCondition),
    limits:
      metric === undefined
        ? undefined
        : {
            count: effectiveCount(metric),
            failureLimit: failureLimit(metric),
            inconclusiveLimit: inconclusiveLimit(metric),
            consecutiveErrorLimit: consecutiveErrorLimit(metric),
            consecutiveSuccessLimit: consecutiveSuccessLimit(metric),
          },
    count: countAt(result, 'count'),
    successful: countAt(result, 'successful'),
    failed: countAt(result, 'failed'),
    inconclusive: countAt(result, 'inconclusive'),
    error: countAt(result, 'error'),
    consecutiveError: countAt(result, 'consecutiveError'),
    consecutiveSuccess: countAt(result, 'consecutiveSuccess'),
    metadata: textsAt(result, 'metadata'),
    measurements: listAt(result, 'measurements').map(measurementModel),
  };
}

const measurementModel = (measurement: unknown): MeasurementModel => ({
  phase: textAt(measurement, 'phase'),
  value: textAt(measurement, 'value'),
  startedAt: textAt(measurement, 'startedAt'),
  finishedAt: textAt(measurement, 'finishedAt'),
  message: textAt(measurement, 'message'),
  metadata: textsAt(measurement, 'metadata'),
});

/** The number that is drawn for a measurement: the first one of its value. */
export const drawnValue = (measurement: Pick<MeasurementModel, 'value'>): number | undefined =>
  numbersOf(measurement.value)[0];

/** Fields that hold the question, in the words of the providers. */
const QUESTION_FIELDS = ['query', 'url', 'formula'];

function questionOf(metric: Metric | undefined): { provider: string; asks: string } {
  const [provider, config] =
    Object.entries(metric?.provider ?? {}).find(([, value]) => isObject(value)) ?? [];
  const field = QUESTION_FIELDS.find((name) => textAt(config, name) !== '');
  const asks = field === undefined ? '' : textAt(config, field).replaceAll(/\s+/g, ' ').trim();
  return { provider: provider ?? '', asks };
}
