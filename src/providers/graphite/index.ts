/** Graphite: targets of the render API (spec 05 section 8.8). */

import { measured } from '../measured.ts';
import type { Provider, ProviderContext } from '../types.ts';
import { graphiteRequest } from './request.ts';
import { readAnswer } from './response.ts';

export function createGraphiteProvider(context: ProviderContext): Provider {
  return {
    type: 'Graphite',
    measure: ({ metric, signal }) =>
      measured(context, async () => {
        const request = graphiteRequest(metric.provider?.graphite ?? {});
        return readAnswer(await context.http.request({ ...request, signal }));
      }),
  };
}
