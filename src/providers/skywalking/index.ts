/** SkyWalking: GraphQL over the last interval (spec 05 section 8.11). */

import { measured } from '../measured.ts';
import type { Provider, ProviderContext } from '../types.ts';
import { skywalkingRequest } from './request.ts';
import { readAnswer } from './response.ts';

export function createSkyWalkingProvider(context: ProviderContext): Provider {
  return {
    type: 'SkyWalking',
    measure: ({ metric, signal }) =>
      measured(context, async () => {
        const request = skywalkingRequest(metric.provider?.skywalking ?? {}, context.clock.now());
        return readAnswer(await context.http.request({ ...request, signal }));
      }),
  };
}
