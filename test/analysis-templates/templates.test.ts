import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import { CLUSTER_ANALYSIS_TEMPLATE } from '../../src/kube/kinds.ts';
import { isObject, type Json, type JsonObject } from '../../src/lang/json.ts';
import { parseYaml } from '../../src/lang/yaml.ts';
import type { MeasuredResult } from '../../src/plan/analysis/answer.ts';
import { resolveMetrics } from '../../src/plan/analysis/resolve.ts';
import type { AnalysisRunSpec } from '../../src/plan/analysis/types.ts';
import { type Ask, simulateRun } from '../../src/cli/backtest/simulate.ts';
import type { HttpRequest, HttpResponse } from '../../src/providers/http/types.ts';
import { createProviders } from '../../src/providers/index.ts';
import { SandboxCluster, VirtualClock } from '../../src/sandbox/index.ts';
import { Bench } from '../cli/harness.ts';
import { readTemplateFile, templateNames } from './files.ts';

const manifestOf = (name: string): JsonObject => {
  const [manifest, ...more] = parseYaml(readTemplateFile(`${name}.yaml`));
  assert.deepEqual(more, [], 'one document in each file');
  return isObject(manifest as Json) ? (manifest as JsonObject) : assert.fail(`${name} is no object`);
};

interface Template {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly args: readonly { readonly name: string; readonly value?: string }[];
    readonly metrics: readonly { readonly count?: number; readonly inconclusiveLimit?: number }[];
  };
}

const PATIENCE = { startedAt: 0, until: 3 * 3_600_000, mode: 'strict' } as const;

/** Series of the stable version; the canary gets nothing. */
const STABLE_ONLY = [
  { hash: 'x-stable', metric: { pod: 'a', code: '200' } },
  { hash: 'x-stable', metric: { le: '0.1' } },
  { hash: 'x-stable', metric: { le: '+Inf' } },
];

/** The judge asks a Prometheus whose counters grow by 100 in a second. */
const judged =
  (series: readonly { hash: string; metric: Readonly<Record<string, string>> }[]): Ask =>
  (metric, at, { kind, previous }) => {
    const clock = new VirtualClock(at);
    const request = ({ body = '' }: HttpRequest): Promise<HttpResponse> => {
      const query = new URLSearchParams(body).get('query') ?? '';
      const label = query.includes('(le)') ? 'le' : 'code';
      const result = series
        .filter((one) => query.includes(`"${one.hash}"`) && label in one.metric)
        .map((one) => ({ metric: one.metric, value: [at / 1000, String(at / 10)] }));
      return Promise.resolve({
        status: 200,
        headers: {},
        body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }),
      });
    };
    const provider = createProviders({ http: { request }, clock, env: {} }).of(metric);
    if ('error' in provider) return assert.fail(provider.error);
    const run = { namespace: '', name: 'r', uid: 'u' };
    const { signal } = new AbortController();
    return (
      provider[kind === 'resume' ? 'resume' : 'measure']?.({ metric, run, taken: 0, previous, signal }) ??
      assert.fail()
    );
  };

describe('analysis-templates', () => {
  it('are at least eight', () => assert.ok(templateNames.length >= 8, String(templateNames)));

  for (const name of templateNames) {
    it(`${name} is what the API server takes, and lint finds nothing`, async () => {
      const manifest = manifestOf(name);
      const cluster = new SandboxCluster({
        clock: new VirtualClock(0),
        crds: customResourceDefinitions() as JsonObject[],
      });
      const made = await cluster
        .api({ name: 'test' })
        .create(CLUSTER_ANALYSIS_TEMPLATE, manifest as unknown as KubeObject, { fieldValidation: 'Strict' });
      assert.deepEqual(made['spec'], manifest['spec'], 'the server drops nothing of it');
      const outcome = await new Bench().run('lint -f t.yaml --fail-on info', {
        files: { 't.yaml': readTemplateFile(`${name}.yaml`) },
      });
      assert.deepEqual(outcome, { code: 0, out: '', err: '' });
    });

    it(`${name} holds on no data and on NaN in strict mode, for as long as it takes`, async () => {
      const { args, ...rest } = manifestOf(name)['spec'] as unknown as AnalysisRunSpec;
      const spec = {
        ...rest,
        args: (args ?? []).map(({ name: arg, value = `x-${arg.replace('-hash', '')}` }) => ({
          name: arg,
          value,
        })),
      };
      const resolved = resolveMetrics(spec.metrics ?? [], spec.args);
      const metrics = 'error' in resolved ? assert.fail(resolved.error) : resolved.metrics;
      const silence: [string, MeasuredResult][] = [
        ['noData', { type: 'vector', value: [] }],
        ['nan', { type: 'vector', value: [NaN] }],
        ['nan', { type: 'vector', value: [NaN, NaN] }],
      ];
      if (metrics.every(({ provider }) => provider?.judge !== undefined)) {
        for (const result of [[], STABLE_ONLY]) {
          const { phase, measurements } = await simulateRun(spec, metrics, PATIENCE, judged(result));
          assert.deepEqual([phase, measurements], ['Running', []]);
        }
        return;
      }
      for (const [outcome, result] of silence) {
        const { phase, measurements } = await simulateRun(spec, metrics, PATIENCE, () =>
          Promise.resolve({ kind: 'value', value: JSON.stringify(result.value), result }),
        );
        assert.equal(phase, 'Running');
        assert.ok(measurements.length > 100, `${measurements.length} looks in three hours`);
        for (const { measurement } of measurements) {
          assert.equal(measurement.metadata?.['sluice.dev/outcome'], outcome);
          assert.equal(measurement.metadata['sluice.dev/decided-by'], `evidence.${outcome}: hold`);
        }
      }
    });

    it(`${name} can't pass on silence alone, and says what it needs`, () => {
      const { metadata, spec } = manifestOf(name) as unknown as Template;
      assert.equal(metadata.name, name);
      for (const { count = 1, inconclusiveLimit = 0 } of spec.metrics)
        assert.ok(inconclusiveLimit < count, 'some measurement must be conclusive');
      const text = readTemplateFile(`${name}.yaml`);
      for (const word of ['Needs', 'Passes', 'Fails', 'Inconclusive'])
        assert.match(text, new RegExp(`^# ${word}: `, 'm'));
    });
  }

  it('stand in the kustomization and in the README, with all arguments', () => {
    const [kustomization] = parseYaml(readTemplateFile('kustomization.yaml')) as [{ resources: string[] }];
    assert.deepEqual(
      kustomization.resources,
      templateNames.map((name) => `${name}.yaml`),
    );
    const readme = readTemplateFile('README.md');
    for (const name of templateNames) {
      const row = readme.split('\n').find((line) => line.startsWith(`| [${name}](${name}.yaml) |`)) ?? '';
      const { spec } = manifestOf(name) as unknown as Template;
      for (const { name: arg, value } of spec.args) {
        if (arg === 'prometheus') continue;
        const shown = value === undefined ? `**${arg}**` : `${arg} (${value})`;
        assert.ok(row.includes(shown), `the row of ${name} has ${shown}: ${row}`);
      }
    }
  });
});
