import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '../../../src/kube/clock.ts';
import { startMetrics } from '../../../src/sandbox/metrics/index.ts';
import { Registry } from '../../../src/sandbox/metrics/registry.ts';

const installed = spawnSync('prometheus', ['--version']).error === undefined;

interface Answer {
  data: { result: { metric: Record<string, string>; value: [number, string] }[] };
}

describe('a real Prometheus beside the sandbox', { skip: installed ? false : 'needs prometheus' }, () => {
  it('scrapes the proxy and the pods that it discovers, with the labels of the built-in one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
    const proxy = new Registry();
    const count = proxy.counter('nginx_ingress_controller_requests', 'Requests.');
    const pod = new Registry();
    const served = pod.counter('http_requests_total', 'Requests.');
    const target = createServer((_, response) => response.end(pod.exposition())).listen(0, '127.0.0.1');
    await new Promise((resolve) => target.once('listening', resolve));
    const address = `127.0.0.1:${(target.address() as AddressInfo).port}`;
    const labels = { job: 'pods', instance: '127.9.9.9:8080', namespace: 'shop', pod: 'web-1', app: 'web' };
    const ticker = setInterval(() => {
      count({ service: 'web', status: '200' });
      served({ version: 'v1', code: '200' });
    }, 50);
    const options = {
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      proxy,
      pods: () => [{ address, labels, registry: pod }],
      directory,
    };
    const both = await Promise.all([
      startMetrics({ ...options, mode: 'real' }),
      startMetrics({ ...options, mode: 'builtin' }),
    ]);
    try {
      assert.deepEqual(
        both.map(({ kind }) => kind),
        ['real', 'builtin'],
      );
      const ask = async (url: string, query: string): Promise<Answer['data']['result']> => {
        const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
        return ((await response.json()) as Answer).data.result;
      };
      for (const query of [
        'rate(nginx_ingress_controller_requests[5s]) > 10',
        'rate(http_requests_total{namespace="shop"}[5s]) > 10',
        'up{job="pods"}',
      ]) {
        const metrics: unknown[] = [];
        for (const { url } of both) {
          const deadline = performance.now() + 20_000;
          for (;;) {
            const [first] = await ask(url, query);
            if (first !== undefined) {
              metrics.push(first.metric);
              break;
            }
            assert.ok(performance.now() < deadline, `${query} has no result at ${url}`);
            await new Promise((resolve) => setTimeout(resolve, 250));
          }
        }
        assert.deepEqual(metrics[0], metrics[1], query);
      }
    } finally {
      clearInterval(ticker);
      await Promise.all(both.map(async (metrics) => await metrics.close()));
      target.closeAllConnections();
      target.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
