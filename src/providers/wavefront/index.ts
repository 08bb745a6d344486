/** Wavefront: time-series queries at this moment (spec 05 section 8.6). */

import { measured, secretsOf } from '../measured.ts';
import type { Provider, ProviderContext } from '../types.ts';
import { TOKENS_SECRET, wavefrontRequest } from './request.ts';
import { readAnswer } from './response.ts';

export function createWavefrontProvider(context: ProviderContext): Provider {
  return {
    type: 'Wavefront',
    measure: ({ metric, signal }) =>
      measured(context, async (conceal) => {
        const secrets = secretsOf(context);
        const ref = { namespace: secrets.ownNamespace, name: TOKENS_SECRET };
        const tokens = await secrets.read(ref, signal);
        for (const token of Object.values(tokens)) conceal(token);
        const now = context.clock.now();
        const request = wavefrontRequest(metric.provider?.wavefront ?? {}, tokens, now);
        return readAnswer(await context.http.request({ ...request, signal }), now);
      }),
  };
}
