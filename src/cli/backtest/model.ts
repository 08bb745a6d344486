/** What a backtest found, for people and programs. Pure. */

import { type ConditionLimit, limitsIn } from '../../lang/condition-limits.ts';
import { formatTime } from '../../lang/time.ts';
import type { Metric } from '../../plan/analysis/types.ts';
import type { SimulatedRun } from './simulate.ts';

export interface PointModel {
  readonly time: string;
  readonly phase: string;
  readonly value: string;
  readonly message: string;
}

export interface BacktestMetric {
  readonly name: string;
  readonly successWhen: readonly ConditionLimit[];
  readonly failureWhen: readonly ConditionLimit[];
  /** What was measured, each second once. */
  readonly points: readonly PointModel[];
}

export interface BacktestRun {
  /** A run that had begun then ... */
  readonly startedAt: string;
  /** ... would have ended so; `Running`: not within the time. */
  readonly phase: string;
  readonly endedAt: string;
  readonly message: string;
  readonly measurements: number;
}

export interface BacktestModel {
  readonly template: string;
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly queries: number;
  /** Metrics that were left out. */
  readonly leftOut: readonly string[];
  readonly summary: Readonly<Record<string, number>>;
  readonly metrics: readonly BacktestMetric[];
  readonly runs: readonly BacktestRun[];
}

export const VERDICTS = ['Successful', 'Failed', 'Inconclusive', 'Error', 'Running'] as const;

export function backtestModel(about: {
  readonly template: string;
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly queries: number;
  readonly leftOut: readonly string[];
  readonly metrics: readonly Metric[];
  readonly runs: readonly SimulatedRun[];
}): BacktestModel {
  const { runs } = about;
  return {
    template: about.template,
    from: formatTime(about.from),
    to: formatTime(about.to),
    stepSeconds: about.stepMs / 1000,
    queries: about.queries,
    leftOut: about.leftOut,
    summary: {
      runs: runs.length,
      ...Object.fromEntries(
        VERDICTS.map((verdict) => [
          verdict.toLowerCase(),
          runs.filter(({ phase }) => phase === verdict).length,
        ]),
      ),
    },
    metrics: about.metrics.map((metric) => ({
      name: metric.name,
      successWhen: limitsIn(metric.successCondition),
      failureWhen: limitsIn(metric.failureCondition),
      points: pointsOf(metric.name, runs),
    })),
    runs: runs.map(({ startedAt, phase, endedAt, message, measurements }) => ({
      startedAt: formatTime(startedAt),
      phase,
      endedAt: endedAt === undefined ? '' : formatTime(endedAt),
      message,
      measurements: measurements.length,
    })),
  };
}

function pointsOf(name: string, runs: readonly SimulatedRun[]): PointModel[] {
  const points = new Map<number, PointModel>();
  for (const { measurements } of runs)
    for (const { metric, at, measurement } of measurements)
      if (metric === name)
        points.set(at, {
          time: formatTime(at),
          phase: measurement.phase,
          value: measurement.value ?? '',
          message: measurement.message ?? '',
        });
  return [...points].toSorted(([a], [b]) => a - b).map(([, point]) => point);
}
