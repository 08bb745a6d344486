/** Honest evidence from end to end: Rollout, runs and a metric server that is silent, odd, or gone for hours. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS_RUN, ROLLOUT } from '../../src/kube/kinds.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import type { AnalysisRunStatus } from '../../src/plan/analysis/types.ts';
import { evidenceOf } from '../../src/plan/analysis/evidence.ts';
import { HttpFailure } from '../../src/providers/http/types.ts';
import { HOUR, MINUTE, NAMESPACE, SECOND, System, nginxCanary, nginxYaml, rolloutYaml } from './world.ts';

/** What the metric server answers: values of a vector, or nothing at all. */
type Answers = number[] | 'down' | ((query: string) => number[]);

class Release implements AsyncDisposable {
  answers: Answers = [0.99];
  readonly asked: string[] = [];
  readonly system: System;

  constructor() {
    this.system = new System({
      http: (clock) => ({
        request: async ({ body }) => {
          const query = new URLSearchParams(body).get('query') ?? '';
          this.asked.push(query);
          const values = typeof this.answers === 'function' ? this.answers(query) : this.answers;
          if (values === 'down')
            throw new HttpFailure('unreachable', 'POST http://prometheus: ECONNREFUSED', 'ECONNREFUSED');
          const result = values.map((value, i) => ({
            metric: { i: String(i) },
            value: [clock.now() / 1000, String(value)],
          }));
          const answer = { status: 'success', data: { resultType: 'vector', result } };
          return { status: 200, headers: {}, body: JSON.stringify(answer) };
        },
      }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system[Symbol.asyncDispose]();
  }

  /** The first version, healthy, and then the second one. */
  async begin(options: {
    steps: string;
    metric: string;
    background?: boolean;
    annotations?: string;
    templateAnnotations?: string;
    extra?: string;
    image?: string;
    templateSpec?: string;
  }): Promise<void> {
    const { steps, metric, background = false, annotations = '{}', extra = '', image = 'app:v2' } = options;
    const analysis = background ? '\n      analysis: {templates: [{templateName: rate}]}' : '';
    const yaml = rolloutYaml('web', { steps, canary: nginxCanary('web') + analysis })
      .replace('metadata: {name: web}', `metadata: {name: web, annotations: ${annotations}}`)
      .replace('spec:\n', `spec:\n${extra}`);
    await this.system.create(`apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: rate, annotations: ${options.templateAnnotations ?? '{}'}}
spec:
  ${options.templateSpec ?? 'dryRun: []'}
  metrics:
  - name: rate
    provider: {prometheus: {address: "http://prometheus", query: rate}}
${metric.replace(/^/gm, '    ')}
---
${nginxYaml('web')}${yaml}`);
    await this.system.clock.advance(30 * SECOND);
    assert.equal((await this.system.rollout('web')).phase, 'Healthy');
    await this.system.merge(ROLLOUT, 'web', {
      spec: { template: { spec: { containers: [{ name: 'app', image }] } } },
    });
  }

  async runs(): Promise<(KubeObject & { status?: AnalysisRunStatus })[]> {
    return (await this.system.api.list(ANALYSIS_RUN, { namespace: NAMESPACE })).items as never;
  }

  async run(): Promise<AnalysisRunStatus> {
    return (await this.runs()).at(-1)?.status ?? {};
  }

  async isPromoted(): Promise<boolean> {
    const { phase, stableRS, currentPodHash } = await this.system.rollout('web');
    return phase === 'Healthy' && stableRS === currentPodHash;
  }
}

const STRICT = '{sluice.dev/evidence: strict}';
const STEPS = '[{setWeight: 20}, {pause: {duration: 1m}}, {setWeight: 60}, {pause: {duration: 1m}}]';
const BACKGROUND = 'interval: 20s\nsuccessCondition: result[0] > 0.95';
const DEADLINE = '  progressDeadlineSeconds: 120\n  progressDeadlineAbort: true\n';

describe('an outage of the metric server', () => {
  it('strict: the weight holds for hours without abort, says why, and goes on when answers come back', async () => {
    await using release = new Release();
    const { system } = release;
    await release.begin({
      steps: STEPS,
      metric: BACKGROUND,
      background: true,
      annotations: STRICT,
      extra: DEADLINE,
    });
    await system.clock.advance(45 * SECOND);
    assert.equal(await system.nginxWeight('web'), 20);
    release.answers = 'down';
    await system.clock.advance(2 * HOUR);
    const held = await system.rollout('web');
    assert.equal(await system.nginxWeight('web'), 20);
    assert.notEqual(held.abort, true);
    assert.equal(held.currentStepIndex, 1);
    const run = await release.run();
    assert.equal(run.phase, 'Running');
    assert.match(run.message ?? '', /^Metric "rate" holds since 2026-\S+: the provider gives no answer/);
    assert.match(held.canary?.currentBackgroundAnalysisRunStatus?.message ?? '', /holds since/);
    const [result] = run.metricResults ?? [];
    assert.equal(result?.failed ?? 0, 0);
    assert.equal(result?.error ?? 0, 0);
    // The measurements from before the outage are still there, and the outage is one entry.
    const last = result?.measurements?.at(-1);
    assert.ok(Number(last?.metadata?.['sluice.dev/held']) > 500, JSON.stringify(last));
    assert.ok((result?.measurements ?? []).filter(({ phase }) => phase === 'Successful').length >= 2);
    release.answers = [0.99];
    await system.clock.advance(5 * MINUTE);
    assert.ok(await release.isPromoted(), JSON.stringify(await system.rollout('web')));
  });

  it('strict: between two weights, too, and a deadline does not count while it lasts nor right after it', async () => {
    await using release = new Release();
    const { system } = release;
    const steps = '[{setWeight: 20}, {setWeight: 40}, {setWeight: 60}]';
    release.answers = 'down';
    await release.begin({
      steps,
      metric: BACKGROUND,
      background: true,
      annotations: STRICT,
      extra: DEADLINE,
    });
    await system.clock.advance(2 * HOUR);
    const held = await system.rollout('web');
    assert.equal(await system.nginxWeight('web'), 20);
    assert.equal(held.phase, 'Paused');
    assert.match(held.message ?? '', /^AnalysisRun web-\S+: Metric "rate" holds since/);
    assert.equal(held.pauseConditions, undefined);
    release.answers = [0.99];
    await system.clock.advance(3 * MINUTE);
    assert.ok(await release.isPromoted(), JSON.stringify(await system.rollout('web')));
  });

  it('strict: what a canary that never served has no data of is no reason to wait for it for ever', async () => {
    await using release = new Release();
    const { system } = release;
    release.answers = [];
    await release.begin({
      steps: '[{setWeight: 20}, {setWeight: 40}]',
      metric: BACKGROUND,
      background: true,
      annotations: STRICT,
      extra: DEADLINE,
      image: 'app:bad',
    });
    await system.clock.advance(3 * MINUTE);
    assert.equal((await system.rollout('web')).abort, true);
  });

  it('strict: a step waits as well, and a bad answer afterwards still aborts', async () => {
    await using release = new Release();
    const { system } = release;
    release.answers = 'down';
    const metric = 'count: 2\ninterval: 10s\nsuccessCondition: result[0] > 0.95';
    await release.begin({
      steps: '[{setWeight: 20}, {analysis: {templates: [{templateName: rate}]}}]',
      metric,
      templateAnnotations: STRICT,
    });
    await system.clock.advance(2 * HOUR);
    assert.equal(await system.nginxWeight('web'), 20);
    assert.match((await system.rollout('web')).message ?? '', /holds since/);
    release.answers = [0.5];
    await system.clock.advance(MINUTE);
    assert.equal((await system.rollout('web')).abort, true);
    assert.equal(await system.nginxWeight('web'), 0);
  });

  it('strict: a person may go on without the evidence', async () => {
    await using release = new Release();
    const { system } = release;
    const steps = '[{setWeight: 20}, {pause: {}}, {setWeight: 60}, {pause: {}}]';
    await release.begin({ steps, metric: BACKGROUND, background: true, annotations: STRICT });
    await system.clock.advance(MINUTE);
    release.answers = 'down';
    await system.clock.advance(5 * MINUTE);
    assert.equal(await system.nginxWeight('web'), 20);
    const body = { status: { pauseConditions: null } };
    const ref = { namespace: NAMESPACE, name: 'web' };
    await system.api.patch(ROLLOUT, ref, { type: 'merge', body }, { subresource: 'status' });
    await system.clock.advance(MINUTE);
    assert.equal(await system.nginxWeight('web'), 60);
  });

  it('stock: aborts after consecutiveErrorLimit, as the reference does', async () => {
    await using release = new Release();
    const { system } = release;
    await release.begin({ steps: STEPS, metric: BACKGROUND, background: true });
    await system.clock.advance(30 * SECOND);
    release.answers = 'down';
    await system.clock.advance(3 * MINUTE);
    assert.equal((await system.rollout('web')).abort, true);
    assert.equal((await release.run()).phase, 'Error');
  });
});

describe('answers that are no clear value', () => {
  const odd: Record<string, { answers: number[]; condition: string }> = {
    'no data': { answers: [], condition: 'successCondition: "all(result, # > 0.95)"' },
    NaN: { answers: [NaN], condition: 'failureCondition: result[0] < 0.95' },
    infinity: { answers: [Infinity], condition: 'successCondition: result[0] > 0.95' },
    'a second series': { answers: [0.99, 0.1], condition: 'successCondition: result[0] > 0.95' },
    'nothing without a condition': { answers: [], condition: 'count: 1' },
  };
  for (const [name, { answers, condition }] of Object.entries(odd))
    it(`strict never promotes on ${name}`, async () => {
      await using release = new Release();
      const { system } = release;
      release.answers = answers;
      const steps = '[{setWeight: 20}, {analysis: {templates: [{templateName: rate}]}}]';
      await release.begin({ steps, metric: condition, annotations: STRICT });
      await system.clock.advance(HOUR);
      assert.equal(await system.nginxWeight('web'), 20);
      assert.equal((await release.run()).phase, 'Running');
      release.answers = [0.99];
      await system.clock.advance(2 * MINUTE);
      assert.ok(await release.isPromoted(), JSON.stringify(await system.rollout('web')));
    });

  it('stock passes a second series, and says once what strict would not have accepted', async () => {
    await using release = new Release();
    const { system } = release;
    release.answers = [0.99, 0.1];
    await release.begin({
      steps: '[{setWeight: 20}, {analysis: {templates: [{templateName: rate}]}}]',
      metric: 'count: 3\ninterval: 10s\nsuccessCondition: result[0] > 0.95',
    });
    await system.clock.advance(2 * MINUTE);
    assert.ok(await release.isPromoted());
    const run = (await release.runs())[0];
    const weak = (await system.events(run?.metadata.name ?? '')).filter((event) =>
      /WeakEvidence/.test(event),
    );
    assert.deepEqual(weak, [
      "Warning WeakEvidence: Metric 'rate' passed on evidence that strict mode would not accept: there are more series than the condition looks at",
    ]);
  });
});

describe('traffic', () => {
  it('waitForTraffic: a background run asks nothing before the router gives the canary a weight', async () => {
    await using release = new Release();
    const { system } = release;
    release.answers = [0.1];
    await release.begin({
      steps:
        '[{setCanaryScale: {replicas: 1}}, {pause: {duration: 5m}}, {setWeight: 20}, {pause: {duration: 1m}}]',
      metric: 'interval: 10s\nsuccessCondition: result[0] > 0.95\nevidence: {waitForTraffic: true}',
      background: true,
    });
    await system.clock.advance(4 * MINUTE);
    assert.deepEqual(release.asked, []);
    const run = await release.run();
    assert.equal(
      run.message,
      'Metric "rate" waits for traffic: the weight of the new version is 0 (the router)',
    );
    assert.notEqual((await system.rollout('web')).abort, true);
    await system.clock.advance(2 * MINUTE);
    assert.ok(release.asked.length > 0);
    assert.equal((await system.rollout('web')).abort, true, 'judged, and bad');
  });

  it('waitForTraffic: a step before any weight holds, and says so', async () => {
    await using release = new Release();
    const { system } = release;
    await release.begin({
      steps:
        '[{setCanaryScale: {replicas: 1}}, {analysis: {templates: [{templateName: rate}]}}, {setWeight: 20}]',
      metric: 'successCondition: result[0] > 0.95\nevidence: {waitForTraffic: true}',
      extra: DEADLINE,
    });
    await system.clock.advance(HOUR);
    const held = await system.rollout('web');
    assert.equal(held.phase, 'Paused');
    assert.match(held.message ?? '', /^AnalysisRun web-\S+: Metric "rate" waits for traffic: the weight/);
    // What the plugin's promote writes where nothing is paused.
    const body = { status: { currentStepIndex: 2 } };
    const ref = { namespace: NAMESPACE, name: 'web' };
    await system.api.patch(ROLLOUT, ref, { type: 'merge', body }, { subresource: 'status' });
    await system.clock.advance(MINUTE);
    assert.ok(await release.isPromoted());
  });

  it('waitForTraffic: a metric that runs dry waits for nothing', async () => {
    await using release = new Release();
    const { system } = release;
    await release.begin({
      steps: '[{setCanaryScale: {replicas: 1}}, {analysis: {templates: [{templateName: rate}]}}]',
      metric: 'successCondition: result[0] > 0.95\nevidence: {waitForTraffic: true}',
      templateSpec: 'dryRun: [{metricName: rate}]',
    });
    await system.clock.advance(MINUTE);
    assert.ok(await release.isPromoted());
  });

  it('minSamples: judges nothing before so many requests went by, and takes its time', async () => {
    await using release = new Release();
    const { system } = release;
    let requests = 12;
    release.answers = (query) => (query === 'requests' ? [requests] : [0.99]);
    await release.begin({
      steps: '[{setWeight: 20}, {analysis: {templates: [{templateName: rate}]}}]',
      metric: 'successCondition: result[0] > 0.95\nevidence: {minSamples: 100, samplesQuery: requests}',
    });
    await system.clock.advance(10 * MINUTE);
    assert.equal(await system.nginxWeight('web'), 20);
    assert.match((await release.run()).message ?? '', /too few requests so far/);
    assert.ok(!release.asked.includes('rate'));
    requests = 100;
    await system.clock.advance(MINUTE);
    assert.ok(await release.isPromoted());
    const [run] = await release.runs();
    const last = run?.status?.metricResults?.[0]?.measurements?.at(-1);
    assert.equal(last?.metadata?.['sluice.dev/samples'], '100');
  });

  it('a run that is terminated before its evidence keeps the phase of spec 05, and has none', async () => {
    await using release = new Release();
    const { system } = release;
    release.answers = 'down';
    await release.begin({
      steps: '[{setWeight: 20}, {analysis: {templates: [{templateName: rate}]}}]',
      metric: 'count: 3\ninterval: 10s\nsuccessCondition: result[0] > 0.95',
      annotations: STRICT,
    });
    await system.clock.advance(MINUTE);
    const name = (await release.runs())[0]?.metadata.name ?? '';
    await system.merge(ANALYSIS_RUN, name, { spec: { terminate: true } });
    await system.clock.advance(MINUTE);
    const [run] = await release.runs();
    assert.equal(run?.status?.phase, 'Successful');
    assert.equal(run?.status?.message, 'Run Terminated');
    assert.equal(evidenceOf(run as never), 'Inconclusive');
    assert.equal(await system.nginxWeight('web'), 20);
    assert.ok(!(await release.isPromoted()));
  });
});
