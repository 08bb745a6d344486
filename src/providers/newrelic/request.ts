/** From a metric to a GraphQL request for NerdGraph (spec 05 section 8.5). Pure. */

import type { MetricProvider } from '../../api/metric-provider.ts';
import type { HttpRequest } from '../http/types.ts';
import { MeasurementFault } from '../measured.ts';

export type NewRelicMetric = NonNullable<MetricProvider['newRelic']>;

export const DEFAULT_PROFILE = 'newrelic';
const DEFAULT_TIMEOUT_S = 5;
/** On top of the query's own limit, so that NerdGraph itself can say that the query took too long. */
const TRANSFER_MS = 5_000;

const ENDPOINTS: Readonly<Record<string, string>> = {
  us: 'https://api.newrelic.com/graphql',
  eu: 'https://api.eu.newrelic.com/graphql',
  staging: 'https://staging-api.newrelic.com/graphql',
};

const DOCUMENT =
  'query($accountId: Int!, $query: Nrql!, $timeout: Seconds) ' +
  '{ actor { account(id: $accountId) { nrql(query: $query, timeout: $timeout) { results } } } }';

/** `profile` is the data of the Secret. Throws `MeasurementFault`. */
export function newRelicRequest(
  config: NewRelicMetric,
  profile: Readonly<Record<string, string>>,
): Omit<HttpRequest, 'signal'> {
  const timeout = config.timeout ?? 0;
  if (timeout < 0) throw new MeasurementFault('timeout value needs to be a positive value');
  const seconds = timeout === 0 ? DEFAULT_TIMEOUT_S : timeout;
  const key = profile['personal-api-key'] ?? '';
  const account = profile['account-id'] ?? '';
  if (key === '' || account === '') throw new MeasurementFault('account ID or personal API key not found');
  if (!/^[+-]?\d{1,15}$/.test(account))
    throw new MeasurementFault('could not parse account ID: it must be a number');
  return {
    method: 'POST',
    url: endpointOf(profile),
    headers: { 'content-type': 'application/json', 'api-key': key },
    body: JSON.stringify({
      query: DOCUMENT,
      variables: { accountId: Number(account), query: config.query ?? '', timeout: seconds },
    }),
    timeoutMs: seconds * 1000 + TRANSFER_MS,
  };
}

/** `base-url-rest` is for an API that no query needs. */
function endpointOf(profile: Readonly<Record<string, string>>): string {
  const given = profile['base-url-nerdgraph'] ?? '';
  if (given !== '') return given;
  const region = (profile['region'] ?? 'us').toLowerCase();
  const known = Object.hasOwn(ENDPOINTS, region) ? ENDPOINTS[region] : undefined;
  if (known === undefined)
    throw new MeasurementFault(`region ${JSON.stringify(region)} of the profile is unknown: use us or eu`);
  return known;
}
