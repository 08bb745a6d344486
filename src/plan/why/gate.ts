/** Where an AnalysisRun stands, metric by metric. Pure. */

import type { AnalysisRun, Metric } from '../../api/analysis.ts';
import { effectiveCount, failureLimit } from '../analysis/limits.ts';
import { nextLookAt } from '../analysis/next.ts';
import { findResult, lastMeasurement } from '../analysis/tasks.ts';
import { isCompleted } from '../analysis/types.ts';
import { objectOf } from '../../lang/json.ts';
import { listedMetrics } from '../analysis/resolve.ts';

export interface MetricState {
  readonly name: string;
  /** Of the provider: `prometheus`. */
  readonly provider: string;
  readonly query: string | undefined;
  /** `good where ...`, `bad where ...`. */
  readonly conditions: readonly string[];
  readonly phase: string;
  /** Measurements so far, errors not counted, and how many there will be; undefined: without end. */
  readonly taken: number;
  readonly wanted: number | undefined;
  readonly failed: number;
  /** Negative: any number. */
  readonly failuresAllowed: number;
  readonly lastValue: string | undefined;
  readonly lastPhase: string | undefined;
  readonly lastMessage: string | undefined;
}

export interface GateState {
  readonly run: string;
  readonly phase: string;
  readonly metrics: readonly MetricState[];
  /** When a metric is measured next, milliseconds since the epoch. */
  readonly nextAt: number | undefined;
}

export function gateState(run: AnalysisRun): GateState {
  const metrics = listedMetrics(run.spec);
  const open = metrics.filter(({ name }) => !isCompleted(findResult(run.status, name)?.phase));
  return {
    run: run.metadata.name,
    phase: run.status?.phase ?? 'Pending',
    metrics: metrics.map((metric) => metricState(run, metric)),
    nextAt: run.status === undefined ? undefined : nextLookAt(open, run.status),
  };
}

function metricState(run: AnalysisRun, metric: Metric): MetricState {
  const { name, successCondition, failureCondition } = metric;
  const result = findResult(run.status, name);
  const last = lastMeasurement(result);
  const [provider = ''] = Object.keys(objectOf(metric.provider));
  return {
    name,
    provider,
    query: queryOf(metric),
    conditions: [
      ...(successCondition === undefined ? [] : [`good where ${successCondition}`]),
      ...(failureCondition === undefined ? [] : [`bad where ${failureCondition}`]),
    ],
    phase: result?.phase ?? 'Pending',
    taken: result?.count ?? 0,
    wanted: effectiveCount(metric),
    failed: result?.failed ?? 0,
    failuresAllowed: failureLimit(metric),
    lastValue: last?.value,
    lastPhase: last?.phase,
    lastMessage: last?.message,
  };
}

/** What a provider is asked: its query, or the address that it reads. */
export function queryOf({ provider }: Pick<Metric, 'provider'>): string | undefined {
  const [config] = Object.values(objectOf(provider));
  if (typeof config !== 'object' || config === null) return undefined;
  for (const field of ['query', 'url', 'queries']) {
    const value: unknown = Reflect.get(config, field);
    if (typeof value === 'string') return value;
    if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  }
  return undefined;
}
