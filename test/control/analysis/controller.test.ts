import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, ApiUnreachable } from '../../../src/kube/api.ts';
import {
  analysisRunSamples,
  analysisTemplateSamples,
  instanceSelector,
} from '../../../src/control/analysis/index.ts';
import { sleep } from '../../../src/kube/clock.ts';
import { Harness, metric, scalar } from './harness.ts';

const patches = (h: Harness, key: string) => h.writes.filter((w) => w.key === key && w.verb === 'patch');

const secretRun = (name: string, key: string) => ({
  args: [{ name: 'token', valueFrom: { secretKeyRef: { name, key } } }],
  metrics: [metric('m', { successCondition: 'result > 0 && "{{args.token}}" != ""' })],
});

describe('analysis controller', () => {
  it('writes the verdict of a quick run once, right after the answer', async () => {
    const h = new Harness();
    h.measure = async ({ signal }) => {
      await sleep(h.clock, 40, signal);
      return scalar(1);
    };
    const key = h.create('r', { metrics: [metric('m', { successCondition: 'result > 0' })] });
    await h.clock.advance(5_000);
    assert.equal(h.status(key).phase, 'Successful');
    assert.equal(patches(h, key).length, 1);
    assert.equal((patches(h, key)[0]?.at ?? 0) - Date.UTC(2026, 0, 1, 12), 40);
    assert.deepEqual(h.events, [
      "r Normal MetricSuccessful: Metric 'm' Completed. Result: Successful",
      'r Normal AnalysisRunSuccessful: Analysis Completed. Result: Successful',
    ]);
    assert.deepEqual(h.status(key).metricResults?.[0]?.metadata, { ResolvedPrometheusQuery: 'q' });
  });

  it('says Running where the backend is slow, and needs one write from the answer to the verdict', async () => {
    const h = new Harness();
    h.measure = async ({ signal }) => {
      await sleep(h.clock, 20_000, signal);
      return scalar(0);
    };
    const key = h.create('r', { metrics: [metric('m', { successCondition: 'result > 0' })] });
    await h.clock.advance(1_500);
    assert.equal(h.status(key).phase, 'Running');
    await h.clock.advance(30_000);
    assert.equal(h.status(key).phase, 'Failed');
    assert.deepEqual(
      patches(h, key).map(({ at }) => at - Date.UTC(2026, 0, 1, 12)),
      [1_000, 20_000],
    );
  });

  it('patches only what changed', async () => {
    const h = new Harness();
    const key = h.create('r', { metrics: [metric('m', { interval: '10s', count: 2 })] });
    await h.clock.advance(15_000);
    const [, second] = patches(h, key);
    assert.deepEqual(Object.keys((second?.body['status'] ?? {}) as object).sort(), [
      'completedAt',
      'metricResults',
      'phase',
      'runSummary',
    ]);
  });

  it('lets a backend that hangs hold up no other run', async () => {
    const h = new Harness();
    h.measure = ({ run }) =>
      run.name.startsWith('stuck') ? new Promise(() => {}) : Promise.resolve(scalar(1));
    for (let i = 0; i < 1000; i++) h.create(`stuck-${i}`, { metrics: [metric('m', { interval: '10s' })] });
    const good = h.create('good', { metrics: [metric('m', { interval: '10s' })] });
    await h.clock.advance(60_500);
    assert.equal(h.status(good).metricResults?.[0]?.count, 7);
    assert.equal(h.status('ns/stuck-7').phase, 'Running');
    // A hanging run costs nothing but its first status.
    assert.equal(patches(h, 'ns/stuck-7').length, 1);
  });

  it('takes a run that is terminated at its word, in mid-measurement', async () => {
    const h = new Harness();
    let aborted = false;
    h.measure = ({ signal }) => {
      signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => {});
    };
    const key = h.create('r', { metrics: [metric('m', { interval: '10s' })] });
    await h.clock.advance(2_000);
    h.edit(key, { spec: { terminate: true } });
    await h.clock.settle();
    assert.deepEqual(
      [h.status(key).phase, h.status(key).message, aborted],
      ['Successful', 'Run Terminated', true],
    );
  });

  it('stops measuring a run that is deleted, and gives another one of its name none of its answers', async () => {
    const h = new Harness();
    const answers: ((value: number) => void)[] = [];
    h.measure = () => new Promise((resolve) => answers.push((value) => resolve(scalar(value))));
    const spec = { metrics: [metric('m', { successCondition: 'result > 0' })] };
    const key = h.create('r', spec);
    await h.clock.settle();
    h.remove(key);
    await h.clock.settle();
    h.create('r', spec);
    await h.clock.settle();
    answers[0]?.(0);
    await h.clock.advance(100);
    assert.equal(h.status(key).phase, undefined);
    answers[1]?.(1);
    await h.clock.advance(100);
    assert.equal(h.status(key).phase, 'Successful');
  });

  it('loses no verdict to a conflict or to an API server that is down, and records it once', async () => {
    const h = new Harness();
    let attempts = 0;
    h.beforeWrite = () => {
      attempts++;
      if (attempts === 1) throw new ApiError({ code: 409, reason: 'Conflict', message: 'modified' });
      if (attempts < 4) throw new ApiUnreachable('down');
    };
    let measured = 0;
    h.measure = () => {
      measured++;
      return Promise.resolve(scalar(0));
    };
    const key = h.create('r', { metrics: [metric('m', { successCondition: 'result > 0' })] });
    await h.clock.advance(2_000);
    assert.deepEqual([h.status(key).phase, measured, attempts], ['Failed', 1, 4]);
    assert.equal(h.events.length, 2);
  });

  it('loses at most the measurement in flight when it crashes', async () => {
    const h = new Harness();
    let measured = 0;
    h.measure = async ({ signal }) => {
      measured++;
      await sleep(h.clock, 2_000, signal);
      return scalar(1);
    };
    const key = h.create('r', { metrics: [metric('m', { interval: '10s', count: 3 })] });
    for (let second = 0; second < 45; second++) {
      await h.clock.advance(1_000);
      if (second === 6 || second === 13) h.restart();
    }
    assert.equal(h.status(key).phase, 'Successful');
    assert.equal(h.status(key).metricResults?.[0]?.count, 3);
    assert.ok(measured <= 5, String(measured));
  });

  it('fills secrets in for the provider only', async () => {
    const h = new Harness();
    h.secrets.set('s', { token: 'hunter2' });
    let seen = '';
    h.measure = ({ metric: { provider } }) => {
      seen = provider?.prometheus?.query ?? '';
      return Promise.resolve({ kind: 'error', message: `cannot parse ${seen}` });
    };
    const key = h.create('r', {
      args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 's', key: 'token' } } }],
      metrics: [
        metric('m', {
          consecutiveErrorLimit: 0,
          provider: { prometheus: { address: 'http://p', query: 'x{t="{{args.token}}"}' } },
        }),
      ],
    });
    await h.clock.advance(2_000);
    assert.equal(seen, 'x{t="hunter2"}');
    assert.equal(h.status(key).phase, 'Error');
    const told = JSON.stringify([h.object(key), h.events, h.writes]);
    assert.ok(!told.includes('hunter2'), told);
    assert.match(h.status(key).message ?? '', /cannot parse x\{t="\*\*\*\*\*"\}/);
  });

  it('ends a run whose Secret or key is missing', async () => {
    const h = new Harness();
    h.secrets.set('s', { other: 'x' });
    const noSecret = h.create('no-secret', secretRun('missing', 'token'));
    const noKey = h.create('no-key', secretRun('s', 'token'));
    await h.clock.advance(2_000);
    assert.deepEqual(h.status(noSecret), {
      phase: 'Error',
      message: 'Unable to resolve metric arguments: secrets "missing" not found',
    });
    assert.equal(
      h.status(noKey).message,
      "Unable to resolve metric arguments: key 'token' does not exist in secret 's'",
    );
  });

  it('waits for an API server that can not give a Secret now', async () => {
    const h = new Harness();
    h.secrets.set('s', { token: 'x' });
    let down = true;
    h.beforeRead = () => {
      if (down) throw new ApiError({ code: 503, reason: 'ServiceUnavailable', message: 'starting' });
    };
    const key = h.create('r', secretRun('s', 'token'));
    await h.clock.advance(90_000);
    assert.equal(h.status(key).phase, 'Running');
    assert.ok(h.secretReads < 12, String(h.secretReads));
    down = false;
    await h.clock.advance(20_000);
    assert.equal(h.status(key).phase, 'Successful');
  });

  it('names a provider that is not there, and survives one that throws', async () => {
    const h = new Harness();
    h.measure = () => Promise.reject(new TypeError('boom'));
    const other = h.create('other', {
      metrics: [{ name: 'm', consecutiveErrorLimit: 0, provider: { stackdriver: { query: 'x' } } }],
    });
    const goPlugin = h.create('go-plugin', {
      metrics: [{ name: 'm', consecutiveErrorLimit: 0, provider: { plugin: { 'a/b': {} } } }],
    });
    const thrower = h.create('thrower', { metrics: [metric('m', { consecutiveErrorLimit: 0 })] });
    await h.clock.advance(2_000);
    assert.match(
      h.status(other).message ?? '',
      /"Error Message: metric provider 'stackdriver' is unknown; use one of: prometheus, web, .*"$/,
    );
    assert.match(h.status(goPlugin).message ?? '', /plugins made with hashicorp go-plugin do not load here/);
    assert.match(h.status(thrower).message ?? '', /provider Prometheus failed: boom/);
  });

  it('refuses an object that an older CRD let through, and goes on with the others', async () => {
    const h = new Harness();
    const bad = h.create('bad', { metrics: [] }, { spec: { metrics: [{ name: 7, provider: 'x' }] } });
    const worse = h.create('worse', { metrics: [] }, { spec: null });
    const good = h.create('good', { metrics: [metric('m')] });
    await h.clock.advance(2_000);
    assert.match(h.status(bad).message ?? '', /^Analysis spec invalid: spec\.metrics\[0\]\.name: /);
    assert.equal(h.status(worse).phase, 'Error');
    assert.equal(h.status(good).phase, 'Successful');
  });

  it('deletes a finished run when its time is over, without anything else happening', async () => {
    const h = new Harness();
    const key = h.create('r', { metrics: [metric('m')], ttlStrategy: { secondsAfterCompletion: 60 } });
    await h.clock.advance(60_000);
    assert.notEqual(h.object(key), undefined);
    await h.clock.advance(1_000);
    assert.equal(h.object(key), undefined);
  });

  it('leaves a finished run alone', async () => {
    const h = new Harness();
    const key = h.create('r', { metrics: [metric('m')] }, { status: { phase: 'Failed', message: 'x' } });
    await h.clock.advance(3_600_000);
    assert.deepEqual([h.status(key), h.writes], [{ phase: 'Failed', message: 'x' }, []]);
  });
});

describe('analysis metrics', () => {
  it('tells phase and provider of runs and templates', () => {
    const run = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { name: 'r', namespace: 'ns' },
      spec: { metrics: [metric('m')] },
      status: { phase: 'Running', metricResults: [{ name: 'm', phase: 'Failed', dryRun: true }] },
    };
    const samples = analysisRunSamples(run).filter(({ value }) => value === 1);
    assert.deepEqual(samples, [
      { name: 'analysis_run_info', labels: { namespace: 'ns', name: 'r', phase: 'Running' }, value: 1 },
      { name: 'analysis_run_phase', labels: { namespace: 'ns', name: 'r', phase: 'Running' }, value: 1 },
      {
        name: 'analysis_run_metric_type',
        labels: { namespace: 'ns', name: 'r', metric: 'm', type: 'Prometheus' },
        value: 1,
      },
      {
        name: 'analysis_run_metric_phase',
        labels: {
          namespace: 'ns',
          name: 'r',
          metric: 'm',
          type: 'Prometheus',
          dry_run: 'true',
          phase: 'Failed',
        },
        value: 1,
      },
    ]);
    const template = { ...run, kind: 'ClusterAnalysisTemplate', metadata: { name: 't' } };
    assert.deepEqual(analysisTemplateSamples(template)[1]?.labels, {
      namespace: '',
      name: 't',
      type: 'Prometheus',
      metric: 'm',
    });
    assert.deepEqual(analysisRunSamples({ ...run, spec: null, status: 'x' })[0]?.labels['phase'], 'Pending');
  });

  it('selects by instance', () => {
    assert.equal(instanceSelector(''), '!argo-rollouts.argoproj.io/controller-instance-id');
    assert.equal(instanceSelector('x'), 'argo-rollouts.argoproj.io/controller-instance-id=x');
  });
});
