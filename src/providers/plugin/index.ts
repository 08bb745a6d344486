/** Plugins over HTTP and JSON, for backends that Sluice does not know (spec 05 section 8.12, docs/providers.md). */

import { measured } from '../measured.ts';
import type { MeasureRequest, MeasurementOutcome, Provider, ProviderContext } from '../types.ts';
import { endpointOf, namedPlugin, pluginRequest } from './request.ts';
import type { PluginCall } from './request.ts';
import { readAnswer } from './response.ts';

export function createPluginProvider(context: ProviderContext): Provider {
  const { http, clock, plugins } = context;

  const ask = (call: PluginCall, request: MeasureRequest): Promise<MeasurementOutcome> =>
    measured(context, async (conceal) => {
      const plugin = namedPlugin(request.metric.provider?.plugin);
      const endpoint = endpointOf(plugin.name, plugins);
      conceal(endpoint.token);
      const { signal } = request;
      const response = await http.request({ ...pluginRequest(call, endpoint, plugin, request), signal });
      return readAnswer(response, clock.now());
    });

  return {
    type: 'RPCPlugin',
    measure: (request) => ask('measure', request),
    resume: (request) => ask('resume', request),
    terminate: (request) => ask('terminate', request),
  };
}
