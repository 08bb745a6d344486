/** Files that people give to `kubectl sluice plan -f`: a Rollout of another router, and that router's objects beside. */

import type { JsonObject } from '../../src/lang/json.ts';
import { SHOP } from './manifests.ts';

export interface LintFile {
  readonly what: string;
  /** Of the Rollout's spec, in place of its strategy. */
  readonly canary: JsonObject;
  readonly beside: readonly JsonObject[];
}

const json = (value: object): JsonObject => value as JsonObject;
const SERVICES = { stableService: 'web-stable', canaryService: 'web-canary' };
const RULE = {
  destinationRule: { name: 'web', canarySubsetName: 'canary', stableSubsetName: 'stable' },
};

const file = (
  what: string,
  trafficRouting: object,
  beside: readonly object[],
  canary: object = SERVICES,
): LintFile => ({
  what,
  canary: json({ ...canary, trafficRouting, steps: [{ setWeight: 10 }] }),
  beside: beside.map(json),
});

const virtualService = (spec: object, namespace = SHOP): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'web', namespace },
  spec,
});
const to = (...hosts: (string | object)[]): object[] =>
  hosts.map((host) => ({ destination: typeof host === 'string' ? { host } : host }));
const both = to('web-stable.shop.svc', 'web-canary');
const subsets = (...names: string[]): object[] => to(...names.map((subset) => ({ host: 'web', subset })));
const istio = (
  what: string,
  config: object,
  spec: object | undefined,
  more: object = {},
  canary: object = SERVICES,
): LintFile =>
  file(
    `istio: ${what}`,
    { istio: { virtualService: { name: 'web', ...config }, ...more } },
    spec === undefined ? [] : [virtualService(spec)],
    canary,
  );

const tls = (...matches: object[]): object => ({ match: matches, route: both });

const ISTIO: readonly LintFile[] = [
  istio('one route', {}, { http: [{ route: both }] }),
  istio('not there', {}, undefined),
  istio('no spec', {}, {}),
  istio('no routes', {}, { http: [] }),
  istio('routes that are none', {}, { http: [{ route: 'web' }] }),
  istio('two routes and no name', {}, { http: [{ route: both }, { name: 'b', route: both }] }),
  istio(
    'one route beside managed ones',
    {},
    { http: [{ route: both }, { name: 'beta', route: [] }] },
    {},
    {
      ...SERVICES,
    },
  ),
  istio('a route by name', { routes: ['a'] }, { http: [{ name: 'a', route: both }, { route: [] }] }),
  istio('a route that is not there', { routes: ['a', 'b'] }, { http: [{ name: 'a', route: both }] }),
  istio('no canary in the route', {}, { http: [{ route: to('web-stable') }] }),
  istio('no stable in the route', {}, { http: [{ route: to('web-canary') }] }),
  istio('subsets', {}, { http: [{ route: subsets('canary', 'stable') }] }, RULE),
  istio('no subset of the canary', {}, { http: [{ route: subsets('stable') }] }, RULE),
  istio('no subset of stable', {}, { http: [{ route: subsets('canary') }] }, RULE),
  istio(
    'TLS and TCP without a choice',
    {},
    { tls: [tls({ port: 443 })], tcp: [{ route: both }, { route: both }] },
  ),
  istio(
    'TLS by port and hosts',
    { tlsRoutes: [{ port: 443, sniHosts: ['a', 'b'] }] },
    { tls: [tls({ port: 443, sniHosts: ['b'] }, { sniHosts: ['a'] }), tls({ port: 8443 })] },
  ),
  istio(
    'TLS of other hosts',
    { tlsRoutes: [{ port: 443, sniHosts: ['c'] }, {}] },
    { tls: [tls({ port: 443, sniHosts: ['b'] }), tls({ port: 1 }, { port: 2 })] },
  ),
  istio('TCP by port', { tcpRoutes: [{ port: 80 }] }, { tcp: [{ match: [{ port: 80 }], route: both }] }),
  istio(
    'TCP of another port',
    { tcpRoutes: [{ port: 81 }] },
    { tcp: [{ match: [{ port: 'x' }], route: both }] },
  ),
  istio(
    'ping-pong',
    {},
    { http: [{ route: to('web-ping', 'web-pong') }] },
    {},
    {
      pingPong: { pingService: 'web-ping', pongService: 'web-pong' },
    },
  ),
  istio('no Services and no rule', {}, { http: [{ route: both }] }, {}, {}),
  file(
    'istio: several, one in another namespace',
    { istio: { virtualServices: [{ name: 'web' }, { name: 'web.other.svc.cluster.local' }] } },
    [virtualService({ http: [{ route: both }] }), virtualService({ http: [{ route: both }] }, 'other')],
  ),
  file(
    'istio: both ways',
    { istio: { virtualService: { name: 'web' }, virtualServices: [{ name: '.x' }] } },
    [],
  ),
  file('istio: none', { istio: {} }, []),
];

const ingress = (name: string, backend: object): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: SHOP },
  spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
});
const backendOf = (name: string): object => ({ service: { name, port: { number: 80 } } });

const INGRESSES: readonly LintFile[] = [
  file('alb: one', { alb: { servicePort: 80, ingress: 'a' } }, [ingress('a', backendOf('web-stable'))]),
  file('alb: of a root', { alb: { servicePort: 80, ingress: 'a', rootService: 'root' } }, [
    ingress('a', backendOf('root')),
  ]),
  file('alb: of the old kind', { alb: { servicePort: 80, ingresses: ['a', 'b'] } }, [
    ingress('a', { serviceName: 'web-stable', servicePort: 80 }),
    ingress('b', backendOf('other')),
  ]),
  file('alb: both', { alb: { servicePort: 80, ingress: 'a', ingresses: ['a'] } }, [
    ingress('a', backendOf('web-stable')),
  ]),
  file('alb: neither', { alb: { servicePort: 80, ingresses: [] } }, []),
  file('alb: ping-pong without a root', { alb: { servicePort: 80, ingress: 'a' } }, [], {
    pingPong: { pingService: 'web-ping', pongService: 'web-pong' },
  }),
  file('nginx: several', { nginx: { stableIngresses: ['a', 'b'] } }, [
    ingress('a', backendOf('web-stable')),
    ingress('b', backendOf('web-stable')),
  ]),
];

const mapping = (weight: unknown): object => ({
  apiVersion: 'getambassador.io/v2',
  kind: 'Mapping',
  metadata: { name: 'web', namespace: SHOP },
  spec: weight === undefined ? {} : { weight },
});
const mesh = (kind: string, name: string, spec: object): object => ({
  apiVersion: 'appmesh.k8s.aws/v1beta2',
  kind,
  metadata: { name, namespace: SHOP },
  spec,
});
const meshService = (ref: object): object =>
  mesh('VirtualService', 'web', { provider: { virtualRouter: { virtualRouterRef: ref } } });
const APP_MESH = { appMesh: { virtualService: { name: 'web' } } };
const targets = (count: number): object => ({
  action: { weightedTargets: Array.from({ length: count }, () => ({ weight: 1 })) },
});

const MESHES: readonly LintFile[] = [
  file('ambassador: a mapping', { ambassador: { mappings: ['web'] } }, [mapping(undefined)]),
  file('ambassador: a mapping with a weight', { ambassador: { mappings: ['web'] } }, [mapping(5)]),
  file('ambassador: none', { ambassador: { mappings: [] } }, []),
  file('ambassador: not there', { ambassador: { mappings: ['nowhere'] } }, []),
  file('appMesh: nothing', { appMesh: {} }, []),
  file('appMesh: no name', { appMesh: { virtualService: { name: '' } } }, []),
  file('appMesh: not there', APP_MESH, []),
  file('appMesh: no router', APP_MESH, [meshService({})]),
  file('appMesh: a router that is not there', APP_MESH, [
    meshService({ name: 'nowhere', namespace: 'other' }),
  ]),
  file('appMesh: a service without provider', APP_MESH, [mesh('VirtualService', 'web', {})]),
  file('appMesh: a router', APP_MESH, [
    meshService({ name: 'web', namespace: '' }),
    mesh('VirtualRouter', 'web', {
      routes: [
        { name: 'a', httpRoute: targets(2) },
        { name: 'b', grpcRoute: targets(3) },
      ],
    }),
  ]),
  file('appMesh: routes that are none', APP_MESH, [
    meshService({ name: 'web' }),
    mesh('VirtualRouter', 'web', { routes: [{ name: 'a' }, { tcpRoute: {} }] }),
  ]),
  file('appMesh: no routes', APP_MESH, [meshService({ name: 'web' }), mesh('VirtualRouter', 'web', {})]),
  file('smi and traefik', { smi: {}, traefik: { weightedTraefikServiceName: 'web' } }, []),
];

export const LINT_FILES: readonly LintFile[] = [...ISTIO, ...INGRESSES, ...MESHES];
