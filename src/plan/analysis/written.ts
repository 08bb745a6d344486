/**
 * The spec of a run as the reference writes it: structures of its types that hold nothing stand there as `{}`. With
 * them a run of ours is the same object as one of the reference, and either is recognized where the other takes over.
 */

import { isObject, objectOf } from '../../lang/json.ts';
import type { Json, JsonObject } from '../../lang/json.ts';
import type { AnalysisRunSpec, Metric } from './types.ts';

/** Nothing is taken away or changed; a spec that is written already stays as it is. */
export function asWritten(spec: AnalysisRunSpec): AnalysisRunSpec {
  if (!Array.isArray(spec.metrics)) return spec;
  return { ...spec, metrics: spec.metrics.map(writtenMetric) };
}

function writtenMetric(metric: Metric): Metric {
  if (metric.provider === undefined) return metric;
  const provider = { ...metric.provider } as JsonObject;
  for (const [key, written] of Object.entries(PROVIDERS)) {
    const config = provider[key];
    if (isObject(config)) provider[key] = written(config);
  }
  return { ...metric, provider: provider as Metric['provider'] };
}

const withAuthentication = (config: JsonObject): JsonObject => ({
  ...config,
  authentication: filled(config['authentication'], ['basicAuth', 'oauth2', 'sigv4']),
});

const PROVIDERS: Readonly<Record<string, (config: JsonObject) => JsonObject>> = {
  prometheus: withAuthentication,
  web: withAuthentication,
  job: (config) => {
    const spec = objectOf(config['spec']);
    const template = filled(spec['template'], ['metadata', 'spec']);
    return {
      ...filled(config, ['metadata']),
      spec: { ...spec, template: { ...template, spec: withResources(objectOf(template['spec'])) } },
    };
  },
};

function withResources(pod: JsonObject): JsonObject {
  const written = { ...pod };
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    const containers = pod[list];
    if (Array.isArray(containers))
      written[list] = containers.map((container) =>
        isObject(container) ? filled(container, ['resources']) : container,
      );
  }
  return written;
}

/** With `{}` under each key that is missing. */
function filled(value: Json | undefined, keys: readonly string[]): JsonObject {
  const object = { ...objectOf(value) };
  for (const key of keys) object[key] ??= {};
  return object;
}
