/**
 * The sequential judge: canary against stable, looked at again and again without losing its error rates. One measurement
 * lasts until there is a verdict; where traffic is low it goes on instead of guessing. `docs/judge.md` explains it.
 */

import type { JudgeMetric } from '../../api/metric-provider.ts';
import { HttpFailure } from '../http/types.ts';
import { measured, MeasurementFault } from '../measured.ts';
import type { Conceal } from '../measured.ts';
import { createPrometheusClient } from '../prometheus/client.ts';
import type { MeasurementOutcome, MeasureRequest, Provider, ProviderContext } from '../types.ts';
import { judgeConfig } from './config.ts';
import type { JudgeConfig } from './config.ts';
import { look } from './look.ts';
import type { Judgement } from './look.ts';
import { readSeries, Unanswered } from './series.ts';
import type { Series } from './series.ts';
import { beginning, readState, writeState } from './state.ts';

/** Keys of the measurement's metadata. */
const STATE = 'judge-state';
const SAYS = 'judge';

export function createJudgeProvider(context: ProviderContext): Provider {
  const client = createPrometheusClient(context);

  const ask = async (
    side: 'canary' | 'stable',
    config: JudgeConfig,
    signal: AbortSignal,
    conceal: Conceal,
  ): Promise<Series[]> =>
    readSeries(await client.ask({ ...config.prometheus, query: config[side] }, signal, conceal), side);

  const again = ({ metric, previous, signal }: MeasureRequest): Promise<MeasurementOutcome> =>
    measured(context, async (conceal) => {
      const config = judgeConfig(configOf(metric));
      const now = context.clock.now();
      const state = readState(previous?.metadata?.[STATE]) ?? beginning(now);
      let judgement: Judgement;
      try {
        // One after the other: stable may then have seen a little more, which no count of failures depends on.
        const canary = await ask('canary', config, signal, conceal);
        const stable = await ask('stable', config, signal, conceal);
        judgement = look(config, state, { canary, stable });
      } catch (error) {
        if (!(error instanceof Unanswered || error instanceof HttpFailure)) throw error;
        // A backend that is down says nothing about the canary: nothing is lost by waiting for it.
        judgement = { state, verdict: 'keep going', text: `keep going: no answer (${error.message})` };
      }
      return outcomeOf(config, judgement, now);
    });

  return {
    type: 'Judge',
    measure: again,
    resume: again,
    terminate: ({ previous }) =>
      Promise.resolve({
        kind: 'verdict',
        phase: 'Inconclusive',
        message: 'Metric Terminated',
        value: previous?.metadata?.[SAYS] ?? '',
        metadata: { [STATE]: '' },
      }),
    metadata: (metric) => {
      const { canary, stable } = configOf(metric).errorRate ?? configOf(metric).latency ?? {};
      return { CanaryQuery: canary ?? '', StableQuery: stable ?? '' };
    },
  };
}

function outcomeOf(
  config: JudgeConfig,
  { state, verdict, text }: Judgement,
  now: number,
): MeasurementOutcome {
  const done = { kind: 'verdict', value: text, metadata: { [SAYS]: verdict, [STATE]: '' } } as const;
  if (verdict === 'worse') return { ...done, phase: 'Failed', message: text };
  if (verdict === 'no worse') return { ...done, phase: 'Successful' };
  if (config.maxDurationMs !== undefined && now - state.since >= config.maxDurationMs)
    return { ...done, phase: 'Inconclusive', message: `no verdict within judge.maxDuration; ${text}` };
  return {
    kind: 'pending',
    resumeAt: now + config.intervalMs,
    metadata: { [SAYS]: text, [STATE]: writeState(state) },
  };
}

function configOf(metric: MeasureRequest['metric']): JudgeMetric {
  const config = metric.provider?.judge;
  if (config === undefined) throw new MeasurementFault('judge is not configured');
  return config;
}
