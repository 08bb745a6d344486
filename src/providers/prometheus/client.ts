/** From Prometheus's settings in a metric to its answer: signing, OAuth 2, POST or GET (spec 05 section 8.1). */

import type { PrometheusMetric } from '../../api/metric-provider.ts';
import { AwsChain } from '../auth/aws-chain.ts';
import { OAuth2Tokens } from '../auth/oauth2.ts';
import { signV4 } from '../auth/sigv4.ts';
import type { HttpRequest, HttpResponse } from '../http/types.ts';
import { MeasurementFault, urlOf } from '../measured.ts';
import type { Conceal } from '../measured.ts';
import type { ProviderContext } from '../types.ts';
import { PrometheusConfigError, prometheusQuery } from './request.ts';
import type { PrometheusQuery } from './request.ts';

/** Where a metric names no address. */
export const ADDRESS_VARIABLE = 'ARGO_ROLLOUTS_PROMETHEUS_ADDRESS';

export interface PrometheusClient {
  /** Asks what the settings ask, now. Throws `MeasurementFault` for settings that can't be asked, `HttpFailure`. */
  ask(config: PrometheusMetric, signal: AbortSignal, conceal: Conceal): Promise<HttpResponse>;
}

export function createPrometheusClient(context: ProviderContext): PrometheusClient {
  const tokens = new OAuth2Tokens(context.http, context.clock);

  const aws = new AwsChain(context);

  /** As the query asks to be signed; the request itself where it doesn't. */
  const signed = async (
    { sigv4 }: PrometheusQuery,
    request: HttpRequest,
    signal: AbortSignal,
    conceal: Conceal,
  ): Promise<HttpRequest> => {
    if (sigv4 === undefined) return request;
    const identity = await aws.identity(sigv4, signal);
    conceal(identity.credentials.secretAccessKey);
    conceal(identity.credentials.sessionToken);
    const headers = signV4({
      ...identity,
      method: request.method,
      url: urlOf(request.url, 'prometheus address'),
      headers: request.headers ?? {},
      body: request.body ?? '',
      service: 'aps',
      now: context.clock.now(),
    });
    return { ...request, headers };
  };

  const send = async (
    query: PrometheusQuery,
    signal: AbortSignal,
    conceal: Conceal,
  ): Promise<HttpResponse> => {
    const { timeoutMs, insecure, oauth2, form } = query;
    const headers = { ...query.headers };
    if (oauth2 !== undefined)
      headers['authorization'] = await tokens.authorization(oauth2, { timeoutMs, signal, insecure });
    const ask = async (request: Pick<HttpRequest, 'method' | 'url' | 'body'>): Promise<HttpResponse> =>
      context.http.request(
        await signed(query, { ...request, headers, timeoutMs, insecure, signal }, signal, conceal),
      );
    const posted = await ask({ method: 'POST', url: query.url, body: form.toString() });
    if (posted.status === 401 && oauth2 !== undefined) tokens.forget(oauth2);
    // Servers and proxies that let only GET through.
    if (posted.status !== 405 && posted.status !== 501) return posted;
    delete headers['content-type'];
    // A signature is made over spaces that are written as %20.
    return ask({ method: 'GET', url: `${query.url}?${form.toString().replaceAll('+', '%20')}` });
  };

  return {
    ask: (config, signal, conceal) => send(queryOf(config, context), signal, conceal),
  };
}

function queryOf(config: PrometheusMetric, context: ProviderContext): PrometheusQuery {
  try {
    return prometheusQuery(config, context.env[ADDRESS_VARIABLE], context.clock.now());
  } catch (error) {
    if (error instanceof PrometheusConfigError) throw new MeasurementFault(error.message);
    throw error;
  }
}
