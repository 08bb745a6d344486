/** InfluxDB: Flux queries (spec 05 section 8.9). */

import { measured, secretsOf } from '../measured.ts';
import type { Provider, ProviderContext } from '../types.ts';
import { DEFAULT_PROFILE, influxdbRequest } from './request.ts';
import { readAnswer } from './response.ts';

export function createInfluxdbProvider(context: ProviderContext): Provider {
  return {
    type: 'Influxdb',
    measure: ({ metric, signal }) =>
      measured(context, async (conceal) => {
        const config = metric.provider?.influxdb ?? {};
        const secrets = secretsOf(context);
        const name = config.profile === undefined || config.profile === '' ? DEFAULT_PROFILE : config.profile;
        const profile = await secrets.read({ namespace: secrets.ownNamespace, name }, signal);
        conceal(profile['authToken']);
        return readAnswer(await context.http.request({ ...influxdbRequest(config, profile), signal }));
      }),
  };
}
