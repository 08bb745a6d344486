/** Where metric plugins listen: `--metric-plugins name=URL`. Pure. */

export interface PluginEndpoint {
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
}

/** What is wrong with the flag, in one sentence. */
export class PluginEndpointError extends Error {
  override readonly name = 'PluginEndpointError';
}

/** The bearer token for all plugins. */
export const TOKEN_VARIABLE = 'SLUICE_METRIC_PLUGIN_TOKEN';

/** Each entry is `name=URL`, with the name as templates write it: `example.com/lag`. Throws `PluginEndpointError`. */
export function pluginEndpoints(
  entries: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Map<string, PluginEndpoint> {
  const token = env[TOKEN_VARIABLE];
  const endpoints = new Map<string, PluginEndpoint>();
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    const name = entry.slice(0, Math.max(equals, 0)).trim();
    const url = entry.slice(equals + 1).trim();
    if (!/^[^/\s]+\/[^/\s]+$/.test(name) || !/^https?:\/\/[^/\s?#]+[^\s?#]*$/.test(url) || !URL.canParse(url))
      throw new PluginEndpointError(
        `metric plugin ${JSON.stringify(entry)} must be of the form namespace/name=http://host:port`,
      );
    if (endpoints.has(name)) throw new PluginEndpointError(`metric plugin ${name} is given twice`);
    endpoints.set(name, { url: url.replace(/\/+$/, ''), ...(token ? { token } : {}) });
  }
  return endpoints;
}
