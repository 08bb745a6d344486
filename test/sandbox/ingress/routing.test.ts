import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/kube/api.ts';
import {
  chooseBackend,
  findRoute,
  type Request,
  type Route,
  routingTable,
} from '../../../src/sandbox/ingress/routing.ts';

const PREFIX = 'nginx.ingress.kubernetes.io';

const ingress = (
  name: string,
  service: string,
  annotations: Record<string, string> = {},
  rule: object = {},
): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'ns', annotations },
  spec: {
    rules: [
      {
        host: 'app.example.com',
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: service, port: { number: 80 } } },
              ...rule,
            },
          ],
        },
      },
    ],
  },
});
const service = (name: string): [string, KubeObject] => [
  `ns/${name}`,
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'ns' },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  },
];
const slice = (name: string, endpoints: object[]): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-x`, namespace: 'ns', labels: { 'kubernetes.io/service-name': name } },
  ports: [{ name: 'http', port: 8080 }],
  endpoints,
});
const table = (ingresses: KubeObject[]): Route[] =>
  routingTable({
    ingresses,
    services: new Map([service('stable'), service('canary')]),
    slices: [
      slice('stable', [
        { addresses: ['127.1.0.1'], conditions: { ready: true }, targetRef: { name: 's-1' } },
        { addresses: ['127.1.0.2'], conditions: { ready: false } },
      ]),
      slice('canary', [{ addresses: ['127.1.0.3'], conditions: { ready: true } }]),
    ],
  });
const request = (more: Partial<Request> = {}): Request => ({
  host: 'app.example.com',
  path: '/',
  headers: {},
  ...more,
});
const served = (routes: Route[], asked: Request, random = 0.5): string | undefined => {
  const route = findRoute(routes, asked);
  return route === undefined ? undefined : chooseBackend(route, asked, () => random).service;
};

describe('ingress routing', () => {
  it('sends to ready endpoints only, at the target port', () => {
    assert.deepEqual(table([ingress('main', 'stable')])[0]?.backend.endpoints, [
      { address: '127.1.0.1', port: 8080, pod: 's-1' },
    ]);
  });

  it('matches hosts and path prefixes by element', () => {
    const routes = table([
      ingress('main', 'stable', {}, { path: '/api' }),
      ingress('exact', 'canary', {}, { path: '/api/x', pathType: 'Exact' }),
    ]);
    assert.equal(served(routes, request({ path: '/api/y?z=1' })), 'stable');
    assert.equal(served(routes, request({ path: '/apis' })), undefined);
    assert.equal(served(routes, request({ path: '/api/x' })), 'canary');
    assert.equal(served(routes, request({ path: '/api', host: 'app.example.com:8080' })), 'stable');
    assert.equal(served(routes, request({ path: '/api', host: 'other.example.com' })), undefined);
  });

  it('splits by canary-weight of canary-weight-total', () => {
    const routes = table([
      ingress('main', 'stable'),
      ingress('main-canary', 'canary', {
        [`${PREFIX}/canary`]: 'true',
        [`${PREFIX}/canary-weight`]: '250',
        [`${PREFIX}/canary-weight-total`]: '1000',
      }),
    ]);
    assert.deepEqual(
      [0, 0.249, 0.25, 0.99].map((random) => served(routes, request(), random)),
      ['canary', 'canary', 'stable', 'stable'],
    );
  });

  it('prefers header over cookie over weight', () => {
    const routes = table([
      ingress('main', 'stable'),
      ingress('main-canary', 'canary', {
        [`${PREFIX}/canary`]: 'true',
        [`${PREFIX}/canary-weight`]: '0',
        [`${PREFIX}/canary-by-header`]: 'X-Canary',
        [`${PREFIX}/canary-by-cookie`]: 'tester',
      }),
    ]);
    assert.equal(served(routes, request()), 'stable');
    assert.equal(served(routes, request({ headers: { 'x-canary': 'always' } })), 'canary');
    assert.equal(
      served(routes, request({ headers: { 'x-canary': 'never', cookie: 'tester=always' } })),
      'stable',
    );
    assert.equal(served(routes, request({ headers: { cookie: 'a=b; tester=always' } })), 'canary');
  });

  it('takes a header value or pattern instead of always and never', () => {
    const canary = (name: string, value: string): Route[] =>
      table([
        ingress('main', 'stable'),
        ingress('c', 'canary', {
          [`${PREFIX}/canary`]: 'true',
          [`${PREFIX}/canary-by-header`]: 'X-Team',
          [`${PREFIX}/canary-by-header-${name}`]: value,
        }),
      ]);
    assert.equal(served(canary('value', 'blue'), request({ headers: { 'x-team': 'blue' } })), 'canary');
    assert.equal(served(canary('value', 'blue'), request({ headers: { 'x-team': 'always' } })), 'stable');
    assert.equal(served(canary('pattern', '^b'), request({ headers: { 'x-team': 'blue' } })), 'canary');
    assert.equal(served(canary('pattern', '('), request({ headers: { 'x-team': 'blue' } })), 'stable');
  });

  it('ignores a canary without a main Ingress', () => {
    assert.deepEqual(
      table([ingress('c', 'canary', { [`${PREFIX}/canary`]: 'true', [`${PREFIX}/canary-weight`]: '50' })]),
      [],
    );
  });
});
