/** Where Datadog's keys come from (spec 05 section 8.4). */

import { MeasurementFault, secretsOf } from '../measured.ts';
import { SecretRefused } from '../secrets.ts';
import type { SecretRef } from '../secrets.ts';
import type { DatadogMetric } from '../../api/metric-provider.ts';
import type { MeasureRequest, ProviderContext } from '../types.ts';

export interface DatadogCredentials {
  /** Base URL of the API. */
  readonly address: string;
  readonly apiKey: string;
  readonly appKey: string;
}

const DEFAULT_ADDRESS = 'https://api.datadoghq.com';
const DEFAULT_SECRET = 'datadog';
const NOT_FOUND = 'failed to find the credentials for datadog metrics provider';

/** A Secret that the metric names is the only place that is looked at. Throws `MeasurementFault`. */
export async function datadogCredentials(
  config: DatadogMetric,
  { run, signal }: Pick<MeasureRequest, 'run' | 'signal'>,
  context: ProviderContext,
): Promise<DatadogCredentials> {
  const name = config.secretRef?.name ?? '';
  const namespaced = config.secretRef?.namespaced === true;
  if (namespaced && name === '')
    throw new MeasurementFault('secret name is required for namespaced credentials');
  if (name === '') {
    const { DD_API_KEY: apiKey, DD_APP_KEY: appKey, DD_ADDRESS: address } = context.env;
    if (apiKey && appKey && address !== undefined)
      return { apiKey, appKey, address: address === '' ? DEFAULT_ADDRESS : address };
  }
  const secrets = secretsOf(context);
  const found = await read(
    {
      namespace: namespaced ? run.namespace : secrets.ownNamespace,
      name: name === '' ? DEFAULT_SECRET : name,
    },
    context,
    signal,
  );
  const { 'api-key': apiKey = '', 'app-key': appKey = '', address = '' } = found;
  if (apiKey === '' || appKey === '') throw new MeasurementFault(NOT_FOUND);
  return { apiKey, appKey, address: address === '' ? DEFAULT_ADDRESS : address };
}

async function read(
  ref: SecretRef,
  context: ProviderContext,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  try {
    return await secretsOf(context).read(ref, signal);
  } catch (error) {
    if (error instanceof SecretRefused) throw new MeasurementFault(`${NOT_FOUND}: ${error.message}`);
    throw error;
  }
}
