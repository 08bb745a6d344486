/** New Relic: NRQL over NerdGraph (spec 05 section 8.5). */

import { measured, secretsOf } from '../measured.ts';
import type { Provider, ProviderContext } from '../types.ts';
import { DEFAULT_PROFILE, newRelicRequest } from './request.ts';
import { readAnswer } from './response.ts';

export function createNewRelicProvider(context: ProviderContext): Provider {
  return {
    type: 'NewRelic',
    measure: ({ metric, signal }) =>
      measured(context, async (conceal) => {
        const config = metric.provider?.newRelic ?? {};
        const secrets = secretsOf(context);
        const name = config.profile === undefined || config.profile === '' ? DEFAULT_PROFILE : config.profile;
        const profile = await secrets.read({ namespace: secrets.ownNamespace, name }, signal);
        conceal(profile['personal-api-key']);
        const response = await context.http.request({ ...newRelicRequest(config, profile), signal });
        return readAnswer(response);
      }),
    metadata: (metric) => {
      const query = metric.provider?.newRelic?.query ?? '';
      return query === '' ? {} : { ResolvedNewRelicQuery: query };
    },
  };
}
