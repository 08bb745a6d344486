/**
 * How a sandbox pod behaves, read from its own spec: there are no images here, so that the manifest says what the
 * program would do. Environment variables of the first container, or Pod annotations `sandbox.sluice.dev/<name>`
 * in kebab case, which win. Pure.
 */

import type { KubeObject } from '../../kube/api.ts';
import { isObject, type JsonObject } from '../../lang/json.ts';

export interface Behaviour {
  /** The image's tag; what the pod calls its version. */
  readonly version: string;
  /** Share of requests that are answered with a 500. `SLUICE_ERROR_RATE=0.05`. */
  readonly errorRate: number;
  /** Every n-th request is answered with a 500; 0: none. `SLUICE_ERROR_EVERY=3`. */
  readonly errorEvery: number;
  /** `SLUICE_LATENCY_MS=20`, with `SLUICE_LATENCY_JITTER_MS` spread evenly around it. */
  readonly latencyMs: number;
  readonly latencyJitterMs: number;
  /** From the start of the container until it listens. `SLUICE_START_DELAY_MS`. */
  readonly startDelayMs: number;
  /** The container ends at once, again and again. `SLUICE_CRASH=true`. */
  readonly crash: boolean;
  /** The image can't be pulled: a tag that begins with `bad`. */
  readonly badImage: boolean;
  readonly ports: readonly number[];
  readonly readiness: Probe | undefined;
  readonly terminationGraceMs: number;
}

export interface Probe {
  /** undefined: only whether the port answers. */
  readonly path: string | undefined;
  readonly port: number;
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}

const PREFIX = 'sandbox.sluice.dev/';
const DEFAULT_PORT = 8080;

const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

export function imageTag(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  const digest = name.indexOf('@');
  if (digest >= 0)
    return name
      .slice(digest + 1)
      .replace(/^sha256:/, '')
      .slice(0, 12);
  const colon = name.indexOf(':');
  return colon < 0 ? 'latest' : name.slice(colon + 1);
}

export function behaviourOf(pod: KubeObject): Behaviour {
  const spec = isObject(pod['spec']) ? pod['spec'] : {};
  const containers = list(spec['containers']);
  const first = containers[0] ?? {};
  const env = new Map(
    list(first['env']).map(({ name, value }) => [String(name), typeof value === 'string' ? value : '']),
  );
  const setting = (name: string): string | undefined =>
    pod.metadata.annotations?.[PREFIX + name.toLowerCase().replaceAll('_', '-')] ?? env.get(`SLUICE_${name}`);
  const number = (name: string, least: number, most: number): number => {
    const value = Number(setting(name) ?? 0);
    return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : 0;
  };
  const ports = containers.flatMap((container) =>
    list(container['ports']).flatMap((port) =>
      typeof port['containerPort'] === 'number' ? [port['containerPort']] : [],
    ),
  );
  const version = imageTag(String(first['image'] ?? ''));
  const grace = spec['terminationGracePeriodSeconds'];
  return {
    version,
    errorRate: number('ERROR_RATE', 0, 1),
    errorEvery: Math.floor(number('ERROR_EVERY', 0, 1e9)),
    latencyMs: number('LATENCY_MS', 0, 60_000),
    latencyJitterMs: number('LATENCY_JITTER_MS', 0, 60_000),
    startDelayMs: number('START_DELAY_MS', 0, 3_600_000),
    crash: setting('CRASH') === 'true',
    badImage: version.startsWith('bad'),
    ports: ports.length > 0 ? [...new Set(ports)] : [DEFAULT_PORT],
    readiness: probeOf(first, ports[0] ?? DEFAULT_PORT),
    terminationGraceMs: (typeof grace === 'number' ? grace : 30) * 1000,
  };
}

/** Defaults of core/v1. `exec` and `grpc` probes are taken as "the port answers" (docs/sandbox.md). */
function probeOf(container: JsonObject, fallbackPort: number): Probe | undefined {
  const probe = container['readinessProbe'];
  if (!isObject(probe)) return undefined;
  const http = isObject(probe['httpGet']) ? probe['httpGet'] : undefined;
  const socket = isObject(probe['tcpSocket']) ? probe['tcpSocket'] : undefined;
  const named = (http ?? socket)?.['port'];
  const byName = list(container['ports']).find((port) => port['name'] === named)?.['containerPort'];
  const seconds = (name: string, fallback: number): number =>
    (typeof probe[name] === 'number' ? probe[name] : fallback) * 1000;
  return {
    path: http === undefined ? undefined : String(http['path'] ?? '/'),
    port:
      typeof named === 'number' ? named : typeof byName === 'number' ? byName : Number(named) || fallbackPort,
    initialDelayMs: seconds('initialDelaySeconds', 0),
    periodMs: Math.max(1000, seconds('periodSeconds', 10)),
    timeoutMs: seconds('timeoutSeconds', 1),
    failureThreshold: typeof probe['failureThreshold'] === 'number' ? probe['failureThreshold'] : 3,
    successThreshold: typeof probe['successThreshold'] === 'number' ? probe['successThreshold'] : 1,
  };
}
