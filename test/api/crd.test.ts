import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { customResourceDefinitions, editorSchemas } from '../../src/api/crd.ts';
import { structuralSchema } from '../../src/api/structural.ts';
import { generatedFiles } from '../../src/bin/gen.ts';
import { isObject, type JsonObject } from '../../src/lang/json.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What client-side apply can store in its annotation. */
const MAX_BYTES = 262_144;

interface Crd extends JsonObject {
  metadata: { name: string };
  spec: {
    names: JsonObject;
    scope: string;
    versions: [
      {
        schema: { openAPIV3Schema: JsonObject };
        subresources?: JsonObject;
        additionalPrinterColumns: { name: string; jsonPath: string; priority?: number }[];
      },
    ];
  };
}
const crds = customResourceDefinitions() as unknown as Crd[];
const crd = (plural: string): Crd => {
  const found = crds.find(({ metadata }) => metadata.name === `${plural}.argoproj.io`);
  assert.ok(found, plural);
  return found;
};
const schemaOf = (plural: string): JsonObject => crd(plural).spec.versions[0].schema.openAPIV3Schema;

/** The schema node at a dotted path; `[]` are items. */
function at(plural: string, path: string): JsonObject {
  let node = schemaOf(plural);
  for (const step of path.split('.')) {
    const name = step.replace('[]', '');
    const next = (node['properties'] as JsonObject | undefined)?.[name];
    assert.ok(isObject(next), `${plural}: ${path}: no ${name}`);
    node = step.endsWith('[]') ? (next['items'] as JsonObject) : next;
  }
  return node;
}

const columns = (plural: string): string[][] =>
  crd(plural).spec.versions[0].additionalPrinterColumns.map(({ name, jsonPath }) => [name, jsonPath]);

const free = (plural: string, path: string): void =>
  assert.equal(at(plural, path)['x-kubernetes-preserve-unknown-fields'], true, path);

function walk(node: JsonObject, path: string, visit: (node: JsonObject, path: string) => void): void {
  visit(node, path);
  for (const [name, child] of Object.entries((node['properties'] ?? {}) as JsonObject)) {
    walk(child as JsonObject, `${path}.${name}`, visit);
  }
  if (node['items'] !== undefined) walk(node['items'] as JsonObject, `${path}[]`, visit);
  if (isObject(node['additionalProperties'])) walk(node['additionalProperties'], `${path}{}`, visit);
}

describe('CustomResourceDefinitions', () => {
  it('are structural: every node has a type, or is int-or-string, or free', () => {
    const wrong: string[] = [];
    for (const { metadata } of crds) {
      const plural = metadata.name.split('.')[0] as string;
      walk(schemaOf(plural), plural, (node, path) => {
        const intOrString = node['x-kubernetes-int-or-string'] === true;
        const free = node['x-kubernetes-preserve-unknown-fields'] === true;
        if (intOrString) {
          assert.deepEqual(node['anyOf'], [{ type: 'integer' }, { type: 'string' }], path);
          if (node['type'] !== undefined) wrong.push(`${path}: int-or-string has a type`);
        } else if (node['type'] === undefined && !free) wrong.push(`${path}: no type`);
        if (node['type'] === 'array' && !isObject(node['items'])) wrong.push(`${path}: no items`);
        if (node['properties'] !== undefined && node['additionalProperties'] !== undefined) {
          wrong.push(`${path}: properties beside additionalProperties`);
        }
        for (const name of (node['required'] ?? []) as string[]) {
          if (!Object.hasOwn((node['properties'] ?? {}) as object, name))
            wrong.push(`${path}: requires unknown ${name}`);
        }
        for (const key of Object.keys(node)) {
          if (
            /^(\$ref|\$defs|oneOf|allOf|not|const|pattern|minimum|maximum|minLength|x-required|x-opaque)$/.test(
              key,
            )
          ) {
            wrong.push(`${path}: ${key}`);
          }
        }
      });
    }
    assert.deepEqual(wrong, []);
  });

  it('are far smaller than client-side apply can store', () => {
    for (const definition of crds) {
      assert.ok(JSON.stringify(definition).length < MAX_BYTES / 4, definition.metadata.name);
    }
  });

  it('have the names, scopes and subresources of the specification', () => {
    const table = Object.fromEntries(
      crds.map(({ metadata, spec }) => [
        metadata.name,
        [
          spec.names['kind'],
          spec.names['shortNames'],
          spec.scope,
          Object.keys(spec.versions[0].subresources ?? {}),
        ],
      ]),
    );
    assert.deepEqual(table, {
      'rollouts.argoproj.io': ['Rollout', ['ro'], 'Namespaced', ['status', 'scale']],
      'analysistemplates.argoproj.io': ['AnalysisTemplate', ['at'], 'Namespaced', []],
      'clusteranalysistemplates.argoproj.io': ['ClusterAnalysisTemplate', ['cat'], 'Cluster', []],
      'analysisruns.argoproj.io': ['AnalysisRun', ['ar'], 'Namespaced', []],
      'experiments.argoproj.io': ['Experiment', ['exp'], 'Namespaced', []],
      'applications.argoproj.io': ['Application', ['app', 'apps'], 'Namespaced', []],
    });
    assert.deepEqual(crd('rollouts').spec.versions[0].subresources?.['scale'], {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.HPAReplicas',
      labelSelectorPath: '.status.selector',
    });
  });

  it('print the columns of the specification', () => {
    assert.deepEqual(columns('rollouts'), [
      ['Desired', '.spec.replicas'],
      ['Current', '.status.replicas'],
      ['Up-to-date', '.status.updatedReplicas'],
      ['Available', '.status.availableReplicas'],
      ['Age', '.metadata.creationTimestamp'],
    ]);
    for (const plural of ['analysisruns', 'experiments']) {
      assert.deepEqual(columns(plural), [
        ['Status', '.status.phase'],
        ['Age', '.metadata.creationTimestamp'],
      ]);
    }
  });

  it('have one rule, the immutable selector', () => {
    const rules: string[] = [];
    for (const { metadata } of crds) {
      const plural = metadata.name.split('.')[0] as string;
      walk(schemaOf(plural), plural, (node, path) => {
        if (node['x-kubernetes-validations'] !== undefined) {
          rules.push(`${path} ${JSON.stringify(node['x-kubernetes-validations'])}`);
        }
      });
    }
    assert.deepEqual(rules, [
      'rollouts.spec.selector [{"rule":"self == oldSelf","message":".spec.selector is immutable"}]',
    ]);
  });

  it('have defaults and enums only for replicas, Datadog, and the policies of evidence', () => {
    const found: string[] = [];
    for (const plural of ['rollouts', 'analysistemplates', 'experiments', 'applications']) {
      walk(schemaOf(plural), plural, (node, path) => {
        if (node['default'] !== undefined) found.push(`${path}=${String(node['default'])}`);
        if (node['enum'] !== undefined) found.push(`${path} in ${(node['enum'] as string[]).join()}`);
      });
    }
    const datadog = 'analysistemplates.spec.metrics[].provider.datadog';
    assert.deepEqual(found, [
      'rollouts.spec.replicas=1',
      `${datadog}.interval=5m`,
      `${datadog}.apiVersion=v1`,
      `${datadog}.apiVersion in v1,v2`,
      `${datadog}.aggregator in avg,min,max,sum,last,percentile,mean,l2norm,area`,
      ...['noData', 'nan', 'multipleSeries', 'staleSample', 'providerError'].map(
        (outcome) => `analysistemplates.spec.metrics[].evidence.${outcome} in hold,inconclusive,fail,pass`,
      ),
    ]);
  });

  it('require what the specification requires', () => {
    const canary = 'spec.strategy.canary';
    const routing = `${canary}.trafficRouting`;
    const table: Record<string, string[]> = {
      'spec.strategy.blueGreen': ['activeService'],
      [`${canary}.pingPong`]: ['pingService', 'pongService'],
      [`${canary}.replicaProgressThreshold`]: ['type', 'value'],
      [`${canary}.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution`]: ['weight'],
      [`${canary}.steps[].experiment`]: ['templates'],
      [`${canary}.steps[].experiment.templates[]`]: ['name', 'specRef'],
      [`${canary}.steps[].experiment.analyses[]`]: ['templateName', 'name'],
      [`${canary}.steps[].analysis.args[]`]: ['name'],
      [`${canary}.steps[].analysis.args[].valueFrom.fieldRef`]: ['fieldPath'],
      [`${canary}.steps[].analysis.dryRun[]`]: ['metricName'],
      [`${canary}.steps[].analysis.measurementRetention[]`]: ['metricName', 'limit'],
      [`${canary}.steps[].plugin`]: ['name'],
      [`${canary}.steps[].setMirrorRoute`]: ['name'],
      [`${canary}.steps[].setHeaderRoute.match[]`]: ['headerName', 'headerValue'],
      [`${routing}.alb`]: ['servicePort'],
      [`${routing}.alb.stickinessConfig`]: ['enabled', 'durationSeconds'],
      [`${routing}.ambassador`]: ['mappings'],
      [`${routing}.apisix.route`]: ['name'],
      [`${routing}.istio.destinationRule`]: ['name', 'canarySubsetName', 'stableSubsetName'],
      [`${routing}.istio.virtualService`]: ['name'],
      [`${routing}.managedRoutes[]`]: ['name'],
      [`${routing}.traefik`]: ['weightedTraefikServiceName'],
      'status.conditions[]': ['type', 'status', 'reason', 'message', 'lastUpdateTime', 'lastTransitionTime'],
      'status.pauseConditions[]': ['reason', 'startTime'],
      'status.canary.weights': ['canary', 'stable'],
      'status.canary.weights.stable': ['weight'],
    };
    for (const [path, want] of Object.entries(table)) {
      assert.deepEqual(at('rollouts', path)['required'], want, path);
    }
    for (const path of [
      'spec',
      'spec.strategy',
      canary,
      routing,
      `${canary}.steps[]`,
      'spec.workloadRef',
      'status',
    ]) {
      assert.equal(at('rollouts', path)['required'], undefined, path);
    }
    for (const { metadata } of crds) {
      assert.deepEqual(schemaOf(metadata.name.split('.')[0] as string)['required'], ['spec'], metadata.name);
    }
  });

  it('store texts and numbers where users write both, and the generation as either', () => {
    for (const path of [
      'spec.strategy.canary.maxSurge',
      'spec.strategy.canary.maxUnavailable',
      'spec.strategy.blueGreen.maxUnavailable',
      'spec.strategy.canary.steps[].pause.duration',
      'status.observedGeneration',
    ]) {
      assert.equal(at('rollouts', path)['x-kubernetes-int-or-string'], true, path);
    }
    for (const name of [
      'count',
      'failureLimit',
      'inconclusiveLimit',
      'consecutiveErrorLimit',
      'consecutiveSuccessLimit',
    ]) {
      assert.equal(at('analysisruns', `spec.metrics[].${name}`)['x-kubernetes-int-or-string'], true, name);
    }
  });

  it('preserve what belongs to other schemas', () => {
    free('rollouts', 'spec.template');
    free('rollouts', 'spec.strategy.canary.trafficRouting.plugins');
    free('rollouts', 'spec.strategy.canary.steps[].plugin.config');
    free('rollouts', 'status.canary.stepPluginStatuses[].status');
    free('experiments', 'spec.templates[].template');
    free('analysistemplates', 'spec.metrics[].provider.job.spec');
    free('analysistemplates', 'spec.metrics[].provider.web.jsonBody');
    free('analysistemplates', 'spec.metrics[].provider.plugin');
    free('applications', 'spec.source');
    free('applications', 'spec.source.helm.valuesObject');
  });

  it('are up to date in crds/ and docs/schema/', () => {
    const files = generatedFiles();
    for (const [path, text] of files) {
      assert.equal(readFileSync(root + path, 'utf8'), text, `${path} is stale: run npm run gen`);
    }
    const known = new Set(files.keys());
    const stray = ['crds', 'crds/syncer', 'docs/schema']
      .flatMap((folder) => readdirSync(root + folder).map((name) => `${folder}/${name}`))
      .filter(
        (path) => !known.has(path) && /\.(yaml|json)$/.test(path) && !path.endsWith('kustomization.yaml'),
      );
    assert.deepEqual(stray, []);
  });
});

describe('structuralSchema', () => {
  it('refuses what API servers refuse, and names the place', () => {
    const schema = z.looseObject({ spec: z.looseObject({ a: z.union([z.boolean(), z.string()]) }) });
    assert.throws(() => structuralSchema(schema), /spec\.a: anyOf has no place in a structural schema/);
    assert.throws(() => structuralSchema(z.looseObject({ name: z.string().min(1) })), /name: minLength/);
  });
});

describe('editor schemas', () => {
  it('report a misspelt field and leave free objects alone', () => {
    const rollout = editorSchemas()['rollout'] as JsonObject;
    const spec = (rollout['properties'] as Record<string, JsonObject>)['spec'] as JsonObject;
    assert.equal(spec['additionalProperties'], false);
    const template = (spec['properties'] as Record<string, JsonObject>)['template'] as JsonObject;
    assert.equal(template['additionalProperties'], undefined);
    assert.ok(!JSON.stringify(rollout).includes('x-kubernetes'));
  });
});
