/**
 * Made-up histories in OpenMetrics: each exporter's series in one namespace for each kind of release. Counters grow by a
 * constant amount from sample to sample, so that every rate is known.
 */

export type Release = 'good' | 'bad' | 'silent';
export const RELEASES: readonly Release[] = ['good', 'bad', 'silent'];

/** Seconds between samples. */
const SCRAPE = 15;

type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly name: string;
  readonly labels: Labels;
  /** Growth per second of a counter; or what a gauge shows. */
  readonly rate?: number;
  readonly value?: number;
}

/** Times are seconds since the epoch. */
export function openMetrics(from: number, to: number): string {
  const all = RELEASES.flatMap(seriesOf);
  const byName = Map.groupBy(all, ({ name }) => name);
  const lines: string[] = [];
  for (const series of byName.values())
    for (const { name, labels, rate, value } of series) {
      const shown = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      for (let at = from; at <= to; at += SCRAPE)
        lines.push(`${name}{${shown.join(',')}} ${value ?? (rate ?? 0) * (at - from)} ${at}`);
    }
  return `${lines.join('\n')}\n# EOF\n`;
}

/** Requests per second, of which failed, and how long they took. */
const TRAFFIC = {
  good: { requests: 20, errors: 0.02, slow: 0.2 },
  bad: { requests: 20, errors: 4, slow: 10 },
  // The proxy knows the backend, and nobody calls it.
  silent: { requests: 0, errors: 0, slow: 0 },
} as const;

function seriesOf(release: Release): Series[] {
  const { requests, errors, slow } = TRAFFIC[release];
  const counter = (name: string, ok: Labels, failed: Labels, common: Labels): Series[] => [
    { name, labels: { ...common, ...ok }, rate: requests - errors },
    { name, labels: { ...common, ...failed }, rate: errors },
  ];
  const histogram = (name: string, common: Labels, fast: string, all: string): Series[] => [
    { name: `${name}_bucket`, labels: { ...common, le: fast }, rate: requests - slow },
    { name: `${name}_bucket`, labels: { ...common, le: all }, rate: requests },
    { name: `${name}_bucket`, labels: { ...common, le: '+Inf' }, rate: requests },
    { name: `${name}_count`, labels: common, rate: requests },
  ];
  const namespace = release;
  const nginx = {
    namespace,
    ingress: 'shop',
    canary: `${namespace}-shop-canary-80`,
    service: 'shop',
    method: 'GET',
  };
  const istio = {
    reporter: 'destination',
    destination_service_namespace: namespace,
    destination_service_name: 'shop-canary',
  };
  const linkerd = { direction: 'inbound', namespace, rollouts_pod_template_hash: 'abc', pod: 'shop-abc-x1' };
  const envoy = { envoy_cluster_name: `httproute/${namespace}/shop/rule/0/backend/1` };
  const app = { namespace, service: 'shop' };
  const canary = { namespace, rollouts_pod_template_hash: 'abc', pod: 'shop-abc-x1' };
  const stable = { namespace, rollouts_pod_template_hash: 'def', pod: 'shop-def-x1' };
  const usual = 180;
  return [
    ...counter('nginx_ingress_controller_requests', { status: '200' }, { status: '503' }, nginx),
    ...histogram('nginx_ingress_controller_request_duration_seconds', nginx, '0.1', '5'),
    // What goes to the stable version is always well, and must not be seen.
    { name: 'nginx_ingress_controller_requests', labels: { ...nginx, canary: '', status: '200' }, rate: 500 },
    ...counter('istio_requests_total', { response_code: '200' }, { response_code: '0' }, istio),
    ...histogram('istio_request_duration_milliseconds', istio, '100', '5000'),
    ...counter('response_total', { classification: 'success' }, { classification: 'failure' }, linkerd),
    ...histogram('response_latency_ms', linkerd, '100', '5000'),
    ...counter(
      'envoy_cluster_upstream_rq_xx',
      { envoy_response_code_class: '2' },
      { envoy_response_code_class: '5' },
      envoy,
    ),
    ...histogram('envoy_cluster_upstream_rq_time', envoy, '100', '5000'),
    ...counter('http_requests_total', { code: '200' }, { code: '500' }, app),
    ...counter('http_requests_total', { code: '200' }, { code: '500' }, canary),
    ...histogram('http_request_duration_seconds', canary, '0.1', '5'),
    { name: 'http_requests_total', labels: { ...stable, code: '200' }, rate: usual - 0.2 },
    { name: 'http_requests_total', labels: { ...stable, code: '500' }, rate: 0.2 },
    { name: 'http_request_duration_seconds_bucket', labels: { ...stable, le: '0.1' }, rate: 0.99 * usual },
    { name: 'http_request_duration_seconds_bucket', labels: { ...stable, le: '5' }, rate: usual },
    { name: 'http_request_duration_seconds_bucket', labels: { ...stable, le: '+Inf' }, rate: usual },
    ...podSeries(release),
  ];
}

/** Of a silent release there is nothing: its containers have no limits, and kube-state-metrics does not run. */
function podSeries(release: Release): Series[] {
  if (release === 'silent') return [];
  const isBad = release === 'bad';
  const container = { namespace: release, pod: 'shop-abc-x1', container: 'app' };
  const other = { ...container, pod: 'shop-def-x1' };
  return [
    { name: 'container_cpu_cfs_periods_total', labels: container, rate: 10 },
    { name: 'container_cpu_cfs_throttled_periods_total', labels: container, rate: isBad ? 6 : 0.5 },
    {
      name: 'container_memory_working_set_bytes',
      labels: { ...container, id: '/kubepods/x' },
      value: isBad ? 97e6 : 4e7,
    },
    { name: 'container_memory_working_set_bytes', labels: { ...other, id: '/kubepods/y' }, value: 99e6 },
    {
      name: 'kube_pod_container_resource_limits',
      labels: { ...container, resource: 'memory', unit: 'byte' },
      value: 1e8,
    },
    {
      name: 'kube_pod_container_resource_limits',
      labels: { ...other, resource: 'memory', unit: 'byte' },
      value: 1e8,
    },
    { name: 'kube_pod_container_status_restarts_total', labels: container, value: isBad ? 2 : 0 },
    { name: 'kube_pod_container_status_restarts_total', labels: other, value: 7 },
  ];
}
