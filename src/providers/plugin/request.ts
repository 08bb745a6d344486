/** What a plugin is asked: the contract of docs/providers.md. Pure. */

import { formatTime } from '../../lang/time.ts';
import type { HttpRequest } from '../http/types.ts';
import { MeasurementFault } from '../measured.ts';
import type { MeasureRequest } from '../types.ts';
import type { PluginEndpoint } from './endpoints.ts';

export const PLUGIN_API_VERSION = 'sluice.dev/metric-plugin/v1';
export type PluginCall = 'measure' | 'resume' | 'terminate';

const TIMEOUT_MS = 30_000;

/** The one plugin that a metric names. Throws `MeasurementFault`. */
export function namedPlugin(config: unknown): { name: string; config: unknown } {
  const entries = typeof config === 'object' && config !== null ? Object.entries(config) : [];
  const [first] = entries;
  if (first === undefined) throw new MeasurementFault('provider.plugin names no plugin');
  if (entries.length > 1)
    throw new MeasurementFault('multiple providers specified: provider.plugin takes one');
  return { name: first[0], config: first[1] };
}

/** Throws `MeasurementFault`, in words for whoever installed a plugin for Argo Rollouts. */
export function endpointOf(
  name: string,
  endpoints: ReadonlyMap<string, PluginEndpoint> | undefined,
): PluginEndpoint {
  const endpoint = endpoints?.get(name);
  if (endpoint !== undefined) return endpoint;
  throw new MeasurementFault(
    `metric plugin '${name}' is not configured: plugins made with hashicorp go-plugin do not load here; ` +
      `serve it over HTTP (docs/providers.md) and start the controller with --metric-plugins ${name}=URL`,
  );
}

export function pluginRequest(
  call: PluginCall,
  endpoint: PluginEndpoint,
  plugin: { readonly name: string; readonly config: unknown },
  { run, previous, metric, taken }: Omit<MeasureRequest, 'signal'>,
): Omit<HttpRequest, 'signal'> {
  const body = {
    apiVersion: PLUGIN_API_VERSION,
    plugin: plugin.name,
    config: plugin.config,
    metric: { name: metric.name },
    run: { ...run, startedAt: run.startedAt === undefined ? undefined : formatTime(run.startedAt) },
    taken,
    previous,
  };
  return {
    method: 'POST',
    url: `${endpoint.url}/v1/${call}`,
    headers: {
      'content-type': 'application/json',
      ...(endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` }),
    },
    body: JSON.stringify(body),
    timeoutMs: TIMEOUT_MS,
    // The address comes from the controller's flags.
    unguarded: true,
  };
}
