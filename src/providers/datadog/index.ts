/** Datadog: metric queries by API v1 and v2 (spec 05 section 8.4). */

import { measured } from '../measured.ts';
import type { Provider, ProviderContext } from '../types.ts';
import { datadogCredentials } from './credentials.ts';
import { datadogRequest, versionOf } from './request.ts';
import { readAnswer } from './response.ts';

export function createDatadogProvider(context: ProviderContext): Provider {
  return {
    type: 'Datadog',
    measure: (request) =>
      measured(context, async (conceal) => {
        const config = request.metric.provider?.datadog ?? {};
        const credentials = await datadogCredentials(config, request, context);
        conceal(credentials.apiKey);
        conceal(credentials.appKey);
        const http = datadogRequest(config, credentials, context.clock.now());
        const response = await context.http.request({ ...http, signal: request.signal });
        return readAnswer(response, versionOf(config));
      }),
  };
}
