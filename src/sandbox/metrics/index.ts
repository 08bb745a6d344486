/** Metrics of the sandbox: a real Prometheus where there is one, otherwise the built-in scraper and query API. */

import type { Clock } from '../../kube/clock.ts';
import { type Prometheus, PrometheusUnavailable, startPrometheus } from './prometheus.ts';
import type { Registry } from './registry.ts';
import { startScraper } from './scraper.ts';
import { SeriesStore } from './series.ts';
import { type MetricsServer, startMetricsServer } from './server.ts';
import { PROXY_JOB, type ScrapeTarget } from './targets.ts';

export type PrometheusMode = 'auto' | 'real' | 'builtin';

export interface MetricsOptions {
  readonly mode: PrometheusMode;
  readonly host: string;
  /** Of the query API. 0: any free one. */
  readonly port: number;
  readonly clock: Clock;
  readonly proxy: Registry;
  readonly pods: () => readonly ScrapeTarget[];
  /** For a real Prometheus: an existing directory of our own. */
  readonly directory: string;
}

export interface RunningMetrics {
  readonly kind: 'real' | 'builtin';
  /** Of the query API. */
  readonly url: string;
  /** Why there is no real Prometheus, where one was looked for in vain. */
  readonly note: string | undefined;
  close(): Promise<void>;
}

const INTERVAL_MS = 1000;

/** Rejects with `PrometheusUnavailable` when a real one was demanded and there is none. */
export async function startMetrics(options: MetricsOptions): Promise<RunningMetrics> {
  if (options.mode === 'builtin') return await builtin(options, undefined);
  const { host, clock, proxy, pods } = options;
  const own = await startMetricsServer({ host, port: 0, clock, proxy, pods });
  try {
    const prometheus = await startPrometheus({
      directory: options.directory,
      host,
      port: options.port,
      metricsUrl: own.url,
      intervalMs: INTERVAL_MS,
    });
    return { kind: 'real', url: prometheus.url, note: undefined, close: closing(own, prometheus) };
  } catch (error) {
    await own.close();
    if (options.mode === 'real' || !(error instanceof PrometheusUnavailable)) throw error;
    return await builtin(options, error.message);
  }
}

const closing = (own: MetricsServer, prometheus: Prometheus) => async (): Promise<void> => {
  await prometheus.close();
  await own.close();
};

async function builtin(options: MetricsOptions, note: string | undefined): Promise<RunningMetrics> {
  const { host, port, clock, proxy, pods } = options;
  const store = new SeriesStore();
  const stop = new AbortController();
  const server = await startMetricsServer({ host, port, clock, proxy, pods, store });
  const ingress = {
    address: new URL(server.url).host,
    registry: proxy,
    labels: { job: PROXY_JOB, instance: PROXY_JOB },
  };
  startScraper({
    store,
    clock,
    targets: () => [ingress, ...pods()],
    intervalMs: INTERVAL_MS,
    signal: stop.signal,
  });
  return {
    kind: 'builtin',
    url: server.url,
    note,
    async close() {
      stop.abort(new Error('metrics closed'));
      await server.close();
    },
  };
}
