/** Kayenta: judges a canary by itself, and is asked for the score until it has one (spec 05 section 8.10). */

import { measured, MeasurementFault } from '../measured.ts';
import type { MeasurementOutcome, Provider, ProviderContext } from '../types.ts';
import { configsRequest, executionRequest, startRequest, thresholdsOf } from './request.ts';
import { readConfigId, readExecutionId, readVerdict } from './response.ts';

/** Key of the measurement's metadata. */
const EXECUTION = 'canaryExecutionId';
const RESUME_AFTER_MS = 15_000;

export function createKayentaProvider(context: ProviderContext): Provider {
  const { http, clock } = context;
  const later = (): MeasurementOutcome & { kind: 'pending' } => ({
    kind: 'pending',
    resumeAt: clock.now() + RESUME_AFTER_MS,
  });

  return {
    type: 'Kayenta',
    measure: ({ metric, run, signal }) =>
      measured(context, async () => {
        const config = metric.provider?.kayenta ?? {};
        const configs = await http.request({ ...configsRequest(config), signal });
        const configId = readConfigId(configs, config.canaryConfigName ?? '');
        const times = { now: clock.now(), runStartedAt: run.startedAt };
        const started = await http.request({ ...startRequest(metric, configId, times), signal });
        return { ...later(), metadata: { [EXECUTION]: readExecutionId(started) } };
      }),

    resume: ({ metric, previous, signal }) =>
      measured(context, async () => {
        const id = previous?.metadata?.[EXECUTION];
        if (id === undefined) throw new MeasurementFault('Invalid canaryExecutionId');
        const config = metric.provider?.kayenta ?? {};
        const answer = await http.request({ ...executionRequest(config, id), signal });
        return readVerdict(answer, thresholdsOf(config)) ?? later();
      }),

    // What Kayenta computes ends by itself and changes nothing.
    terminate: () =>
      Promise.resolve({ kind: 'verdict', phase: 'Inconclusive', message: 'Metric Terminated' }),
  };
}
