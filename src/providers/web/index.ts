/** Web: any HTTP endpoint that answers with JSON or a text (spec 05 section 8.2). */

import type { WebMetric } from '../../api/metric-provider.ts';
import { OAuth2Error, OAuth2Tokens } from '../auth/oauth2.ts';
import { HttpFailure } from '../http/types.ts';
import type { HttpResponse } from '../http/types.ts';
import type { MeasureRequest, MeasurementOutcome, Provider, ProviderContext } from '../types.ts';
import { WebConfigError, webRequest } from './request.ts';
import type { WebRequest } from './request.ts';
import { readAnswer } from './response.ts';

export function createWebProvider(context: ProviderContext): Provider {
  const tokens = new OAuth2Tokens(context.http, context.clock);

  const send = async (request: WebRequest, signal: AbortSignal): Promise<HttpResponse> => {
    const { oauth2, ...http } = request;
    const { timeoutMs, insecure } = http;
    if (oauth2 === undefined) return context.http.request({ ...http, signal });
    const authorization = await tokens.authorization(oauth2, { timeoutMs, signal, insecure });
    const headers = { ...http.headers, authorization };
    const response = await context.http.request({ ...http, headers, signal });
    if (response.status === 401) tokens.forget(oauth2);
    return response;
  };

  return {
    type: 'Web',
    async measure({ metric, signal }: MeasureRequest): Promise<MeasurementOutcome> {
      const begun = context.clock.monotonic();
      const config: WebMetric = metric.provider?.web ?? {};
      try {
        const outcome = readAnswer(await send(webRequest(config), signal), config.jsonPath);
        if (outcome.kind !== 'value') return outcome;
        return {
          ...outcome,
          evidence: { ...outcome.evidence, latencyMs: context.clock.monotonic() - begun },
        };
      } catch (error) {
        if (error instanceof WebConfigError || error instanceof HttpFailure || error instanceof OAuth2Error)
          return { kind: 'error', message: error.message };
        throw error;
      }
    },
  };
}
