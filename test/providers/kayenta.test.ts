import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Metric } from '../../src/api/analysis.ts';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import type { HttpResponse } from '../../src/providers/http/types.ts';
import type { MeasurementOutcome } from '../../src/providers/index.ts';
import {
  answering,
  bodyOf,
  contextOf,
  messageOf,
  NOW,
  providerOf,
  requestOf,
  ScriptedHttp,
} from './support.ts';

const kayenta: NonNullable<MetricProvider['kayenta']> = {
  address: 'http://kayenta:8090/',
  application: 'guest book',
  canaryConfigName: 'my-test',
  metricsAccountName: 'prom',
  configurationAccountName: 'config',
  storageAccountName: 'store',
  threshold: { pass: 90, marginal: 75 },
  scopes: [
    {
      name: 'default',
      controlScope: {
        scope: 'app=x and hash=a',
        region: 'eu',
        step: 60,
        start: '2026-01-01T00:00:00Z',
        end: '2026-01-01T00:05:00Z',
      },
      experimentScope: { scope: 'app=x and hash=b' },
    },
  ],
};
const CONFIGS = [
  { id: 'other', name: 'x' },
  { id: 'id/1', name: 'my-test' },
];

const json = (body: unknown): Partial<HttpResponse> => ({ body: JSON.stringify(body) });
const starting = (configs: unknown = CONFIGS, started: unknown = { canaryExecutionId: 'exec1' }) =>
  new ScriptedHttp((request) => json(request.method === 'GET' ? configs : started));

const start = (
  http: ScriptedHttp,
  more: Partial<Metric> = {},
  config = kayenta,
): Promise<MeasurementOutcome> => {
  const provider: MetricProvider = { kayenta: config };
  const request = requestOf(provider);
  return providerOf(provider, contextOf({ http })).measure({
    ...request,
    metric: { ...request.metric, ...more },
  });
};
const resume = (http: ScriptedHttp, metadata?: Record<string, string>): Promise<MeasurementOutcome> => {
  const provider = providerOf({ kayenta }, contextOf({ http }));
  return provider.resume?.(requestOf({ kayenta }, { previous: { metadata } })) ?? assert.fail();
};

describe('kayenta: the start', () => {
  it('finds the config by its name, starts the judgement and asks again in 15 s', async () => {
    const http = starting();
    assert.deepEqual(await start(http, { interval: '5m' }), {
      kind: 'pending',
      resumeAt: NOW + 15_000,
      metadata: { canaryExecutionId: 'exec1' },
    });
    const [lookup, run] = http.asked;
    assert.equal(
      `${lookup?.method} ${lookup?.url}`,
      'GET http://kayenta:8090/canaryConfig?application=guest+book&configurationAccountName=store',
    );
    assert.equal(
      `${run?.method} ${run?.url}`,
      'POST http://kayenta:8090/canary/id%2F1?application=guest+book&metricsAccountName=prom&configurationAccountName=config&storageAccountName=store',
    );
    assert.deepEqual(run === undefined ? undefined : bodyOf(run), {
      scopes: {
        default: {
          controlScope: {
            scope: 'app=x and hash=a',
            region: 'eu',
            step: 60,
            start: '2026-01-01T00:00:00Z',
            end: '2026-01-01T00:05:00Z',
          },
          experimentScope: {
            scope: 'app=x and hash=b',
            region: '',
            step: 0,
            start: '2026-01-01T11:55:00Z',
            end: '2026-01-01T12:00:00Z',
          },
        },
      },
      thresholds: { pass: 90, marginal: 75 },
    });
    assert.deepEqual(
      http.asked.map(({ timeoutMs }) => timeoutMs),
      [15_000, 15_000],
    );
  });

  for (const [name, more, lookback, begin] of [
    ['lookback begins with the run', { interval: '1m' }, true, '2026-01-01T11:50:00Z'],
    ['so does a metric without an interval', {}, false, '2026-01-01T11:50:00Z'],
    ['else one interval back', { interval: '1m' }, false, '2026-01-01T11:59:00Z'],
  ] as const)
    it(name, async () => {
      const http = starting();
      await start(http, more, { ...kayenta, lookback });
      const { scopes } = bodyOf(http.last) as { scopes: { default: { experimentScope: { start: string } } } };
      assert.equal(scopes.default.experimentScope.start, begin);
    });

  const faults: [string, ScriptedHttp, string][] = [
    ['no such config', starting([]), 'Kayenta has no canary config named "my-test"'],
    ['no list of configs', starting({}), 'Invalid Response: no list of canary configs'],
    ['no id', starting(CONFIGS, {}), 'Invalid canaryExecutionId'],
    ['an empty id', starting(CONFIGS, { canaryExecutionId: '' }), 'Invalid canaryExecutionId'],
    ['404', answering('gone', 404), 'Invalid Response: 404: gone'],
  ];
  for (const [name, http, text] of faults)
    it(name, async () => assert.equal(messageOf(await start(http)), text));
});

describe('kayenta: the score', () => {
  const scored = (score: unknown) => ({ complete: true, result: { judgeResult: { score: { score } } } });
  const ID = { canaryExecutionId: 'exec1' };

  for (const [score, phase, value] of [
    [100, 'Successful', '100'],
    [90, 'Successful', '90'],
    [89.9, 'Inconclusive', '89'],
    [75, 'Inconclusive', '75'],
    [74.9, 'Failed', '74'],
    [0, 'Failed', '0'],
  ] as const)
    it(`${score} is ${phase}`, async () => {
      const http = answering(scored(score));
      assert.deepEqual(await resume(http, ID), { kind: 'verdict', phase, value });
      assert.equal(http.last.url, 'http://kayenta:8090/canary/exec1');
    });

  it('asks again while it is not complete', async () => {
    assert.deepEqual(await resume(answering({ complete: false }), ID), {
      kind: 'pending',
      resumeAt: NOW + 15_000,
    });
  });

  const faults: [string, unknown, Record<string, string> | undefined, string][] = [
    ['no status', {}, ID, 'Missing Complete Status'],
    ['no score', { complete: true }, ID, 'Missing Score'],
    ['a score that is none', scored('90'), ID, 'Missing Score'],
    ['nothing remembered', scored(90), undefined, 'Invalid canaryExecutionId'],
  ];
  for (const [name, answer, metadata, text] of faults)
    it(name, async () => assert.equal(messageOf(await resume(answering(answer), metadata)), text));

  it('is not waited for when the run ends', async () => {
    const http = answering({});
    const outcome = await providerOf({ kayenta }, contextOf({ http })).terminate?.(requestOf({ kayenta }));
    assert.deepEqual(outcome, { kind: 'verdict', phase: 'Inconclusive', message: 'Metric Terminated' });
    assert.equal(http.asked.length, 0);
  });
});
