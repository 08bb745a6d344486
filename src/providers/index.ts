/** Every metric provider, by its key in a metric. */

import type { Metric } from '../api/analysis.ts';
import { createCloudWatchProvider } from './cloudwatch/index.ts';
import { createDatadogProvider } from './datadog/index.ts';
import { createGraphiteProvider } from './graphite/index.ts';
import { createInfluxdbProvider } from './influxdb/index.ts';
import { createJobProvider } from './job/index.ts';
import { createJudgeProvider } from './judge/index.ts';
import { createKayentaProvider } from './kayenta/index.ts';
import { createNewRelicProvider } from './newrelic/index.ts';
import { createPluginProvider } from './plugin/index.ts';
import { createPrometheusProvider } from './prometheus/index.ts';
import { createSkyWalkingProvider } from './skywalking/index.ts';
import type { Provider, ProviderContext, ProviderFactory } from './types.ts';
import { createWavefrontProvider } from './wavefront/index.ts';
import { createWebProvider } from './web/index.ts';

export type * from './types.ts';

interface Entry {
  /** Label of `analysis_run_metric_type`. */
  readonly type: string;
  readonly create: ProviderFactory;
}

const FAMILIES: Readonly<Record<string, Entry>> = {
  prometheus: { type: 'Prometheus', create: createPrometheusProvider },
  web: { type: 'Web', create: createWebProvider },
  job: { type: 'Job', create: createJobProvider },
  kayenta: { type: 'Kayenta', create: createKayentaProvider },
  datadog: { type: 'Datadog', create: createDatadogProvider },
  newRelic: { type: 'NewRelic', create: createNewRelicProvider },
  wavefront: { type: 'Wavefront', create: createWavefrontProvider },
  cloudWatch: { type: 'CloudWatch', create: createCloudWatchProvider },
  graphite: { type: 'Graphite', create: createGraphiteProvider },
  influxdb: { type: 'Influxdb', create: createInfluxdbProvider },
  skywalking: { type: 'SkyWalking', create: createSkyWalkingProvider },
  judge: { type: 'Judge', create: createJudgeProvider },
  plugin: { type: 'RPCPlugin', create: createPluginProvider },
};

/** As metrics write them. */
export const PROVIDER_KEYS: readonly string[] = Object.keys(FAMILIES);

/** The key under which a metric configures its provider; undefined where there is none. */
export function providerKey(metric: Pick<Metric, 'provider'>): string | undefined {
  return Object.entries(metric.provider ?? {}).find(
    ([, config]) => config !== undefined && config !== null,
  )?.[0];
}

/** Label of `analysis_run_metric_type` and its like; the key itself for an unknown one, '' for none. */
export function providerType(metric: Pick<Metric, 'provider'>): string {
  const key = providerKey(metric);
  if (key === undefined) return '';
  return Object.hasOwn(FAMILIES, key) ? (FAMILIES[key]?.type ?? key) : key;
}

export interface ProviderRegistry {
  /** The provider of a metric, or why there is none, in words for the measurement. */
  of(metric: Pick<Metric, 'provider'>): Provider | { error: string };
}

/** `overrides` replaces families, for tests and simulations. */
export function createProviders(
  context: ProviderContext,
  overrides: Readonly<Record<string, ProviderFactory>> = {},
): ProviderRegistry {
  const made = new Map<string, Provider>();
  return {
    of(metric) {
      const key = providerKey(metric);
      if (key === undefined) return { error: 'no provider specified' };
      const known = made.get(key);
      if (known !== undefined) return known;
      const family = Object.hasOwn(FAMILIES, key) ? FAMILIES[key] : undefined;
      const create = Object.hasOwn(overrides, key) ? overrides[key] : family?.create;
      if (create === undefined)
        return { error: `metric provider '${key}' is unknown; use one of: ${PROVIDER_KEYS.join(', ')}` };
      const provider = create(context);
      made.set(key, provider);
      return provider;
    },
  };
}
