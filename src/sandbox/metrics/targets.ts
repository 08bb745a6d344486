/** What is scraped: the ingress proxy and every pod that listens, with the labels that a Prometheus would give them. */

import type { ListeningPod } from '../pods/http-runtime.ts';
import type { Labels, Registry } from './registry.ts';

export interface ScrapeTarget {
  /** `host:port` to connect to. */
  readonly address: string;
  /** Includes `job` and `instance`. */
  readonly labels: Labels;
  readonly registry: Registry;
}

export const PROXY_JOB = 'ingress';
export const POD_JOB = 'pods';

/** Pod labels become labels of the series: `app.kubernetes.io/name` -> `app_kubernetes_io_name`. */
export const labelName = (name: string): string =>
  name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_');

export function podTargets(pods: readonly ListeningPod[]): ScrapeTarget[] {
  return pods.map(({ pod, instance, socket, registry }) => ({
    address: `${socket.host}:${socket.port}`,
    registry,
    labels: {
      ...Object.fromEntries(
        Object.entries(pod.metadata.labels ?? {}).map(([name, value]) => [labelName(name), value]),
      ),
      job: POD_JOB,
      instance,
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
    },
  }));
}

/** The answer of Prometheus's HTTP service discovery. */
export function httpDiscovery(
  targets: readonly ScrapeTarget[],
): { targets: string[]; labels: Record<string, string> }[] {
  return targets.map(({ address, labels }) => ({ targets: [address], labels: { ...labels } }));
}
