/** Prometheus: instant and range queries (spec 05 section 8.1). */

import type { PrometheusMetric } from '../../api/metric-provider.ts';
import { measured } from '../measured.ts';
import type { MeasureRequest, Provider, ProviderContext } from '../types.ts';
import { createPrometheusClient } from './client.ts';
import { readAnswer } from './response.ts';

export function createPrometheusProvider(context: ProviderContext): Provider {
  const client = createPrometheusClient(context);
  return {
    type: 'Prometheus',
    measure: ({ metric, signal }) =>
      measured(context, async (conceal) =>
        readAnswer(await client.ask(configOf(metric.provider), signal, conceal)),
      ),
    metadata: (metric) => {
      const query = configOf(metric.provider).query ?? '';
      return query === '' ? {} : { ResolvedPrometheusQuery: query };
    },
  };
}

function configOf(provider: MeasureRequest['metric']['provider'] | undefined): PrometheusMetric {
  return provider?.prometheus ?? {};
}
