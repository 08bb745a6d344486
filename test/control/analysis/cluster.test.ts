import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customResourceDefinitions } from '../../../src/api/crd.ts';
import { analysisController } from '../../../src/control/analysis/index.ts';
import type { Log } from '../../../src/control/controller.ts';
import { Manager } from '../../../src/control/manager.ts';
import { sleep } from '../../../src/kube/clock.ts';
import { ANALYSIS_RUN, EVENT, SECRET } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import type { AnalysisRunStatus } from '../../../src/plan/analysis/types.ts';
import type { HttpClient } from '../../../src/providers/http/types.ts';
import { SandboxCluster, VirtualClock } from '../../../src/sandbox/index.ts';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

describe('analysis controller on an embedded cluster', () => {
  it('carries a Prometheus gate from the run to its verdict', async () => {
    const clock = new VirtualClock(Date.UTC(2026, 0, 1, 12));
    const cluster = new SandboxCluster({
      clock,
      namespaces: ['sluice', 'shop'],
      crds: customResourceDefinitions() as unknown as JsonObject[],
    });
    const api = cluster.api();
    const asked: string[] = [];
    const values = ['0.01', '0.02', '0.5'];
    const http: HttpClient = {
      async request({ body, headers }) {
        await sleep(clock, 30);
        asked.push(`${new URLSearchParams(body).get('query')} ${headers?.['authorization']}`);
        const result = [{ metric: {}, value: [clock.now() / 1000, values.shift() ?? '0'] }];
        return {
          status: 200,
          headers: {},
          body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }),
        };
      },
    };
    const manager = new Manager({
      api,
      clock,
      random: () => 0.5,
      log: quiet,
      controllers: [(context) => analysisController(context, { http, env: {} })],
      instanceId: '',
      ownNamespace: 'sluice',
      watchNamespace: '',
    });
    const stop = new AbortController();
    const running = manager.run(stop.signal);
    const namespace = 'shop';
    await api.create(SECRET, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'prom', namespace },
      data: { token: Buffer.from('hunter2').toString('base64') },
    });
    await api.create(ANALYSIS_RUN, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { name: 'gate', namespace },
      spec: {
        args: [
          { name: 'service', value: 'web' },
          { name: 'token', valueFrom: { secretKeyRef: { name: 'prom', key: 'token' } } },
        ],
        metrics: [
          {
            name: 'errors',
            interval: '10s',
            count: 5,
            successCondition: 'result[0] < 0.05',
            provider: {
              prometheus: {
                address: 'http://prometheus:9090',
                query: 'errors{service="{{args.service}}"}',
                headers: [{ key: 'Authorization', value: 'Bearer {{args.token}}' }],
              },
            },
          },
        ],
      },
    });
    await clock.advance(60_000);

    const run = await api.get(ANALYSIS_RUN, { namespace, name: 'gate' });
    const status = run['status'] as AnalysisRunStatus;
    assert.equal(status.phase, 'Failed');
    assert.equal(status.message, 'Metric "errors" assessed Failed due to failed (1) > failureLimit (0)');
    assert.deepEqual(
      status.metricResults?.[0]?.measurements?.map(({ phase, value }) => [phase, value]),
      [
        ['Successful', '[0.01]'],
        ['Successful', '[0.02]'],
        ['Failed', '[0.5]'],
      ],
    );
    assert.deepEqual(
      asked,
      Array.from({ length: 3 }, () => 'errors{service="web"} Bearer hunter2'),
    );
    assert.ok(!JSON.stringify(run).includes('hunter2'));
    const { items } = await api.list(EVENT, { namespace });
    assert.deepEqual(
      items.map((event) => event['reason']),
      ['MetricFailed', 'AnalysisRunFailed'],
    );

    stop.abort();
    const stopped = running.then(() => true);
    await clock.advance(30_000);
    assert.ok(await stopped);
  });
});
