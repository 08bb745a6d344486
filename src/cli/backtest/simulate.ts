/**
 * One AnalysisRun on past time: the plan of the controller decides when to measure and what it means; only the clock and
 * the way to the provider are put in from outside.
 */

import { formatTime } from '../../lang/time.ts';
import type { Answer } from '../../plan/analysis/answer.ts';
import type { EvidenceMode } from '../../plan/analysis/outcomes.ts';
import { type MeasureIntent, type MeasurementReport, planAnalysisRun } from '../../plan/analysis/plan.ts';
import {
  type AnalysisRunSpec,
  isCompleted,
  type Measurement,
  type Metric,
} from '../../plan/analysis/types.ts';

/** What the provider says of the metric at that second. */
export type Ask = (
  metric: Metric,
  at: number,
  step: Pick<MeasureIntent, 'kind' | 'previous'>,
) => Promise<Answer>;

export interface SimulatedRun {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** `Running`: it had not ended when the time was over. */
  readonly phase: string;
  readonly message: string;
  readonly endedAt: number | undefined;
  /** All that came to an end, also those that a status would not keep. */
  readonly measurements: readonly {
    readonly metric: string;
    readonly at: number;
    readonly measurement: Measurement;
  }[];
}

/** A run that is looked at more often has a metric that is measured again and again for ever. */
const MAX_LOOKS = 20_000;

/** `metrics` are the resolved ones of `spec`. Rejects with what `ask` rejects with. */
export async function simulateRun(
  spec: AnalysisRunSpec,
  metrics: readonly Metric[],
  { startedAt, until, mode }: { startedAt: number; until: number; mode: EvidenceMode },
  ask: Ask,
): Promise<SimulatedRun> {
  let run = {
    metadata: { name: 'backtest', namespace: '', uid: 'backtest' },
    spec,
    status: undefined,
  } as Parameters<typeof planAnalysisRun>[0]['run'];
  let reports: MeasurementReport[] = [];
  let now = startedAt;
  const measurements: SimulatedRun['measurements'][number][] = [];

  const report = async (intent: MeasureIntent, at: number): Promise<MeasurementReport[]> => {
    const resolved = metrics.find(({ name }) => name === intent.metric);
    if (resolved === undefined) return [];
    const answer = await ask(resolved, at, intent);
    return [
      {
        metric: intent.metric,
        action: intent.kind,
        resolved,
        secrets: [],
        startedAt: at,
        finishedAt: at,
        answer,
      },
    ];
  };
  const end = (phase: string, endedAt: number | undefined): SimulatedRun => ({
    startedAt,
    phase,
    message: run.status?.message ?? '',
    endedAt,
    measurements,
  });

  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    const plan = planAnalysisRun({ run, now, reports, inFlight: new Set(), mode });
    if (plan.status !== undefined) run = { ...run, status: plan.status };
    if (plan.consumed) {
      for (const metric of new Set(reports.map((each) => each.metric))) {
        const last = run.status?.metricResults?.find(({ name }) => name === metric)?.measurements?.at(-1);
        if (last?.finishedAt !== undefined)
          measurements.push({ metric, at: secondOf(now), measurement: last });
      }
      reports = [];
    }
    if (isCompleted(run.status?.phase)) return end(run.status.phase, now);
    const due = plan.intents.filter(
      (intent): intent is MeasureIntent =>
        intent.kind !== 'collect' && intent.kind !== 'abandon' && intent.kind !== 'delete',
    );
    if (due.length > 0) {
      const at = secondOf(now);
      reports.push(...(await Promise.all(due.map((intent) => report(intent, at)))).flat());
      continue;
    }
    if (plan.requeueAt === undefined) return end('Running', undefined);
    now = Math.max(plan.requeueAt, now + 1);
    if (now > until) return end('Running', undefined);
  }
  throw new Error(`a run that began at ${formatTime(startedAt)} came to no end after ${MAX_LOOKS} looks`);
}

/** Times in a status are whole seconds, so that runs that begin on a grid ask at the same seconds. */
const secondOf = (ms: number): number => Math.floor(ms / 1000) * 1000;
