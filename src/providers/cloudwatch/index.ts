/** Amazon CloudWatch: GetMetricData over the last interval (spec 05 section 8.7). */

import { AwsChain } from '../auth/aws-chain.ts';
import { measured } from '../measured.ts';
import type { Provider, ProviderContext } from '../types.ts';
import { cloudWatchRequest } from './request.ts';
import { readAnswer } from './response.ts';

export function createCloudWatchProvider(context: ProviderContext): Provider {
  const chain = new AwsChain(context);
  const endpoint = [context.env['AWS_ENDPOINT_URL_CLOUDWATCH'], context.env['AWS_ENDPOINT_URL']].find(
    (url) => url !== undefined && url !== '',
  );
  return {
    type: 'CloudWatch',
    measure: ({ metric, signal }) =>
      measured(context, async (conceal) => {
        const identity = await chain.identity({}, signal);
        conceal(identity.credentials.secretAccessKey);
        conceal(identity.credentials.sessionToken);
        const config = metric.provider?.cloudWatch ?? {};
        const request = cloudWatchRequest(config, identity, context.clock.now(), endpoint);
        return readAnswer(await context.http.request({ ...request, signal }));
      }),
  };
}
