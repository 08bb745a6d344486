/**
 * What Ingresses, Services and EndpointSlices say about a request, as a pure table: host and path as networking/v1
 * defines them, and the canary annotations of ingress-nginx (header, then cookie, then weight).
 */

import type { KubeObject } from '../../kube/api.ts';
import { isObject, type JsonObject } from '../../lang/json.ts';

const PREFIX = 'nginx.ingress.kubernetes.io';
const SERVICE_NAME = 'kubernetes.io/service-name';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly pod: string;
}

export interface Backend {
  readonly namespace: string;
  readonly ingress: string;
  readonly service: string;
  readonly port: string;
  /** Ready endpoints; empty answers 503. */
  readonly endpoints: readonly Endpoint[];
}

export interface Canary {
  readonly backend: Backend;
  readonly weight: number;
  readonly weightTotal: number;
  readonly header: string | undefined;
  readonly headerValue: string | undefined;
  readonly headerPattern: RegExp | undefined;
  readonly cookie: string | undefined;
}

export interface Route {
  /** Empty: any host. `*.example.com` matches one label. */
  readonly host: string;
  readonly path: string;
  readonly exact: boolean;
  readonly backend: Backend;
  readonly canary: Canary | undefined;
}

export interface World {
  readonly ingresses: Iterable<KubeObject>;
  readonly services: ReadonlyMap<string, KubeObject>;
  readonly slices: Iterable<KubeObject>;
}

export interface Request {
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

interface Rule {
  host: string;
  path: string;
  exact: boolean;
  backend: Backend;
}

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Longest path first, exact before prefix, named hosts before any. */
export function routingTable(world: World): Route[] {
  const slices = new Map<string, KubeObject[]>();
  for (const slice of world.slices) {
    const key = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`;
    slices.set(key, [...(slices.get(key) ?? []), slice]);
  }
  const main: Rule[] = [];
  const canaries: { rule: Rule; annotations: Readonly<Record<string, string>> }[] = [];
  for (const ingress of world.ingresses) {
    const annotations = ingress.metadata.annotations ?? {};
    for (const rule of rulesOf(ingress, world, slices)) {
      if (annotations[`${PREFIX}/canary`] === 'true') canaries.push({ rule, annotations });
      else main.push(rule);
    }
  }
  return main
    .map((rule): Route => {
      const pair = canaries.find(
        ({ rule: other }) =>
          other.host === rule.host &&
          other.path === rule.path &&
          other.backend.namespace === rule.backend.namespace,
      );
      return {
        ...rule,
        canary: pair === undefined ? undefined : canaryOf(pair.rule.backend, pair.annotations),
      };
    })
    .sort(
      (a, b) =>
        Number(b.host !== '') - Number(a.host !== '') ||
        b.path.length - a.path.length ||
        Number(b.exact) - Number(a.exact),
    );
}

function rulesOf(ingress: KubeObject, world: World, slices: ReadonlyMap<string, KubeObject[]>): Rule[] {
  const spec = isObject(ingress['spec']) ? ingress['spec'] : {};
  return objects(spec['rules']).flatMap((rule) => {
    const http = isObject(rule['http']) ? rule['http'] : {};
    return objects(http['paths']).flatMap((path): Rule[] => {
      const service =
        isObject(path['backend']) && isObject(path['backend']['service'])
          ? path['backend']['service']
          : undefined;
      if (service === undefined) return [];
      const port = isObject(service['port']) ? service['port'] : {};
      return [
        {
          host: text(rule['host']).toLowerCase(),
          path: text(path['path']) || '/',
          exact: path['pathType'] === 'Exact',
          backend: backendOf(
            ingress,
            text(service['name']),
            String(port['name'] ?? port['number'] ?? ''),
            world,
            slices,
          ),
        },
      ];
    });
  });
}

function backendOf(
  ingress: KubeObject,
  service: string,
  port: string,
  world: World,
  slices: ReadonlyMap<string, KubeObject[]>,
): Backend {
  const namespace = ingress.metadata.namespace ?? '';
  const key = `${namespace}/${service}`;
  const spec = world.services.get(key)?.['spec'];
  const servicePort = objects(isObject(spec) ? spec['ports'] : []).find(
    (candidate) => candidate['name'] === port || String(candidate['port']) === port,
  );
  const endpoints =
    servicePort === undefined
      ? []
      : (slices.get(key) ?? []).flatMap((slice) => readyEndpoints(slice, text(servicePort['name'])));
  return { namespace, ingress: ingress.metadata.name, service, port, endpoints };
}

function readyEndpoints(slice: KubeObject, portName: string): Endpoint[] {
  const port = objects(slice['ports']).find((candidate) => text(candidate['name']) === portName)?.['port'];
  if (typeof port !== 'number') return [];
  return objects(slice['endpoints']).flatMap((endpoint) => {
    const conditions = isObject(endpoint['conditions']) ? endpoint['conditions'] : {};
    if (conditions['ready'] === false) return [];
    const pod = isObject(endpoint['targetRef']) ? text(endpoint['targetRef']['name']) : '';
    const addresses = Array.isArray(endpoint['addresses']) ? endpoint['addresses'] : [];
    return addresses
      .filter((address) => typeof address === 'string')
      .map((address) => ({ address, port, pod }));
  });
}

function canaryOf(backend: Backend, annotations: Readonly<Record<string, string>>): Canary {
  const value = (name: string): string | undefined => annotations[`${PREFIX}/${name}`];
  const number = (name: string, fallback: number): number => {
    const parsed = Number(value(name) ?? fallback);
    return Number.isFinite(parsed) ? parsed : fallback;
  };
  const pattern = value('canary-by-header-pattern');
  return {
    backend,
    weight: number('canary-weight', 0),
    weightTotal: Math.max(1, number('canary-weight-total', 100)),
    header: value('canary-by-header')?.toLowerCase(),
    headerValue: value('canary-by-header-value'),
    headerPattern: pattern === undefined ? undefined : compile(pattern),
    cookie: value('canary-by-cookie'),
  };
}

function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern);
  } catch {
    return undefined;
  }
}

export function findRoute(table: readonly Route[], request: Request): Route | undefined {
  const host = request.host.replace(/:\d+$/, '').toLowerCase();
  return table.find((route) => matchesHost(route.host, host) && matchesPath(route, request.path));
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '' || pattern === host) return true;
  return pattern.startsWith('*.') && host.slice(host.indexOf('.')) === pattern.slice(1);
}

/** Prefix matches by path elements: `/a` matches `/a` and `/a/b`, not `/ab`. */
function matchesPath({ path, exact }: Route, asked: string): boolean {
  const clean = asked.split('?')[0] ?? '/';
  if (exact) return clean === path;
  const prefix = path.endsWith('/') ? path : `${path}/`;
  return clean === path || clean.startsWith(prefix) || path === '/';
}

/**
 * The backend that serves this request.
 * @param random uniform in [0, 1)
 */
export function chooseBackend(route: Route, request: Request, random: () => number): Backend {
  const { canary, backend } = route;
  if (canary === undefined) return backend;
  if (canary.header !== undefined) {
    const sent = request.headers[canary.header];
    if (sent !== undefined) {
      if (canary.headerValue !== undefined) {
        if (sent === canary.headerValue) return canary.backend;
      } else if (canary.headerPattern !== undefined) {
        if (canary.headerPattern.test(sent)) return canary.backend;
      } else if (sent === 'always') return canary.backend;
      else if (sent === 'never') return backend;
    }
  }
  if (canary.cookie !== undefined) {
    const sent = cookieOf(request.headers['cookie'] ?? '', canary.cookie);
    if (sent === 'always') return canary.backend;
    if (sent === 'never') return backend;
  }
  return random() * canary.weightTotal < canary.weight ? canary.backend : backend;
}

function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const [key, value] = part.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}
