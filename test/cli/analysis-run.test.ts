import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS_RUN } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import type { AnalysisDetail } from '../../src/cli/model/analysis-detail.ts';
import { numbersOf } from '../../src/cli/model/measured-value.ts';
import { bars, scaleOf } from '../../src/cli/view/sparkline.ts';
import { Bench, golden, NS, rollout } from './harness.ts';

const at = (second: number): string => `2026-01-01T11:59:${String(second).padStart(2, '0')}Z`;

const measured = (second: number, phase: string, value: string, more: JsonObject = {}): JsonObject => ({
  phase,
  value,
  startedAt: at(second),
  finishedAt: at(second),
  ...more,
});

const RUN: JsonObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: {
    name: 'web-aaa-2-1',
    labels: { 'rollout-type': 'Step', 'step-index': '1' },
    annotations: { 'rollout.argoproj.io/revision': '2' },
  },
  spec: {
    args: [
      { name: 'limit', value: '0.05' },
      { name: 'token', valueFrom: { secretKeyRef: { name: 'prom', key: 'token' } } },
    ],
    metrics: [
      {
        name: 'error-rate',
        interval: '10s',
        count: 6,
        failureLimit: 1,
        successCondition: 'len(result) > 0 && result[0] < {{args.limit}}',
        failureCondition: 'len(result) > 0 && result[0] >= {{args.limit}}',
        provider: {
          prometheus: {
            address: 'http://prometheus:9090',
            query: 'sum(rate(errors[1m]))\n  / sum(rate(requests[1m]))',
            headers: [{ key: 'Authorization', value: 'Bearer {{args.token}}' }],
          },
        },
      },
      { name: 'smoke', provider: { job: { spec: {} } } },
    ],
    dryRun: [{ metricName: 'smoke' }],
  },
  status: {
    phase: 'Failed',
    message: 'Metric "error-rate" assessed Failed due to failed (2) > failureLimit (1)',
    startedAt: at(0),
    completedAt: at(50),
    metricResults: [
      {
        name: 'error-rate',
        phase: 'Failed',
        count: 5,
        successful: 2,
        failed: 2,
        inconclusive: 1,
        error: 1,
        measurements: [
          measured(0, 'Successful', '[0.01]'),
          measured(10, 'Successful', '[0.02]', {
            metadata: {
              'sluice.dev/query': 'sum(rate(errors[1m]))',
              'sluice.dev/series': '1',
              'sluice.dev/sampled-at': at(9),
              'sluice.dev/latency-ms': '3',
              'sluice.dev/decided-by': 'successCondition',
              warnings: '"old"',
            },
          }),
          measured(20, 'Inconclusive', '[NaN]', { message: 'not a number' }),
          { phase: 'Error', startedAt: at(30), finishedAt: at(30), message: 'server error: 503' },
          measured(40, 'Failed', '[0.3]'),
          measured(50, 'Failed', '[0.4,0.1]'),
        ],
      },
      {
        name: 'smoke',
        phase: 'Running',
        dryRun: true,
        measurements: [{ phase: 'Running', startedAt: at(1) }],
      },
    ],
  },
};

async function bench(): Promise<Bench> {
  const made = new Bench();
  const [web] = await made.put(rollout('web', { canary: {} }));
  const metadata = {
    ...(RUN['metadata'] as JsonObject),
    ownerReferences: [
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: web?.metadata.uid ?? '' },
    ],
  };
  await made.put({ ...RUN, metadata });
  return made;
}

describe('get analysisrun', () => {
  it('shows values, limits, counts, messages and evidence', async () => {
    const made = await bench();
    const { code, out, err } = await made.run('get analysisrun web-aaa-2-1', { terminal: true });
    assert.deepEqual([code, err], [0, '']);
    golden('analysis-run-color', out);
    golden('analysis-run-plain', (await made.run('get ar web-aaa-2-1')).out);
    golden('analysis-run', (await made.run('get ar web-aaa-2-1 --symbols')).out);
    assert.deepEqual(
      new Set(made.requests),
      new Set(['GET analysisruns/web-aaa-2-1']),
      'asks for nothing else',
    );
  });

  it('gives the same as data, and never a secret', async () => {
    const { out } = await (await bench()).run('get analysisrun web-aaa-2-1 -o json');
    const detail = JSON.parse(out) as AnalysisDetail;
    assert.equal(detail.owner, 'Rollout/web');
    const [rate, smoke] = detail.metrics;
    assert.deepEqual(rate?.successWhen, [{ operator: '<', value: 0.05 }]);
    assert.deepEqual(rate?.failureWhen, [{ operator: '>=', value: 0.05 }]);
    assert.equal(rate?.limits?.count, 6);
    assert.equal(rate?.measurements.length, 6);
    assert.equal(rate?.measurements[1]?.metadata['sluice.dev/decided-by'], 'successCondition');
    assert.equal(rate?.asks, 'sum(rate(errors[1m])) / sum(rate(requests[1m]))');
    assert.equal(smoke?.dryRun, true);
    assert.doesNotMatch(out, /Bearer/);
  });

  it('shows a run of which nothing is known yet, and one whose spec nobody can read', async () => {
    const made = new Bench();
    await made.put({
      ...RUN,
      metadata: { name: 'fresh' },
      spec: { metrics: [{ name: 'm', provider: { web: {} } }] },
      status: null,
    });
    const { code, out } = await made.run('get analysisrun fresh');
    assert.equal(code, 0);
    assert.match(out, /Status: {10}Pending/);
    assert.match(out, /Metric: {10}m {2}Pending/);
    assert.match(out, /Counts: {8}0 of 1 measured/);
  });

  it('says what is not there', async () => {
    const { code, err } = await (await bench()).run('get analysisrun nope');
    assert.equal(code, 1);
    assert.equal(
      err,
      'Error: analysisrun.argoproj.io "nope" not found\nHint: `kubectl sluice list analysisruns -n shop` shows what is there\n',
    );
  });

  it('follows it', async () => {
    const made = await bench();
    const stop = new AbortController();
    let frames = 0;
    const running = made.run('get analysisrun web-aaa-2-1 --watch -o json', {
      signal: stop.signal,
      onOut: () => {
        frames += 1;
        if (frames === 1)
          void made.api.patch(
            ANALYSIS_RUN,
            { namespace: NS, name: 'web-aaa-2-1' },
            { type: 'merge', body: { status: { message: 'changed' } } },
          );
        else stop.abort();
      },
    });
    await made.clock.advance(5_000);
    const { code, out } = await running;
    assert.equal(code, 0);
    const states = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AnalysisDetail);
    assert.deepEqual(
      states.map(({ message }) => message.slice(0, 7)),
      ['Metric ', 'changed'],
    );
  });
});

describe('list analysisruns', () => {
  it('has a line for each, of one rollout where asked', async () => {
    const made = await bench();
    await made.put({ ...RUN, metadata: { name: 'by-hand' }, status: { phase: 'Running' } });
    golden('list-analysisruns', (await made.run('list analysisruns')).out);
    const { out } = await made.run('list ar --rollout web -o json');
    assert.deepEqual(
      (JSON.parse(out) as { name: string }[]).map(({ name }) => name),
      ['web-aaa-2-1'],
    );
    assert.deepEqual(await made.run('list analysisruns -n other'), {
      code: 0,
      out: '',
      err: 'No resources found.\n',
    });
  });
});

describe('values', () => {
  it('are read from their text', () => {
    const rows: [string, number[]][] = [
      ['0.5', [0.5]],
      ['[1,2.5e-3]', [1, 0.0025]],
      ['[1,2...3 more]', [1]],
      ['[NaN,+Inf,-Inf]', [Number.NaN, Infinity, -Infinity]],
      ['[]', []],
      ['"text"', []],
      ['{"a":1}', []],
      ['', []],
    ];
    for (const [text, numbers] of rows) assert.deepEqual(numbersOf(text), numbers, text);
  });

  it('are drawn from the lowest to the highest, and what is no number stands out', () => {
    const style = { color: false, symbols: true };
    const values = [0, 1, 2, Number.NaN, undefined, Infinity, -Infinity];
    assert.equal(bars(values, scaleOf(values), style).join(''), '▁▅█··█▁');
    assert.equal(bars([3, 3], scaleOf([3, 3]), { color: false, symbols: false }).join(''), '__');
  });
});
