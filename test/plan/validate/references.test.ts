import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatFieldError } from '../../../src/api/field-error.ts';
import type { CanaryStrategy, Rollout } from '../../../src/api/rollout.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import {
  templateReferences,
  validateReferences,
  virtualServiceReferences,
  type ReferencedObjects,
} from '../../../src/plan/rollout/validate-references.ts';

const rollout = (canary: CanaryStrategy): Rollout => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'demo', namespace: 'shop' },
  spec: {
    selector: { matchLabels: { app: 'demo' } },
    template: { metadata: { labels: { app: 'demo' } } },
    strategy: { canary },
  },
});
const texts = (canary: CanaryStrategy, objects: ReferencedObjects): string[] =>
  validateReferences(rollout(canary), objects).map(formatFieldError);

const object = (name: string, spec: JsonObject): JsonObject => ({
  apiVersion: 'v',
  kind: 'K',
  metadata: { name },
  spec,
});
const service = (name: string): JsonObject => object(name, { selector: { app: 'demo' } });
const metric = (more: JsonObject = {}): JsonObject => ({ name: 'm', provider: { web: {} }, ...more });

const istio = (name: string): CanaryStrategy => ({
  stableService: 's',
  canaryService: 'c',
  trafficRouting: { istio: { virtualService: { name } } },
});
const ambassador = (mappings: string[]): CanaryStrategy => ({
  trafficRouting: { ambassador: { mappings } },
});
const analysis = (args: { name: string; value: string }[] = []): CanaryStrategy => ({
  steps: [{ setWeight: 5 }, { analysis: { templates: [{ templateName: 'a' }], args } }],
});
describe('validateReferences', () => {
  const routed: CanaryStrategy = {
    stableService: 'stable',
    canaryService: 'canary',
    trafficRouting: { nginx: { stableIngress: 'web' } },
  };
  const ingress = object('web', {
    rules: [{ http: { paths: [{ backend: { service: { name: 'stable' } } }] } }],
  });

  it('finds nothing wrong where all is there', () => {
    const objects = {
      services: { stable: service('stable'), canary: service('canary') },
      ingresses: { web: ingress },
    };
    assert.deepEqual(texts(routed, objects), []);
  });

  it('names what is missing, and judges no contents before all is there', () => {
    const objects = { services: { stable: object('stable', { selector: { x: 'y' } }) }, ingresses: {} };
    assert.deepEqual(texts(routed, objects), [
      'spec.strategy.canary.canaryService: Invalid value: "canary": service "canary" not found',
      'spec.strategy.canary.trafficRouting.nginx.stableIngress: Invalid value: "web": ingress.networking.k8s.io "web" not found',
    ]);
  });

  it('does not judge a kind that was not looked up', () => {
    assert.deepEqual(texts(routed, {}), []);
  });

  it('is not fooled by names that every object has', () => {
    assert.deepEqual(texts({ stableService: 'constructor' }, { services: {} }), [
      'spec.strategy.canary.stableService: Invalid value: "constructor": service "constructor" not found',
    ]);
  });

  it('follows nested templates', () => {
    const a = object('a', { templates: [{ templateName: 'b', clusterScope: true }] });
    assert.deepEqual(texts(analysis(), { analysisTemplates: {} }), [
      'spec.strategy.canary.steps[1].analysis.templates: Invalid value: "a": AnalysisTemplate \'a\' not found',
    ]);
    assert.deepEqual(texts(analysis(), { analysisTemplates: { a }, clusterAnalysisTemplates: {} }), [
      'spec.templates: Invalid value: "b": ClusterAnalysisTemplate \'b\' not found',
    ]);
    const b = object('b', { metrics: [metric()] });
    assert.deepEqual(texts(analysis(), { analysisTemplates: { a }, clusterAnalysisTemplates: { b } }), []);
  });

  it('reports templates that refer to themselves', () => {
    const a = object('a', { templates: [{ templateName: 'a' }] });
    assert.match(texts(analysis(), { analysisTemplates: { a } }).join(), /'a' refers to itself/);
  });

  it('reports a template that is not readable, by its own words', () => {
    const a = object('a', { metrics: [{ name: 7 }] });
    assert.match(
      texts(analysis(), { analysisTemplates: { a } }).join(),
      /AnalysisTemplate a: spec\.metrics\[0\]\.name: /,
    );
  });

  it('takes the count from the arguments of the step', () => {
    const a = object('a', {
      args: [{ name: 'n' }],
      metrics: [metric({ interval: '1m', count: '{{args.n}}' })],
    });
    assert.deepEqual(texts(analysis([{ name: 'n', value: '3' }]), { analysisTemplates: { a } }), []);
    assert.match(
      texts(analysis([{ name: 'n', value: '0' }]), { analysisTemplates: { a } }).join(),
      /has metric m which runs indefinitely\. Invalid value for count: 0/,
    );
    assert.match(texts(analysis(), { analysisTemplates: { a } }).join(), /args\.n was not resolved/);
  });

  it('leaves a count that stands in a Secret to the run', () => {
    const a = object('a', {
      args: [{ name: 'n', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
      metrics: [metric({ interval: '1m', count: '{{args.n}}' })],
    });
    assert.deepEqual(texts(analysis(), { analysisTemplates: { a } }), []);
  });

  it('lets a background analysis run for ever', () => {
    const a = object('a', { metrics: [metric({ interval: '1m' })] });
    const objects = { analysisTemplates: { a } };
    assert.deepEqual(texts({ analysis: { templates: [{ templateName: 'a' }] } }, objects), []);
    assert.match(texts(analysis(), objects).join(), /runs indefinitely/);
  });

  it('finds VirtualServices in other namespaces', () => {
    for (const [name, want] of [
      ['vs', 'shop/vs'],
      ['vs.mesh', 'mesh/vs'],
      ['vs.mesh.svc.cluster.local', 'mesh/vs'],
    ] as const) {
      const [reference] = virtualServiceReferences(rollout(istio(name)));
      assert.equal(`${reference?.namespace}/${reference?.name}`, want);
    }
    const route = [{ destination: { host: 's' } }, { destination: { host: 'c' } }];
    const found = { 'mesh/vs': object('vs', { http: [{ route }] }) };
    assert.deepEqual(texts(istio('vs.mesh'), { virtualServices: found }), []);
    assert.deepEqual(texts(istio('vs'), { virtualServices: found }), [
      'spec.strategy.canary.trafficRouting.istio.virtualService.name: Invalid value: "vs": virtualservices.networking.istio.io "vs" not found',
    ]);
  });

  it('judges App Mesh by the router behind the VirtualService', () => {
    const appMesh: CanaryStrategy = { trafficRouting: { appMesh: { virtualService: { name: 'vs' } } } };
    const vs = object('vs', { provider: { virtualRouter: { virtualRouterRef: { name: 'r' } } } });
    const objects = { appMeshVirtualServices: { vs }, appMeshVirtualRouters: {} };
    assert.match(texts(appMesh, objects).join(), /virtualrouters\.appmesh\.k8s\.aws "r" not found/);
    const router = { ...object('r', { routes: [] }), kind: 'VirtualRouter' };
    assert.match(
      texts(appMesh, { ...objects, appMeshVirtualRouters: { 'shop/r': router } }).join(),
      /No routes defined for AppMesh virtual-router r/,
    );
    assert.match(texts({ trafficRouting: { appMesh: {} } }, {}).join(), /must provide virtual-service/);
  });

  it('wants a mapping for Ambassador, without a weight', () => {
    assert.match(texts(ambassador([]), {}).join(), /must provide at least one mapping/);
    assert.match(
      texts(ambassador(['m']), { mappings: { m: object('m', { weight: 5 }) } }).join(),
      /Ambassador mapping "m" can not define weight/,
    );
  });

  const conditions = (metrics: JsonObject[], args: JsonObject[] = []): ReferencedObjects => ({
    analysisTemplates: {
      a: { ...object('a', { args, metrics }), kind: 'AnalysisTemplate' },
    },
  });

  it('names template, metric and position of an expression that can never be evaluated', () => {
    const broken = conditions([metric({ count: 1, successCondition: 'result[0] >> 1' })]);
    assert.deepEqual(texts(analysis(), broken), [
      'spec.strategy.canary.steps[1].analysis.templates: Invalid value: "a": AnalysisTemplate a: metric "m": successCondition "result[0] >> 1": unexpected token Operator(">") (line 1, column 12)',
    ]);
    const background = { analysis: { templates: [{ templateName: 'a' }] } };
    const unknown = conditions([metric({ failureCondition: 'resutl > 1' })]);
    assert.match(
      texts(background, unknown)[0] ?? '',
      /failureCondition "resutl > 1": .*resutl.*line 1, column 1/,
    );
  });

  it('does so for paths, times of range queries, and what Sluice adds', () => {
    const secret = [{ name: 'limit', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    const told = (more: JsonObject): string =>
      texts(analysis(), conditions([metric({ count: 1, ...more })], secret)).join();
    assert.equal(told({ provider: { web: { url: 'http://w', jsonPath: '{$.a[*].b}' } } }), '');
    assert.match(
      told({ provider: { web: { url: 'http://w', jsonPath: '{$.a[' } } }),
      /AnalysisTemplate a: metric "m": jsonPath "\{\$\.a\[": unterminated array/,
    );
    const range = (start: string): JsonObject => ({
      provider: { prometheus: { query: 'q', rangeQuery: { start, end: 'now()', step: '1m' } } },
    });
    assert.equal(told(range('now() - duration("1h")')), '');
    assert.match(told(range('now() - hour')), /rangeQuery\.start "now\(\) - hour": .*line 1, column 9/);
    assert.equal(told(range('now() - duration("{{args.limit}}")')), '');
    assert.match(
      told({ evidence: { minSamples: 5 } }),
      /metric "m": evidence\.minSamples needs evidence\.samplesQuery/,
    );
    assert.match(told({ evidence: { maxAge: 'soon' } }), /invalid evidence\.maxAge string/);
  });

  it('does so for the gates of a blue-green update', () => {
    const blueGreen = { activeService: 's', postPromotionAnalysis: { templates: [{ templateName: 'a' }] } };
    const demo = rollout({});
    const judged = { ...demo, spec: { ...demo.spec, strategy: { blueGreen } } };
    const objects = {
      ...conditions([metric({ successCondition: 'result[0] >' })]),
      services: { s: service('s') },
    };
    assert.match(
      validateReferences(judged, objects).map(formatFieldError).join(),
      /postPromotionAnalysis.*successCondition "result\[0\] >": unexpected token EOF.*line 1, column/,
    );
  });

  it('judges an expression with its arguments, and not what only a run can know', () => {
    const metrics = [metric({ count: 1, successCondition: 'result[0] < {{args.limit}}' })];
    const limit = (value: string): { name: string; value: string }[] => [{ name: 'limit', value }];
    assert.deepEqual(texts(analysis(limit('0.05')), conditions(metrics, [{ name: 'limit' }])), []);
    assert.match(
      texts(analysis(limit('high)')), conditions(metrics, [{ name: 'limit' }]))[0] ?? '',
      /successCondition "result\[0\] < high\)": .*line 1, column/,
    );
    const secret = [{ name: 'limit', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    assert.deepEqual(texts(analysis(), conditions(metrics, secret)), []);
  });
});

describe('templateReferences', () => {
  it('lists those of steps and of the background', () => {
    const refs = templateReferences(
      rollout({
        steps: [{ analysis: { templates: [{ templateName: 'a' }] } }],
        analysis: { templates: [{ templateName: 'b', clusterScope: true }] },
      }),
    );
    assert.deepEqual(refs, [{ templateName: 'a' }, { templateName: 'b', clusterScope: true }]);
  });
});
