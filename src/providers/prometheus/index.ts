/** Prometheus: instant and range queries (spec 05 section 8.1). */

import type { PrometheusMetric } from '../../api/metric-provider.ts';
import { OAuth2Error, OAuth2Tokens } from '../auth/oauth2.ts';
import { HttpFailure } from '../http/types.ts';
import type { HttpResponse } from '../http/types.ts';
import type { MeasureRequest, MeasurementOutcome, Provider, ProviderContext } from '../types.ts';
import { PrometheusConfigError, prometheusQuery } from './request.ts';
import type { PrometheusQuery } from './request.ts';
import { readAnswer } from './response.ts';

/** Where a metric names no address. */
export const ADDRESS_VARIABLE = 'ARGO_ROLLOUTS_PROMETHEUS_ADDRESS';

export function createPrometheusProvider(context: ProviderContext): Provider {
  const tokens = new OAuth2Tokens(context.http, context.clock);

  const send = async (query: PrometheusQuery, signal: AbortSignal): Promise<HttpResponse> => {
    const { timeoutMs, insecure, oauth2, form } = query;
    const headers = { ...query.headers };
    if (oauth2 !== undefined)
      headers['authorization'] = await tokens.authorization(oauth2, { timeoutMs, signal, insecure });
    const common = { timeoutMs, insecure, signal };
    const posted = await context.http.request({
      ...common,
      method: 'POST',
      url: query.url,
      headers,
      body: form.toString(),
    });
    if (posted.status === 401 && oauth2 !== undefined) tokens.forget(oauth2);
    // Servers and proxies that let only GET through.
    if (posted.status !== 405 && posted.status !== 501) return posted;
    delete headers['content-type'];
    return context.http.request({ ...common, method: 'GET', url: `${query.url}?${form}`, headers });
  };

  const measure = async ({ metric, signal }: MeasureRequest): Promise<MeasurementOutcome> => {
    const begun = context.clock.monotonic();
    try {
      const query = prometheusQuery(
        configOf(metric.provider),
        context.env[ADDRESS_VARIABLE],
        context.clock.now(),
      );
      const outcome = readAnswer(await send(query, signal));
      if (outcome.kind !== 'value') return outcome;
      return { ...outcome, evidence: { ...outcome.evidence, latencyMs: context.clock.monotonic() - begun } };
    } catch (error) {
      if (
        error instanceof PrometheusConfigError ||
        error instanceof HttpFailure ||
        error instanceof OAuth2Error
      )
        return { kind: 'error', message: error.message };
      throw error;
    }
  };

  return {
    type: 'Prometheus',
    measure,
    metadata: (metric) => {
      const query = configOf(metric.provider).query ?? '';
      return query === '' ? {} : { ResolvedPrometheusQuery: query };
    },
  };
}

function configOf(provider: MeasureRequest['metric']['provider'] | undefined): PrometheusMetric {
  return provider?.prometheus ?? {};
}
